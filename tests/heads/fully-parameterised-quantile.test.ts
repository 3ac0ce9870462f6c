import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fullyParameterisedQuantile,
  type FullyParameterisedQuantileOptions,
} from '../../src/heads/fully-parameterised-quantile.ts';
import { quantile } from '../../src/heads/quantile.ts';
import { expectClose } from '../support/closeness.ts';
import { guardingArrays } from '../support/guarded.ts';
import { headBatchArb, lossOf, none, qValuesOf, rowsOf, slopesOf, smallFloatsArb, sum, targetsOf } from '../support/head-inputs.ts';
import { quantileRegressionLoss } from '../support/quantile-oracle.ts';

const N = 4;
const head = guardingArrays(() => fullyParameterisedQuantile({ fractions: N }));
const rowSize = (actions: number): number => (2 * N - 1) * actions + N;
const batchArb = headBatchArb(rowSize, 2);
const learnArb = batchArb.chain((given) => smallFloatsArb(given.batch * (N + 1)).map((targets) => ({ ...given, targets })));

/** One row of outputs taken apart, in double precision. */
function parse(row: readonly number[], actions: number) {
  const logits = row.slice(-N);
  const exps = logits.map(Math.exp);
  const p = exps.map((x) => x / sum(exps));
  const tau = Array.from({ length: N + 1 }, (_, i) => sum(p.slice(0, i)));
  return {
    p,
    tau,
    midpoints: p.map((_, i) => (tau[i] + tau[i + 1]) / 2),
    atMidpoints: (a: number): number[] => p.map((_, i) => row[i * actions + a]),
    value: (a: number): number => sum(p.map((pi, i) => pi * row[i * actions + a])),
  };
}

/** Quantile functions that rise, with their antiderivatives. */
const CURVES = [
  { at: (x: number) => x * x * x * 4, integral: (x: number) => x ** 4 },
  { at: (x: number) => Math.exp(2 * x), integral: (x: number) => Math.exp(2 * x) / 2 },
  { at: (x: number) => 3 * x - 1, integral: (x: number) => 1.5 * x * x - x },
];

