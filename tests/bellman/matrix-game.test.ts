import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { solveExactly } from '../../src/bellman/exact-simplex.ts';
import { MatrixGameSolver, solveMatrixGame, type MatrixGameSolution } from '../../src/bellman/matrix-game.ts';
import { guarded, guardingArrays } from '../support/guarded.ts';

interface Game {
  readonly rows: number;
  readonly columns: number;
  readonly payoffs: readonly number[];
}

/** Games of all kinds: generic, with many ties, and with payoffs that are all but equal. */
const gameArb: fc.Arbitrary<Game> = fc
  .tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 6 }),
    fc.constantFrom<fc.Arbitrary<number>>(
      fc.double({ min: -100, max: 100, noNaN: true }),
      fc.integer({ min: -2, max: 2 }),
      fc.integer({ min: 0, max: 1 }),
      fc
        .tuple(fc.integer({ min: 0, max: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 6, max: 18 }))
        .map(([whole, part, digits]) => whole + part * 10 ** -digits),
    ),
  )
  .chain(([rows, columns, payoffArb]) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      payoffs: fc.array(payoffArb, { minLength: rows * columns, maxLength: rows * columns }),
    }),
  );

const solve = ({ rows, columns, payoffs }: Game): MatrixGameSolution => solveMatrixGame(payoffs, rows, columns);

/** What p wins at least and q loses at most, over all replies in pure strategies. */
function bounds({ rows, columns, payoffs }: Game, row: ArrayLike<number>, column: ArrayLike<number>): [number, number] {
  let lower = Infinity;
  let upper = -Infinity;
  for (let j = 0; j < columns; j++) {
    let won = 0;
    for (let i = 0; i < rows; i++) won += row[i] * payoffs[i * columns + j];
    lower = Math.min(lower, won);
  }
  for (let i = 0; i < rows; i++) {
    let lost = 0;
    for (let j = 0; j < columns; j++) lost += column[j] * payoffs[i * columns + j];
    upper = Math.max(upper, lost);
  }
  return [lower, upper];
}

const size = ({ payoffs }: Game) => Math.max(1, ...payoffs.map(Math.abs));

