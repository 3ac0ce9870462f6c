import { DqnError, describe } from '../common/errors.ts';

// Eight children to a node: as many as a cache line holds, and seven levels over a million leaves.
const SHIFT = 3;
const WIDTH = 1 << SHIFT;

/** The largest value of a leaf: sums of 2³⁰ of them are finite. */
export const largestLeaf = 2 ** 900;

/**
 * Numbers of at least 0 with their sums, to draw one in proportion to its value in O(log n): a tree of 8 children a node in one flat array,
 * leaves first.
 *
 * A sum is never adjusted by a difference: it is computed anew from all its children, in a fixed order. So the sums are a function of the leaves
 * alone, whatever happened before, and cannot drift. They are brought up to date when they are asked for, each touched node once, however
 * many of its leaves have changed since.
 */
export class SumTree {
  /** Number of leaves. */
  readonly size: number;
  /** All levels, each filled up with zeros to whole nodes: leaves, their sums, … and last the total. */
  readonly #values: Float64Array;
  /** Where in `#values` each level begins. */
  readonly #levels: number[] = [0];
  /** For every sum, at its place in `#values` less `#levels[1]`: 1 where it waits to be computed. */
  readonly #stale: Uint8Array;
  /** The stale sums of the lowest level. */
  readonly #queue: Int32Array;
  #queued = 0;
  // Scratch of `find`: for each mass the node it has come to, and the first child there.
  #nodes = new Int32Array();
  #firsts = new Float64Array();

  /**
   * @param size - number of leaves, in [1, 2³⁰]; all are 0 at first.
   * @throws DqnError `out-of-memory`.
   */
  constructor(size: number) {
    this.size = size;
    let length = 0;
    for (let level = size; level > 1 || length === 0;) {
      const nodes = Math.ceil(level / WIDTH);
      length += nodes * WIDTH;
      this.#levels.push(length);
      level = nodes;
    }
    const sums = length + 1 - this.#levels[1];
    try {
      this.#values = new Float64Array(length + 1);
      this.#stale = new Uint8Array(sums);
      this.#queue = new Int32Array(Math.ceil(size / WIDTH));
    } catch (cause) {
      throw new DqnError({
        code: 'out-of-memory',
        where: 'replay capacity',
        expected: `a sum tree of ${size} leaves`,
        received: 'no memory',
        remedy: 'Lower the capacity.',
        cause,
      });
    }
  }

  /** Bytes of all its arrays. */
  get byteLength(): number {
    const scratch = this.#nodes.byteLength + this.#firsts.byteLength;
    return this.#values.byteLength + this.#stale.byteLength + this.#queue.byteLength + scratch;
  }

  /** The sum of all leaves. */
  get total(): number {
    if (this.#queued > 0) this.#refresh();
    return this.#values[this.#values.length - 1];
  }

  /** The value of a leaf. */
  get(leaf: number): number {
    return this.#values[leaf];
  }

  /**
   * Gives a leaf another value.
   * @throws DqnError `invalid-option` if there is no such leaf, or the value is not in [0, 2⁹⁰⁰]; nothing has changed then.
   */
  set(leaf: number, value: number): void {
    if (!(leaf >= 0 && leaf < this.size && leaf % 1 === 0)) throw refused('leaf', `a whole number in [0, ${this.size - 1}]`, leaf);
    if (!(value >= 0 && value <= largestLeaf)) throw refused('value', 'a finite number of at least 0', value);
    this.#values[leaf] = value;
    const node = leaf >> SHIFT;
    if (this.#stale[node] !== 0) return;
    this.#stale[node] = 1;
    this.#queue[this.#queued++] = node;
  }

  /**
   * Finds for each mass `m` in [0, total) the leaf `i` with `Σ_{j<i} v_j ≤ m < Σ_{j≤i} v_j`, up to rounding; never a leaf of value 0. The total must
   * be above 0. A mass of the total or beyond gives the last leaf above 0.
   * @param masses - overwritten.
   * @param leaves - where the leaves go; as many are found as it is long.
   */
  find(masses: Float64Array, leaves: Float64Array): void {
    if (this.#queued > 0) this.#refresh();
    const values = this.#values;
    const count = leaves.length;
    if (this.#nodes.length < count) {
      this.#nodes = new Int32Array(count);
      this.#firsts = new Float64Array(count);
    }
    const nodes = this.#nodes;
    const firsts = this.#firsts;
    nodes.fill(0, 0, count);
    // All masses go down level by level together, and of each node the first child is read in a loop of its own, which nothing but memory
    // holds up: the processor then waits for many cache lines at a time.
    for (let level = this.#levels.length - 2; level >= 0; level--) {
      const base = this.#levels[level];
      for (let i = 0; i < count; i++) firsts[i] = values[base + nodes[i] * WIDTH];
      for (let i = 0; i < count; i++) {
        const first = base + nodes[i] * WIDTH;
        const last = first + WIDTH - 1;
        let mass = masses[i];
        let at = first;
        let value = firsts[i];
        while (mass >= value && at < last) {
          mass -= value;
          value = values[++at];
        }
        if (mass >= value) {
          // Rounding has left more than the children hold: the last one above 0, here and all the way down.
          mass = Infinity;
          while (values[at] === 0 && at > first) at--;
        }
        masses[i] = mass;
        nodes[i] = at - base;
      }
    }
    for (let i = 0; i < count; i++) leaves[i] = nodes[i];
  }

  /** Computes all stale sums, level by level. */
  #refresh(): void {
    const values = this.#values;
    const stale = this.#stale;
    const queue = this.#queue;
    const levels = this.#levels;
    const sums = levels[1];
    let queued = this.#queued;
    for (let level = 1; level < levels.length; level++) {
      const children = levels[level - 1];
      const base = levels[level];
      const parents = level + 1 < levels.length ? levels[level + 1] - sums : -1;
      let next = 0;
      for (let i = 0; i < queued; i++) {
        const node = queue[i];
        const c = children + node * WIDTH;
        let even = 0;
        let odd = 0;
        // Two sums at a time, of which neither waits for the other.
        for (let k = c; k < c + WIDTH; k += 2) {
          even += values[k];
          odd += values[k + 1];
        }
        values[base + node] = even + odd;
        stale[base - sums + node] = 0;
        if (parents < 0) continue;
        const parent = node >> SHIFT;
        if (stale[parents + parent] !== 0) continue;
        stale[parents + parent] = 1;
        queue[next++] = parent;
      }
      queued = next;
    }
    this.#queued = 0;
  }
}

function refused(what: string, expected: string, received: unknown): DqnError {
  const where = `SumTree.set(${what})`;
  return new DqnError({ code: 'invalid-option', where, expected, received: describe(received), remedy: `Pass ${expected}.` });
}
