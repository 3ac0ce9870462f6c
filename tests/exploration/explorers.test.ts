import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskedArgmax } from '../../src/bellman/greedy.ts';
import { Random } from '../../src/common/random.ts';
import { linear, type Schedule } from '../../src/common/schedules.ts';
import { boltzmann } from '../../src/exploration/boltzmann.ts';
import { epsilonGreedy } from '../../src/exploration/epsilon-greedy.ts';
import type { Explorer } from '../../src/exploration/explorer.ts';
import { greedy } from '../../src/exploration/greedy.ts';
import { tableArb } from '../support/arbitraries.ts';
import { expectShares, inputOf, shares } from '../support/explorer-input.ts';

const softmax = (q: readonly number[], temperature: number, mask = q.map(() => 1)) => {
  const weights = q.map((x, a) => (mask[a] === 1 ? Math.exp(x / temperature) : 0));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
};

/** Rows in which at least one action is possible. */
const possibleArb = tableArb.map((table) => {
  const masks = table.masks.slice();
  for (let b = 0; b < table.batch; b++) masks[b * table.actions + (b % table.actions)] = 1;
  return { ...table, masks };
});

describe('every explorer', () => {
  const explorerArb = fc.constantFrom<Explorer>(
    greedy(),
    epsilonGreedy(0),
    epsilonGreedy(0.5),
    epsilonGreedy(1),
    boltzmann(1),
    boltzmann(1e-9),
    boltzmann(1e9),
  );

  it('chooses possible actions only, the same from the same random state', () => {
    fc.assert(
      fc.property(
        possibleArb,
        explorerArb,
        fc.integer(),
        fc.boolean(),
        ({ batch, actions, values, masks }, explorer, seed, masked) => {
          const choose = () => {
            const out = new Int32Array(batch + 1).fill(-7);
            explorer.select(
              inputOf({ batch, actions, qValues: values, masks: masked ? masks : undefined, step: 3, random: new Random(seed) }),
              out,
            );
            return out;
          };
          const out = choose();
          expect(choose()).toEqual(out);
          expect(out[batch]).toBe(-7);
          for (let n = 0; n < batch; n++) {
            expect(out[n] >= 0 && out[n] < actions).toBe(true);
            if (masked) expect(masks[n * actions + out[n]]).toBe(1);
          }
        },
      ),
    );
  });

  it('refuses a state without a possible action', () => {
    for (const explorer of [greedy(), epsilonGreedy(0), epsilonGreedy(1), boltzmann(1)]) {
      const input = inputOf({ batch: 2, actions: 2, masks: Uint8Array.of(1, 0, 0, 0) });
      expect(() => explorer.select(input, new Int32Array(2))).toThrow(
        expect.objectContaining({ code: 'invalid-environment', where: 'Explorer.select(masks), state 1 of the batch' }),
      );
    }
  });
});

describe('greedy', () => {
  it('takes the largest value, the lowest of equals', () => {
    fc.assert(
      fc.property(possibleArb, ({ batch, actions, values, masks }) => {
        const out = new Int32Array(batch);
        const random = new Random(1);
        const before = random.state();
        greedy().select(inputOf({ batch, actions, qValues: values, masks, random }), out);
        out.forEach((action, n) => expect(action).toBe(maskedArgmax(values, n * actions, actions, masks)));
        expect(random.state()).toEqual(before);
      }),
    );
  });
});

