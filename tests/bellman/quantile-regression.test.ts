import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuantileRegression } from '../../src/bellman/quantile-regression.ts';
import { guarded, guardingArrays } from '../support/guarded.ts';
import { slopesOf, smallFloatsArb } from '../support/head-inputs.ts';
import { quantileRegressionLoss, quantileRegressionSlopes } from '../support/quantile-oracle.ts';

const kappaArb = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0.05, max: 5, noNaN: true }));
const fractionsOf = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => (i + 0.5) / count);
const gapsArb = fc.constantFrom(1, 3);

/** Sizes, and values with many ties: among the targets, and between them and the θ. */
const caseArb = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), kappaArb, fc.constantFrom(4, 1000))
  .chain(([count, targets, kappa, size]) =>
    fc.record<Case>({
      kappa: fc.constant(kappa),
      thetas: smallFloatsArb(count, size),
      targets: smallFloatsArb(targets, size),
      taus: fc
        .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: count, maxLength: count })
        .map((taus) => Float64Array.from(taus)),
      stride: gapsArb,
    }),
  );

interface Case {
  readonly kappa: number;
  readonly thetas: Float32Array;
  readonly targets: Float32Array;
  readonly taus: Float64Array;
  /** From one θ to the next. */
  readonly stride: number;
}

function run({ kappa, thetas, targets, taus, stride }: Case, scale = 1) {
  const regression = guardingArrays(() => new QuantileRegression(targets.length, kappa));
  const values = new Float32Array((thetas.length - 1) * stride + 3).fill(1e9);
  thetas.forEach((theta, i) => (values[2 + i * stride] = theta));
  const gradient = new Float32Array(values.length).fill(9);
  const padded = Float32Array.from([1e9, ...targets]);
  const mean = regression.aim(guarded(padded), 1);
  const loss = regression.loss(guarded(values), 2, stride, thetas.length, guarded(taus), 0, scale, guarded(gradient));
  const slopes = Array.from(thetas, (_, i) => gradient[2 + i * stride]);
  const untouched = gradient.every((g, i) => g === 9 || ((i - 2) % stride === 0 && i >= 2));
  return { mean, loss, slopes, untouched };
}

