import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greedyPolicy } from '../../src/bellman/greedy.ts';
import { bellmanTargets } from '../../src/bellman/targets.ts';
import { tableArb } from '../support/arbitraries.ts';
import { guarded } from '../support/guarded.ts';
import { doubleQ } from '../../src/bootstrap/double-q.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import { optimalActionValues } from '../../src/environments/finite-mdp.ts';
import { bellmanBackup, type FiniteMdp, finiteMdpArb } from '../../src/testing/index.ts';

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
};

/** The rule in one line a sample, in double precision. */
function naive(rewards: Float32Array, discounts: Float32Array, q: Float32Array, policy: Float32Array, actions: number): number[] {
  return [...rewards].map(
    (r, b) =>
      r + discounts[b] * [...q.subarray(b * actions, (b + 1) * actions)].reduce((v, x, a) => v + policy[b * actions + a] * x, 0),
  );
}

describe('bellmanTargets', () => {
  it('agrees with a hand-computed table', () => {
    const out = new Float32Array(4);
    bellmanTargets(
      Float32Array.of(1, -2, 3, 0.5),
      Float32Array.of(0.5, 1, 0, 0.25),
      Float32Array.of(1, 2, /**/ 4, -8, /**/ 100, 200, /**/ 6, 2),
      Float32Array.of(0, 1, /**/ 0.5, 0.5, /**/ 1, 0, /**/ 0, 0),
      4,
      2,
      out,
    );
    // 1 + ½·2; −2 + ½·4 − ½·8; terminated; nothing to bootstrap from
    expect([...out]).toEqual([2, -4, 3, 0.5]);
  });

  it('agrees with the naive rule', () => {
    fc.assert(
      fc.property(tableArb, ({ batch, actions, values, others, rewards, discounts }) => {
        const policy = others.map(Math.abs).map((x, i, row) => {
          const start = i - (i % actions);
          const total = row.subarray(start, start + actions).reduce((a, b) => a + b, 0);
          return total === 0 ? 0 : x / total;
        });
        const out = new Float32Array(batch).fill(NaN);
        const [r, d, q, p, y] = [rewards, discounts, values, policy, out].map(guarded);
        bellmanTargets(r, d, q, p, batch, actions, y);
        expect(distance(out, naive(rewards, discounts, values, policy, actions))).toBeLessThan(1e-3);
      }),
    );
  });

  it('is not touched by values that take no part', () => {
    for (const wild of [NaN, Infinity, -Infinity]) {
      const out = new Float32Array(2);
      bellmanTargets(
        Float32Array.of(1, 2),
        Float32Array.of(0, 1),
        Float32Array.of(wild, wild, wild, 5),
        Float32Array.of(1, 0, 0, 1),
        2,
        2,
        out,
      );
      expect([...out]).toEqual([1, 7]);
    }
  });

  it('looks at the given batch alone', () => {
    const out = new Float32Array(3).fill(9);
    bellmanTargets(new Float32Array(3), new Float32Array(3), new Float32Array(6), new Float32Array(6), 2, 2, out);
    expect([...out]).toEqual([0, 0, 9]);
  });
});

/** One sweep of Q-learning, or with a selector of Double Q-learning. */
const applyOperator = (mdp: FiniteMdp, q: Float32Array, selector?: Float32Array): Float32Array =>
  Float32Array.from(bellmanBackup(mdp, selector === undefined ? maxQ() : doubleQ(), q, selector));

describe('the optimality operator made of these rules', () => {
  const rounding = 1e-4; // values are below 100; float32 has 24 bits

  it('is a contraction by γ in the maximum norm', () => {
    fc.assert(
      fc.property(mdpWithTwoArb, ({ mdp, p, q }) => {
        expect(distance(applyOperator(mdp, p), applyOperator(mdp, q))).toBeLessThanOrEqual(
          mdp.discount * distance(p, q) + rounding,
        );
      }),
    );
  });

  it('is monotone: larger values give no smaller targets', () => {
    fc.assert(
      fc.property(mdpWithTwoArb, ({ mdp, p, q }) => {
        const larger = p.map((x, i) => Math.max(x, q[i]));
        const high = applyOperator(mdp, larger);
        applyOperator(mdp, q).forEach((x, i) => expect(high[i]).toBeGreaterThanOrEqual(x - rounding));
      }),
    );
  });

  it('moves with a translation: T(Q + c) = TQ + γ c · P(not terminated)', () => {
    fc.assert(
      fc.property(mdpWithTwoArb, fc.integer({ min: -20, max: 20 }), ({ mdp, q }, c) => {
        const moved = applyOperator(
          mdp,
          q.map((x) => x + c),
        );
        applyOperator(mdp, q).forEach((x, pair) => {
          const alive = mdp.transitions
            .filter(({ state, action, terminated }) => state * mdp.actions + action === pair && !terminated)
            .reduce((sum, { probability }) => sum + probability, 0);
          expect(Math.abs(moved[pair] - (x + mdp.discount * c * alive))).toBeLessThan(rounding);
        });
      }),
    );
  });

  it('reaches Q* when repeated', () => {
    fc.assert(
      fc.property(finiteMdpArb(), (mdp) => {
        let q: Float32Array = new Float32Array(mdp.states * mdp.actions);
        for (let k = 0; k < 200; k++) q = applyOperator(mdp, q);
        // The error of the start, at most 10 / (1 − γ), has shrunk by γ²⁰⁰; roundings add up to at most their size / (1 − γ).
        expect(distance(q, optimalActionValues(mdp.transitions, mdp.states, mdp.actions, mdp.discount))).toBeLessThan(1e-3);
      }),
      { numRuns: 60 },
    );
  });

  it('gives with Double selection no more than with the maximum, and the same where both networks agree', () => {
    fc.assert(
      fc.property(mdpWithTwoArb, ({ mdp, p, q }) => {
        const max = applyOperator(mdp, q);
        applyOperator(mdp, q, p).forEach((x, i) => expect(x).toBeLessThanOrEqual(max[i] + rounding));
        expect(applyOperator(mdp, q, q.slice())).toEqual(max);
      }),
    );
  });

  it('uses a policy of rows that sum to one', () => {
    const policy = new Float32Array(4);
    greedyPolicy(Float32Array.of(1, 3, 2, 2), 2, 2, undefined, policy);
    expect([...policy]).toEqual([0, 1, 1, 0]);
  });
});

const mdpWithTwoArb = finiteMdpArb().chain((mdp) => {
  const tableArb = fc
    .array(fc.float({ min: -64, max: 64, noNaN: true }), {
      minLength: mdp.states * mdp.actions,
      maxLength: mdp.states * mdp.actions,
    })
    .map((values) => Float32Array.from(values));
  return fc.record({ mdp: fc.constant(mdp), p: tableArb, q: tableArb });
});