describe('epsilonGreedy', () => {
  it('explores with probability ε, all possible actions alike, each state for itself', () => {
    expectShares(shares(epsilonGreedy(0.3), [1, 5, 2, 0]), [0.075, 0.775, 0.075, 0.075]);
    expectShares(shares(epsilonGreedy(1), [1, 5, 2]), [1 / 3, 1 / 3, 1 / 3]);
    expectShares(shares(epsilonGreedy(0), [1, 5, 2]), [0, 1, 0]);
    expectShares(shares(epsilonGreedy(0.4), [1, 5, 2, 0, 3], [1, 0, 1, 0, 1]), [0.4 / 3, 0, 0.4 / 3, 0, 0.6 + 0.4 / 3]);
  });

  it('draws for each state of a batch by itself', () => {
    // With one coin for the batch, all states would explore together: the chosen actions would be all greedy or all random.
    const out = new Int32Array(1000);
    epsilonGreedy(0.5).select(inputOf({ batch: 1000, actions: 2, random: new Random(2) }), out);
    const explored = out.filter((action) => action === 1).length; // half of half
    expect(explored).toBeGreaterThan(180);
    expect(explored).toBeLessThan(320);
  });

  it('follows its schedule', () => {
    const explorer = epsilonGreedy(linear(1, 0, 100));
    expect(explorer.rate(50)).toBe(0.5);
    expect(explorer.epsilon).toMatchObject({ kind: 'linear', from: 1, to: 0 });
    expectShares(shares(explorer, [0, 1], undefined, 50), [0.25, 0.75]);
    expectShares(shares(explorer, [0, 1], undefined, 100), [0, 1]);
  });

  it('refuses an ε outside [0, 1], of a schedule when it is used', () => {
    for (const epsilon of [-0.1, 1.1, NaN]) {
      expect(() => epsilonGreedy(epsilon)).toThrow(
        expect.objectContaining({ code: 'invalid-option', where: 'epsilonGreedy(epsilon)' }),
      );
      const explorer = epsilonGreedy({ kind: 'mine', at: () => epsilon });
      const out = Int32Array.of(5);
      expect(() => explorer.select(inputOf({ batch: 1, actions: 1, step: 8 }), out)).toThrow(
        expect.objectContaining({ code: 'invalid-option', where: "epsilonGreedy(epsilon), schedule 'mine' at step 8" }),
      );
      expect(out[0]).toBe(5);
    }
    expect(() => epsilonGreedy('x' as unknown as Schedule)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});

describe('boltzmann', () => {
  it('draws by the softmax of the values over the temperature', () => {
    const q = [1, 2, 0.5, -1];
    expectShares(shares(boltzmann(1), q), softmax(q, 1));
    expectShares(shares(boltzmann(3), q), softmax(q, 3));
    expectShares(shares(boltzmann(1), q, [1, 0, 1, 1]), softmax(q, 1, [1, 0, 1, 1]));
    expectShares(shares(boltzmann(1), [7]), [1]);
  });

  it('does not change when all values move together, however large', () => {
    // Multiples of 64 up to 2³⁰ are exact in float32.
    expectShares(shares(boltzmann(64), [2 ** 30, 2 ** 30 - 64, 2 ** 30 - 128]), softmax([0, -1, -2], 1));
    expectShares(shares(boltzmann(64), [-(2 ** 30), 64 - 2 ** 30]), softmax([0, 1], 1));
    expectShares(shares(boltzmann(1), [0, -1e30]), [1, 0]);
  });

  it('is greedy when cold and uniform when hot', () => {
    expectShares(shares(boltzmann(1e-300), [1, 2, 1.5]), [0, 1, 0]);
    expectShares(shares(boltzmann(1e300), [1, 2, 1.5]), [1 / 3, 1 / 3, 1 / 3]);
  });

  it('takes the best action where values are infinite or no numbers', () => {
    expectShares(shares(boltzmann(1), [1, Infinity, 2]), [0, 1, 0]);
    expectShares(shares(boltzmann(1), [NaN, NaN], [0, 1]), [0, 1]);
    expectShares(shares(boltzmann(1), [-Infinity, -Infinity]), [1, 0]);
    expectShares(shares(boltzmann(1), [-Infinity, 0, 0]), [0, 0.5, 0.5]);
  });

  it('follows its schedule and refuses temperatures that are not above 0', () => {
    expect(boltzmann(linear(2, 1, 10)).rate(5)).toBe(1.5);
    for (const temperature of [0, -1, NaN, Infinity]) {
      expect(() => boltzmann(temperature)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
      const explorer = boltzmann({ kind: 'mine', at: () => temperature });
      expect(() => explorer.select(inputOf({ batch: 1, actions: 1, step: 8 }), new Int32Array(1))).toThrow(
        expect.objectContaining({ code: 'invalid-option', where: "boltzmann(temperature), schedule 'mine' at step 8" }),
      );
    }
  });
});