function expectStrategy(strategy: Float64Array): void {
  expect(strategy.every((p) => p >= 0)).toBe(true);
  expect(Math.abs(strategy.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-12);
}

describe('solveMatrixGame', () => {
  it('finds strategies against which no action gains: min_j pᵀM = v = max_i Mq', () => {
    fc.assert(
      fc.property(gameArb, (game) => {
        const { value, row, column } = solve(game);
        expect([row.length, column.length]).toEqual([game.rows, game.columns]);
        expectStrategy(row);
        expectStrategy(column);
        const [lower, upper] = bounds(game, row, column);
        const slack = 1e-9 * size(game);
        expect(upper - lower).toBeLessThanOrEqual(slack);
        expect(Math.abs(value - lower)).toBeLessThanOrEqual(slack);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the value that the players’ exchange negates: v(M) = −v(−Mᵀ)', () => {
    fc.assert(
      fc.property(gameArb, (game) => {
        const { rows, columns, payoffs } = game;
        const exchanged = payoffs.map((_, k) => 0 - payoffs[(k % rows) * columns + Math.floor(k / rows)]);
        const mirrored = solveMatrixGame(exchanged, columns, rows);
        expect(Math.abs(solve(game).value + mirrored.value)).toBeLessThanOrEqual(1e-9 * size(game));
      }),
    );
  });

  it('moves and scales with the payoffs, whoever plays', () => {
    fc.assert(
      fc.property(
        gameArb,
        fc.integer({ min: -50, max: 50 }),
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        (game, shift, scale) => {
          const moved = { ...game, payoffs: game.payoffs.map((x) => scale * x + shift) };
          expect(Math.abs(solve(moved).value - (scale * solve(game).value + shift))).toBeLessThanOrEqual(
            1e-9 * (size(moved) + scale * size(game)),
          );
        },
      ),
    );
  });

  it('is monotone and a non-expansion in the payoffs', () => {
    fc.assert(
      fc.property(gameArb, fc.infiniteStream(fc.double({ min: 0, max: 3, noNaN: true })), (game, gifts) => {
        const added = game.payoffs.map(() => gifts.next().value as number);
        const richer = { ...game, payoffs: game.payoffs.map((x, i) => x + added[i]) };
        const gain = solve(richer).value - solve(game).value;
        expect(gain).toBeGreaterThanOrEqual(-1e-9 * size(richer));
        expect(gain).toBeLessThanOrEqual(Math.max(...added) + 1e-9 * size(richer));
      }),
    );
  });

  it('agrees with the formula for 2 × 2', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 4, maxLength: 4 }), ([a, b, c, d]) => {
        const { value } = solveMatrixGame([a, b, c, d], 2, 2);
        const maximin = Math.max(Math.min(a, b), Math.min(c, d));
        const minimax = Math.min(Math.max(a, c), Math.max(b, d));
        const exact = maximin === minimax ? maximin : a - ((b - a) * (c - a)) / (d - a - (b - a) - (c - a)); // (ad − bc) / (a + d − b − c)
        expect(Math.abs(value - exact)).toBeLessThan(1e-8);
      }),
    );
  });

  it('solves known games', () => {
    const close = (xs: readonly number[]) => xs.map((x) => expect.closeTo(x, 12));
    const rps = solveMatrixGame([0, -1, 1, 1, 0, -1, -1, 1, 0], 3, 3);
    expect([...rps.row, ...rps.column, rps.value]).toEqual(close([1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 0]));
    // Each wins double with rock, so that all play rock less: p = q = (1, 2, 1) / 4 in the order rock, paper, scissors.
    const double = solveMatrixGame([0, -1, 2, 1, 0, -1, -2, 1, 0], 3, 3);
    expect(double.value).toBeCloseTo(0, 12);
    expect([...double.row]).toEqual(close([1 / 4, 1 / 2, 1 / 4]));
    // The second row is better than the first everywhere: it is never mixed with it.
    const dominated = solveMatrixGame([1, 2, 0, 2, 3, 1, -5, 9, 4], 3, 3);
    expect(dominated.row[0]).toBe(0);
    // Morra with two fingers.
    const morra = solveMatrixGame([0, 2, -3, 0, -2, 0, 0, 3, 3, 0, 0, -4, 0, -3, 4, 0], 4, 4);
    expect(morra.value).toBeCloseTo(0, 12);
    expect(solveMatrixGame([7], 1, 1)).toEqual({ value: 7, row: Float64Array.of(1), column: Float64Array.of(1) });
    expect(solveMatrixGame([3, 3, 3, 3], 2, 2)).toEqual({ value: 3, row: Float64Array.of(1, 0), column: Float64Array.of(1, 0) });
  });

  it('never mixes a strictly dominated row in', () => {
    fc.assert(
      fc.property(gameArb, fc.nat(), (game, pick) => {
        const { rows, columns, payoffs } = game;
        const better = (pick % rows) * columns;
        const worse = payoffs.slice(better, better + columns).map((x) => x - 1);
        const { row } = solveMatrixGame([...payoffs, ...worse], rows + 1, columns);
        expect(row[rows]).toBeLessThan(1e-9);
      }),
    );
  });

  it('comes through a large degenerate game without cycling', () => {
    const size = 24;
    const game = { rows: size, columns: size, payoffs: Array.from({ length: size * size }, (_, k) => ((k * 7919) >> 3) % 3) };
    const { value, row, column } = solve(game);
    const [lower, upper] = bounds(game, row, column);
    expect([lower, upper]).toEqual([expect.closeTo(value, 9), expect.closeTo(value, 9)]);
  });

  it('refuses sizes and payoffs that are no game', () => {
    const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });
    expect(() => solveMatrixGame([], 0, 1)).toThrow(refused('solveMatrixGame(rows)'));
    expect(() => solveMatrixGame([1], 1, 1.5)).toThrow(refused('solveMatrixGame(columns)'));
    expect(() => solveMatrixGame([1, 2, 3], 2, 2)).toThrow(refused('solveMatrixGame(payoffs)'));
    for (const bad of [NaN, Infinity]) {
      expect(() => solveMatrixGame([bad, 1], 1, 2)).toThrow(refused('solveMatrixGame(payoffs[0])'));
      expect(() => solveMatrixGame([1, bad], 1, 2)).toThrow(refused('solveMatrixGame(payoffs[1])'));
    }
  });
});

