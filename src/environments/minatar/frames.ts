/** Frames that share one buffer. More would hold more memory for one that is kept, and are not made faster. */
const SHARED = 16;

/**
 * Makes frames of zeros. Sixteen share one `ArrayBuffer`, for a buffer of its own costs more time than a game's step.
 */
export class Frames {
  readonly #length: number;
  #buffer: ArrayBuffer;
  #offset = 0;

  /** @param length - bytes a frame. */
  constructor(length: number) {
    this.#length = length;
    this.#buffer = new ArrayBuffer(SHARED * length);
  }

  /** A frame that nobody has yet. */
  next(): Uint8Array {
    if (this.#offset === this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(SHARED * this.#length);
      this.#offset = 0;
    }
    const frame = new Uint8Array(this.#buffer, this.#offset, this.#length);
    this.#offset += this.#length;
    return frame;
  }
}
