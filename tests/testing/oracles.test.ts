import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nStepReturn } from '../../src/bellman/n-step-return.ts';
import { optimalActionValues } from '../../src/environments/finite-mdp.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import {
  bellmanBackup,
  dqnMatchers,
  type DqnMatchers,
  finiteMdpArb,
  matrixGameArb,
  naiveBellmanTarget,
  naiveForward,
  naiveImportanceWeights,
  naiveNStep,
  naivePrioritizedProbabilities,
  naiveProjection,
  naiveQuantileHuber,
  policyArb,
  priorityArb,
  solveMatrixGame,
  supportArb,
  valueIteration,
} from '../../src/testing/index.ts';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/no-empty-object-type
  interface Matchers<T> extends DqnMatchers<T> {}
}
expect.extend(dqnMatchers);

describe('naiveBellmanTarget', () => {
  it('agrees with sums by hand', () => {
    const next = { nextQ: [2, 6], policy: [0.25, 0.75] };
    expect(naiveBellmanTarget({ reward: 1, discount: 0.5, ...next })).toBe(3.5);
    expect(naiveBellmanTarget({ reward: 1, discount: 0.5, ...next, bonus: 2, rewardBonus: -4 })).toBe(0.5);
    expect(naiveBellmanTarget({ reward: 1, discount: 0, nextQ: [NaN, Infinity], policy: [1, 0], bonus: 5 })).toBe(1);
  });
});

describe('naiveNStep', () => {
  it('agrees with the rule of the library', () => {
    const rewardsArb = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rewardsArb, fc.constantFrom(0, 0.5, 0.9, 1), fc.boolean(), (rewards, discount, terminated) => {
        const [a, b] = [naiveNStep(rewards, discount, terminated), nStepReturn(rewards, discount, terminated)];
        expect([a.reward, a.discount]).toBeCloseToArray([b.reward, b.discount]);
      }),
    );
    expect(naiveNStep([1, 2, 4], 0.5, false)).toEqual({ reward: 3, discount: 0.125 });
  });
});

describe('valueIteration', () => {
  it('agrees with policy iteration', () => {
    fc.assert(
      fc.property(finiteMdpArb(), (mdp) => {
        expect(valueIteration(mdp)).toBeCloseToArray(optimalActionValues(mdp.transitions, mdp.states, mdp.actions, mdp.discount), {
          absolute: 1e-8,
        });
      }),
    );
  });

  it('is a fixed point of the rule of Q-learning', () => {
    fc.assert(
      fc.property(finiteMdpArb(), (mdp) => {
        const q = valueIteration(mdp);
        expect(bellmanBackup(mdp, maxQ(), q)).toBeCloseToArray(q, { absolute: 1e-4 });
      }),
    );
  });
});

describe('naiveProjection', () => {
  it('agrees with a table by hand', () => {
    const support = { atoms: 3, vMin: 0, vMax: 2 };
    expect([...naiveProjection(support, [0, 0, 1], 0.25, 0.5)]).toEqual([0, 0.75, 0.25]);
    expect([...naiveProjection(support, [0.5, 0, 0.5], 1, 0)]).toEqual([0, 1, 0]); // exactly on an atom
    expect([...naiveProjection(support, [0.5, 0, 0.5], 9, 1)]).toEqual([0, 0, 1]);
    expect([...naiveProjection(support, [0.5, 0, 0.5], -9, 1)]).toEqual([1, 0, 0]);
  });

  it('keeps all mass, and the mean where nothing is clipped', () => {
    const inputs = supportArb().chain((support) =>
      fc.record({
        support: fc.constant(support),
        probabilities: policyArb({ batch: 1, actions: support.atoms }),
        reward: fc.integer({ min: -20, max: 20 }),
        discount: fc.constantFrom(0, 0.5, 1),
      }),
    );
    fc.assert(
      fc.property(inputs, ({ support, probabilities, reward, discount }) => {
        const { atoms, vMin, vMax } = support;
        const moved = naiveProjection(support, probabilities, reward, discount);
        expect(moved).toBeDistribution();
        const z = (i: number) => vMin + (i * (vMax - vMin)) / (atoms - 1);
        const mean = probabilities.reduce((sum, p, i) => sum + p * Math.min(Math.max(reward + discount * z(i), vMin), vMax), 0);
        expect(moved.reduce((sum, p, i) => sum + p * z(i), 0)).toBeCloseTo(mean, 5);
      }),
    );
  });
});

describe('naiveQuantileHuber', () => {
  it('agrees with sums by hand', () => {
    // u = 2: ¼ (2 − ½); u = −½: ¾ · ⅛; the mean of both.
    expect(naiveQuantileHuber([1], [3, 0.5], [0.25])).toEqual({
      loss: (0.25 * 1.5 + 0.75 * 0.125) / 2,
      gradient: Float64Array.of((-0.25 + 0.75 * 0.5) / 2),
    });
    expect(naiveQuantileHuber([0], [4], [0.5], 0)).toEqual({ loss: 2, gradient: Float64Array.of(-0.5) });
  });

  it('is smallest at the quantile', () => {
    const targets = [1, 2, 3, 4, 100];
    const losses = targets.map((x) => naiveQuantileHuber([x], targets, [0.5], 0).loss);
    expect(losses.indexOf(Math.min(...losses))).toBe(2);
  });
});

