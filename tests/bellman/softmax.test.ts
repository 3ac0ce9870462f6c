import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epsilonGreedyPolicy } from '../../src/bellman/greedy.ts';
import { scaledLogSoftmax, softmaxPolicy } from '../../src/bellman/softmax.ts';
import { tableArb } from '../support/arbitraries.ts';
import { guarded } from '../support/guarded.ts';

const temperatureArb = fc.double({ min: 1e-3, max: 1e3, noNaN: true });

describe('softmaxPolicy', () => {
  it('agrees with its formulas in float64', () => {
    fc.assert(
      fc.property(tableArb, temperatureArb, fc.boolean(), ({ batch, actions, values, masks }, temperature, masked) => {
        const policy = new Float32Array(batch * actions).fill(7);
        const entropies = new Float32Array(batch).fill(7);
        const possibly = masked ? guarded(masks) : undefined;
        softmaxPolicy(guarded(values), batch, actions, possibly, temperature, guarded(policy), guarded(entropies));
        for (let b = 0; b < batch; b++) {
          const possible = (a: number) => !masked || masks[b * actions + a] === 1;
          const q = [...values.subarray(b * actions, (b + 1) * actions)];
          const top = Math.max(...q.filter((_, a) => possible(a)));
          const weights = q.map((x, a) => (possible(a) ? Math.exp((x - top) / temperature) : 0));
          const total = weights.reduce((x, y) => x + y, 0);
          let entropy = 0;
          weights.forEach((w, a) => {
            const p = total === 0 ? 0 : w / total;
            if (p > 0) entropy -= p * Math.log(p);
            expect(Math.abs(policy[b * actions + a] - p)).toBeLessThan(1e-6);
            if (!possible(a)) expect(policy[b * actions + a]).toBe(0);
          });
          expect(Math.abs(entropies[b] - entropy)).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('shows values that are no numbers, not those of impossible actions', () => {
    const policy = new Float32Array(6);
    const entropies = new Float32Array(2);
    softmaxPolicy(Float32Array.of(1, NaN, 2, NaN, 3, 3), 2, 3, Uint8Array.of(1, 1, 0, 0, 1, 1), 1, policy, entropies);
    expect([...policy]).toEqual([NaN, NaN, 0, 0, 0.5, 0.5]);
    expect([...entropies]).toEqual([NaN, Math.fround(Math.log(2))]);
  });
});

describe('scaledLogSoftmax', () => {
  it('is τ log π, at most 0', () => {
    fc.assert(
      fc.property(tableArb, temperatureArb, ({ batch, actions, values }, temperature) => {
        for (let b = 0; b < batch; b++) {
          const q = [...values.subarray(b * actions, (b + 1) * actions)];
          const top = Math.max(...q);
          const soft = top + temperature * Math.log(q.reduce((sum, x) => sum + Math.exp((x - top) / temperature), 0));
          q.forEach((x, a) => {
            const log = scaledLogSoftmax(guarded(values.subarray(0, (b + 1) * actions)), b * actions, actions, a, temperature);
            expect(Math.abs(log - (x - soft))).toBeLessThan(1e-9);
            expect(log).toBeLessThanOrEqual(0);
          });
        }
      }),
    );
  });

  it('keeps its digits where the probability has none', () => {
    expect(scaledLogSoftmax(Float32Array.of(0, -1e6), 0, 2, 1, 1)).toBe(-1e6);
    expect(scaledLogSoftmax(Float32Array.of(0, -3), 0, 2, 1, 1e-300)).toBe(-3);
  });
});

describe('epsilonGreedyPolicy', () => {
  it('agrees with a table', () => {
    const out = new Float32Array(9);
    const values = guarded(Float32Array.of(1, 3, 3, /**/ 5, 9, 4, /**/ 1, 2, 3));
    epsilonGreedyPolicy(values, 3, 3, guarded(Uint8Array.of(1, 1, 1, 1, 0, 1, 0, 0, 0)), 0.5, guarded(out));
    expect([...out]).toEqual([1 / 6, 4 / 6, 1 / 6, 0.75, 0, 0.25, 0, 0, 0].map((x) => expect.closeTo(x, 6)));
  });
});
