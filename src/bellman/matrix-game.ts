import { checkInteger, checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { solveExactly } from './exact-simplex.ts';

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
/** How much better than in equilibrium a player may do, in a game with payoffs in [0, 1], before the equilibrium is solved for exactly. */
const WORST_GAP = 1e-10;

/** {@link solveMatrixGame} for many games: its arrays are reused. */
export class MatrixGameSolver {
  /** p of the last game: its first `rows` numbers. */
  row: Float64Array = new Float64Array();
  /** q of the last game: its first `columns` numbers. */
  column: Float64Array = new Float64Array();
  /** Whether the last game was so nearly degenerate that it was solved in whole numbers. */
  exact = false;
  /** `[rows, columns]`: the payoffs moved and scaled into [0, 1]. */
  #payoffs = new Float64Array();
  #tableau = new Float64Array();
  #basic = new Int32Array();
  #nonbasic = new Int32Array();
  /** The least that p wins in the scaled game. */
  #lower = NaN;
  /** The most that q loses in the scaled game. */
  #upper = NaN;

  /**
   * Gives v, and writes p and q. Payoffs that are not finite make all of them NaN.
   * @param payoffs - `[rows, columns]`; may be longer.
   */
  solve(payoffs: ArrayLike<number>, rows: number, columns: number): number {
    this.#reserve(rows, columns);
    const { row, column } = this;
    const cells = rows * columns;
    let least = Infinity;
    let most = -Infinity;
    let sum = 0;
    for (let i = 0; i < cells; i++) {
      const payoff = payoffs[i];
      if (payoff < least) least = payoff;
      if (payoff > most) most = payoff;
      sum += payoff;
    }
    const range = most - least;
    if (!Number.isFinite(range + sum)) {
      row.fill(NaN, 0, rows);
      column.fill(NaN, 0, columns);
      return NaN;
    }
    // Payoffs that are all the same stay so: 0.
    for (let i = 0; i < cells; i++) this.#payoffs[i] = range === 0 ? 0 : (payoffs[i] - least) / range;
    this.#maximise(rows, columns);
    this.#bound(rows, columns);
    // Nearly equal rows or columns can cost float64 all its digits. Written so that NaN counts as a failure.
    this.exact = !(this.#upper - this.#lower <= WORST_GAP);
    if (this.exact) {
      solveExactly((i, j) => this.#payoffs[i * columns + j], rows, columns, row, column);
      this.#bound(rows, columns);
    }
    return least + ((this.#lower + this.#upper) / 2) * range;
  }

  /**
   * With payoffs M in [1, 2] the value is above 0, so that the game is the linear programme `maximise Σ y subject to M y ≤ 1, y ≥ 0`, whose first
   * basis, all slack, is feasible: then v = 1 / Σ y, q = v y, and p is v times the dual solution. The simplex method by a condensed tableau, without the
   * columns of basic variables, and Bland's rule (1977): of all variables that may enter or leave the basis the one of the lowest number
   * does, so that no basis comes twice.
   */
  #maximise(rows: number, columns: number): void {
    const width = columns + 1;
    const tableau = this.#tableau;
    const basic = this.#basic;
    const nonbasic = this.#nonbasic;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) tableau[i * width + j] = this.#payoffs[i * columns + j] + 1;
      tableau[i * width + columns] = 1;
      basic[i] = columns + i;
    }
    const objective = rows * width;
    for (let j = 0; j < columns; j++) {
      tableau[objective + j] = -1;
      nonbasic[j] = j;
    }
    tableau[objective + columns] = 0;
    // Rounding may undo Bland's proof: then the exact solver takes over.
    for (let pivots = 50 * (rows + columns); pivots > 0; pivots--) {
      let enter = -1;
      for (let j = 0; j < columns; j++) {
        if (tableau[objective + j] < -TOLERANCE && (enter < 0 || nonbasic[j] < nonbasic[enter])) enter = j;
      }
      if (enter < 0) break;
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
      if (leave < 0) break;
      exchange(tableau, rows, width, leave, enter);
      const variable = basic[leave];
      basic[leave] = nonbasic[enter];
      nonbasic[enter] = variable;
    }
    const { row, column } = this;
    row.fill(0, 0, rows);
    column.fill(0, 0, columns);
    for (let i = 0; i < rows; i++) if (basic[i] < columns) column[basic[i]] = tableau[i * width + columns];
    for (let j = 0; j < columns; j++) if (nonbasic[j] >= columns) row[nonbasic[j] - columns] = tableau[objective + j];
    toProbabilities(row, rows);
    toProbabilities(column, columns);
  }

  /** The least that p wins and the most that q loses, whatever the other player does: equal in an equilibrium. */
  #bound(rows: number, columns: number): void {
    const { row, column } = this;
    const payoffs = this.#payoffs;
    this.#lower = Infinity;
    this.#upper = -Infinity;
    for (let j = 0; j < columns; j++) {
      let won = 0;
      for (let i = 0; i < rows; i++) won += row[i] * payoffs[i * columns + j];
      this.#lower = Math.min(this.#lower, won);
    }
    for (let i = 0; i < rows; i++) {
      let lost = 0;
      for (let j = 0; j < columns; j++) lost += column[j] * payoffs[i * columns + j];
      this.#upper = Math.max(this.#upper, lost);
    }
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
    if (this.#payoffs.length < rows * columns) this.#payoffs = new Float64Array(rows * columns);
    const cells = (rows + 1) * (columns + 1);
    if (this.#tableau.length < cells) this.#tableau = new Float64Array(cells);
  }
}

/**
 * An equilibrium in mixed strategies of a two-player zero-sum game: p and q with
 * `v = max_p min_j Σ_i p_i M_ij = min_q max_i Σ_j M_ij q_j` (von Neumann 1928), by linear programming: the simplex method in float64, checked by how much
 * either player could gain by another action, and in whole numbers where that is more than 1e-10 of the range of payoffs. Of several
 * equilibria it is the one that Bland's rule comes to first, always the same for the same payoffs.
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

/** Exchanges a basic and a nonbasic variable of a condensed tableau. */
function exchange(tableau: Float64Array, rows: number, width: number, leave: number, enter: number): void {
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
    weights[i] = Math.max(0, weights[i]);
    total += weights[i];
  }
  for (let i = 0; i < length; i++) weights[i] /= total;
}
