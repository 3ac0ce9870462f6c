import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantile } from '../../src/common/quantile.ts';
import { naiveQuantile } from '../support/quantile.ts';

test('quantiles lie on lines between the sorted values', () => {
  const valuesArb = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(valuesArb, fc.double({ min: 0, max: 1, noNaN: true }), (values, probability) => {
      const sorted = Float64Array.from(values).sort();
      expect(quantile(sorted, probability)).toBeCloseTo(naiveQuantile(values, probability), 8);
      expect([quantile(sorted, 0), quantile(sorted, 1)]).toEqual([sorted[0], sorted.at(-1)]);
    }),
  );
  // numpy.quantile([1, 2, 4, 8], [0.1, 0.5, 0.9])
  expect([0.1, 0.5, 0.9].map((each) => quantile([1, 2, 4, 8], each))).toEqual(
    [1.3, 3, 6.8].map((each) => expect.closeTo(each, 12)),
  );
});
