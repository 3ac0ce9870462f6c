import type { MatrixGame } from '../arbitraries/matrix-game.ts';

/** The value and optimal mixed strategies of a zero-sum game. */
export interface MatrixGameSolution {
  /** What the row player can be sure of on average. */
  readonly value: number;
  /** The row player's probabilities `[m]`. */
  readonly row: Float64Array;
  /** The column player's probabilities `[n]`. */
  readonly column: Float64Array;
}

const EPSILON = 1e-9;

/**
 * Solves a zero-sum game by trying all supports: some square part of the payoffs, solved as if its rows and columns were all that is played, gives optimal
 * strategies (Shapley and Snow 1950). For games of a few rows and columns.
 */
export function solveMatrixGame({ rows, columns, payoffs }: MatrixGame): MatrixGameSolution {
  for (let size = 1; size <= Math.min(rows, columns); size++) {
    for (const i of subsets(rows, size)) {
      for (const j of subsets(columns, size)) {
        const own = equalise(i.map((r) => j.map((c) => payoffs[r * columns + c])));
        const other = equalise(j.map((c) => i.map((r) => payoffs[r * columns + c])));
        if (own === undefined || other === undefined) continue;
        const row = new Float64Array(rows);
        const column = new Float64Array(columns);
        i.forEach((r, k) => (row[r] = own.strategy[k]));
        j.forEach((c, k) => (column[c] = other.strategy[k]));
        if (isSolution({ rows, columns, payoffs }, row, column, own.value)) return { value: own.value, row, column };
      }
    }
  }
  throw new Error('every finite game has a solution; are the payoffs finite?');
}

/** Whether neither player can do better by any pure strategy. */
function isSolution({ rows, columns, payoffs }: MatrixGame, row: Float64Array, column: Float64Array, value: number): boolean {
  if (![...row, ...column].every((p) => p >= -EPSILON)) return false;
  for (let c = 0; c < columns; c++) {
    if (row.reduce((sum, p, r) => sum + p * payoffs[r * columns + c], 0) < value - EPSILON) return false;
  }
  for (let r = 0; r < rows; r++) {
    if (column.reduce((sum, p, c) => sum + p * payoffs[r * columns + c], 0) > value + EPSILON) return false;
  }
  return true;
}

/** The mixture of rows that gives the same value v in every column, `Σ_r x_r A[r, c] = v`, `Σ_r x_r = 1`; nothing if there is no single one. */
function equalise(matrix: number[][]): { strategy: number[]; value: number } | undefined {
  const n = matrix.length;
  const equations = Array.from({ length: n + 1 }, (_, c) =>
    c < n ? [...matrix.map((row) => row[c]), -1, 0] : [...matrix.map(() => 1), 0, 1],
  );
  for (let k = 0; k <= n; k++) {
    const pivot = equations.reduce((best, row, r) => (r >= k && Math.abs(row[k]) > Math.abs(equations[best][k]) ? r : best), k);
    if (Math.abs(equations[pivot][k]) < EPSILON) return undefined;
    [equations[k], equations[pivot]] = [equations[pivot], equations[k]];
    for (let r = 0; r <= n; r++) {
      if (r === k) continue;
      const factor = equations[r][k] / equations[k][k];
      for (let c = k; c <= n + 1; c++) equations[r][c] -= factor * equations[k][c];
    }
  }
  const solution = equations.map((row, k) => row[n + 1] / row[k]);
  return { strategy: solution.slice(0, n), value: solution[n] };
}

/** All subsets of 0 … n − 1 with k elements. */
function subsets(n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]];
  return Array.from({ length: n - from }, (_, i) => from + i).flatMap((first) =>
    subsets(n, k - 1, first + 1).map((rest) => [first, ...rest]),
  );
}
