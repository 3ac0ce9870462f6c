import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { huberLoss, squaredLoss } from '../../src/bellman/regression-loss.ts';
import { bellmanTargets } from '../../src/bellman/targets.ts';
import { inverseRescale, rescale } from '../../src/bellman/value-rescaling.ts';
import { expected } from '../../src/heads/expected.ts';
import { floatsArb } from '../support/arbitraries.ts';
import { headBatchArb, lossOf, none, qValuesOf, targetsOf } from '../support/head-inputs.ts';

const lossArb = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 })).chain(([batch, actions]) =>
  fc.record({
    batch: fc.constant(batch),
    actions: fc.constant(actions),
    outputs: floatsArb(batch * actions),
    taken: fc.array(fc.nat(actions - 1), { minLength: batch, maxLength: batch }).map((a) => Int32Array.from(a)),
    targets: floatsArb(batch),
    weights: fc
      .array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: batch, maxLength: batch })
      .map((w) => Float32Array.from(w)),
    fractions: fc.constant(none),
  }),
);
const headArb = fc.oneof(
  fc.constant(expected({ loss: 'squared' })),
  fc.float({ min: 0.5, max: 10, noNaN: true }).map((delta) => expected({ delta })),
);

describe('expected', () => {
  it('shows its parameters', () => {
    expect(expected()).toMatchObject({ kind: 'expected', width: 1, targetWidth: 1, linear: true, regression: 'huber', delta: 1 });
    expect(expected({ loss: 'squared' }).regression).toBe('squared');
    expect(expected({ delta: 5 }).delta).toBe(5);
  });

  it('refuses losses that it does not know and deltas that are not above 0', () => {
    for (const delta of [0, -1, NaN, Infinity]) {
      expect(() => expected({ delta })).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'expected(delta)' }));
    }
    expect(() => expected({ loss: 'l1' as 'huber' })).toThrow(
      expect.objectContaining({ code: 'invalid-option', where: 'expected(loss)' }),
    );
  });

  it('takes outputs for action values', () => {
    const out = new Float32Array(5).fill(9);
    expected().qValues(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 2, out);
    expect([...out]).toEqual([1, 2, 3, 4, 9]);
  });

  it('agrees with a hand-computed table', () => {
    const targets = new Float32Array(3);
    expected().targets(
      {
        batch: 3,
        actions: 2,
        rewards: Float32Array.of(1, 1, 1),
        discounts: Float32Array.of(0.5, 0.5, 0),
        nextOutputs: Float32Array.of(2, 4, 2, 4, 2, 4),
        nextPolicy: Float32Array.of(0, 1, 1, 0, 0, 1),
        nextFractions: none,
      },
      targets,
    );
    expect([...targets]).toEqual([3, 2, 1]);
    const input = {
      batch: 3,
      actions: 2,
      outputs: Float32Array.of(1, 0, 0, 1.5, 4, 0),
      taken: Int32Array.of(0, 1, 0),
      targets,
      weights: Float32Array.of(1, 0.5, 1),
      fractions: none,
    };
    const huber = lossOf(expected(), input);
    expect([...huber.tdErrors]).toEqual([2, 0.5, -3]);
    expect([...huber.losses]).toEqual([1.5, 0.125, 2.5]);
    expect([...huber.gradient]).toEqual([-1, 0, 0, -0.25, 1, 0].map((x) => Math.fround(x / 3)));
    const squared = lossOf(expected({ loss: 'squared' }), input);
    expect([...squared.losses]).toEqual([2, 0.125, 4.5]);
    expect([...squared.gradient]).toEqual([-2, 0, 0, -0.25, 3, 0].map((x) => Math.fround(x / 3)));
  });

  it('has the gradient that finite differences of the weighted mean loss give', () => {
    fc.assert(
      fc.property(lossArb, headArb, (input, head) => {
        const { gradient, losses, tdErrors } = lossOf(head, input);
        const { batch, actions, outputs, taken, targets, weights } = input;
        const lossAt = (b: number, q: number) =>
          head.regression === 'huber' ? huberLoss(targets[b] - q, head.delta) : squaredLoss(targets[b] - q);
        const h = 1e-3;
        for (let b = 0; b < batch; b++) {
          for (let a = 0; a < actions; a++) {
            const i = b * actions + a;
            if (a !== taken[b]) {
              expect(gradient[i]).toBe(0);
              continue;
            }
            const slope = ((lossAt(b, outputs[i] + h) - lossAt(b, outputs[i] - h)) / (2 * h)) * (weights[b] / batch);
            expect(Math.abs(gradient[i] - slope)).toBeLessThan(1e-3 + 1e-5 * Math.abs(slope));
            expect(tdErrors[b]).toBe(Math.fround(targets[b] - outputs[i]));
            expect(losses[b]).toBe(Math.fround(lossAt(b, outputs[i])));
          }
        }
      }),
    );
  });

  it('makes NaN visible', () => {
    const input = {
      batch: 1,
      actions: 1,
      outputs: Float32Array.of(NaN),
      taken: Int32Array.of(0),
      targets: Float32Array.of(1),
      weights: Float32Array.of(1),
      fractions: none,
    };
    for (const head of [expected(), expected({ loss: 'squared' })]) {
      const { gradient, losses, tdErrors } = lossOf(head, input);
      expect([gradient[0], losses[0], tdErrors[0]]).toEqual([NaN, NaN, NaN]);
    }
  });
});

