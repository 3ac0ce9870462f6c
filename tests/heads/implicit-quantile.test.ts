import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { implicitQuantile, type ImplicitQuantileOptions } from '../../src/heads/implicit-quantile.ts';
import { quantile } from '../../src/heads/quantile.ts';
import { cvar } from '../../src/heads/risk.ts';
import type { FractionUse } from '../../src/heads/value-head.ts';
import { expectClose } from '../support/closeness.ts';
import { guarded, guardingArrays } from '../support/guarded.ts';
import { headBatchArb, lossOf, none, qValuesOf, rowsOf, slopesOf, smallFloatsArb, sum, targetsOf } from '../support/head-inputs.ts';
import { quantileRegressionLoss } from '../support/quantile-oracle.ts';

const N = 4;
const head = guardingArrays(() => implicitQuantile({ online: N, target: N, act: 3 }));
const batchArb = headBatchArb((actions) => N * actions);
const learnArb = batchArb.chain((given) =>
  fc
    .tuple(smallFloatsArb(given.batch * N), fc.infiniteStream(fc.integer({ min: 0, max: 1000 }).map((x) => x / 1000)))
    .map(([targets, stream]) => ({
      ...given,
      targets,
      fractions: Float32Array.from(stream.take(given.batch * N)),
    })),
);

/** `[N, A]` rows as `[A, N]` rows. */
function transposed(values: Float32Array, actions: number): Float32Array {
  return Float32Array.from(
    rowsOf(values, N * actions).flatMap((row) =>
      Array.from({ length: actions }, (_, a) => Array.from({ length: N }, (_, i) => row[i * actions + a])).flat(),
    ),
  );
}

const evenFractions = (batch: number): Float32Array => Float32Array.from({ length: batch * N }, (_, i) => ((i % N) + 0.5) / N);

