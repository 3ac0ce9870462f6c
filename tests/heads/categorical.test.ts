import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { categorical } from '../../src/heads/categorical.ts';
import { expectClose } from '../support/closeness.ts';
import { headBatchArb, lossOf, none, qValuesOf, rowsOf, slopesOf, smallFloatsArb, sum, targetsOf } from '../support/head-inputs.ts';

const ATOMS = 6;
const head = categorical({ atoms: ATOMS, vMin: -3, vMax: 7 });
const SUPPORT = [-3, -1, 1, 3, 5, 7];
const batchArb = headBatchArb((actions) => actions * ATOMS);

function softmax(logits: ArrayLike<number>): number[] {
  const row = Array.from(logits);
  const shift = Math.max(...row);
  const exps = row.map((x) => Math.exp(x - shift));
  return exps.map((x) => x / sum(exps));
}

const mean = (p: ArrayLike<number>): number => sum(SUPPORT.map((z, i) => z * p[i]));

/** Distributions to learn from, of any shape. */
const learnArb = batchArb.chain((given) =>
  fc.record({
    ...Object.fromEntries(Object.entries(given).map(([key, value]) => [key, fc.constant(value)])),
    targets: smallFloatsArb(given.batch * ATOMS).map((x) => Float32Array.from(rowsOf(x, ATOMS).flatMap(softmax))),
  }),
) as fc.Arbitrary<typeof batchArb extends fc.Arbitrary<infer T> ? T & { targets: Float32Array } : never>;

const loop = {
  batch: 1,
  actions: 1,
  rewards: Float32Array.of(0),
  discounts: Float32Array.of(1),
  nextPolicy: Float32Array.of(1),
  nextFractions: none,
};

