import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '../configuration/schema.ts';
import { UserMistake } from '../user-mistake.ts';

/**
 * Holds what is asked of a run against what it was begun with: something that was given again must be as it was, or the run would not be the same run.
 *
 * @param remedy - what to do where something differs.
 * @throws UserMistake naming what differs.
 */
export function checkSameRun(out: string, begun: Configuration, asked: Configuration, remedy = 'leave it out to resume'): void {
  const differing = (Object.keys(asked) as (keyof Configuration)[]).filter((key) => !isDeepStrictEqual(asked[key], begun[key]));
  if (differing.length === 0) return;
  throw new UserMistake(`The run in ${out} was begun with another ${differing.join(', ')}: ${remedy}.`);
}
