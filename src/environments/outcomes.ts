import type { Random } from '../common/random.ts';
import type { MdpTransition } from './finite-mdp.ts';

/** The outcomes of every (state, action), at state · actions + action, each in the order of the table. */
export function outcomesByPair(
  transitions: readonly MdpTransition[],
  states: number,
  actions: number,
): readonly (readonly MdpTransition[])[] {
  const pairs: MdpTransition[][] = Array.from({ length: states * actions }, () => []);
  for (const transition of transitions) pairs[transition.state * actions + transition.action].push(transition);
  return pairs;
}

/**
 * One of the outcomes, each with its probability: the first whose cumulative probability is above a uniform draw; the last one if rounding leaves
 * their sum below 1.
 */
export function drawOutcome(outcomes: readonly MdpTransition[], random: Random): MdpTransition {
  const luck = random.float();
  const last = outcomes.length - 1;
  let sum = 0;
  for (let i = 0; i < last; i++) {
    sum += outcomes[i].probability;
    if (sum > luck) return outcomes[i];
  }
  return outcomes[last];
}
