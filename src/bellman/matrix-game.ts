import { checkInteger, checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';

/** An equilibrium of a matrix game. */
export interface MatrixGameSolution {
  /** v: what the row player wins on average. */
  readonly value: number;
  /** `[rows]`: p, the row player's mixed strategy. */
  readonly row: Float64Array;
  /** `[columns]`: q, the column player's mixed strategy. */
  readonly column: Float64Array;
}

/** Reduced costs and pivots below this, in a tableau with entries of size 1, are rounding. */
const TOLERANCE = 1e-12;

/** {@link solveMatrixGame} for many games: its arrays are reused. */
export class MatrixGameSolver {
  /** p of the last game: its first `rows` numbers. */
  row = new Float64Array(0);
  /** q of the last game: its first `columns` numbers. */
  column = new Float64Array(0);
  #tableau = new Float64Array(0);
  #basic = new Int32Array(0);
  #nonbasic = new Int32Array(0);

  /**
   * Gives v, and writes p and q. Payoffs that are not finite make all of them NaN.
   * @param payoffs - `[rows, columns]`; may be longer.
   */
  solve(payoffs: ArrayLike<number>, rows: number, columns: number): number {
    this.#reserve(rows, columns);
    const { row, column } = this;
    let least = Infinity;
    let most = -Infinity;
    let finite = true;
    for (let i = 0; i < rows * columns; i++) {
      const payoff = payoffs[i];
      finite &&= Number.isFinite(payoff);
      if (payoff < least) least = payoff;
      if (payoff > most) most = payoff;
    }
    const range = most - least;
    if (!finite || range === Infinity) {
      row.fill(NaN, 0, rows);
      column.fill(NaN, 0, columns);
      return NaN;
    }
    if (range === 0) {
      // All the same: the first row against the first column is as good as any.
      row.fill(0, 0, rows)[0] = 1;
      column.fill(0, 0, columns)[0] = 1;
      return least;
    }
    // With payoffs moved into [1, 2] the value is above 0, so that the game is the linear programme
    // maximise Σ y subject to M y ≤ 1, y ≥ 0, whose first basis, all slack, is feasible. v = 1 / Σ y, q = v y, and p is v times the dual.
    const width = columns + 1;
    const tableau = this.#tableau;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) tableau[i * width + j] = (payoffs[i * columns + j] - least) / range + 1;
      tableau[i * width + columns] = 1;
      this.#basic[i] = columns + i;
    }
    for (let j = 0; j < columns; j++) {
      tableau[rows * width + j] = -1;
      this.#nonbasic[j] = j;
    }
    tableau[rows * width + columns] = 0;
    this.#maximise(rows, columns);
    return least + (this.#read(rows, columns) - 1) * range;
  }

  /**
   * The simplex method with Bland's rule (1977): of all that may enter or leave the basis the variable of the lowest number does, so that no
   * basis comes twice. The tableau is the condensed one, without the columns of basic variables.
   */
  #maximise(rows: number, columns: number): void {
    const width = columns + 1;
    const tableau = this.#tableau;
    const basic = this.#basic;
    const nonbasic = this.#nonbasic;
    // Rounding could undo Bland's proof, but not keep this loop running.
    for (let pivots = 1000 * (rows + columns); pivots > 0; pivots--) {
      let enter = -1;
      for (let j = 0; j < columns; j++) {
        if (tableau[rows * width + j] < -TOLERANCE && (enter < 0 || nonbasic[j] < nonbasic[enter])) enter = j;
      }
      if (enter < 0) return;
      let leave = -1;
      let smallest = Infinity;
      for (let i = 0; i < rows; i++) {
        const entry = tableau[i * width + enter];
        if (entry <= TOLERANCE) continue;
        const ratio = tableau[i * width + columns] / entry;
        if (ratio < smallest || (ratio === smallest && basic[i] < basic[leave])) {
          smallest = ratio;
          leave = i;
        }
      }
      if (leave < 0) return; // unbounded: not where all payoffs are above 0, but for rounding
      pivot(tableau, rows, width, leave, enter);
      const variable = basic[leave];
      basic[leave] = nonbasic[enter];
      nonbasic[enter] = variable;
    }
  }

  /** Reads p and q from the last tableau, and gives the value of the moved game. */
  #read(rows: number, columns: number): number {
    const width = columns + 1;
    const tableau = this.#tableau;
    const { row, column } = this;
    row.fill(0, 0, rows);
    column.fill(0, 0, columns);
    for (let i = 0; i < rows; i++) {
      const variable = this.#basic[i];
      if (variable < columns) column[variable] = tableau[i * width + columns];
    }
    for (let j = 0; j < columns; j++) {
      const variable = this.#nonbasic[j];
      if (variable >= columns) row[variable - columns] = tableau[rows * width + j];
    }
    toProbabilities(row, rows);
    toProbabilities(column, columns);
    return 1 / tableau[rows * width + columns];
  }

  #reserve(rows: number, columns: number): void {
    if (this.row.length < rows) {
      this.row = new Float64Array(rows);
      this.#basic = new Int32Array(rows);
    }
    if (this.column.length < columns) {
      this.column = new Float64Array(columns);
      this.#nonbasic = new Int32Array(columns);
    }
    const cells = (rows + 1) * (columns + 1);
    if (this.#tableau.length < cells) this.#tableau = new Float64Array(cells);
  }
}

