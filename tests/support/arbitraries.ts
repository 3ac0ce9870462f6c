import fc from 'fast-check';

/** Action values of everyday size, exactly float32. */
export const valueArb: fc.Arbitrary<number> = fc.float({ min: -1000, max: 1000, noNaN: true });

/** A row-major `[batch, actions]` array of values with a mask of the same shape. */
export const tableArb = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })).chain(([batch, actions]) =>
  fc.record({
    batch: fc.constant(batch),
    actions: fc.constant(actions),
    values: floatsArb(batch * actions),
    others: floatsArb(batch * actions),
    masks: fc.uint8Array({ min: 0, max: 1, minLength: batch * actions, maxLength: batch * actions }),
    rewards: floatsArb(batch),
    discounts: fc.array(fc.constantFrom(0, 0.5, 0.99, 1), { minLength: batch, maxLength: batch }).map((d) => Float32Array.from(d)),
  }),
);

/** `length` values, with ties more often than by chance. */
export function floatsArb(length: number): fc.Arbitrary<Float32Array> {
  return fc
    .array(fc.oneof(valueArb, fc.constantFrom(-1, 0, 1)), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values));
}
