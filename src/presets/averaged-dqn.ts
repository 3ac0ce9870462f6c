import { averagedQ } from '../bootstrap/averaged-q.ts';
import { dqn } from './dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * Averaged-DQN (Anschel, Baram and Shimkin 2017): {@link dqn} with the mean of the last 10 target networks.
 */
export function averagedDqn(): AgentPreset {
  return {
    ...dqn(),
    bootstrap: averagedQ({ targets: 10 }),
  };
}
