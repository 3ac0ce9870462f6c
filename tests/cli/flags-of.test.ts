import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { flagsOf } from '../../src/cli/configuration/flags-of.ts';
import { schedule } from '../../src/cli/parse.ts';

test('numbers as options of dqn train', () => {
  const settings = {
    hidden: [128, 64],
    optimizer: 'adam',
    nStep: 3,
    vMin: -0.5,
    epsilon: 'ladder',
    learningRate: { from: 1e-7, to: 0, fraction: 1 },
    importanceExponent: { from: 0.4, to: 1, steps: 500 },
    discount: undefined,
  } as const;
  expect(flagsOf({ ...settings, hidden: [...settings.hidden] })).toBe(
    '--hidden 128,64 --optimizer adam --n-step 3 --v-min -0.5 --epsilon ladder --learning-rate 1e-7:0 --importance-exponent 0.4:1:500',
  );
});

test('lines are read as they were written', () => {
  const rate = fc.double({ min: 0, max: 10, noNaN: true });
  const length = fc.oneof(
    fc.record({ steps: fc.integer({ min: 1, max: 1e9 }) }),
    fc.record({ fraction: fc.integer({ min: 1, max: 1000 }).map((n) => n / 1000) }),
  );
  fc.assert(
    fc.property(rate, rate, length, (from, to, rest) => {
      const line = { from, to, ...rest };
      const expected = 'fraction' in line ? { ...line, fraction: expect.closeTo(line.fraction, 12) } : line;
      expect(schedule(flagsOf({ epsilon: line }).replace('--epsilon ', ''))).toEqual(expected);
    }),
  );
});
