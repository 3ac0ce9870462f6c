// The built-in heads and rules as tensor operations against those of the core.
import { engine, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { BootstrapInput, BootstrapOutput, BootstrapRule, LossInput, ValueHead } from '../../src/index.ts';
import type { DeviceHead } from '../../src/engines/tfjs/learning/device-head.ts';
import { headOnDevice } from '../../src/engines/tfjs/learning/heads.ts';
import { ruleOnDevice } from '../../src/engines/tfjs/learning/rules.ts';
import { clippingFactor, euclideanNorm } from '../../src/engines/tfjs/gradient-norm.ts';
import { tfjs } from '../../src/tfjs/index.ts';
import { expectClose } from '../support/closeness.ts';
import { headBatchArb, lossOf, none, qValuesOf, smallFloatsArb, targetsOf, type RowSize } from '../support/head-inputs.ts';

const N = 4;

/** A head, the numbers in a row of its outputs, and its fractions in a row, where it is given them. */
const heads: readonly [string, ValueHead, RowSize, number?][] = [
  ['expected', dqn.expected(), (a) => a],
  ['expected, delta 0.25', dqn.expected({ delta: 0.25 }), (a) => a],
  ['expected, squared', dqn.expected({ loss: 'squared' }), (a) => a],
  ['expected, rescaled', dqn.expected({ rescale: true }), (a) => a],
  ['categorical', dqn.categorical({ atoms: 9, vMin: -2, vMax: 2 }), (a) => 9 * a],
  ['categorical, uneven', dqn.categorical({ atoms: 4, vMin: -3, vMax: 1.7 }), (a) => 4 * a],
  ['quantile', dqn.quantile({ quantiles: 5 }), (a) => 5 * a],
  ['quantile, κ = 0', dqn.quantile({ quantiles: 5, kappa: 0 }), (a) => 5 * a],
  ['quantile, κ = 0.3', dqn.quantile({ quantiles: 1, kappa: 0.3 }), (a) => a],
  ['implicitQuantile', dqn.implicitQuantile({ online: N, target: N, act: N }), (a) => N * a, N],
  ['fullyParameterisedQuantile', dqn.fullyParameterisedQuantile({ fractions: 3, entropy: 0.2 }), (a) => 5 * a + 3],
];

const rules: readonly [string, BootstrapRule, number][] = [
  ['maxQ', dqn.maxQ(), 1],
  ['doubleQ', dqn.doubleQ(), 1],
  ['expectedSarsa', dqn.expectedSarsa({ epsilon: dqn.linear(1, 0, 100) }), 1],
  ['softmaxQ', dqn.softmaxQ({ temperature: 0.5 }), 1],
  ['softmaxQ, cold', dqn.softmaxQ({ temperature: 1e-3 }), 1],
  ['mellowmaxQ', dqn.mellowmaxQ({ omega: 2 }), 1],
  ['mellowmaxQ, near the maximum', dqn.mellowmaxQ({ omega: 1e3 }), 1],
  ['mellowmaxQ, near the mean', dqn.mellowmaxQ({ omega: 1e-3 }), 1],
  ['softQ', dqn.softQ({ temperature: 0.5 }), 1],
  ['munchausen', dqn.munchausen({ temperature: 0.2, alpha: 0.7, clip: -0.8 }), 1],
  ['clippedDoubleQ', dqn.clippedDoubleQ(), 2],
  ['averagedQ', dqn.averagedQ({ targets: 2, rule: dqn.softQ({ temperature: 0.5 }) }), 1],
];

const column = (values: Float32Array): Tensor => tensor(values.slice(), [values.length, 1]);
const table = (values: Float32Array, rows: number): Tensor => tensor(values.slice(), [rows, values.length / rows]);
const oneHot = (taken: Int32Array, actions: number): Tensor =>
  table(
    Float32Array.from({ length: taken.length * actions }, (_, i) => Number(taken[Math.floor(i / actions)] === i % actions)),
    taken.length,
  );

/** The numbers of tensors, which are freed with all that they were computed from. */
function numbersOf<K extends string>(compute: () => Record<K, Tensor>): Record<K, Float32Array> {
  const results = {} as Record<K, Float32Array>;
  tidy(() => {
    for (const [key, value] of Object.entries<Tensor>(compute())) results[key as K] = value.dataSync<'float32'>().slice();
  });
  return results;
}

function lossOnDevice(head: DeviceHead, { batch, actions, outputs, taken, targets, weights, fractions }: LossInput) {
  return numbersOf(() => ({
    ...head.loss({
      outputs: table(outputs, batch),
      taken: oneHot(taken, actions),
      targets: table(targets, batch),
      scales: column(weights.map((weight) => weight / batch)),
      fractions: fractions.length > 0 ? table(fractions, batch) : undefined,
    }),
  }));
}

/** What a rule decides in the core. */
function apply(rule: BootstrapRule, input: BootstrapInput): BootstrapOutput {
  const { batch, actions } = input;
  const out = {
    policy: new Float32Array(batch * actions).fill(9),
    bonus: new Float32Array(batch),
    rewardBonus: new Float32Array(batch),
    sources: Int32Array.from({ length: batch }, (_, b) => b),
  };
  rule.apply(input, out);
  return out;
}

const backends = [
  ['cpu', 60],
  ['wasm', 30],
] as const;

describe.each(backends)('on %s', (backend, numRuns) => {
  let running: Awaited<ReturnType<typeof tfjs>>;
  beforeAll(async () => {
    running = await tfjs({ backend });
    await engine().setBackend(backend);
  });
  afterAll(() => running.dispose());

  describe.each(heads)('%s', (_, head, rowSize, drawn = 0) => {
    const fractionsArb = (rows: number) =>
      fc
        .array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: rows * drawn, maxLength: rows * drawn })
        .map((all) => Float32Array.from(all));
    const batchArb = headBatchArb(rowSize).chain((batch) =>
      fc.record({ batch: fc.constant(batch), fractions: fractionsArb(batch.batch) }),
    );

    it('gives the core’s values, targets, losses and gradients', () => {
      fc.assert(
        fc.property(batchArb, ({ batch: all, fractions }) => {
          const { batch, actions, outputs } = all;
          const device = headOnDevice(head, actions) as DeviceHead;
          const { q } = numbersOf(() => ({ q: device.qValues(table(outputs, batch)) }));
          expectClose(q, qValuesOf(head, outputs, batch, actions), { relative: 1e-5, floor: 1, name: 'values' });
          const targets = targetsOf(head, { ...all, nextFractions: none });
          const received = numbersOf(() => ({
            targets: device.targets({
              rewards: column(all.rewards),
              discounts: column(all.discounts),
              nextOutputs: table(all.nextOutputs, batch),
              nextPolicy: table(all.nextPolicy, batch),
            }),
          }));
          expectClose(received.targets, targets, { relative: 1e-5, floor: 1, name: 'targets' });
          const loss = lossOf(head, { ...all, targets, fractions });
          const actual = lossOnDevice(device, { ...all, targets, fractions });
          for (const key of ['losses', 'tdErrors', 'estimates'] as const) {
            expectClose(actual[key], loss[key], { relative: 1e-5, floor: 1, name: key });
          }
          expectClose(actual.gradient, loss.gradient, { relative: 1e-5, floor: 0.1, name: 'gradient' });
        }),
        { numRuns },
      );
    });
  });

  it.each(rules)('%s decides as in the core, masks and ties included', (_, rule, networks) => {
    const inputArb = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 })).chain(([pairs, actions]) => {
      const batch = pairs * networks;
      const q = smallFloatsArb(batch * actions, 3);
      return fc.record({
        batch: fc.constant(batch),
        actions: fc.constant(actions),
        heads: fc.constant(networks),
        targetQ: q,
        onlineQ: q,
        currentQ: q,
        taken: fc.array(fc.nat(actions - 1), { minLength: batch, maxLength: batch }).map((a) => Int32Array.from(a)),
        masks: fc.option(
          fc
            .array(fc.nat(2), { minLength: pairs * actions, maxLength: pairs * actions })
            // The same for both estimates of a transition; what is possible twice as often as not.
            .map((m) => {
              const masks = new Uint8Array(batch * actions);
              for (let i = 0; i < masks.length; i++) {
                masks[i] = Number(m[Math.floor(i / (actions * networks)) * actions + (i % actions)] > 0);
              }
              return masks;
            }),
          { nil: undefined },
        ),
        step: fc.nat(120),
        nextOutputs: smallFloatsArb(batch * actions * 2, 3),
      });
    });
    const device = ruleOnDevice(rule);
    if (!device) throw new Error('not on the device');
    expect([device.usesOnline, device.usesCurrent]).toEqual([rule.usesOnline ?? false, rule.usesCurrent ?? false]);
    fc.assert(
      fc.property(inputArb, ({ nextOutputs, ...input }) => {
        const { batch, actions, masks, targetQ, onlineQ, currentQ, taken } = input;
        const expected = apply(rule, input);
        const received = numbersOf(() => {
          const { policy, bonus, rewardBonus, choose } = device.apply({
            targetQ: table(targetQ, batch),
            onlineQ: device.usesOnline ? table(onlineQ, batch) : undefined,
            currentQ: device.usesCurrent ? table(currentQ, batch) : undefined,
            taken: oneHot(taken, actions),
            possible: masks && tensor(masks.slice(), [batch, actions], 'bool'),
            step: input.step,
          });
          const outputs = table(nextOutputs, batch);
          const zeros = column(new Float32Array(batch));
          return { policy, bonus: bonus ?? zeros, rewardBonus: rewardBonus ?? zeros, chosen: choose?.(outputs) ?? outputs };
        });
        for (const key of ['policy', 'bonus', 'rewardBonus'] as const) {
          expectClose(received[key], expected[key], { relative: 1e-5, floor: 1, name: key });
        }
        const width = nextOutputs.length / batch;
        const possible = (b: number) => !masks || masks.subarray(b * actions, (b + 1) * actions).includes(1);
        for (let b = 0; b < batch; b++) {
          // Where nothing is possible nothing is bootstrapped, whatever the source.
          if (!possible(b)) continue;
          const source = expected.sources[b] * width;
          expect(received.chosen.subarray(b * width, (b + 1) * width)).toEqual(nextOutputs.subarray(source, source + width));
        }
      }),
      { numRuns: 2 * numRuns },
    );
  });

  it('measures gradients beyond what single precision can square', () => {
    const normOf = (...g: number[]) => numbersOf(() => ({ norm: euclideanNorm(tensor(g, [g.length])) })).norm[0];
    for (const unit of [1e-24, 1, 1e30]) expectClose([normOf(3 * unit, -4 * unit) / unit], [5], { relative: 1e-6 });
    expect(normOf(0, 0)).toBe(0);
    for (const bad of [NaN, Infinity, -Infinity]) expect(normOf(1, bad)).toBeNaN();
    const factorOf = (norm: number, most: number) =>
      numbersOf(() => ({ factor: clippingFactor(tensor(norm, []), most) })).factor[0];
    expectClose([factorOf(8, 2), factorOf(2, 2), factorOf(0.5, 2), factorOf(0, 2)], [0.25, 1, 1, 1], { relative: 1e-6 });
  });
});
