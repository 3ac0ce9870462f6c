import { checkNumber, checkRest } from './check.ts';
import { DqnError, describe } from './errors.ts';

/** A number that changes with time: ε, a learning rate, an importance exponent. Write your own as `{ kind, at }`. */
export interface Schedule {
  /** A name for messages and checkpoints. */
  readonly kind: string;
  /** The value at environment step `step` ≥ 0. Pure: the same step gives the same value. */
  at(step: number): number;
}

/** What {@link constant} gives. */
export interface ConstantSchedule extends Schedule {
  readonly kind: 'constant';
  readonly value: number;
}

/** What {@link linear} gives. */
export interface LinearSchedule extends Schedule {
  readonly kind: 'linear';
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  readonly start: number;
}

/** What {@link exponential} gives. */
export interface ExponentialSchedule extends Schedule {
  readonly kind: 'exponential';
  readonly from: number;
  readonly to: number;
  readonly timeConstant: number;
}

/** What {@link cosine} gives. */
export interface CosineSchedule extends Schedule {
  readonly kind: 'cosine';
  readonly from: number;
  readonly to: number;
  readonly steps: number;
}

/** What {@link piecewise} gives. */
export interface PiecewiseSchedule extends Schedule {
  readonly kind: 'piecewise';
  /** `[step, value]`, by rising step. */
  readonly points: readonly (readonly [step: number, value: number])[];
}

/**
 * The same value for ever.
 * @throws DqnError `invalid-option` if the value is not finite.
 */
export function constant(value: number): ConstantSchedule {
  checkNumber('constant(value)', value);
  return Object.freeze({ kind: 'constant', value, at: () => value });
}

/**
 * A straight line: `from + (to − from) · (step − start) / steps`, `from` until `start` and `to` from `start + steps` on.
 * @param steps - how long it takes, above 0.
 * @throws DqnError `invalid-option` if a number is not finite, `steps` not above 0 or `start` below 0 or misspelt.
 */
export function linear(
  from: number,
  to: number,
  steps: number,
  { start = 0, ...unknown }: { readonly start?: number } = {},
): LinearSchedule {
  checkRest('linear(options)', unknown);
  checkNumber('linear(from)', from);
  checkNumber('linear(to)', to);
  checkNumber('linear(steps)', steps, { min: 0, exclusiveMin: true });
  checkNumber('linear(start)', start, { min: 0 });
  return Object.freeze({ kind: 'linear', from, to, steps, start, at: (step: number) => between(from, to, (step - start) / steps) });
}

/**
 * Exponential decay towards `to`, which it never quite reaches: `to + (from − to) · exp(−step / timeConstant)`.
 * @param timeConstant - the step at which 1/e ≈ 37 % of the way is left, above 0.
 * @throws DqnError `invalid-option` if a number is not finite or `timeConstant` not above 0.
 */
export function exponential(from: number, to: number, timeConstant: number): ExponentialSchedule {
  checkNumber('exponential(from)', from);
  checkNumber('exponential(to)', to);
  checkNumber('exponential(timeConstant)', timeConstant, { min: 0, exclusiveMin: true });
  const at = (step: number) => between(from, to, -Math.expm1(-step / timeConstant));
  return Object.freeze({ kind: 'exponential', from, to, timeConstant, at });
}

/**
 * Half a wave of the cosine: `to + (from − to) · (1 + cos(π · step / steps)) / 2`, then `to` (Loshchilov and Hutter 2017, eq. 5).
 * @param steps - how long it takes, above 0.
 * @throws DqnError `invalid-option` if a number is not finite or `steps` not above 0.
 */
export function cosine(from: number, to: number, steps: number): CosineSchedule {
  checkNumber('cosine(from)', from);
  checkNumber('cosine(to)', to);
  checkNumber('cosine(steps)', steps, { min: 0, exclusiveMin: true });
  const at = (step: number) => between(from, to, (1 - Math.cos(Math.PI * Math.min(1, Math.max(0, step / steps)))) / 2);
  return Object.freeze({ kind: 'cosine', from, to, steps, at });
}

/**
 * Straight lines between the given points, the first value before them and the last one after.
 * @param points - `[step, value]`, at least one, by strictly rising step.
 * @throws DqnError `invalid-option` if there is no point, a number is not finite, or the steps do not rise.
 */
export function piecewise(points: readonly (readonly [step: number, value: number])[]): PiecewiseSchedule {
  if (!Array.isArray(points) || points.length === 0) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'piecewise(points)',
      expected: 'at least one point [step, value]',
      received: describe(points),
      remedy: 'Pass points such as [[0, 1], [10_000, 0.05]].',
    });
  }
  const kept = points.map((point: unknown, index) => {
    const where = `piecewise(points[${index}])`;
    if (!Array.isArray(point) || point.length !== 2) {
      throw new DqnError({
        code: 'invalid-option',
        where,
        expected: 'a pair [step, value]',
        received: describe(point),
        remedy: 'Pass points such as [[0, 1], [10_000, 0.05]].',
      });
    }
    return Object.freeze([checkNumber(`${where}[0]`, point[0], { min: 0 }), checkNumber(`${where}[1]`, point[1])] as const);
  });
  kept.forEach(([step], index) => {
    if (index === 0 || step > kept[index - 1][0]) return;
    checkNumber(`piecewise(points[${index}])[0]`, step, { min: kept[index - 1][0], exclusiveMin: true });
  });
  const at = (step: number) => {
    let i = 1;
    while (i < kept.length && step > kept[i][0]) i++;
    if (i === kept.length) return kept[i - 1][1];
    const [x0, y0] = kept[i - 1];
    const [x1, y1] = kept[i];
    return between(y0, y1, (step - x0) / (x1 - x0));
  };
  return Object.freeze({ kind: 'piecewise', points: Object.freeze(kept), at });
}

/**
 * A schedule as it is, a number as a {@link constant} one: for options that take either.
 * @param where - the option, for the error message.
 * @throws DqnError `invalid-option` if it is neither a finite number nor a schedule.
 */
export function toSchedule(value: number | Schedule, where = 'toSchedule(value)'): Schedule {
  if (typeof value === 'object' && value !== null && typeof value.kind === 'string' && typeof value.at === 'function') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return constant(value);
  throw new DqnError({
    code: 'invalid-option',
    where,
    expected: 'a finite number or a schedule { kind, at }',
    received: describe(value),
    remedy: 'Pass a number such as 0.05 or a schedule such as linear(1, 0.05, 10_000).',
  });
}

/** `from + (to − from) · part`, with `part` clamped to [0, 1] and the result to the two ends, which rounding could pass. */
function between(from: number, to: number, part: number): number {
  if (part <= 0) return from;
  if (part >= 1) return to;
  const value = from + (to - from) * part;
  return from < to ? Math.min(to, value) : Math.max(to, value);
}
