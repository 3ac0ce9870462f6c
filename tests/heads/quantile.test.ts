import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantile } from '../../src/heads/quantile.ts';
import { expectClose } from '../support/closeness.ts';
import { guardingArrays } from '../support/guarded.ts';
import { headBatchArb, lossOf, none, qValuesOf, rowsOf, slopesOf, smallFloatsArb, sum, targetsOf } from '../support/head-inputs.ts';
import { quantileRegressionLoss } from '../support/quantile-oracle.ts';

const N = 5;
const TAUS = [0.1, 0.3, 0.5, 0.7, 0.9];
const head = guardingArrays(() => quantile({ quantiles: N }));
const batchArb = headBatchArb((actions) => actions * N);
const learnArb = batchArb.chain((given) => smallFloatsArb(given.batch * N).map((targets) => ({ ...given, targets })));

describe('quantile', () => {
  it('shows its parameters and refuses bad ones', () => {
    expect(head).toMatchObject({ kind: 'quantile', width: 5, targetWidth: 5, linear: true, readsTakenAlone: true });
    expect(head).toMatchObject({ kappa: 1, settings: { quantiles: 5 } });
    expect(quantile()).toMatchObject({ width: 200, kappa: 1 });
    expect(quantile({ kappa: 0 }).kappa).toBe(0);
    for (const [name, options] of [
      ['quantiles', { quantiles: 0 }],
      ['quantiles', { quantiles: 1.5 }],
      ['kappa', { kappa: -1 }],
      ['kappa', { kappa: NaN }],
    ] as const) {
      expect(() => quantile(options)).toThrow(expect.objectContaining({ code: 'invalid-option', where: `quantile(${name})` }));
    }
  });

  it('agrees with a hand-computed table', () => {
    const two = quantile({ quantiles: 2 });
    const targets = targetsOf(two, {
      batch: 2,
      actions: 2,
      rewards: Float32Array.of(1, 2),
      discounts: Float32Array.of(0.5, 0),
      nextOutputs: Float32Array.of(9, 9, 2, 6, 9, 9, 9, 9),
      nextPolicy: Float32Array.of(0, 1, 1, 0),
      nextFractions: none,
    });
    expect([...targets]).toEqual([2, 4, 2, 2]);
    const outputs = Float32Array.of(3, 2.5, 0, 0, 0, 0, 2, 3);
    expect([...qValuesOf(two, outputs, 2, 2)]).toEqual([2.75, 0, 0, 2.5]);
    const learnt = lossOf(two, {
      batch: 2,
      actions: 2,
      outputs,
      taken: Int32Array.of(0, 1),
      targets,
      weights: Float32Array.of(1, 0.5),
      fractions: none,
    });
    // θ = 3 at ¼: u = −1, 1 → ¾·½, ¼·½; θ = 2½ at ¾: u = −½, 1½ → ¼·⅛, ¾·1. Then θ = 2 at ¼: 0, 0; θ = 3 at ¾: −1, −1 → ¼·½ twice.
    expect([...learnt.losses]).toEqual([(0.375 + 0.125 + 0.03125 + 0.75) / 2, 0.125]);
    expect([...learnt.tdErrors]).toEqual([0.25, -0.5]);
    const gradient = [(0.75 - 0.25) / 2 / 2, (0.125 - 0.75) / 2 / 2, 0, 0, 0, 0, 0, 0.25 * 0.25];
    expect([...learnt.gradient].map((g) => g + 0)).toEqual(gradient);
  });

  it('values an action by the mean of its quantiles', () => {
    fc.assert(
      fc.property(batchArb, ({ batch, actions, outputs }) => {
        const naive = rowsOf(outputs, N).map((row) => sum(row) / N);
        expectClose(qValuesOf(head, outputs, batch, actions), naive, { relative: 1e-7 });
      }),
    );
  });

  it('aims at quantiles whose mean is the Bellman target, and at the reward where nothing is bootstrapped', () => {
    fc.assert(
      fc.property(batchArb, (input) => {
        const { batch, actions, rewards, discounts, nextOutputs, nextPolicy } = input;
        const q = qValuesOf(head, nextOutputs, batch, actions);
        rowsOf(targetsOf(head, input), N).forEach((row, b) => {
          const value = sum(rowsOf(q, actions)[b].map((x, a) => nextPolicy[b * actions + a] * x));
          expect(sum(row) / N).toBeCloseTo(rewards[b] + discounts[b] * value, 4);
        });
        const wild = nextOutputs.map(() => NaN);
        const terminated = targetsOf(head, { ...input, nextOutputs: wild, discounts: discounts.map(() => 0) });
        expect(rowsOf(terminated, N)).toEqual([...rewards].map((r) => Array<number>(N).fill(r)));
        const nothing = targetsOf(head, { ...input, nextOutputs: wild, nextPolicy: nextPolicy.map(() => 0) });
        expect(nothing).toEqual(terminated);
      }),
    );
  });

  it('has the loss of all pairs and the gradient of its weighted mean', () => {
    fc.assert(
      fc.property(learnArb, fc.constantFrom(0.5, 1, 3), (input, kappa) => {
        const { batch, actions, outputs, taken, targets, weights } = input;
        const losses = (x: ArrayLike<number>): number[] =>
          Array.from(taken, (a, b) => quantileRegressionLoss(rowsOf(x, N)[b * actions + a], TAUS, rowsOf(targets, N)[b], kappa));
        const learnt = lossOf(quantile({ quantiles: N, kappa }), input);
        expectClose(learnt.losses, losses(outputs), { relative: 1e-6 });
        const slopes = slopesOf((x) => sum(losses(x).map((loss, b) => (weights[b] * loss) / batch)), outputs);
        expectClose(learnt.gradient, slopes, { relative: 1e-4, floor: 0.1 });
        learnt.tdErrors.forEach((error, b) => {
          const estimate = sum(rowsOf(outputs, N)[b * actions + taken[b]]) / N;
          expect(error).toBeCloseTo(sum(rowsOf(targets, N)[b]) / N - estimate, 5);
        });
      }),
    );
  });

  it('does not depend on the order of the targets', () => {
    fc.assert(
      fc.property(learnArb, (input) => {
        const sorted = Float32Array.from(rowsOf(input.targets, N).flatMap((row) => row.toSorted((a, b) => a - b)));
        const given = lossOf(head, input);
        const other = lossOf(head, { ...input, targets: sorted });
        expectClose(other.gradient, given.gradient, { relative: 1e-6 });
        expectClose(other.losses, given.losses, { relative: 1e-6 });
      }),
    );
  });

  it('scales gradients, and them alone, with the weights', () => {
    fc.assert(
      fc.property(learnArb, (input) => {
        const once = lossOf(head, input);
        const twice = lossOf(head, { ...input, weights: input.weights.map((w) => 2 * w) });
        expect(twice.gradient).toEqual(once.gradient.map((g) => 2 * g));
        expect([twice.losses, twice.tdErrors]).toEqual([once.losses, once.tdErrors]);
      }),
    );
  });

  it('is half the expected head with a single quantile, the median', () => {
    const one = quantile({ quantiles: 1 });
    const input = {
      batch: 2,
      actions: 1,
      outputs: Float32Array.of(1, 2),
      taken: Int32Array.of(0, 0),
      targets: Float32Array.of(1.5, -3),
      weights: Float32Array.of(1, 1),
      fractions: none,
    };
    const { losses, gradient, tdErrors } = lossOf(one, input);
    expect([...losses]).toEqual([0.0625, 2.25]);
    expect([...gradient]).toEqual([-0.125, 0.25]);
    expect([...tdErrors]).toEqual([0.5, -5]);
  });

  it('makes NaN visible', () => {
    const base = { batch: 1, actions: 1, taken: Int32Array.of(0), weights: Float32Array.of(1), fractions: none };
    const good = new Float32Array(N);
    const bad = Float32Array.of(0, 1, NaN, 2, 3);
    expect(qValuesOf(head, bad, 1, 1)[0]).toBe(NaN);
    for (const [outputs, targets] of [
      [good, bad],
      [bad, good],
    ]) {
      const { losses, tdErrors, gradient } = lossOf(head, { ...base, outputs, targets });
      expect([losses[0], tdErrors[0], sum(gradient)]).toEqual([NaN, NaN, NaN]);
    }
  });
});
