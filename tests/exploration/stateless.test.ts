import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveMatrixGame } from '../../src/bellman/matrix-game.ts';
import { Random } from '../../src/common/random.ts';
import { linear } from '../../src/common/schedules.ts';
import { epsilonGreedy } from '../../src/exploration/epsilon-greedy.ts';
import { epsilonLadder } from '../../src/exploration/epsilon-ladder.ts';
import { equilibrium } from '../../src/exploration/equilibrium.ts';
import type { Explorer } from '../../src/exploration/explorer.ts';
import { greedy } from '../../src/exploration/greedy.ts';
import { noisyGreedy } from '../../src/exploration/noisy-greedy.ts';
import { tableArb } from '../support/arbitraries.ts';
import { expectShares, select, shares } from '../support/explorer-input.ts';

const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });

describe('noisyGreedy', () => {
  it('is greedy, and says how long noise is held', () => {
    expect(noisyGreedy()).toMatchObject({ kind: 'noisyGreedy', noise: 'step' });
    expect(noisyGreedy({ hold: 'episode' }).noise).toBe('episode');
    expect((greedy() as Explorer).noise).toBeUndefined();
    fc.assert(
      fc.property(tableArb, ({ batch, actions, values }) => {
        const input = { batch, actions, qValues: values };
        expect(select(noisyGreedy(), input)).toEqual(select(greedy(), input));
      }),
    );
    expect(() => noisyGreedy({ hold: 'run' as 'step' })).toThrow(refused('noisyGreedy(hold)'));
  });
});

describe('epsilonLadder', () => {
  it('gives environment i the ε of the formula', () => {
    const { epsilons } = epsilonLadder({ streams: 8 });
    expect(epsilons.length).toBe(8);
    epsilons.forEach((epsilon, i) => expect(epsilon).toBeCloseTo(0.4 ** (1 + i), 14)); // 7 i / (8 − 1) = i
    expect(epsilonLadder({ base: 0.5, alpha: 3, streams: 4 }).epsilons).toEqual([0.5, 0.25, 0.125, 0.0625]);
    expect(epsilonLadder({ base: 0.3, streams: 1 }).epsilons).toEqual([0.3]);
    expect(epsilonLadder({ base: 0.5, alpha: 1, streams: 2 }).rate()).toBe(0.375);
  });

  it('explores each environment by its own ε, whichever row it is in', () => {
    const explorer = epsilonLadder({ base: 0.8, alpha: 2, streams: 3 });
    for (const [stream, epsilon] of explorer.epsilons.entries()) {
      const one: Explorer = {
        kind: 'one',
        select: (input, out) => explorer.select({ ...input, streams: new Int32Array(input.batch).fill(stream) }, out),
      };
      expectShares(shares(one, [0, 3, 1]), [epsilon / 3, 1 - (2 * epsilon) / 3, epsilon / 3]);
      expectShares(shares(one, [0, 3, 1, 2], [1, 0, 1, 1]), [epsilon / 3, 0, epsilon / 3, 1 - (2 * epsilon) / 3]);
      const input = { batch: 20, actions: 3, streams: new Int32Array(20).fill(stream) };
      expect(select(explorer, input)).toEqual(select(epsilonGreedy(epsilon), input));
    }
  });

  it('refuses more environments than it has rungs, and options out of range', () => {
    expect(() => select(epsilonLadder({ streams: 2 }), { batch: 3, actions: 1 })).toThrow(/environment number 2.*at least 3/);
    expect(() => epsilonLadder({ streams: 0 })).toThrow(refused('epsilonLadder(streams)'));
    expect(() => epsilonLadder({ streams: 2, base: 1.1 })).toThrow(refused('epsilonLadder(base)'));
    expect(() => epsilonLadder({ streams: 2, alpha: -1 })).toThrow(refused('epsilonLadder(alpha)'));
  });
});

describe('equilibrium', () => {
  it('draws the joint action from the equilibrium of the state, with slips', () => {
    const payoffs = [0, -1, 2, 1, 0, -1, -2, 1, 0];
    const { row, column } = solveMatrixGame(payoffs, 3, 3);
    const product = payoffs.map((_, a) => row[Math.floor(a / 3)] * column[a % 3]);
    expectShares(shares(equilibrium({ actions: [3, 3] }), payoffs), product);
    const slips = equilibrium({ actions: [3, 3], epsilon: linear(1, 0.4, 100) });
    expect(slips.rate(50)).toBeCloseTo(0.7, 12);
    expectShares(
      shares(slips, payoffs, undefined, 100),
      product.map((p) => 0.6 * p + 0.4 / 9),
    );
  });

  it('plays possible actions alone', () => {
    // Left: [[1, −1], [−1, 3]] in rows 0 and 2, columns 1 and 2: p = q = (2, 1) / 3.
    const q = [9, 1, -1, 9, 9, 9, 9, -1, 3];
    const mask = [0, 1, 1, 0, 0, 0, 0, 1, 1];
    expectShares(shares(equilibrium({ actions: [3, 3] }), q, mask), [0, 4 / 9, 2 / 9, 0, 0, 0, 0, 2 / 9, 1 / 9]);
    expectShares(
      shares(equilibrium({ actions: [3, 3], epsilon: 1 }), q, mask),
      mask.map((p) => p / 4),
    );
  });

  it('still chooses a possible action where values are no numbers', () => {
    const qValues = Float32Array.of(NaN, NaN, NaN, NaN);
    expect(select(equilibrium({ actions: [2, 2] }), { batch: 1, actions: 4, qValues })).toEqual([0]);
    const masks = Uint8Array.of(0, 0, 0, 1);
    expect(select(equilibrium({ actions: [2, 2] }), { batch: 1, actions: 4, qValues, masks })).toEqual([3]);
  });

  it('refuses what is no game of two', () => {
    const explorer = equilibrium({ actions: [2, 2] });
    expect(() => select(explorer, { batch: 1, actions: 6 })).toThrow(refused('equilibrium(actions)'));
    const masks = Uint8Array.of(1, 1, 1, 1, /**/ 0, 0, 0, 0);
    expect(() => select(explorer, { batch: 2, actions: 4, masks })).toThrow(
      expect.objectContaining({ code: 'invalid-environment', where: 'Explorer.select(masks), state 1 of the batch' }),
    );
    expect(() => select(explorer, { batch: 1, actions: 4, masks: Uint8Array.of(1, 0, 0, 1) })).toThrow(
      expect.objectContaining({ code: 'invalid-environment', where: 'equilibrium(actions)' }),
    );
    expect(() => equilibrium({ actions: [0, 1] })).toThrow(refused('equilibrium(actions)[0]'));
    expect(() => equilibrium({ actions: [1, 1], epsilon: 2 })).toThrow(refused('equilibrium(epsilon)'));
  });

  it('is the same from the same random state', () => {
    fc.assert(
      fc.property(tableArb, fc.integer(), ({ batch, actions, values }, seed) => {
        const draw = () =>
          select(equilibrium({ actions: [actions, 1], epsilon: 0.5 }), {
            batch,
            actions,
            qValues: values,
            random: new Random(seed),
          });
        expect(draw()).toEqual(draw());
      }),
    );
  });
});
