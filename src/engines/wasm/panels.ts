/** Columns of a whole panel, and the most of a narrow one. */
const PANEL = 32;
const NARROW = 16;

/** A matrix as others see it: row by row. */
export interface Matrix {
  /** Copies it out of `memory`, where what it is part of begins at element `start`. */
  read(memory: Float32Array, start: number): Float32Array;
  /** Copies values into `memory`, likewise. */
  write(memory: Float32Array, start: number, values: Float32Array): void;
}

/**
 * How the kernels hold a matrix `[K, N]`: panels of 32 columns, `[N / 32][K][32]`; where at most 16 columns remain, a last
 * panel as narrow as a multiple of 4 allows. A vector is a matrix of one row. What pads the columns stays zero.
 */
export class Panels implements Matrix {
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

  /** Where element (k, n) is, in numbers from the first. */
  indexOf(k: number, n: number): number {
    const panel = Math.floor(n / PANEL);
    return panel * PANEL * this.rows + k * (panel < this.full ? PANEL : this.tail) + (n % PANEL);
  }

  #each(visit: (at: number, index: number) => void): void {
    const { rows, columns } = this;
    for (let k = 0; k < rows; k++) for (let n = 0; n < columns; n++) visit(k * columns + n, this.indexOf(k, n));
  }
}

/** Columns of a matrix in panels, from `first` on: a matrix to those who read and write it. */
export class PanelColumns implements Matrix {
  readonly #panels: Panels;
  readonly #first: number;
  readonly #columns: number;

  constructor(panels: Panels, first: number, columns: number) {
    this.#panels = panels;
    this.#first = first;
    this.#columns = columns;
  }

  read(memory: Float32Array, start: number): Float32Array {
    const values = new Float32Array(this.#panels.rows * this.#columns);
    for (let i = 0; i < values.length; i++) values[i] = memory[start + this.#indexOf(i)];
    return values;
  }

  write(memory: Float32Array, start: number, values: Float32Array): void {
    for (let i = 0; i < values.length; i++) memory[start + this.#indexOf(i)] = values[i];
  }

  #indexOf(i: number): number {
    const k = Math.floor(i / this.#columns);
    return this.#panels.indexOf(k, this.#first + i - k * this.#columns);
  }
}
