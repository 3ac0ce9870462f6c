import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantileTargets } from '../../src/bellman/quantile-targets.ts';
import { bellmanTargets } from '../../src/bellman/targets.ts';
import { expectClose } from '../support/closeness.ts';
import { guarded } from '../support/guarded.ts';
import { headBatchArb } from '../support/head-inputs.ts';

const COUNT = 3;
const batchArb = headBatchArb((actions) => COUNT * actions + 2);

describe('quantileTargets', () => {
  it('is the Bellman target of every quantile by itself, in either layout', () => {
    fc.assert(
      fc.property(batchArb, fc.boolean(), (input, actionsLast) => {
        const { batch, actions, rewards, discounts, nextOutputs, nextPolicy } = input;
        const rowSize = COUNT * actions + 2;
        const [actionStride, quantileStride] = actionsLast ? [1, actions] : [COUNT, 1];
        const out = new Float32Array(batch * 5).fill(7);
        const rows = { count: COUNT, rowSize, actionStride, quantileStride };
        const [r, d, q, p, y] = [rewards, discounts, nextOutputs, nextPolicy, out].map(guarded);
        quantileTargets(r, d, q, rows, p, batch, actions, y, 5);
        for (let j = 0; j < COUNT; j++) {
          const nextQ = Float32Array.from({ length: batch * actions }, (_, i) => {
            const a = i % actions;
            return nextOutputs[((i - a) / actions) * rowSize + a * actionStride + j * quantileStride];
          });
          const naive = new Float32Array(batch);
          bellmanTargets(rewards, discounts, nextQ, nextPolicy, batch, actions, naive);
          expectClose(
            Array.from(naive, (_, b) => out[b * 5 + j]),
            naive,
            { relative: 1e-7 },
          );
        }
        for (let b = 0; b < batch; b++) expect([out[b * 5 + 3], out[b * 5 + 4]]).toEqual([7, 7]);
      }),
    );
  });

  it('is not touched by values that take no part', () => {
    const rows = { count: 2, rowSize: 4, actionStride: 2, quantileStride: 1 };
    for (const wild of [NaN, Infinity]) {
      const out = new Float32Array(4);
      const nextOutputs = Float32Array.of(wild, wild, wild, wild, wild, wild, 4, 6);
      quantileTargets(Float32Array.of(1, 2), Float32Array.of(0, 0.5), nextOutputs, rows, Float32Array.of(1, 0, 0, 1), 2, 2, out, 2);
      expect([...out]).toEqual([1, 1, 4, 5]);
    }
  });
});