describe('categorical', () => {
  it('shows its parameters', () => {
    expect(head).toMatchObject({ kind: 'categorical', width: 6, targetWidth: 6, linear: false, readsTakenAlone: true });
    expect(head.settings).toEqual({ atoms: 6, vMin: -3, vMax: 7 });
    expect(categorical({ vMin: 0, vMax: 1 }).width).toBe(51);
    expect(categorical({ atoms: 2, vMin: 0, vMax: 1 }).width).toBe(2);
  });

  it('refuses supports that are none', () => {
    const bad: [string, Parameters<typeof categorical>[0]][] = [
      ['atoms', { atoms: 1, vMin: 0, vMax: 1 }],
      ['atoms', { atoms: 2.5, vMin: 0, vMax: 1 }],
      ['vMin', { vMin: NaN, vMax: 1 }],
      ['vMin', { vMax: 1 } as Parameters<typeof categorical>[0]],
      ['vMax', { vMin: 1, vMax: 1 }],
      ['vMax', { vMin: 0, vMax: Infinity }],
    ];
    for (const [name, options] of bad) {
      expect(() => categorical(options)).toThrow(
        expect.objectContaining({ code: 'invalid-option', where: `categorical(${name})` }),
      );
    }
  });

  it('values an action by the mean of its softmax', () => {
    fc.assert(
      fc.property(batchArb, ({ batch, actions, outputs }) => {
        const values = rowsOf(outputs, ATOMS).map((row) => mean(softmax(row)));
        expectClose(qValuesOf(head, outputs, batch, actions), values, { relative: 1e-6, floor: 1 });
      }),
    );
    // Logits far apart: all mass on one atom.
    expect([...qValuesOf(head, Float32Array.of(0, 0, 0, 0, 0, 500), 1, 1)]).toEqual([7]);
    expect([...qValuesOf(head, Float32Array.of(-500, 500, -500, -500, -500, -500), 1, 1)]).toEqual([-1]);
  });

  it('agrees with a hand-computed table', () => {
    const two = categorical({ atoms: 3, vMin: 0, vMax: 2 });
    const log = Math.log;
    const input = {
      batch: 2,
      actions: 2,
      rewards: Float32Array.of(0.5, 1),
      discounts: Float32Array.of(0.5, 0),
      nextOutputs: Float32Array.of(9, 9, 9, log(0.25), log(0.25), log(0.5), NaN, NaN, NaN, NaN, NaN, NaN),
      nextPolicy: Float32Array.of(0, 1, 1, 0),
      nextFractions: none,
    };
    // ½ + ½ · {0, 1, 2} = ½, 1, 1½ with ¼, ¼, ½; then the certain 1.
    const targets = targetsOf(two, input);
    [0.125, 0.625, 0.25, 0, 1, 0].forEach((p, i) => expect(targets[i]).toBeCloseTo(p, 6));
    const learnt = lossOf(two, {
      batch: 2,
      actions: 2,
      outputs: Float32Array.of(log(0.5), log(0.25), log(0.25), 9, 9, 9, 9, 9, 9, 0, 0, 0),
      taken: Int32Array.of(0, 1),
      targets,
      weights: Float32Array.of(1, 0.5),
      fractions: none,
    });
    const crossEntropy = -(0.125 * log(0.5) + 0.625 * log(0.25) + 0.25 * log(0.25));
    expect(learnt.losses[0]).toBeCloseTo(crossEntropy, 6);
    expect(learnt.losses[1]).toBeCloseTo(log(3), 6);
    expect(learnt.tdErrors[0]).toBeCloseTo(crossEntropy + 0.125 * log(0.125) + 0.625 * log(0.625) + 0.25 * log(0.25), 6);
    expect(learnt.tdErrors[1]).toBeCloseTo(log(3), 6);
    const gradient = [0.1875, -0.1875, 0, 0, 0, 0, 0, 0, 0, 1 / 12, -1 / 6, 1 / 12];
    gradient.forEach((g, i) => expect(learnt.gradient[i]).toBeCloseTo(g, 6));
  });

  it('aims at the projected mixture of the policy', () => {
    fc.assert(
      fc.property(batchArb, (input) => {
        const { actions, rewards, discounts, nextOutputs, nextPolicy } = input;
        const distributions = rowsOf(nextOutputs, ATOMS).map(softmax);
        const naive = Array.from(rewards, (reward, b) => {
          const policy = Array.from({ length: actions }, (_, a) => nextPolicy[b * actions + a]);
          const bootstraps = discounts[b] !== 0 && sum(policy) > 0;
          const next = bootstraps
            ? SUPPORT.map((_, i) => sum(policy.map((pi, a) => pi * distributions[b * actions + a][i])))
            : [1, 0, 0, 0, 0, 0];
          return SUPPORT.map((z) =>
            sum(
              SUPPORT.map((y, j) => {
                const landed = Math.min(7, Math.max(-3, bootstraps ? reward + discounts[b] * y : reward));
                return next[j] * Math.max(0, 1 - Math.abs(landed - z) / 2);
              }),
            ),
          );
        });
        expectClose(targetsOf(head, input), naive.flat(), { relative: 1e-6, floor: 1 });
        rowsOf(targetsOf(head, input), ATOMS).forEach((row) => expect(sum(row)).toBeCloseTo(1, 6));
      }),
    );
  });

  it('aims at the reward alone where the episode terminated or nothing is possible, whatever the network says', () => {
    for (const wild of [NaN, Infinity, -Infinity, 3]) {
      const nextOutputs = new Float32Array(3 * ATOMS).fill(wild);
      const targets = targetsOf(head, {
        ...loop,
        batch: 3,
        rewards: Float32Array.of(1, 2, 100),
        discounts: Float32Array.of(0, 1, 0),
        nextOutputs,
        nextPolicy: Float32Array.of(1, 0, 1),
      });
      expect([...targets]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 1]);
    }
  });

  it('is not touched by actions of probability 0', () => {
    const nextOutputs = new Float32Array(2 * ATOMS).fill(NaN).fill(0, ATOMS);
    const targets = targetsOf(head, { ...loop, actions: 2, nextOutputs, nextPolicy: Float32Array.of(0, 1) });
    targets.forEach((p) => expect(p).toBeCloseTo(1 / 6, 6));
  });

  it('tells how much mass fell outside the support', () => {
    const fresh = categorical({ atoms: ATOMS, vMin: -3, vMax: 7 });
    expect(fresh.clippedMass).toBe(0);
    const nextOutputs = new Float32Array(ATOMS);
    targetsOf(fresh, { ...loop, nextOutputs });
    expect(fresh.clippedMass).toBe(0);
    targetsOf(fresh, { ...loop, rewards: Float32Array.of(3), nextOutputs }); // two of six atoms
    expect(fresh.clippedMass).toBeCloseTo(1 / 3, 7);
    targetsOf(fresh, {
      ...loop,
      batch: 2,
      rewards: Float32Array.of(0, 8),
      discounts: Float32Array.of(1, 0),
      nextOutputs: new Float32Array(2 * ATOMS),
      nextPolicy: Float32Array.of(1, 1),
    });
    expect(fresh.clippedMass).toBe(0.5);
    targetsOf(fresh, { ...loop, nextOutputs });
    expect(fresh.clippedMass).toBe(0);
  });

  it('loses the cross-entropy, and has the gradient that finite differences of its weighted mean give', () => {
    fc.assert(
      fc.property(learnArb, (input) => {
        const { batch, actions, outputs, taken, targets, weights } = input;
        const losses = (x: ArrayLike<number>): number[] =>
          Array.from(taken, (a, b) => {
            const p = softmax(rowsOf(x, ATOMS)[b * actions + a]);
            return -sum(p.map((pi, i) => targets[b * ATOMS + i] * Math.log(pi)));
          });
        const learnt = lossOf(head, input);
        expectClose(learnt.losses, losses(outputs), { relative: 1e-6, floor: 1 });
        const slopes = slopesOf((x) => sum(losses(x).map((loss, b) => (weights[b] * loss) / batch)), outputs);
        expectClose(learnt.gradient, slopes, { relative: 1e-6, floor: 1 });
        learnt.tdErrors.forEach((kl, b) => {
          const p = softmax(rowsOf(outputs, ATOMS)[b * actions + taken[b]]);
          const naive = sum(p.map((pi, i) => targets[b * ATOMS + i] * Math.log(targets[b * ATOMS + i] / pi)));
          expect(kl).toBeGreaterThanOrEqual(0);
          expect(Math.abs(kl - naive)).toBeLessThan(1e-5);
        });
      }),
    );
  });

  it('has gradients of 0 and no divergence where the estimate is the target, and none at actions not taken', () => {
    fc.assert(
      fc.property(batchArb, ({ batch, actions, outputs, taken }) => {
        const targets = Float32Array.from(taken, () => 0);
        const rows = [...taken].flatMap((a, b) => softmax(rowsOf(outputs, ATOMS)[b * actions + a]));
        const learnt = lossOf(head, {
          batch,
          actions,
          outputs,
          taken,
          targets: Float32Array.from(rows),
          weights: targets.map(() => 1),
          fractions: none,
        });
        learnt.gradient.forEach((g) => expect(Math.abs(g)).toBeLessThan(1e-6));
        learnt.tdErrors.forEach((kl) => {
          expect(kl).toBeGreaterThanOrEqual(0);
          expect(kl).toBeLessThan(1e-5);
        });
        rowsOf(
          lossOf(head, {
            batch,
            actions,
            outputs,
            taken,
            targets: new Float32Array(batch * ATOMS).fill(0.1),
            weights: targets.map(() => 1),
            fractions: none,
          }).gradient,
          ATOMS,
        ).forEach((row, i) => {
          if (i % actions !== taken[Math.floor(i / actions)]) expect(row).toEqual([0, 0, 0, 0, 0, 0]);
        });
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

  it('bears logits of any size', () => {
    const outputs = Float32Array.of(1e4, -1e4, 0, 0, 0, 0);
    const targets = Float32Array.of(0, 1, 0, 0, 0, 0);
    const base = { batch: 1, actions: 1, outputs, taken: Int32Array.of(0), targets, weights: Float32Array.of(1), fractions: none };
    const { losses, gradient } = lossOf(head, base);
    expect(losses[0]).toBe(2e4);
    expect([...gradient]).toEqual([1, -1, 0, 0, 0, 0]);
  });

  it('makes NaN visible, in values, targets, losses and gradients', () => {
    for (let at = 0; at < ATOMS; at++) {
      const outputs = new Float32Array(ATOMS);
      outputs[at] = NaN;
      expect(qValuesOf(head, outputs, 1, 1)[0]).toBe(NaN);
      expect(sum(targetsOf(head, { ...loop, nextOutputs: outputs }))).toBe(NaN);
      const base = { batch: 1, actions: 1, taken: Int32Array.of(0), weights: Float32Array.of(1), fractions: none };
      const even = new Float32Array(ATOMS).fill(1 / 6);
      const bad = new Float32Array(ATOMS);
      bad[at] = NaN;
      for (const input of [
        { outputs, targets: even },
        { outputs: even, targets: bad },
      ]) {
        const { losses, tdErrors, gradient } = lossOf(head, { ...base, ...input });
        expect([losses[0], tdErrors[0], sum(gradient)]).toEqual([NaN, NaN, NaN]);
      }
    }
  });
});
