import { Panels } from './panels.ts';

/**
 * Panels of a matrix `[K, G · N]` that is G matrices `[K, N]` side by side, each padded with columns of zeros to a width of its own, so
 * that kernels find every group at a multiple of 16 bytes and write none into the next.
 */
export class GroupedPanels extends Panels {
  /** Columns of a group, without padding. */
  readonly #size: number;
  /** Columns of a group, with padding. */
  readonly #group: number;
  /** The place in memory of each group, in the order of the values. */
  readonly #order: readonly number[];

  constructor(rows: number, size: number, group: number, order: readonly number[]) {
    super(rows, order.length * group);
    this.#size = size;
    this.#group = group;
    this.#order = order;
  }

  override read(memory: Float32Array, start: number): Float32Array {
    const padded = super.read(memory, start);
    const values = new Float32Array(this.rows * this.#order.length * this.#size);
    this.#eachValue((at, index) => (values[at] = padded[index]));
    return values;
  }

  override write(memory: Float32Array, start: number, values: Float32Array): void {
    const padded = new Float32Array(this.rows * this.columns);
    this.#eachValue((at, index) => (padded[index] = values[at]));
    super.write(memory, start, padded);
  }

  #eachValue(visit: (at: number, index: number) => void): void {
    let at = 0;
    for (let k = 0; k < this.rows; k++) {
      for (const place of this.#order) {
        for (let n = 0; n < this.#size; n++) visit(at++, k * this.columns + place * this.#group + n);
      }
    }
  }
}