describe('fullyParameterisedQuantile', () => {
  it('shows its parameters', () => {
    expect(head).toMatchObject({
      kind: 'fullyParameterisedQuantile',
      width: 1,
      targetWidth: 5,
      linear: false,
      kappa: 1,
      entropy: 0,
    });
    const usual = fullyParameterisedQuantile();
    expect(usual.quantiles).toEqual({ kind: 'proposedQuantiles', fractions: 32, cosines: 64 });
    expect(usual.settings).toEqual({ fractions: 32, cosines: 64 });
    expect(fullyParameterisedQuantile({ proposalRate: 0.01, cosines: 8 }).quantiles).toEqual({
      kind: 'proposedQuantiles',
      fractions: 32,
      cosines: 8,
      proposalRate: 0.01,
    });
  });

  it('refuses bad parameters', () => {
    const bad: [string, FullyParameterisedQuantileOptions][] = [
      ['fractions', { fractions: 1 }],
      ['cosines', { cosines: 0 }],
      ['kappa', { kappa: -1 }],
      ['entropy', { entropy: -1 }],
      ['proposalRate', { proposalRate: -1 }],
    ];
    for (const [name, options] of bad) {
      expect(() => fullyParameterisedQuantile(options)).toThrow(
        expect.objectContaining({ code: 'invalid-option', where: `fullyParameterisedQuantile(${name})` }),
      );
    }
  });

  it('agrees with a hand-computed table', () => {
    const two = fullyParameterisedQuantile({ fractions: 2 });
    // p = ¼, ¾; τ = 0, ¼, 1; τ̂ = ⅛, ⅝. Two actions: F(τ̂) = 2, 6 | 10, 20; F(¼) = 5 | 9.
    const outputs = Float32Array.of(2, 10, 6, 20, 5, 9, 0, Math.log(3));
    expect([...qValuesOf(two, outputs, 1, 2)]).toEqual([5, 17.5]);
    const targets = targetsOf(two, {
      batch: 1,
      actions: 2,
      rewards: Float32Array.of(1),
      discounts: Float32Array.of(0.5),
      nextOutputs: outputs,
      nextPolicy: Float32Array.of(1, 0),
      nextFractions: none,
    });
    expect([...targets]).toEqual([2, 4, 3.5]);
    const { losses, tdErrors, gradient } = lossOf(two, {
      batch: 1,
      actions: 2,
      outputs,
      taken: Int32Array.of(0),
      targets,
      weights: Float32Array.of(1),
      fractions: none,
    });
    // θ = 2 at ⅛: u = 0, 2 → 0, ⅛ · 1½; θ = 6 at ⅝: u = −4, −2 → ⅜ · 3½, ⅜ · 1½.
    expect(losses[0]).toBeCloseTo((0.1875 + 1.3125 + 0.5625) / 2, 6);
    expect(tdErrors[0]).toBeCloseTo(-1.5, 6);
    // ∂W₁/∂τ_1 = 2 · 5 − 6 − 2 = 2, and ∂τ_1/∂logits = ¼ · ¾ · (1, −1).
    [-0.0625, 0, 0.375, 0, 0, 0, 0.375, -0.375].forEach((g, i) => expect(gradient[i]).toBeCloseTo(g, 6));
  });

  it('values actions and aims by the shares of its fractions', () => {
    fc.assert(
      fc.property(batchArb, (input) => {
        const { batch, actions, rewards, discounts, nextOutputs, nextPolicy } = input;
        const parsed = rowsOf(nextOutputs, rowSize(actions)).map((row) => parse(row, actions));
        const values = parsed.flatMap(({ value }) => Array.from({ length: actions }, (_, a) => value(a)));
        expectClose(qValuesOf(head, nextOutputs, batch, actions), values, { relative: 1e-6 });
        const naive = parsed.flatMap(({ atMidpoints, value }, b) => {
          const over = (f: (a: number) => number): number =>
            rewards[b] + discounts[b] * sum(Array.from({ length: actions }, (_, a) => nextPolicy[b * actions + a] * f(a)));
          return [...Array.from({ length: N }, (_, j) => over((a) => atMidpoints(a)[j])), over(value)];
        });
        expectClose(targetsOf(head, input), naive, { relative: 1e-6 });
      }),
    );
  });

  it('aims at the reward alone where nothing is bootstrapped, whatever the network says', () => {
    fc.assert(
      fc.property(batchArb, (input) => {
        const wild = input.nextOutputs.map(() => NaN);
        const rewards = [...input.rewards].map((r) => Array<number>(N + 1).fill(r));
        const terminated = targetsOf(head, { ...input, nextOutputs: wild, discounts: input.discounts.map(() => 0) });
        expect(rowsOf(terminated, N + 1)).toEqual(rewards);
        const nothing = targetsOf(head, { ...input, nextOutputs: wild, nextPolicy: input.nextPolicy.map(() => 0) });
        expect(rowsOf(nothing, N + 1)).toEqual(rewards);
      }),
    );
  });

  it('has the quantile loss at its own fractions, and its gradient at the quantiles of the action taken alone', () => {
    fc.assert(
      fc.property(learnArb, fc.constantFrom(0.5, 1, 3), (input, kappa) => {
        const { batch, actions, outputs, taken, targets, weights } = input;
        const midpoints = rowsOf(outputs, rowSize(actions)).map((row) => parse(row, actions).midpoints);
        const losses = (x: ArrayLike<number>): number[] =>
          rowsOf(x, rowSize(actions)).map((row, b) =>
            quantileRegressionLoss(
              parse(row, actions).atMidpoints(taken[b]),
              midpoints[b],
              rowsOf(targets, N + 1)[b].slice(0, N),
              kappa,
            ),
          );
        const learnt = lossOf(fullyParameterisedQuantile({ fractions: N, kappa }), input);
        expectClose(learnt.losses, losses(outputs), { relative: 1e-6 });
        const slopes = slopesOf((x) => sum(losses(x).map((loss, b) => (weights[b] * loss) / batch)), outputs);
        const quantiles = (gradient: ArrayLike<number>): number[] =>
          rowsOf(gradient, rowSize(actions)).flatMap((row) => row.slice(0, -N));
        // The slopes at τ_i are zero, since the loss does not look there.
        expectClose(quantiles(learnt.gradient), quantiles(slopes), { relative: 1e-4, floor: 0.1 });
        learnt.tdErrors.forEach((error, b) => {
          const estimate = parse(rowsOf(outputs, rowSize(actions))[b], actions).value(taken[b]);
          expect(error).toBeCloseTo(targets[b * (N + 1) + N] - estimate, 4);
        });
      }),
    );
  });

  it('is the head of QR-DQN where all logits are equal', () => {
    const fixed = quantile({ quantiles: N });
    fc.assert(
      fc.property(learnArb, (input) => {
        const { batch, actions } = input;
        const uniform = (values: Float32Array): Float32Array =>
          values.map((x, i) => (i % rowSize(actions) < rowSize(actions) - N ? x : 0.5));
        /** `[A, N]` of the quantiles at τ̂. */
        const quantiles = (values: Float32Array): Float32Array =>
          Float32Array.from(
            rowsOf(values, rowSize(actions)).flatMap((row) =>
              Array.from({ length: actions }, (_, a) => Array.from({ length: N }, (_, i) => row[i * actions + a])).flat(),
            ),
          );
        const outputs = uniform(input.outputs);
        const nextOutputs = uniform(input.nextOutputs);
        const theirs = { ...input, outputs: quantiles(outputs), nextOutputs: quantiles(nextOutputs) };
        expectClose(qValuesOf(head, outputs, batch, actions), qValuesOf(fixed, theirs.outputs, batch, actions), { relative: 1e-6 });
        const ourTargets = targetsOf(head, { ...input, nextOutputs });
        const theirTargets = targetsOf(fixed, theirs);
        expect(rowsOf(ourTargets, N + 1).map((row) => row.slice(0, N))).toEqual(rowsOf(theirTargets, N));
        const ourLoss = lossOf(head, { ...input, outputs, targets: ourTargets });
        const theirLoss = lossOf(fixed, { ...theirs, targets: theirTargets });
        expectClose(ourLoss.losses, theirLoss.losses, { relative: 1e-6 });
        expectClose(ourLoss.tdErrors, theirLoss.tdErrors, { relative: 1e-6, floor: 1 });
        expectClose(quantiles(ourLoss.gradient), theirLoss.gradient, { relative: 1e-6 });
      }),
    );
  });

  it('moves its fractions down the 1-Wasserstein error of the staircase, for quantile functions that rise', () => {
    fc.assert(
      fc.property(smallFloatsArb(N, 2), fc.constantFrom(...CURVES), fc.constantFrom(0, 1), (logits, { at, integral }, taken) => {
        const actions = 2;
        const partsOf = (x: readonly number[]) => parse([...Array<number>((2 * N - 1) * actions).fill(0), ...x], actions);
        /** ∫ |F⁻¹ − staircase|: on [τ_i, τ_{i+1}] the step is F(τ̂_i), below which F lies before τ̂_i and above it after. */
        const error = (x: number[]): number => {
          const { tau, midpoints } = partsOf(x);
          return sum(
            midpoints.map(
              (m, i) => integral(tau[i + 1]) + integral(tau[i]) - 2 * integral(m) + at(m) * (2 * m - tau[i] - tau[i + 1]),
            ),
          );
        };
        const { tau, midpoints } = partsOf([...logits]);
        const points = [...midpoints, ...tau.slice(1, N)];
        const outputs = Float32Array.from([...points.flatMap((x) => (taken === 0 ? [at(x), 99] : [99, at(x)])), ...logits]);
        const { gradient } = lossOf(head, {
          batch: 1,
          actions,
          outputs,
          taken: Int32Array.of(taken),
          targets: new Float32Array(N + 1),
          weights: Float32Array.of(0.5),
          fractions: none,
        });
        const slopes = slopesOf((x) => 0.5 * error(x), logits);
        expectClose(gradient.slice(-N), slopes, { relative: 1e-5, floor: 0.1 });
        expect(sum(gradient.slice(-N))).toBeCloseTo(0, 5);
      }),
    );
  });

  it('draws its fractions to even spacing by the entropy', () => {
    const drawn = fullyParameterisedQuantile({ fractions: N, entropy: 0.3 });
    fc.assert(
      fc.property(learnArb, (input) => {
        const { batch, actions, outputs, weights } = input;
        const without = lossOf(head, input);
        const given = lossOf(drawn, input);
        expect([given.losses, given.tdErrors]).toEqual([without.losses, without.tdErrors]);
        const bonus = (x: ArrayLike<number>): number =>
          sum(
            rowsOf(x, rowSize(actions)).map(
              (row, b) => ((0.3 * weights[b]) / batch) * sum(parse(row, actions).p.map((p) => p * Math.log(p))),
            ),
          );
        const slopes = slopesOf(bonus, outputs);
        expectClose(
          given.gradient.map((g, i) => g - without.gradient[i]),
          slopes,
          { relative: 1e-5, floor: 1 },
        );
      }),
    );
    // A fraction that has died away adds nothing, and spoils nothing.
    const outputs = Float32Array.from({ length: rowSize(1) }, (_, i) => (i === rowSize(1) - 1 ? -500 : 0));
    const base = { batch: 1, actions: 1, outputs, taken: Int32Array.of(0), weights: Float32Array.of(1), fractions: none };
    const { gradient } = lossOf(drawn, { ...base, targets: new Float32Array(N + 1) });
    gradient.forEach((g) => expect(Math.abs(g)).toBeLessThan(1e-6));
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

  it('makes NaN visible, in quantiles, logits and targets', () => {
    const size = rowSize(1);
    const base = { batch: 1, actions: 1, taken: Int32Array.of(0), weights: Float32Array.of(1), fractions: none };
    for (let at = 0; at < size; at++) {
      const outputs = new Float32Array(size);
      outputs[at] = NaN;
      const edge = at >= N && at < 2 * N - 1;
      const { losses, gradient } = lossOf(head, { ...base, outputs, targets: new Float32Array(N + 1) });
      expect(sum(gradient)).toBe(NaN);
      if (!edge) {
        expect(losses[0]).toBe(NaN);
        expect(qValuesOf(head, outputs, 1, 1)[0]).toBe(NaN);
      }
    }
    const targets = new Float32Array(N + 1).fill(NaN);
    const { losses, gradient, tdErrors } = lossOf(head, { ...base, outputs: new Float32Array(size), targets });
    expect([losses[0], sum(gradient), tdErrors[0]]).toEqual([NaN, NaN, NaN]);
  });
});
