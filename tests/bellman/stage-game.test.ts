import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveMatrixGame } from '../../src/bellman/matrix-game.ts';
import { StageGame } from '../../src/bellman/stage-game.ts';
import { guarded, guardingArrays } from '../support/guarded.ts';
import { smallFloatsArb } from '../support/head-inputs.ts';

/** Joint actions' values behind some that are not of the game, and what each player can do. */
const stateArb = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.nat(3))
  .chain(([first, second, offset]) =>
    fc.record({
      sizes: fc.constant([first, second] as const),
      offset: fc.constant(offset),
      values: smallFloatsArb(offset + first * second),
      firsts: fc.subarray(Array.from({ length: first }, (_, i) => i)),
      seconds: fc.subarray(Array.from({ length: second }, (_, j) => j)),
    }),
  );

/** A strategy over the possible actions as one over all of them. */
const spread = (size: number, possible: readonly number[], strategy: ArrayLike<number>): number[] =>
  Array.from({ length: size }, (_, i) => (possible.includes(i) ? strategy[possible.indexOf(i)] : 0));

describe('StageGame', () => {
  it('plays the matrix game of the possible actions', () => {
    fc.assert(
      fc.property(fc.array(stateArb, { minLength: 1, maxLength: 3 }), (states) => {
        const [{ sizes }] = states;
        const game = guardingArrays(() => new StageGame('game', sizes));
        for (const { values, offset, firsts, seconds } of states.filter((state) => String(state.sizes) === String(sizes))) {
          const width = sizes[1];
          const masks = new Uint8Array(values.length);
          for (const i of firsts) for (const j of seconds) masks[offset + i * width + j] = 1;
          expect(game.solve(guarded(values), offset, guarded(masks))).toBe(masks.includes(1));
          const payoffs = firsts.flatMap((i) => seconds.map((j) => values[offset + i * width + j]));
          if (payoffs.length === 0) {
            expect([...game.first, ...game.second].every((p) => p === 0)).toBe(true);
            continue;
          }
          const { row, column } = solveMatrixGame(payoffs, firsts.length, seconds.length);
          expect([...game.first]).toEqual(spread(sizes[0], firsts, row));
          expect([...game.second]).toEqual(spread(sizes[1], seconds, column));
        }
      }),
    );
  });

  it('takes all actions for possible where there are no masks', () => {
    fc.assert(
      fc.property(stateArb, ({ sizes, values, offset }) => {
        const game = new StageGame('game', sizes);
        expect(game.solve(guarded(values), offset, undefined)).toBe(true);
        const { row, column } = solveMatrixGame(values.subarray(offset), ...sizes);
        expect([game.first, game.second]).toEqual([row, column]);
      }),
    );
  });

  it('refuses players without actions', () => {
    for (const [actions, where] of [
      [[0, 2], 'game[0]'],
      [[2, 0], 'game[1]'],
    ] as const) {
      expect(() => new StageGame('game', actions)).toThrow(expect.objectContaining({ code: 'invalid-option', where }));
    }
  });

  it('refuses masks that are no product, in any cell', () => {
    const values = new Float32Array(10);
    for (let cell = 0; cell < 9; cell++) {
      const game = new StageGame('game', [3, 3]);
      const masks = guarded(new Uint8Array(10).fill(1).fill(0, cell + 1, cell + 2));
      expect(() => game.solve(values, 1, masks)).toThrow(
        expect.objectContaining({
          code: 'invalid-environment',
          where: 'game',
          received: '8 possible joint actions that are no product of two sets',
        }),
      );
    }
  });
});
