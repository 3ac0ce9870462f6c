/** Payoffs become whole numbers of this many parts of 1. */
const PARTS = 2 ** 40;

/**
 * Equilibrium strategies of a matrix game with payoffs in [0, 1], taken to the nearest 2⁻⁴⁰, in whole numbers of any size: without a rounding error, and
 * so with Bland's rule (1977) sure to end. Some hundred times slower than in float64: for games that are too nearly degenerate for that.
 * The tableau keeps one common denominator, by which each step divides without a rest (Edmonds' integer pivoting).
 *
 * @param payoffs - `[rows, columns]`.
 * @param row - `[rows]`: is given p.
 * @param column - `[columns]`: is given q.
 */
export function solveExactly(
  payoffs: (i: number, j: number) => number,
  rows: number,
  columns: number,
  row: Float64Array,
  column: Float64Array,
): void {
  // maximise Σ y subject to M y ≤ 1, y ≥ 0 with M in [1, 2]; see MatrixGameSolver.
  const tableau = Array.from({ length: rows + 1 }, (_, i) =>
    Array.from({ length: columns + 1 }, (_unused, j) => {
      if (i < rows) return j < columns ? BigInt(Math.round(payoffs(i, j) * PARTS) + PARTS) : 1n;
      return j < columns ? -1n : 0n;
    }),
  );
  const basic = Array.from({ length: rows }, (_, i) => columns + i);
  const nonbasic = Array.from({ length: columns }, (_, j) => j);
  let denominator = 1n;
  for (;;) {
    const entering = nonbasic.map((_, j) => j).filter((j) => tableau[rows][j] < 0n);
    if (entering.length === 0) break;
    const enter = entering.reduce((k, j) => (nonbasic[j] < nonbasic[k] ? j : k));
    // Some entry is positive, since the game has a value.
    const leaving = basic.map((_, i) => i).filter((i) => tableau[i][enter] > 0n);
    const leave = leaving.reduce((k, i) => {
      // ratio(i) − ratio(k), times both entries
      const difference = tableau[i][columns] * tableau[k][enter] - tableau[k][columns] * tableau[i][enter];
      return difference < 0n || (difference === 0n && basic[i] < basic[k]) ? i : k;
    });
    const pivotRow = tableau[leave];
    const pivot = pivotRow[enter];
    for (let i = 0; i <= rows; i++) {
      if (i === leave) continue;
      const entry = tableau[i][enter];
      for (let j = 0; j <= columns; j++) {
        if (j !== enter) tableau[i][j] = (tableau[i][j] * pivot - entry * pivotRow[j]) / denominator;
      }
      tableau[i][enter] = -entry;
    }
    pivotRow[enter] = denominator;
    denominator = pivot;
    [basic[leave], nonbasic[enter]] = [nonbasic[enter], basic[leave]];
  }
  const total = tableau[rows][columns];
  row.fill(0, 0, rows);
  column.fill(0, 0, columns);
  basic.forEach((variable, i) => {
    if (variable < columns) column[variable] = quotient(tableau[i][columns], total);
  });
  nonbasic.forEach((variable, j) => {
    if (variable >= columns) row[variable - columns] = quotient(tableau[rows][j], total);
  });
}

/** part / total in [0, 1], of numbers that may be too large for a double. */
function quotient(part: bigint, total: bigint): number {
  return Number((part << 60n) / total) / 2 ** 60;
}