/**
 * An equilibrium in mixed strategies of a two-player zero-sum game: p and q with
 * `v = max_p min_j Σ_i p_i M_ij = min_q max_i Σ_j M_ij q_j` (von Neumann 1928), by linear programming: the simplex method with Bland's rule, in float64. Of
 * several equilibria it is the one that this rule comes to first, always the same for the same payoffs.
 *
 * @param payoffs - M `[rows, columns]`, row-major: what the column player pays the row player.
 * @param rows - actions of the row player, who maximises.
 * @param columns - actions of the column player, who minimises.
 * @throws DqnError `invalid-option` if a size is not a whole number of at least 1, the payoffs are not rows · columns, or one is not finite.
 */
export function solveMatrixGame(payoffs: ArrayLike<number>, rows: number, columns: number): MatrixGameSolution {
  checkInteger('solveMatrixGame(rows)', rows, { min: 1 });
  checkInteger('solveMatrixGame(columns)', columns, { min: 1 });
  if (payoffs.length !== rows * columns) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'solveMatrixGame(payoffs)',
      expected: `${rows} · ${columns} payoffs`,
      received: String(payoffs.length),
      remedy: 'Pass them row after row.',
    });
  }
  for (let i = 0; i < payoffs.length; i++) checkNumber(`solveMatrixGame(payoffs[${i}])`, payoffs[i]);
  const solver = new MatrixGameSolver();
  const value = solver.solve(payoffs, rows, columns);
  return { value, row: solver.row, column: solver.column };
}

/** Exchanges a basic and a nonbasic variable. */
function pivot(tableau: Float64Array, rows: number, width: number, leave: number, enter: number): void {
  const start = leave * width;
  const factor = 1 / tableau[start + enter];
  for (let j = 0; j < width; j++) tableau[start + j] *= factor;
  tableau[start + enter] = factor;
  for (let i = 0; i <= rows; i++) {
    if (i === leave) continue;
    const at = i * width;
    const entry = tableau[at + enter];
    if (entry === 0) continue;
    tableau[at + enter] = 0;
    for (let j = 0; j < width; j++) tableau[at + j] -= entry * tableau[start + j];
  }
}

/** Scales non-negative numbers to the sum of 1; those that rounding made negative count as 0. */
function toProbabilities(weights: Float64Array, length: number): void {
  let total = 0;
  for (let i = 0; i < length; i++) {
    if (weights[i] < 0) weights[i] = 0;
    total += weights[i];
  }
  for (let i = 0; i < length; i++) weights[i] /= total;
}
