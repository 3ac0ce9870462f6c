/** Columns of a whole panel, and the most of a narrow one. */
const PANEL = 32;
const NARROW = 16;

/**
 * How the kernels hold a matrix `[K, N]`: panels of 32 columns, `[N / 32][K][32]`; where at most 16 columns remain, a last
 * panel as narrow as a multiple of 4 allows. A vector is a matrix of one row. What pads the columns stays zero.
 */
export class Panels {
  readonly rows: number;
  readonly columns: number;
  /** Panels of 32 columns. */
  readonly full: number;
  /** Columns of the narrow last panel, padding included; 0 if there is none. */
  readonly tail: number;
  /** Columns, padding included. */
  readonly width: number;
  /** Numbers in all, padding included. */
  readonly size: number;

  constructor(rows: number, columns: number) {
    const rest = columns % PANEL;
    this.rows = rows;
    this.columns = columns;
    this.full = (columns - rest) / PANEL + (rest > NARROW ? 1 : 0);
    this.tail = rest > NARROW ? 0 : Math.ceil(rest / 4) * 4;
    this.width = this.full * PANEL + this.tail;
    this.size = rows * this.width;
  }

  /** Bytes from one whole panel to the next. */
  get panelBytes(): number {
    return this.rows * PANEL * 4;
  }

  /** Bytes of all whole panels: where the narrow one begins. */
  get tailStart(): number {
    return this.full * this.panelBytes;
  }

  /** Copies the matrix row by row out of `memory`, where it begins at element `start`. */
  read(memory: Float32Array, start: number): Float32Array {
    const values = new Float32Array(this.rows * this.columns);
    this.#each((at, index) => {
      values[at] = memory[start + index];
    });
    return values;
  }

  /** Copies values given row by row into `memory`, from element `start`. */
  write(memory: Float32Array, start: number, values: Float32Array): void {
    this.#each((at, index) => {
      memory[start + index] = values[at];
    });
  }

  #each(visit: (at: number, index: number) => void): void {
    const { rows, columns, full, tail } = this;
    for (let k = 0; k < rows; k++) {
      for (let n = 0; n < columns; n++) {
        const panel = Math.floor(n / PANEL);
        const index = panel * PANEL * rows + k * (panel < full ? PANEL : tail) + (n % PANEL);
        visit(k * columns + n, index);
      }
    }
  }
}
