import fc from 'fast-check';
import type { LossInput, LossOutput, TargetInput, ValueHead } from '../../src/heads/value-head.ts';
import { guarded, guardedFields } from './guarded.ts';

/** No fractions. */
export const none = new Float32Array(0);

/** Numbers a row of outputs has for so many actions. */
export type RowSize = (actions: number) => number;

/** Values of which float64 holds sums, differences and squares exactly: multiples of 2⁻¹⁶, ties among them, no −0. */
export function smallFloatsArb(length: number, size = 4): fc.Arbitrary<Float32Array> {
  return fc
    .array(fc.oneof(fc.double({ min: -size, max: size, noNaN: true }), fc.constantFrom(-1, 0, 1)), {
      minLength: length,
      maxLength: length,
    })
    .map((values) => Float32Array.from(values, (x) => Math.round(x * 2 ** 16) / 2 ** 16 + 0));
}

/** A batch for both halves of a head: next outputs under a policy with rows one-hot, stochastic and zero, and outputs with actions taken. */
export function headBatchArb(rowSize: RowSize, size = 4) {
  return fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })).chain(([batch, actions]) =>
    fc.record({
      batch: fc.constant(batch),
      actions: fc.constant(actions),
      rewards: smallFloatsArb(batch, size),
      discounts: fc
        .array(fc.constantFrom(0, 0.5, 0.99, 1), { minLength: batch, maxLength: batch })
        .map((d) => Float32Array.from(d)),
      nextOutputs: smallFloatsArb(batch * rowSize(actions), size),
      nextPolicy: fc
        .array(policyArb(actions), { minLength: batch, maxLength: batch })
        .map((rows) => Float32Array.from(rows.flat())),
      outputs: smallFloatsArb(batch * rowSize(actions), size),
      taken: fc.array(fc.nat(actions - 1), { minLength: batch, maxLength: batch }).map((a) => Int32Array.from(a)),
      weights: fc
        .array(fc.integer({ min: 0, max: 100 }), { minLength: batch, maxLength: batch })
        .map((percents) => Float32Array.from(percents, (w) => w / 100)),
      nextFractions: fc.constant(none),
      fractions: fc.constant(none),
    }),
  );
}

function policyArb(actions: number): fc.Arbitrary<number[]> {
  const row = (f: (a: number) => number) => Array.from({ length: actions }, (_, a) => f(a));
  return fc.oneof(
    fc.nat(actions - 1).map((chosen) => row((a) => Number(a === chosen))),
    fc.constant(row(() => 0)),
    fc.array(fc.integer({ min: 0, max: 4 }), { minLength: actions, maxLength: actions }).map((shares) => {
      const total = shares.reduce((sum, x) => sum + x, 0);
      return row((a) => (total === 0 ? 1 / actions : shares[a] / total));
    }),
  );
}

/** The Bellman targets. What lies beyond the ends of any array must be left alone, here and below. */
export function targetsOf(head: ValueHead, input: TargetInput): Float32Array {
  const out = new Float32Array(input.batch * head.targetWidth).fill(7);
  head.targets(guardedFields(input), guarded(out));
  return out;
}

/** Loss, TD errors and gradient. */
export function lossOf(head: ValueHead, input: LossInput): LossOutput {
  const out = {
    gradient: new Float32Array(input.outputs.length),
    losses: new Float32Array(input.batch),
    tdErrors: new Float32Array(input.batch),
    estimates: new Float32Array(input.batch),
  };
  head.loss(guardedFields(input), guardedFields(out));
  return out;
}

/** Q-values `[B, A]`. */
export function qValuesOf(head: ValueHead, outputs: Float32Array, batch: number, actions: number): Float32Array {
  const out = new Float32Array(batch * actions);
  head.qValues(guarded(outputs), batch, actions, guarded(out));
  return out;
}

/** A table with so many columns. */
export function rowsOf(values: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, i) => values[row * columns + i]),
  );
}

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const x of values) total += x;
  return total;
}

/** Expects `gradient` to be the slopes of `f` at `x`, by central differences in double precision. */
export function slopesOf(f: (x: number[]) => number, x: ArrayLike<number>, h = 1e-5): number[] {
  const point = Array.from(x);
  return point.map((value, i) => {
    point[i] = value + h;
    const above = f(point);
    point[i] = value - h;
    const below = f(point);
    point[i] = value;
    return (above - below) / (2 * h);
  });
}
