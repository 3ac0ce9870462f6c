import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Chain } from '../../src/environments/index.ts';
import type { MdpTransition } from '../../src/environments/index.ts';

const lengthArb = fc.integer({ min: 3, max: 9 });
const slipArb = fc.double({ min: 0, max: 1, noNaN: true });
const discountArb = fc.double({ min: 0, max: 0.99, noNaN: true });

/** Q by sweeping the Bellman equation until nothing moves; the policy of `choose`, or the best one. */
function iterate(
  transitions: readonly MdpTransition[],
  states: number,
  discount: number,
  choose?: (state: number) => number,
): Float64Array {
  let q = new Float64Array(states * 2);
  for (let sweep = 0; sweep < 5000; sweep++) {
    const next = new Float64Array(states * 2);
    for (const { state, action, probability, nextState, reward, terminated } of transitions) {
      const value = choose === undefined ? Math.max(q[nextState * 2], q[nextState * 2 + 1]) : q[nextState * 2 + choose(nextState)];
      next[state * 2 + action] += probability * (reward + (terminated ? 0 : discount * value));
    }
    const moved = next.reduce((most, value, i) => Math.max(most, Math.abs(value - q[i])), 0);
    q = next;
    if (moved < 1e-15) break;
  }
  return q;
}

function expectEqual(values: Float64Array, expected: ArrayLike<number>, tolerance = 1e-9): void {
  expect(values).toHaveLength(expected.length);
  for (let i = 0; i < values.length; i++) expect(Math.abs(values[i] - expected[i])).toBeLessThan(tolerance);
}

describe('Chain.optimalQ', () => {
  test('is the fixed point that value iteration finds', () => {
    fc.assert(
      fc.property(lengthArb, slipArb, discountArb, (length, slipProbability, discount) => {
        const chain = new Chain({ length, slipProbability });
        expectEqual(chain.optimalQ(discount), iterate(chain.transitions, length, discount));
      }),
      { numRuns: 60 },
    );
  });

  test('is the best of all policies, tried one by one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 7 }),
        slipArb,
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        (length, slipProbability, discount) => {
          const chain = new Chain({ length, slipProbability });
          const best = new Float64Array(length * 2);
          for (let policy = 0; policy < 2 ** length; policy += 2) {
            const q = iterate(chain.transitions, length, discount, (state) => (policy >> state) & 1);
            for (let i = 0; i < q.length; i++) best[i] = Math.max(best[i], q[i]);
          }
          expectEqual(chain.optimalQ(discount), best);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('without slips counts the steps to the better end', () => {
    const discount = 0.9;
    const chain = new Chain({ length: 5, slipProbability: 0 });
    // State 1: left ends with 0.2; right leads to 2. States 2 and 3 are 2 and 1 steps from the right end.
    const [v1, v2, v3] = [0.81, 0.9, 1];
    expectEqual(chain.optimalQ(discount), [0, 0, 0.2, 0.9 * v2, 0.9 * v1, 0.9 * v3, 0.9 * v2, 1, 0, 0]);
  });

  test('with even chances is the random walk of the book', () => {
    const chain = new Chain({ slipProbability: 0.5 });
    // Without discount P(right end first) from state k is k / 6.
    const expected = Array.from({ length: 14 }, (_, i) => {
      const right = (i >> 1) / 6;
      return i < 2 || i >= 12 ? 0 : right + 0.2 * (1 - right);
    });
    expectEqual(chain.optimalQ(1), expected);
  });

  test('without discount goes right, and with a small one also left', () => {
    const chain = new Chain();
    const patient = chain.optimalQ(1);
    const hasty = chain.optimalQ(0.5);
    for (let state = 1; state < 6; state++) expect(patient[state * 2 + 1]).toBeGreaterThan(patient[state * 2]);
    expect(hasty[2]).toBeGreaterThan(hasty[3]);
    expect(hasty[11]).toBeGreaterThan(hasty[10]);
  });

  test('ends everywhere without discount, even where steps go surely', () => {
    for (const slipProbability of [0, 1]) {
      const q = new Chain({ slipProbability }).optimalQ(1);
      expect([...q].every(Number.isFinite)).toBe(true);
      expect(Math.max(...q)).toBeCloseTo(1, 12);
    }
  });

  test('refuses a discount outside [0, 1]', () => {
    for (const discount of [-0.1, 1.1, NaN]) expect(() => new Chain().optimalQ(discount)).toThrow('Chain.optimalQ(discount)');
  });
});

describe('Chain.transitions', () => {
  test('are the frequencies of the steps', () => {
    const chain = new Chain({ length: 5, slipProbability: 0.3 });
    const samples = 20_000;
    for (let state = 1; state < 4; state++) {
      for (let action = 0; action < 2; action++) {
        const outcomes = chain.transitions.filter((transition) => transition.state === state && transition.action === action);
        expect(outcomes.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
        const counts = new Map<number, number>();
        for (let i = 0; i < samples; i++) {
          chain.reset({ options: { state: [state] } });
          const { observation, reward, terminated } = chain.step(action);
          const outcome = outcomes.find(({ nextState }) => nextState === observation);
          expect({ reward, terminated }).toEqual({ reward: outcome?.reward, terminated: outcome?.terminated });
          counts.set(observation, (counts.get(observation) ?? 0) + 1);
        }
        for (const { nextState, probability } of outcomes) {
          const deviation = Math.sqrt(samples * probability * (1 - probability));
          expect(Math.abs((counts.get(nextState) ?? 0) - samples * probability)).toBeLessThan(5 * deviation);
        }
      }
    }
  });

  test('are those of a hand-made table', () => {
    expect(new Chain({ length: 3, slipProbability: 0.25 }).transitions).toEqual([
      { state: 1, action: 0, probability: 0.75, nextState: 0, reward: 0.2, terminated: true },
      { state: 1, action: 0, probability: 0.25, nextState: 2, reward: 1, terminated: true },
      { state: 1, action: 1, probability: 0.25, nextState: 0, reward: 0.2, terminated: true },
      { state: 1, action: 1, probability: 0.75, nextState: 2, reward: 1, terminated: true },
    ]);
    // Impossible outcomes are left out.
    expect(new Chain({ length: 3, slipProbability: 0 }).transitions).toHaveLength(2);
  });
});

describe('Chain', () => {
  test('starts in every inner state equally often', () => {
    const chain = new Chain();
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 10_000; i++) counts[chain.reset().observation]++;
    expect([counts[0], counts[6]]).toEqual([0, 0]);
    for (let state = 1; state < 6; state++) expect(Math.abs(counts[state] - 2000)).toBeLessThan(200);
  });

  test('refuses options out of range, and starting at an end', () => {
    expect(() => new Chain({ length: 2 })).toThrow('Chain(length)');
    expect(() => new Chain({ length: 101 })).toThrow('Chain(length)');
    expect(() => new Chain({ slipProbability: -0.1 })).toThrow('Chain(slipProbability)');
    for (const state of [0, 6])
      expect(() => new Chain().reset({ options: { state: [state] } })).toThrow('a whole number in [1, 5]');
  });
});
