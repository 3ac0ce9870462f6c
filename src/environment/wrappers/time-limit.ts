import { checkInteger } from '../../common/check.ts';
import type { Environment } from '../environment.ts';
import { damaged, wrap } from './wrapper.ts';

/**
 * Cuts episodes off after a number of steps: the last one has `truncated`, also where it terminates (as Gymnasium's TimeLimit).
 *
 * @param steps - the longest episode, a whole number of at least 1.
 * @throws DqnError `invalid-option` if `steps` is out of range.
 */
export function timeLimit<Observation, Action>(
  environment: Environment<Observation, Action>,
  steps: number,
): Environment<Observation, Action> {
  const kind = 'timeLimit';
  checkInteger('timeLimit(steps)', steps, { min: 1 });
  let elapsed = 0;
  return wrap(environment, {
    kind,
    observationSpace: environment.observationSpace,
    begin(first) {
      elapsed = 0;
      return first;
    },
    advance(result) {
      elapsed++;
      return elapsed < steps || result.truncated ? result : { ...result, truncated: true };
    },
    save: () => elapsed,
    load(state) {
      if (!Number.isInteger(state) || (state as number) < 0) throw damaged(kind, 'the number of steps taken', state);
      return () => (elapsed = state as number);
    },
  });
}
