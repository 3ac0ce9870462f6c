import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nStepReturn } from '../../src/bellman/n-step-return.ts';

const rewardsArb = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { maxLength: 8 });
const discountArb = fc.double({ min: 0, max: 1, noNaN: true });

describe('nStepReturn', () => {
  it('agrees with a hand-computed table', () => {
    expect(nStepReturn([1, 2, 4], 0.5, false)).toEqual({ reward: 3, discount: 0.125 });
    expect(nStepReturn([1, 2, 4], 0.5, true)).toEqual({ reward: 3, discount: 0 });
    expect(nStepReturn([1, 2, 4], 1, false)).toEqual({ reward: 7, discount: 1 });
    expect(nStepReturn([1, 2, 4], 0, false)).toEqual({ reward: 1, discount: 0 });
    expect(nStepReturn([5], 0.9, false)).toEqual({ reward: 5, discount: 0.9 });
    expect(nStepReturn([], 0.9, false)).toEqual({ reward: 0, discount: 1 });
  });

  it('is the sum of discounted rewards', () => {
    fc.assert(
      fc.property(rewardsArb, discountArb, (rewards, discount) => {
        const sum = rewards.reduce((total, reward, k) => total + discount ** k * reward, 0);
        const given = nStepReturn(rewards, discount, false);
        expect(Math.abs(given.reward - sum)).toBeLessThan(1e-9);
        expect(Math.abs(given.discount - discount ** rewards.length)).toBeLessThan(1e-12);
      }),
    );
  });

  it('composes: m steps, then n steps, are m + n steps', () => {
    fc.assert(
      fc.property(rewardsArb, rewardsArb, discountArb, fc.boolean(), (first, second, discount, terminated) => {
        const head = nStepReturn(first, discount, false);
        const tail = nStepReturn(second, discount, terminated);
        const whole = nStepReturn([...first, ...second], discount, terminated);
        expect(Math.abs(head.reward + head.discount * tail.reward - whole.reward)).toBeLessThan(1e-9);
        expect(Math.abs(head.discount * tail.discount - whole.discount)).toBeLessThan(1e-12);
      }),
    );
  });
});
