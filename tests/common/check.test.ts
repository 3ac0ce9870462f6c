import { describe, expect, it } from 'vitest';
import { checkInteger, checkNumber } from '../../src/common/check.ts';

const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return 'accepted';
};

describe('checkNumber', () => {
  it('gives back what is in range, the ends included', () => {
    for (const x of [0, 0.5, 1]) expect(checkNumber('f(x)', x, { min: 0, max: 1 })).toBe(x);
    expect(checkNumber('f(x)', -1e300)).toBe(-1e300);
    expect(checkNumber('f(x)', 1e-300, { min: 0, exclusiveMin: true })).toBe(1e-300);
  });

  it('refuses the rest and says what is allowed', () => {
    const range = { min: 0, max: 1 };
    expect(message(() => checkNumber('f(x)', 2, range))).toBe(
      'DqnError: f(x): expected a finite number in [0, 1] but received 2. Pass a finite number in [0, 1].',
    );
    expect(message(() => checkNumber('f(x)', 0, { ...range, exclusiveMin: true }))).toContain(
      'a finite number in (0, 1] but received 0.',
    );
    expect(message(() => checkNumber('f(x)', -1, { min: 0 }))).toContain('a finite number of at least 0 but received -1.');
    expect(message(() => checkNumber('f(x)', 0, { min: 0, exclusiveMin: true }))).toContain(
      'a finite number above 0 but received 0.',
    );
    expect(message(() => checkNumber('f(x)', 2, { max: 1 }))).toContain('a finite number of at most 1 but received 2.');
    for (const bad of [NaN, Infinity, -Infinity, '1', null, undefined, 1n, [1]]) {
      expect(message(() => checkNumber('f(x)', bad))).toContain('f(x): expected a finite number but received');
    }
  });
});

describe('checkInteger', () => {
  it('gives back whole numbers in range', () => {
    for (const x of [-3, 0, 2 ** 53 - 1]) expect(checkInteger('f(x)', x)).toBe(x);
    expect(checkInteger('f(x)', 1, { min: 1 })).toBe(1);
  });

  it('refuses the rest', () => {
    for (const bad of [0.5, NaN, Infinity, 2 ** 53, '1', null]) {
      expect(message(() => checkInteger('f(x)', bad))).toContain('expected a whole number but received');
    }
    expect(message(() => checkInteger('f(x)', 0, { min: 1 }))).toContain('a whole number of at least 1 but received 0.');
    expect(message(() => checkInteger('f(x)', 9, { min: 1, max: 8 }))).toContain('a whole number in [1, 8] but received 9.');
  });
});