describe('MatrixGameSolver', () => {
  it('solves one game after another of any sizes as if it were the first', () => {
    fc.assert(
      fc.property(fc.array(gameArb, { minLength: 1, maxLength: 5 }), (games) => {
        const solver = new MatrixGameSolver();
        for (const game of games) {
          const { rows, columns, payoffs } = game;
          const alone = solve(game);
          const { row, column } = solver;
          row.fill(7);
          column.fill(7);
          const given = guarded(Float64Array.from(payoffs));
          expect(guardingArrays(() => solver.solve(given, rows, columns))).toBe(alone.value);
          expect(solver.row.subarray(0, rows)).toEqual(alone.row);
          expect(solver.column.subarray(0, columns)).toEqual(alone.column);
          // Where they are long enough they stay, and what lies behind is left alone.
          expect(solver.row).toBe(row.length < rows ? solver.row : row);
          expect(solver.column).toBe(column.length < columns ? solver.column : column);
          expect([...solver.row.subarray(rows), ...solver.column.subarray(columns)].every((x) => x === 7)).toBe(true);
        }
      }),
    );
  });

  it('needs whole numbers for nearly degenerate games alone', () => {
    const solver = new MatrixGameSolver();
    const exactly = (payoffs: readonly number[], rows: number, columns: number) => (
      solver.solve(payoffs, rows, columns),
      solver.exact
    );
    const random = new Random(1);
    for (let rows = 1; rows <= 6; rows++) {
      for (let columns = 1; columns <= 6; columns++) {
        for (let k = 0; k < 10; k++) {
          const payoffs = Array.from({ length: rows * columns }, () => random.float());
          expect(exactly(payoffs, rows, columns), `${rows} × ${columns}: ${payoffs.join()}`).toBe(false);
          const ties = payoffs.map((x) => Math.floor(3 * x));
          expect(exactly(ties, rows, columns), `${rows} × ${columns}: ${ties.join()}`).toBe(false);
        }
      }
    }
    expect(new MatrixGameSolver().exact).toBe(false);
    expect(exactly([1, 1 + 1e-13, 1, 0, 1 - 1e-13, 1, 0, 1, 1], 3, 3)).toBe(false);
  });

  it('answers payoffs that are not finite with NaN, and the next game as ever', () => {
    const solver = new MatrixGameSolver();
    for (const bad of [NaN, Infinity, -Infinity]) {
      expect(solver.solve([1, bad, 0, 2], 2, 2)).toBe(NaN);
      expect([...solver.row, ...solver.column]).toEqual([NaN, NaN, NaN, NaN]);
    }
    expect(solver.solve([1, -1, -1, 1], 2, 2)).toBeCloseTo(0, 12);
  });
});

describe('solveExactly', () => {
  it('takes payoffs to the nearest 2⁻⁴⁰', () => {
    const row = new Float64Array(2);
    const column = new Float64Array(2);
    for (const parts of [1, 3, 7, 2.6, 3.4]) {
      const e = Math.round(parts) * 2 ** -40;
      solveExactly((i, j) => [0, 1, 1, parts * 2 ** -40][2 * i + j], 2, 2, guarded(row), guarded(column));
      expect(row[0]).toBeCloseTo((e - 1) / (e - 2), 15);
      expect(column[0]).toBeCloseTo((e - 1) / (e - 2), 15);
    }
  });

  it('finds an equilibrium of every game, ties and near ties included', () => {
    fc.assert(
      fc.property(gameArb, (game) => {
        const { rows, columns, payoffs } = game;
        const least = Math.min(...payoffs);
        const range = Math.max(...payoffs) - least || 1;
        const scaled = { rows, columns, payoffs: payoffs.map((x) => (x - least) / range) };
        const row = new Float64Array(rows);
        const column = new Float64Array(columns);
        solveExactly((i, j) => scaled.payoffs[i * columns + j], rows, columns, row, column);
        expectStrategy(row);
        expectStrategy(column);
        const [lower, upper] = bounds(scaled, row, column);
        expect(upper - lower).toBeLessThanOrEqual(1e-11);
      }),
      { numRuns: 300 },
    );
  });
});
