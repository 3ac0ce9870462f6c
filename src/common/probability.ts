import { checkNumber } from './check.ts';
import { DqnError } from './errors.ts';
import { toSchedule, type Schedule } from './schedules.ts';

/**
 * An option that is a probability, or a schedule of one, as a schedule.
 * @throws DqnError `invalid-option` if it is a number outside [0, 1], or neither a number nor a schedule.
 */
export function toProbability(where: string, value: number | Schedule): Schedule {
  if (typeof value === 'number') checkNumber(where, value, { min: 0, max: 1 });
  return toSchedule(value, where);
}

/**
 * The probability that a schedule gives at a step.
 * @throws DqnError `invalid-option` if it is outside [0, 1].
 */
export function probabilityAt(where: string, schedule: Schedule, step: number): number {
  const probability = schedule.at(step);
  if (probability >= 0 && probability <= 1) return probability;
  throw new DqnError({
    code: 'invalid-option',
    where: `${where}, schedule '${schedule.kind}' at step ${step}`,
    expected: 'a number in [0, 1]',
    received: String(probability),
    remedy: 'Pass a schedule that stays in [0, 1].',
  });
}
