import { type DistributionOptions, explainDifference, explainDistribution, type Tolerance } from './closeness.ts';

/** What a matcher answers, in the form that `expect.extend` of Vitest and Jest takes. */
export interface MatcherResult {
  /** Whether what was expected holds. */
  readonly pass: boolean;
  /** What to say where the expectation fails. */
  readonly message: () => string;
}

/** The matchers as methods of an expectation, to declare to the test runner. */
export interface DqnMatchers<R = unknown> {
  /** The same length, and `|a − b| ≤ absolute + relative · |b|` everywhere. */
  toBeCloseToArray(expected: ArrayLike<number>, tolerance?: Tolerance): R;
  /** Numbers in [0, 1] that sum to 1, and are 0 where a mask says so. */
  toBeDistribution(options?: DistributionOptions): R;
  /** No NaN, no infinity. */
  toBeFiniteArray(): R;
}

/**
 * Matchers for arrays of numbers: `expect.extend(dqnMatchers)` in Vitest or Jest. They say where the first difference is. For TypeScript, declare them
 * in Vitest by `declare module 'vitest' { interface Matchers<T> extends DqnMatchers<T> {} }`.
 */
export const dqnMatchers: {
  readonly [K in keyof DqnMatchers]: (received: ArrayLike<number>, ...args: Parameters<DqnMatchers[K]>) => MatcherResult;
} = {
  toBeCloseToArray: (received, expected, tolerance) =>
    result(explainDifference(received, expected, tolerance), 'the arrays are close to each other'),
  toBeDistribution: (received, options) => result(explainDistribution(received, options), 'the numbers are a distribution'),
  toBeFiniteArray: (received) => {
    const at = Array.from(received).findIndex((x) => !Number.isFinite(x));
    return result(at < 0 ? undefined : `at ${at} expected a finite number, received ${received[at]}`, 'all numbers are finite');
  },
};

/** The same message serves `not`: then there is no difference to tell. */
function result(problem: string | undefined, otherwise: string): MatcherResult {
  return { pass: problem === undefined, message: () => problem ?? otherwise };
}
