import fc from 'fast-check';
import { maskArb, qValuesArb } from '../../src/testing/index.ts';

/** A row-major `[batch, actions]` array of values with a mask of the same shape, and what else a batch of transitions has. */
export const tableArb = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })).chain(([batch, actions]) =>
  fc.record({
    batch: fc.constant(batch),
    actions: fc.constant(actions),
    values: qValuesArb({ batch, actions }),
    others: qValuesArb({ batch, actions }),
    masks: maskArb({ batch, actions }, { empty: true }),
    rewards: floatsArb(batch),
    discounts: fc.array(fc.constantFrom(0, 0.5, 0.99, 1), { minLength: batch, maxLength: batch }).map((d) => Float32Array.from(d)),
  }),
);

/** `length` values, with ties more often than by chance. */
export function floatsArb(length: number): fc.Arbitrary<Float32Array> {
  return qValuesArb({ batch: 1, actions: length });
}
