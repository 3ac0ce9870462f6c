import fc from 'fast-check';

/** Where drawn numbers lie; both ends included. */
export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

/** Whether rows without any action are drawn too. */
export interface RowOptions {
  /** Default false. */
  readonly empty?: boolean;
}

/** How large drawn supports are. */
export interface SupportOptions {
  /** The most atoms, at least 2. Default 11. */
  readonly maxAtoms?: number;
}

/** A rectangle of values. */
export interface TableShape {
  /** B: rows. */
  readonly batch: number;
  /** A: columns. */
  readonly actions: number;
}

/**
 * Numbers that are multiples of 1/64: sums and differences of a few are exact in single precision, so that rules can be compared without a tolerance, and
 * counter-examples are easy to read.
 */
export function dyadicArb({ min, max }: ValueRange): fc.Arbitrary<number> {
  return fc.integer({ min: Math.ceil(min * 64), max: Math.floor(max * 64) }).map((n) => n / 64);
}

/** `length` numbers as single precision. Ties are more frequent than by chance. */
export function valuesArb(length: number, { min, max }: ValueRange): fc.Arbitrary<Float32Array> {
  const arbitrary = fc.oneof(
    { weight: 3, arbitrary: dyadicArb({ min, max }) },
    fc.constantFrom(Math.max(min, Math.min(max, 0)), min, max),
  );
  return fc.array(arbitrary, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
}

/**
 * Action values `[B, A]`, any numbers of single precision in a range, with ties more often than by chance.
 * @param range - Default ±1000.
 */
export function qValuesArb(
  { batch, actions }: TableShape,
  { min, max }: ValueRange = { min: -1000, max: 1000 },
): fc.Arbitrary<Float32Array> {
  const clamp = (x: number) => Math.max(min, Math.min(max, x));
  const ties = fc.constantFrom(clamp(0), clamp(1), clamp(-1));
  const valueArb = fc.oneof(fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true }), ties);
  const length = batch * actions;
  return fc.array(valueArb, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
}

/**
 * Masks `[B, A]` of possible actions: 1 or 0; with `empty` also rows without any.
 */
export function maskArb({ batch, actions }: TableShape, { empty = false }: RowOptions = {}): fc.Arbitrary<Uint8Array> {
  const rowArb = fc.array(fc.constantFrom(1, 0), { minLength: actions, maxLength: actions });
  const fit = empty ? rowArb : fc.tuple(rowArb, fc.nat(actions - 1)).map(([row, sure]) => row.with(sure, 1));
  return fc.array(fit, { minLength: batch, maxLength: batch }).map((rows) => Uint8Array.from(rows.flat()));
}

/** Distributions over actions `[B, A]`: all mass on one action, spread, and (where `empty`) rows of zeros. */
export function policyArb({ batch, actions }: TableShape, { empty = false }: RowOptions = {}): fc.Arbitrary<Float32Array> {
  const oneArb = fc.nat(actions - 1).map((a) => Array.from({ length: actions }, (_, i) => (i === a ? 1 : 0)));
  const spreadArb = fc
    .array(fc.nat(7), { minLength: actions, maxLength: actions })
    .filter((row) => row.some((x) => x > 0))
    .map((row) => row.map((x) => x / row.reduce((a, b) => a + b, 0)));
  const noneArb = fc.constant(Array.from({ length: actions }, () => 0));
  const rowArb = empty ? fc.oneof(oneArb, spreadArb, noneArb) : fc.oneof(oneArb, spreadArb);
  return fc.array(rowArb, { minLength: batch, maxLength: batch }).map((rows) => Float32Array.from(rows.flat()));
}

/** Priorities as replay buffers keep them: at least 0, of very different sizes, some zero, some equal. */
export function priorityArb(): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(0, 1, 1),
    fc.integer({ min: 1, max: 640 }).map((n) => n / 64),
    fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
  );
}

/** The fixed atoms of a categorical distribution: `z_i = vMin + i · (vMax − vMin) / (atoms − 1)` (Bellemare et al. 2017). */
export interface Support {
  /** At least 2. */
  readonly atoms: number;
  readonly vMin: number;
  /** Above `vMin`. */
  readonly vMax: number;
}

/** Supports of a few atoms, also one-sided ones. */
export function supportArb({ maxAtoms = 11 }: SupportOptions = {}): fc.Arbitrary<Support> {
  return fc
    .record({
      atoms: fc.integer({ min: 2, max: maxAtoms }),
      vMin: fc.integer({ min: -10, max: 5 }),
      width: fc.integer({ min: 1, max: 20 }),
    })
    .map(({ atoms, vMin, width }) => ({ atoms, vMin, vMax: vMin + width }));
}