describe('QuantileRegression', () => {
  it('agrees with a hand-computed table', () => {
    const base = {
      thetas: Float32Array.of(0, 2),
      targets: Float32Array.of(3, 0.5, -0.5),
      taus: Float64Array.of(0.25, 0.75),
      stride: 1,
    };
    // κ = 1. θ = 0: u = 3, ½, −½ → ¼ · 2½, ¼ · ⅛, ¾ · ⅛; θ = 2: u = 1, −1½, −2½ → ¾ · ½, ¼ · 1, ¼ · 2.
    const huber = run({ ...base, kappa: 1 });
    expect(huber.loss).toBeCloseTo((0.625 + 0.03125 + 0.09375 + 0.375 + 0.25 + 0.5) / 3, 12);
    expect(huber.slopes[0]).toBeCloseTo((-0.25 - 0.125 + 0.375) / 3, 6);
    expect(huber.slopes[1]).toBeCloseTo((-0.75 + 0.25 + 0.25) / 3, 6);
    expect(huber.mean).toBeCloseTo(1, 12);
    // κ = 0: |u| weighed.
    const pure = run({ ...base, kappa: 0 });
    expect(pure.loss).toBeCloseTo((0.75 + 0.125 + 0.375 + 0.75 + 0.375 + 0.625) / 3, 12);
    expect(pure.slopes[0]).toBeCloseTo((-0.25 - 0.25 + 0.75) / 3, 6);
  });

  it('agrees with the sum over all pairs', () => {
    fc.assert(
      fc.property(caseArb, fc.double({ min: 0, max: 2, noNaN: true }), (given, scale) => {
        const { loss, slopes, mean, untouched } = run(given, scale);
        const thetas = [...given.thetas];
        const targets = [...given.targets];
        const naive = quantileRegressionLoss(thetas, given.taus, targets, given.kappa);
        expect(Math.abs(loss - naive)).toBeLessThan(1e-8 * (1 + naive));
        quantileRegressionSlopes(thetas, given.taus, targets, given.kappa).forEach((slope, i) => {
          expect(Math.abs(slopes[i] - scale * slope)).toBeLessThan(1e-6);
        });
        expect(Math.abs(mean - targets.reduce((a, b) => a + b, 0) / targets.length)).toBeLessThan(1e-9);
        expect(untouched).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('has the gradient that finite differences of all pairs give', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const kappa = Math.max(given.kappa, 0.5);
        const naive = (x: number[]) => quantileRegressionLoss(x, given.taus, [...given.targets], kappa);
        const { slopes } = run({ ...given, kappa });
        slopesOf(naive, given.thetas, 1e-4).forEach((slope, i) => expect(Math.abs(slopes[i] - slope)).toBeLessThan(1e-3));
      }),
    );
  });

  it('does not depend on the order of the targets, sorted, reversed or shuffled', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const { loss, slopes } = run(given);
        for (const targets of [given.targets.toSorted(), given.targets.toSorted().toReversed()]) {
          const other = run({ ...given, targets });
          expect(Math.abs(other.loss - loss)).toBeLessThan(1e-9 * (1 + loss));
          other.slopes.forEach((slope, i) => expect(Math.abs(slope - slopes[i])).toBeLessThan(1e-6));
        }
      }),
    );
  });

  it('stays exact where targets are large and close together', () => {
    const targets = Float32Array.from({ length: 200 }, (_, j) => 1e4 + j / 1024);
    const thetas = Float32Array.from({ length: 50 }, (_, i) => 1e4 + i / 256);
    const taus = fractionsOf(50);
    const { loss } = run({ kappa: 1, targets, thetas, taus, stride: 1 });
    const naive = quantileRegressionLoss([...thetas], taus, [...targets], 1);
    expect(Math.abs(loss / naive - 1)).toBeLessThan(1e-9);
  });

  it('is least at the quantiles of an empirical distribution for κ = 0', () => {
    fc.assert(
      fc.property(smallFloatsArb(9), smallFloatsArb(9), (targets, other) => {
        // Of 9 targets the one of rank i is the quantile at (i + ½) / 9.
        const taus = fractionsOf(9);
        const at = (thetas: Float32Array) => run({ kappa: 0, targets, thetas, taus, stride: 1 }).loss;
        expect(at(targets.toSorted())).toBeLessThanOrEqual(at(other) + 1e-9);
      }),
    );
  });

  it('moves by gradient steps to those quantiles', () => {
    const targets = Float32Array.of(5, -1, 2, 0, 9);
    const thetas = new Float32Array(5);
    const given = { kappa: 0.01, targets, thetas, taus: fractionsOf(5), stride: 1 };
    for (let step = 0; step < 4000; step++) run(given).slopes.forEach((slope, i) => (thetas[i] -= 0.02 * slope));
    [-1, 0, 2, 5, 9].forEach((quantile, i) => expect(Math.abs(thetas[i] - quantile)).toBeLessThan(0.05));
  });

  it('makes a NaN visible in loss and gradient, wherever it stands', () => {
    for (const kappa of [0, 1]) {
      for (const at of [0, 1, 2]) {
        const base = { kappa, thetas: Float32Array.of(0, 1), targets: Float32Array.of(3, 1, 2), taus: fractionsOf(2), stride: 1 };
        base.targets[at] = NaN;
        const spoilt = run(base);
        expect([spoilt.loss, spoilt.mean, ...spoilt.slopes]).toEqual([NaN, NaN, NaN, NaN]);
      }
      const thetas = Float32Array.of(0, NaN);
      const { loss, slopes } = run({ kappa, thetas, targets: Float32Array.of(3, 1, 2), taus: fractionsOf(2), stride: 1 });
      expect([loss, slopes[1]]).toEqual([NaN, NaN]);
    }
  });
});
