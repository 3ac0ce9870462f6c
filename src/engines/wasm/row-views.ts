/** More batch sizes than this are not kept ready. */
const MAX_VIEWS = 16;

/**
 * An array of rows for each batch size, made when a size first comes. Outside the kernels' memory, whose growth would empty
 * arrays inside it.
 */
export class RowViews {
  readonly #size: number;
  readonly #views = new Map<number, Float32Array>();

  /** @param size - numbers in a row. */
  constructor(size: number) {
    this.#size = size;
  }

  /** An array of `batch` rows, the same one at every call. */
  get(batch: number): Float32Array {
    const view = this.#views.get(batch);
    if (view) return view;
    if (this.#views.size === MAX_VIEWS) this.#views.clear();
    const added = new Float32Array(batch * this.#size);
    this.#views.set(batch, added);
    return added;
  }
}
