import fc from 'fast-check';
import { expect, test } from 'vitest';
import { optimalActionValues } from '../../src/environments/finite-mdp.ts';
import type { MdpTransition } from '../../src/environments/finite-mdp.ts';

const STATES = 4;
const ACTIONS = 3;

/** Two outcomes for every state and action, some of which end the episode although their next state has a value. */
const mdpArb: fc.Arbitrary<MdpTransition[]> = fc
  .array(
    fc.record({
      first: fc.nat(STATES - 1),
      second: fc.nat(STATES - 1),
      probability: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      reward: fc.integer({ min: -3, max: 3 }),
      terminated: fc.boolean(),
    }),
    { minLength: STATES * ACTIONS, maxLength: STATES * ACTIONS },
  )
  .map((outcomes) =>
    outcomes.flatMap(({ first, second, probability, reward, terminated }, i) => {
      const [state, action] = [Math.floor(i / ACTIONS), i % ACTIONS];
      return [
        { state, action, probability, nextState: first, reward, terminated },
        { state, action, probability: 1 - probability, nextState: second, reward: -reward, terminated: false },
      ];
    }),
  );

test('the solution satisfies the Bellman optimality equation', () => {
  fc.assert(
    fc.property(mdpArb, fc.double({ min: 0, max: 0.99, noNaN: true }), (transitions, discount) => {
      const q = optimalActionValues(transitions, STATES, ACTIONS, discount);
      const right = new Float64Array(q.length);
      for (const { state, action, probability, nextState, reward, terminated } of transitions) {
        const next = Math.max(...q.subarray(nextState * ACTIONS, (nextState + 1) * ACTIONS));
        right[state * ACTIONS + action] += probability * (reward + (terminated ? 0 : discount * next));
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
