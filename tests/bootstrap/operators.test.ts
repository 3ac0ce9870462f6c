import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nStepReturn } from '../../src/bellman/n-step-return.ts';
import { scaledLogSoftmax } from '../../src/bellman/softmax.ts';
import { averagedQ } from '../../src/bootstrap/averaged-q.ts';
import type { BootstrapRule } from '../../src/bootstrap/bootstrap-rule.ts';
import { doubleQ } from '../../src/bootstrap/double-q.ts';
import { expectedSarsa } from '../../src/bootstrap/expected-sarsa.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import { mellowmaxQ } from '../../src/bootstrap/mellowmax-q.ts';
import { minimaxQ } from '../../src/bootstrap/minimax-q.ts';
import { munchausen } from '../../src/bootstrap/munchausen.ts';
import { softQ } from '../../src/bootstrap/soft-q.ts';
import { expected } from '../../src/heads/expected.ts';
import { decide } from '../support/backup.ts';
import { applyRule, finiteMdpArb, optimalValues, type FiniteMdp } from '../support/finite-mdp.ts';

const ROUNDING = 1e-4; // values are below 100; float32 has 24 bits

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
};

const mdpWithTwoArb = finiteMdpArb.chain((mdp) => {
  const length = mdp.states * mdp.actions;
  const tableArb = fc
    .array(fc.float({ min: -64, max: 64, noNaN: true }), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values));
  return fc.record({ mdp: fc.constant(mdp), p: tableArb, q: tableArb });
});

/** What repeated backups by a rule end in. */
function fixedPoint(rule: BootstrapRule, mdp: FiniteMdp): Float32Array {
  let q: Float32Array = new Float32Array(mdp.states * mdp.actions);
  for (let k = 0; k < 200; k++) q = applyRule(rule, mdp, q);
  return q;
}

// Of minimax the games of one player alone; the actions of the process are not known before it is drawn.
const contractions: readonly (readonly [string, (actions: number) => BootstrapRule])[] = [
  ['maxQ', () => maxQ()],
  ['expectedSarsa', () => expectedSarsa({ epsilon: 0.2 })],
  ['softQ', () => softQ({ temperature: 0.5 })],
  ['mellowmaxQ', () => mellowmaxQ({ omega: 2 })],
  ['averagedQ', () => averagedQ({ targets: 2 })],
  ['minimaxQ of the first player', (actions) => minimaxQ({ actions: [actions, 1] })],
  ['minimaxQ of the second player', (actions) => minimaxQ({ actions: [1, actions] })],
];

describe.each(contractions)('the operator of %s', (_name, create) => {
  it('is a contraction by γ in the maximum norm', () => {
    fc.assert(
      fc.property(mdpWithTwoArb, ({ mdp, p, q }) => {
        const rule = create(mdp.actions);
        expect(distance(applyRule(rule, mdp, p), applyRule(rule, mdp, q))).toBeLessThanOrEqual(
          mdp.discount * distance(p, q) + ROUNDING,
        );
      }),
    );
  });

  it('is monotone', () => {
    fc.assert(
      fc.property(mdpWithTwoArb, ({ mdp, p, q }) => {
        const rule = create(mdp.actions);
        const high = applyRule(rule, mdp, p.map((x, i) => Math.max(x, q[i]))); // prettier-ignore
        applyRule(rule, mdp, q).forEach((x, i) => expect(high[i]).toBeGreaterThanOrEqual(x - ROUNDING));
      }),
    );
  });

  it('moves with a translation: T(Q + c) = TQ + γ c · P(not terminated)', () => {
    fc.assert(
      fc.property(mdpWithTwoArb, fc.integer({ min: -20, max: 20 }), ({ mdp, q }, c) => {
        const rule = create(mdp.actions);
        const moved = applyRule(rule, mdp, q.map((x) => x + c)); // prettier-ignore
        applyRule(rule, mdp, q).forEach((x, pair) => {
          let alive = 0;
          for (let next = 0; next < mdp.states; next++) {
            if (!mdp.terminal[next]) alive += mdp.probabilities[pair * mdp.states + next];
          }
          expect(Math.abs(moved[pair] - (x + mdp.discount * c * alive))).toBeLessThan(ROUNDING);
        });
      }),
    );
  });
});

