import { bootstrapped } from '../exploration/bootstrapped.ts';
import { doubleDqn } from './double-dqn.ts';
import type { AgentPreset } from './preset.ts';

/**
 * Bootstrapped DQN (Osband et al. 2016, appendix D): {@link doubleDqn} with ten heads on shared layers, each followed for an episode, every one learning from every
 * transition. A head is one layer; the paper's have a hidden layer each, too.
 */
export function bootstrappedDqn(): AgentPreset {
  return {
    ...doubleDqn(),
    explorer: bootstrapped({ heads: 10, probability: 1 }),
  };
}
