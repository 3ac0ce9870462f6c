import { checkInteger, checkNumber } from '../../common/check.ts';
import type { Callback } from './callback.ts';

/**
 * Ends a run after so many environment steps of its own; those before it was resumed do not count. A vector of environments may go over by less than its size.
 *
 * @throws DqnError `invalid-option`.
 */
export function stepLimit(steps: number): Callback {
  checkInteger('stepLimit(steps)', steps, { min: 1 });
  let taken = 0;
  return {
    name: 'stepLimit',
    begin() {
      taken = 0;
    },
    onEvent: (event) => (event.kind === 'step' && ++taken >= steps ? `${steps} steps were taken` : undefined),
  };
}

/**
 * Ends a run after so many milliseconds by the clock, evaluations included; looked at with every event.
 *
 * @throws DqnError `invalid-option`.
 */
export function timeLimit(milliseconds: number): Callback {
  checkNumber('timeLimit(milliseconds)', milliseconds, { min: 0 });
  let start = 0;
  return {
    name: 'timeLimit',
    begin() {
      start = performance.now();
    },
    onEvent: () => (performance.now() - start >= milliseconds ? `${milliseconds} ms have passed` : undefined),
  };
}