describe('implicitQuantile', () => {
  it('shows its parameters', () => {
    expect(head).toMatchObject({ kind: 'implicitQuantile', width: 1, targetWidth: 4, linear: true, kappa: 1 });
    const usual = implicitQuantile();
    expect(usual.fractions.counts).toEqual({ act: 32, online: 64, target: 64 });
    expect(usual.quantiles).toEqual({ kind: 'implicitQuantiles', cosines: 64 });
    expect(usual.settings).toEqual({ cosines: 64 });
    expect(usual.risk.kind).toBe('neutral');
    expect(implicitQuantile({ cosines: 8 }).quantiles).toEqual({ kind: 'implicitQuantiles', cosines: 8 });
    expect(implicitQuantile({ online: 8, target: 5, act: 3 }).fractions.counts).toEqual({ act: 3, online: 8, target: 5 });
  });

  it('refuses bad parameters', () => {
    const bad: [string, ImplicitQuantileOptions][] = [
      ['cosines', { cosines: 0 }],
      ['online', { online: 0.5 }],
      ['target', { target: 0 }],
      ['act', { act: -1 }],
      ['kappa', { kappa: -1 }],
    ];
    for (const [name, options] of bad) {
      expect(() => implicitQuantile(options)).toThrow(
        expect.objectContaining({ code: 'invalid-option', where: `implicitQuantile(${name})` }),
      );
    }
  });

  it('spreads fractions evenly without randomness, distorted to act by', () => {
    const { fractions } = implicitQuantile({ online: 2, target: 4, act: 2, risk: cvar({ eta: 0.5 }) });
    const drawn = (use: FractionUse, length: number): number[] => {
      const out = new Float32Array(length);
      fractions.draw(use, out);
      return [...out];
    };
    expect(drawn('online', 4)).toEqual([0.25, 0.75, 0.25, 0.75]);
    expect(drawn('target', 4)).toEqual([0.125, 0.375, 0.625, 0.875]);
    expect(drawn('act', 6)).toEqual([0.125, 0.375, 0.125, 0.375, 0.125, 0.375]);
  });

  it('draws fractions uniformly, distorted to act by, the same from the same seed', () => {
    const { fractions } = implicitQuantile({ risk: cvar({ eta: 0.5 }) });
    const drawn = (use: FractionUse, seed = 1): Float32Array => {
      const out = new Float32Array(64 * 200);
      fractions.draw(use, guarded(out), new Random(seed));
      return out;
    };
    for (const [use, most] of [
      ['online', 1],
      ['target', 1],
      ['act', 0.5],
    ] as const) {
      const values = drawn(use);
      expect(values).toEqual(drawn(use));
      expect(values).not.toEqual(drawn(use, 2));
      const sorted = values.toSorted();
      expect(sorted[0]).toBeGreaterThanOrEqual(0);
      expect(sorted.at(-1)).toBeLessThanOrEqual(most);
      // Kolmogorov's distance of 12,800 draws exceeds 0.02 once in ten thousand.
      const distance = sorted.reduce((worst, x, i) => Math.max(worst, Math.abs(x / most - i / sorted.length)), 0);
      expect(distance).toBeLessThan(0.02);
    }
  });

  it('values actions by the mean of any number of quantiles', () => {
    const outputs = Float32Array.of(1, 10, 2, 20, 6, 60, 0, 0, 3, 3, 0, 30);
    expect([...qValuesOf(head, outputs, 2, 2)]).toEqual([3, 30, 1, 11]);
    expect([...qValuesOf(head, outputs, 3, 2)]).toEqual([1.5, 15, 3, 30, 1.5, 16.5]);
    expect([...qValuesOf(head, outputs, 1, 12)]).toEqual([...outputs]);
  });

  it('is the head of QR-DQN at evenly spread fractions, but for the layout', () => {
    const fixed = quantile({ quantiles: N });
    fc.assert(
      fc.property(learnArb, (given) => {
        const { batch, actions, outputs, nextOutputs } = given;
        const input = { ...given, fractions: evenFractions(batch) };
        const turned = { ...given, outputs: transposed(outputs, actions), nextOutputs: transposed(nextOutputs, actions) };
        expectClose(qValuesOf(head, outputs, batch, actions), qValuesOf(fixed, turned.outputs, batch, actions), { relative: 1e-7 });
        expect(targetsOf(head, input)).toEqual(targetsOf(fixed, turned));
        const ours = lossOf(head, input);
        const theirs = lossOf(fixed, turned);
        expectClose(ours.losses, theirs.losses, { relative: 1e-7 });
        expectClose(ours.tdErrors, theirs.tdErrors, { relative: 1e-7 });
        expectClose(transposed(ours.gradient, actions), theirs.gradient, { relative: 1e-7 });
      }),
    );
  });

  it('has the loss of all pairs at its fractions and the gradient of its weighted mean', () => {
    fc.assert(
      fc.property(learnArb, fc.constantFrom(0.5, 1, 3), (input, kappa) => {
        const { batch, actions, outputs, taken, targets, weights, fractions } = input;
        const losses = (x: ArrayLike<number>): number[] =>
          Array.from(taken, (action, b) => {
            const thetas = rowsOf(x, actions)
              .slice(b * N, (b + 1) * N)
              .map((row) => row[action]);
            return quantileRegressionLoss(thetas, rowsOf(fractions, N)[b], rowsOf(targets, N)[b], kappa);
          });
        const learnt = lossOf(implicitQuantile({ online: N, target: N, kappa }), input);
        expectClose(learnt.losses, losses(outputs), { relative: 1e-6 });
        const slopes = slopesOf((x) => sum(losses(x).map((loss, b) => (weights[b] * loss) / batch)), outputs);
        expectClose(learnt.gradient, slopes, { relative: 1e-4, floor: 0.1 });
        const twice = lossOf(implicitQuantile({ online: N, target: N, kappa }), { ...input, weights: weights.map((w) => 2 * w) });
        expect(twice.gradient).toEqual(learnt.gradient.map((g) => 2 * g));
        expect(twice.losses).toEqual(learnt.losses);
      }),
    );
  });

  it('takes other numbers of fractions for the estimate than for the target', () => {
    const uneven = implicitQuantile({ online: 1, target: 3 });
    const targets = targetsOf(uneven, {
      batch: 1,
      actions: 2,
      rewards: Float32Array.of(1),
      discounts: Float32Array.of(0.5),
      nextOutputs: Float32Array.of(9, 2, 9, 4, 9, 8),
      nextPolicy: Float32Array.of(0, 1),
      nextFractions: Float32Array.of(0.2, 0.5, 0.8),
    });
    expect([...targets]).toEqual([2, 3, 5]);
    const { losses, gradient, tdErrors } = lossOf(uneven, {
      batch: 1,
      actions: 2,
      outputs: Float32Array.of(3, 7),
      taken: Int32Array.of(0),
      targets,
      weights: Float32Array.of(1),
      fractions: Float32Array.of(0.25),
    });
    // u = −1, 0, 2 at ¼: ¾ · ½, 0, ¼ · 1½.
    expect([losses[0], gradient[1]]).toEqual([0.25, 0]);
    expect(gradient[0]).toBeCloseTo((0.75 - 0.25) / 3, 7);
    expect(tdErrors[0]).toBeCloseTo(1 / 3, 6);
  });

  it('makes missing fractions and NaN visible', () => {
    const base = {
      batch: 1,
      actions: 1,
      outputs: new Float32Array(N),
      taken: Int32Array.of(0),
      targets: new Float32Array(N).fill(1),
      weights: Float32Array.of(1),
      fractions: evenFractions(1),
    };
    const bad = Float32Array.of(0, 1, NaN, 2);
    for (const change of [{ outputs: bad }, { targets: bad }]) {
      const { losses, gradient } = lossOf(head, { ...base, ...change });
      expect([losses[0], sum(gradient)]).toEqual([NaN, NaN]);
    }
    const out = { gradient: new Float32Array(N), losses: new Float32Array(1), tdErrors: new Float32Array(1) };
    head.loss({ ...base, fractions: none }, { ...out, estimates: new Float32Array(1) });
    expect([out.losses[0], sum(out.gradient)]).toEqual([NaN, NaN]);
  });
});
