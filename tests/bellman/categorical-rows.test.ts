import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainCategoricalRows } from '../../src/bellman/categorical-plain.ts';
import { categoricalRows } from '../../src/bellman/categorical-rows.ts';
import { SimdCategoricalRows } from '../../src/bellman/categorical-simd.ts';
import { Random } from '../../src/common/random.ts';
import { expectClose } from '../support/closeness.ts';
import { drawNumbers } from '../support/network-arbitraries.ts';

/** Distributions of any length, and discounts about those where another way of moving atoms is taken. */
const caseArb = fc.record({
  atoms: fc.oneof(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 120 })),
  vMin: fc.constantFrom(-10, -1, 0, 3),
  width: fc.constantFrom(1, 7, 20),
  actions: fc.integer({ min: 1, max: 3 }),
  batch: fc.integer({ min: 1, max: 5 }),
  discount: fc.oneof(fc.constantFrom(0, 0.1, 0.5, 0.7499, 0.75, 0.97, 0.99, 0.999, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  rewardScale: fc.constantFrom(0, 0.1, 1, 30),
  seed: fc.nat(),
});

type Case = typeof caseArb extends fc.Arbitrary<infer T> ? T : never;

function inputOf({ atoms, actions, batch, discount, rewardScale, seed }: Case) {
  const random = new Random(seed);
  return {
    batch,
    actions,
    rewards: drawNumbers(random, batch).map((x) => x * rewardScale),
    discounts: Float32Array.from({ length: batch }, () => (random.float() < 0.2 ? 0 : discount)),
    nextOutputs: drawNumbers(random, batch * actions * atoms).map((x) => 3 * x),
    nextPolicy: Float32Array.from({ length: batch * actions }, () => random.integer(3) / 4),
  };
}

describe('categorical rows by SIMD', () => {
  it('are those that this platform takes', () => {
    expect(categoricalRows({ atoms: 3, vMin: 0, vMax: 1 })).toBeInstanceOf(SimdCategoricalRows);
  });

  it('project as plain loops do', () => {
    fc.assert(
      fc.property(caseArb, (drawn) => {
        const { atoms, vMin, width, batch } = drawn;
        const support = { atoms, vMin, vMax: vMin + width };
        const simd = categoricalRows(support);
        const input = inputOf(drawn);
        const [left, right] = [simd, new PlainCategoricalRows(support)].map((rows) => {
          const targets = new Float32Array(batch * atoms).fill(NaN);
          return { clipped: rows.targets(input, targets), targets };
        });
        expectClose(left.targets, right.targets, { relative: 2e-6, floor: 1, name: 'targets' });
        expect(left.targets.every((mass) => mass >= 0)).toBe(true);
        expect(Math.abs(left.clipped - right.clipped)).toBeLessThan(1e-5);
      }),
      { numRuns: 1000 },
    );
  });

  it('keep NaN in its row', () => {
    fc.assert(
      fc.property(caseArb, fc.boolean(), fc.nat(), (drawn, inReward, pick) => {
        const { atoms, vMin, width, batch, actions } = drawn;
        const rows = categoricalRows({ atoms, vMin, vMax: vMin + width });
        const input = inputOf(drawn);
        const sound = new Float32Array(batch * atoms);
        rows.targets(input, sound);
        const row = pick % batch;
        if (inReward) input.rewards[row] = NaN;
        else input.nextOutputs.fill(NaN, row * actions * atoms, (row + 1) * actions * atoms);
        const targets = new Float32Array(batch * atoms);
        rows.targets(input, targets);
        for (let b = 0; b < batch; b++) {
          if (b === row) continue;
          expect(targets.subarray(b * atoms, (b + 1) * atoms)).toEqual(sound.subarray(b * atoms, (b + 1) * atoms));
        }
      }),
    );
  });
});