describe('prioritised probabilities', () => {
  it('agree with sums by hand', () => {
    expect([...naivePrioritizedProbabilities([1, 4, 0], 0.5)]).toEqual([1 / 3, 2 / 3, 0]);
    expect([...naivePrioritizedProbabilities([0, 0], 0.5)]).toEqual([0.5, 0.5]);
    expect([...naiveImportanceWeights([0.25, 0.5], 4, 1)]).toEqual([1, 0.5]);
    expect([...naiveImportanceWeights([0.25, 0.5], 4, 0)]).toEqual([1, 1]);
  });

  it('are distributions', () => {
    fc.assert(
      fc.property(fc.array(priorityArb(), { minLength: 1 }), fc.constantFrom(0, 0.6, 1), (priorities, exponent) => {
        expect(naivePrioritizedProbabilities(priorities, exponent)).toBeDistribution();
      }),
    );
  });
});

describe('solveMatrixGame', () => {
  it('solves known games', () => {
    const scissors = solveMatrixGame({ rows: 3, columns: 3, payoffs: [0, -1, 1, 1, 0, -1, -1, 1, 0] });
    expect([scissors.value, ...scissors.row]).toBeCloseToArray([0, 1 / 3, 1 / 3, 1 / 3]);
    const pennies = solveMatrixGame({ rows: 2, columns: 2, payoffs: [3, -1, -2, 1] });
    expect([pennies.value, ...pennies.row, ...pennies.column]).toBeCloseToArray([1 / 7, 3 / 7, 4 / 7, 2 / 7, 5 / 7]);
    expect(solveMatrixGame({ rows: 2, columns: 2, payoffs: [1, 2, 3, 4] }).value).toBe(3); // a saddle point
  });

  it('finds strategies that neither player can better', () => {
    fc.assert(
      fc.property(matrixGameArb(), (game) => {
        const { value, row, column } = solveMatrixGame(game);
        expect(row).toBeDistribution();
        expect(column).toBeDistribution();
        for (let c = 0; c < game.columns; c++) {
          expect(row.reduce((sum, p, r) => sum + p * game.payoffs[r * game.columns + c], 0)).toBeGreaterThan(value - 1e-6);
        }
        for (let r = 0; r < game.rows; r++) {
          expect(column.reduce((sum, p, c) => sum + p * game.payoffs[r * game.columns + c], 0)).toBeLessThan(value + 1e-6);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('naiveForward', () => {
  it('agrees with sums by hand', () => {
    const parameters = new Map<string, number[]>([
      ['layers.0.weight', [1, -1, 2, 0]],
      ['layers.0.bias', [0, 1]],
      ['layers.1.value.0.weight', [1, 1]],
      ['layers.1.value.0.bias', [10]],
      ['layers.1.advantage.0.weight', [1, 0, 0, 2]],
      ['layers.1.advantage.0.bias', [0, 0]],
    ]);
    const dense = (units: number) => ({ kind: 'dense', units }) as const;
    const spec = {
      inputShape: [2],
      inputScale: 0.5,
      layers: [
        { kind: 'dense', units: 2, activation: 'relu' },
        { kind: 'dueling', actions: 2, value: [dense(1)], advantage: [dense(2)] },
      ],
    } as const;
    // x = (1, 2): h = relu(1 + 4, −1 + 1) = (5, 0); V = 15; A = (5, 0), mean 2.5.
    expect([...(naiveForward(spec, parameters, [2, 4], 1) ?? [])]).toEqual([17.5, 12.5]);
    expect(naiveForward({ inputShape: [2], layers: [{ kind: 'gru', units: 1 }] }, new Map(), [0, 0], 1)).toBeUndefined();
  });
});

describe('the matchers', () => {
  it.each<[() => void, string]>([
    [() => expect([1, 2]).toBeCloseToArray([1, 2.5]), 'at 1 expected 2.5, received 2'],
    [() => expect([1]).toBeCloseToArray([1, 2]), 'expected 2 numbers, received 1'],
    [() => expect([NaN]).toBeCloseToArray([0]), 'at 0 expected 0, received NaN'],
    [() => expect([1]).not.toBeCloseToArray([1]), 'the arrays are close to each other'],
    [() => expect([0.5, 0.4]).toBeDistribution(), 'expected a sum of 1, received 0.9'],
    [() => expect([1.5, -0.5]).toBeDistribution(), 'at 0 expected a probability, received 1.5'],
    [() => expect([0.5, 0.5]).toBeDistribution({ mask: [1, 0] }), 'at 1 expected 0, as that is impossible, received 0.5'],
    [() => expect([0, Infinity]).toBeFiniteArray(), 'at 1 expected a finite number, received Infinity'],
  ])('say where, %#', (check, message) => {
    expect(check).toThrow(message);
  });

  it('pass what is right', () => {
    expect([NaN, Infinity, 1]).toBeCloseToArray([NaN, Infinity, 1 + 1e-7]);
    expect([100]).toBeCloseToArray([101], { absolute: 0, relative: 0.01 });
    expect([0, 0]).toBeDistribution({ mask: [0, 0] });
    expect([0, 1]).toBeFiniteArray();
  });
});
