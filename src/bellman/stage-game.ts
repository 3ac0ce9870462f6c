import { checkInteger } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { MatrixGameSolver } from './matrix-game.ts';

/** How many actions the two players have: joint action `a = a1 · A2 + a2`. */
export type PlayerActions = readonly [first: number, second: number];

/**
 * The game of one state of a two-player zero-sum Markov game: both players act at once, and Q(s, ·) `[A1, A2]` is what the first wins. Its arrays
 * are reused.
 */
export class StageGame {
  /** A1 and A2. */
  readonly actions: PlayerActions;
  /** `[A1]`: the first player's strategy p; 0 at impossible actions. */
  readonly first: Float64Array;
  /** `[A2]`: the second player's strategy q; 0 at impossible actions. */
  readonly second: Float64Array;
  readonly #where: string;
  readonly #solver = new MatrixGameSolver();
  readonly #payoffs: Float64Array;
  readonly #firsts: Int32Array;
  readonly #seconds: Int32Array;
  #rows = 0;
  #columns = 0;

  /**
   * @param where - the option that gives the actions, for messages.
   * @throws DqnError `invalid-option` if `actions` are not two whole numbers of at least 1.
   */
  constructor(where: string, actions: PlayerActions) {
    if (!Array.isArray(actions) || actions.length !== 2) {
      throw new DqnError({
        code: 'invalid-option',
        where,
        expected: 'the numbers of actions of two players',
        received: describe(actions),
        remedy: 'Pass a pair such as [3, 3].',
      });
    }
    const first = checkInteger(`${where}[0]`, actions[0], { min: 1 });
    const second = checkInteger(`${where}[1]`, actions[1], { min: 1 });
    this.#where = where;
    this.actions = [first, second];
    this.first = new Float64Array(first);
    this.second = new Float64Array(second);
    this.#payoffs = new Float64Array(first * second);
    this.#firsts = new Int32Array(first);
    this.#seconds = new Int32Array(second);
  }

  /** @throws DqnError `invalid-option` if A1 · A2 is not the number of (joint) actions. */
  checkJoint(actions: number): void {
    const [first, second] = this.actions;
    if (first * second === actions) return;
    throw new DqnError({
      code: 'invalid-option',
      where: this.#where,
      expected: `A1 · A2 = ${actions}, the number of actions of the environment`,
      received: `${first} · ${second}`,
      remedy: 'Number joint actions a1 · A2 + a2, and give A1 and A2.',
    });
  }

  /**
   * Finds an equilibrium of the game `Q[offset + a1 · A2 + a2]`. Values that are not finite make the strategies NaN at the possible actions.
   * @param masks - laid out like the values: 1 where a joint action is possible. All are where left out.
   * @returns whether any joint action is possible.
   * @throws DqnError `invalid-environment` if what one player can do depends on what the other does.
   */
  solve(qValues: Float32Array, offset: number, masks: Uint8Array | undefined): boolean {
    const { first, second } = this;
    first.fill(0);
    second.fill(0);
    if (!this.#findPossible(offset, masks)) return false;
    const rows = this.#rows;
    const columns = this.#columns;
    const width = second.length;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        this.#payoffs[i * columns + j] = qValues[offset + this.#firsts[i] * width + this.#seconds[j]];
      }
    }
    this.#solver.solve(this.#payoffs, rows, columns);
    for (let i = 0; i < rows; i++) first[this.#firsts[i]] = this.#solver.row[i];
    for (let j = 0; j < columns; j++) second[this.#seconds[j]] = this.#solver.column[j];
    return true;
  }

  /** Lists the possible actions of both players: of a product of masks its first row and column with a 1 in them tell all. */
  #findPossible(offset: number, masks: Uint8Array | undefined): boolean {
    const height = this.first.length;
    const width = this.second.length;
    let cell = 0;
    while (cell < height * width && !isPossible(masks, offset + cell)) cell++;
    if (cell === height * width) return false;
    const column = cell % width;
    const row = (cell - column) / width;
    this.#rows = 0;
    this.#columns = 0;
    for (let i = 0; i < height; i++) if (isPossible(masks, offset + i * width + column)) this.#firsts[this.#rows++] = i;
    for (let j = 0; j < width; j++) if (isPossible(masks, offset + row * width + j)) this.#seconds[this.#columns++] = j;
    if (masks !== undefined) this.#checkProduct(offset, masks);
    return true;
  }

  /** All that is possible must be exactly the product of the lists. */
  #checkProduct(offset: number, masks: Uint8Array): void {
    const width = this.second.length;
    let total = 0;
    let inside = 0;
    for (let i = 0; i < this.first.length * width; i++) if (masks[offset + i] !== 0) total++;
    for (let i = 0; i < this.#rows; i++) {
      for (let j = 0; j < this.#columns; j++) if (masks[offset + this.#firsts[i] * width + this.#seconds[j]] !== 0) inside++;
    }
    if (total === this.#rows * this.#columns && inside === total) return;
    throw new DqnError({
      code: 'invalid-environment',
      where: this.#where,
      expected: "a mask in which each player's possible actions do not depend on the other's",
      received: `${total} possible joint actions that are no product of two sets`,
      remedy: 'Mask whole rows and columns of joint actions, and let the environment make moves that clash do nothing.',
    });
  }
}

function isPossible(masks: Uint8Array | undefined, i: number): boolean {
  return masks === undefined || masks[i] !== 0;
}
