import { doubleQ } from '../bootstrap/double-q.ts';
import { dqn } from './dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * Double DQN (van Hasselt, Guez and Silver 2016): {@link dqn} with the online network choosing the action that is valued.
 */
export function doubleDqn(): AgentPreset {
  return {
    ...dqn(),
    bootstrap: doubleQ(),
  };
}
