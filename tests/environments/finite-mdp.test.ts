import fc from 'fast-check';
import { expect, test } from 'vitest';
import { optimalActionValues } from '../../src/environments/finite-mdp.ts';
import type { MdpTransition } from '../../src/environments/finite-mdp.ts';
import { finiteMdpArb } from '../../src/testing/index.ts';

test('the solution satisfies the Bellman optimality equation', () => {
  fc.assert(
    fc.property(finiteMdpArb({ maxDiscount: 0.99 }), ({ transitions, states, actions, discount }) => {
      const q = optimalActionValues(transitions, states, actions, discount);
      const right = new Float64Array(q.length);
      for (const { state, action, probability, nextState, reward, terminated } of transitions) {
        const next = Math.max(...q.subarray(nextState * actions, (nextState + 1) * actions));
        right[state * actions + action] += probability * (reward + (terminated ? 0 : discount * next));
      }
      for (let i = 0; i < q.length; i++) expect(Math.abs(q[i] - right[i])).toBeLessThan(1e-9);
    }),
  );
});

test('a world of two states, by hand', () => {
  // In state 0 waiting (0) gives 1 for ever; leaving (1) leads to state 1, where everything gives 5 and ends.
  const transitions: MdpTransition[] = [
    { state: 0, action: 0, probability: 1, nextState: 0, reward: 1, terminated: false },
    { state: 0, action: 1, probability: 1, nextState: 1, reward: 0, terminated: false },
    { state: 1, action: 0, probability: 1, nextState: 0, reward: 5, terminated: true },
    { state: 1, action: 1, probability: 1, nextState: 0, reward: 5, terminated: true },
  ];
  // γ = 1/2: waiting is worth 1 + ½ · 2.5, leaving ½ · 5.
  expect([...optimalActionValues(transitions, 2, 2, 0.5)]).toEqual([2.25, 2.5, 5, 5]);
  // γ = 0.9: waiting is worth 10.
  const patient = optimalActionValues(transitions, 2, 2, 0.9);
  expect(patient[0]).toBeCloseTo(10, 12);
  expect(patient[1]).toBeCloseTo(4.5, 12);
});