describe('expected with rescale', () => {
  const plain = expected();
  const head = expected({ rescale: true });
  const batchArb = headBatchArb((actions) => actions, 100);

  it('says that its outputs mean something else', () => {
    expect(plain).toMatchObject({ linear: true, settings: { rescale: false } });
    expect(head).toMatchObject({ linear: false, settings: { rescale: true } });
  });

  it('takes outputs for rescaled action values, and leaves them alone without it', () => {
    fc.assert(
      fc.property(batchArb, ({ batch, actions, outputs }) => {
        expect(qValuesOf(plain, outputs, batch, actions)).toEqual(outputs);
        expect(qValuesOf(head, outputs, batch, actions)).toEqual(outputs.map(inverseRescale));
      }),
    );
  });

  it('aims at h(r + γ Σ π h⁻¹(outputs)), the plain target seen through h', () => {
    fc.assert(
      fc.property(batchArb, (input) => {
        const { batch, actions, rewards, discounts, nextOutputs, nextPolicy } = input;
        targetsOf(head, input).forEach((y, b) => {
          let value = 0;
          for (let a = 0; a < actions; a++) value += nextPolicy[b * actions + a] * inverseRescale(nextOutputs[b * actions + a]);
          const target = rescale(rewards[b] + (discounts[b] === 0 ? 0 : discounts[b] * value));
          expect(Math.abs(y - target)).toBeLessThan(1e-4 * (1 + Math.abs(target)));
        });
        const unscaled = new Float32Array(batch);
        bellmanTargets(rewards, discounts, nextOutputs, nextPolicy, batch, actions, unscaled);
        expect(targetsOf(plain, input)).toEqual(unscaled);
      }),
    );
  });

  it('aims at h(r) where the episode terminated, whatever the network says', () => {
    for (const wild of [NaN, Infinity, 5]) {
      const targets = targetsOf(head, {
        batch: 2,
        actions: 1,
        rewards: Float32Array.of(3, 8),
        discounts: Float32Array.of(0, 1),
        nextOutputs: Float32Array.of(wild, wild),
        nextPolicy: Float32Array.of(1, 0),
        nextFractions: none,
      });
      expect([...targets]).toEqual([rescale(3), rescale(8)].map(Math.fround));
    }
  });

  it('comes to h(r / (1 − γ)) on an endless loop', () => {
    const outputs = new Float32Array(1);
    const input = {
      batch: 1,
      actions: 1,
      rewards: Float32Array.of(10),
      discounts: Float32Array.of(0.9),
      nextOutputs: outputs,
      nextPolicy: Float32Array.of(1),
      nextFractions: none,
    };
    for (let k = 0; k < 300; k++) outputs.set(targetsOf(head, input));
    expect(qValuesOf(head, outputs, 1, 1)[0]).toBeCloseTo(100, 2);
  });

  it('compares outputs with targets as they are', () => {
    fc.assert(
      fc.property(lossArb, (input) => {
        const { estimates, ...rescaled } = lossOf(head, input);
        const { estimates: asTheyAre, ...unscaled } = lossOf(plain, input);
        expect(rescaled).toEqual(unscaled);
        // What is told of an estimate is in the unit of returns.
        estimates.forEach((estimate, b) => expect(estimate).toBe(Math.fround(inverseRescale(asTheyAre[b]))));
      }),
    );
  });
});