describe('repeated backups', () => {
  it('by max, Double of one network, and games of one player alone reach Q*', () => {
    fc.assert(
      fc.property(finiteMdpArb, (mdp) => {
        const optimal = optimalValues(mdp);
        for (const rule of [maxQ(), doubleQ(), expectedSarsa({ epsilon: 0 }), minimaxQ({ actions: [mdp.actions, 1] })]) {
          expect(distance(fixedPoint(rule, mdp), optimal)).toBeLessThan(1e-3);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('by soft values and mellowmax reach Q* up to γ τ log A / (1 − γ), from above and from below', () => {
    fc.assert(
      fc.property(finiteMdpArb, fc.constantFrom(0.001, 0.1, 1), (mdp, temperature) => {
        const optimal = optimalValues(mdp);
        const gap = (mdp.discount * temperature * Math.log(mdp.actions)) / (1 - mdp.discount) + 1e-3;
        fixedPoint(softQ({ temperature }), mdp).forEach((x, i) => {
          expect(x).toBeGreaterThanOrEqual(optimal[i] - 1e-3);
          expect(x).toBeLessThanOrEqual(optimal[i] + gap);
        });
        fixedPoint(mellowmaxQ({ omega: 1 / temperature }), mdp).forEach((x, i) => {
          expect(x).toBeLessThanOrEqual(optimal[i] + 1e-3);
          expect(x).toBeGreaterThanOrEqual(optimal[i] - gap);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('by Munchausen reach what soft Q-learning with the entropy (1 − α) τ does, but for the bonus itself', () => {
    // Vieillard et al. 2020, theorem 1: with s = Q − α τ log π the unclipped rule is regularised by KL α τ and entropy (1 − α) τ; where it rests the KL is 0, so
    // that s = r + γ V_{(1 − α) τ}(s) is the soft value at the lower temperature.
    const [temperature, alpha] = [2, 0.6];
    fc.assert(
      fc.property(finiteMdpArb, (mdp) => {
        const { actions } = mdp;
        const q = fixedPoint(munchausen({ temperature, alpha, clip: -1e6 }), mdp);
        const s = q.map((x, i) => x - alpha * scaledLogSoftmax(q, i - (i % actions), actions, i % actions, temperature));
        expect(distance(s, fixedPoint(softQ({ temperature: (1 - alpha) * temperature }), mdp))).toBeLessThan(1e-3);
      }),
      { numRuns: 60 },
    );
  });
});

describe('an n-step target', () => {
  it('is the discounted sum of rewards and the value that follows', () => {
    const rewardsArb = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        rewardsArb,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 3, maxLength: 3 }),
        (rewards, gamma, terminated, next) => {
          const { reward, discount } = nStepReturn(rewards, gamma, terminated);
          const targetQ = Float32Array.from(next);
          const rule = mellowmaxQ({ omega: 1 });
          const { policy, bonus } = decide(rule, { batch: 1, actions: 3, targetQ });
          const out = new Float32Array(1);
          expected().targets(
            {
              batch: 1,
              actions: 3,
              rewards: Float32Array.of(reward + discount * bonus[0]),
              discounts: Float32Array.of(discount),
              nextOutputs: targetQ,
              nextPolicy: policy,
              nextFractions: new Float32Array(0),
            },
            out,
          );
          const value = Math.log(next.reduce((sum, x) => sum + Math.exp(x), 0) / 3);
          const exact = rewards.reduce((sum, r, k) => sum + gamma ** k * r, 0) + (terminated ? 0 : gamma ** rewards.length * value);
          expect(Math.abs(out[0] - exact)).toBeLessThan(ROUNDING);
        },
      ),
    );
  });
});
