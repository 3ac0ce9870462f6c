/** One whole number for each environment of a vector, 0, 1, …: as many as were asked for, `initial` at first. */
export class StreamMemory {
  readonly #initial: number;
  #values = new Int32Array(0);

  constructor(initial: number) {
    this.#initial = initial;
  }

  get(stream: number): number {
    return stream < this.#values.length ? this.#values[stream] : this.#initial;
  }

  set(stream: number, value: number): void {
    if (stream >= this.#values.length) {
      const grown = new Int32Array(stream + 1).fill(this.#initial);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[stream] = value;
  }

  /** All numbers so far: a live view. */
  get values(): Int32Array {
    return this.#values;
  }

  /** Takes copies of the given numbers instead. */
  restore(values: Int32Array): void {
    this.#values = values.slice();
  }
}
