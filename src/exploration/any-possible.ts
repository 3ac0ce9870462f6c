import type { Random } from '../common/random.ts';
import { noPossibleAction } from './greedy.ts';

/**
 * A possible action of state n of a batch, all equally likely.
 * @throws DqnError `invalid-environment` if no action is possible there.
 */
export function anyPossible(n: number, actions: number, masks: Uint8Array | undefined, random: Random): number {
  if (masks === undefined) return random.integer(actions);
  const offset = n * actions;
  let possible = 0;
  for (let a = 0; a < actions; a++) if (masks[offset + a] !== 0) possible++;
  if (possible === 0) throw noPossibleAction(n);
  let left = random.integer(possible);
  let action = 0;
  while (masks[offset + action] === 0 || left-- > 0) action++;
  return action;
}
