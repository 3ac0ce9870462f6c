import { DqnError } from '../common/errors.ts';

/** An array of observations, one after another. */
export type Frames = Float32Array | Uint8Array;

const ARRAYS = { float32: Float32Array, uint8: Uint8Array, int32: Int32Array };

const CHUNK_BYTES = 2 ** 20;

/** From this size on the platform's copy beats a loop in spite of the view it takes; at 400 numbers six times, at 28,224 twenty times. */
const LARGE = 64;

/**
 * Keeps observations ("frames") once each, under a number, for as long as somebody refers to them. Memory comes in chunks of about
 * 1 MiB as it is needed and is never moved; frames that nobody refers to any more are used again, the last freed first.
 */
export class FrameStore<Values extends Frames | Int32Array = Frames> {
  readonly #size: number;
  readonly #type: keyof typeof ARRAYS;
  readonly #shift: number;
  readonly #mask: number;
  readonly #chunks: Values[] = [];
  /** One array a chunk. Above 0: how many refer to the frame. Otherwise the frame is free and this is `~next`, the next free one or −1. */
  readonly #references: Int32Array[] = [];
  /** Views of the chunks, made when they are asked for. */
  readonly #words: Uint32Array[] = [];
  #free = -1;
  #used = 0;

  /**
   * @param size - numbers in one frame.
   * @param type - how they are kept.
   * @param maxFrames - about how many there can be, so that a small store takes a small chunk.
   */
  constructor(size: number, type: keyof typeof ARRAYS, maxFrames: number) {
    const perChunk = Math.min(CHUNK_BYTES / (size * ARRAYS[type].BYTES_PER_ELEMENT), maxFrames);
    this.#size = size;
    this.#type = type;
    this.#shift = perChunk > 1 ? Math.floor(Math.log2(perChunk)) : 0;
    this.#mask = 2 ** this.#shift - 1;
  }

  /** Bytes of all its arrays. */
  get byteLength(): number {
    let bytes = 0;
    for (let c = 0; c < this.#chunks.length; c++) bytes += this.#chunks[c].byteLength + this.#references[c].byteLength;
    return bytes;
  }

  /** Frames that were ever used: their numbers are below this. */
  get used(): number {
    return this.#used;
  }

  /**
   * Makes sure that the next `count` frames need no new memory.
   * @throws DqnError `out-of-memory`.
   */
  reserve(count: number): void {
    const perChunk = this.#mask + 1;
    while (this.#chunks.length * perChunk - this.#used < count) {
      try {
        const chunk = new ARRAYS[this.#type](perChunk * this.#size) as Values;
        this.#references.push(new Int32Array(perChunk));
        this.#chunks.push(chunk);
      } catch (cause) {
        throw new DqnError({
          code: 'out-of-memory',
          where: 'ReplayBuffer.add(transition)',
          expected: `${perChunk * this.#size} more numbers for observations`,
          received: 'no memory',
          remedy: "Lower the buffer's capacity, or keep observations as bytes.",
          cause,
        });
      }
    }
  }

  /** Copies a frame in, with one reference, and gives its number. Call {@link FrameStore.reserve} before. */
  put(values: Values): number {
    let frame = this.#free;
    if (frame < 0) frame = this.#used++;
    else this.#free = ~this.#references[frame >> this.#shift][frame & this.#mask];
    const c = frame >> this.#shift;
    const size = this.#size;
    const chunk = this.#chunks[c];
    const base = (frame & this.#mask) * size;
    if (size >= LARGE) chunk.set(values, base);
    else for (let i = 0; i < size; i++) chunk[base + i] = values[i];
    this.#references[c][frame & this.#mask] = 1;
    return frame;
  }

  /** Whether the frame is in use and its numbers are these, bit for bit. */
  holds(frame: number, values: Values): boolean {
    if (frame < 0 || this.references(frame) === 0) return false;
    const size = this.#size;
    const floats = this.#type === 'float32';
    const chunk = this.#chunks[frame >> this.#shift];
    const base = (frame & this.#mask) * size;
    for (let i = 0; i < size; i++) {
      const value = values[i];
      const kept = chunk[base + i];
      if (kept !== value || (floats && value === 0 && 1 / kept !== 1 / value)) return false; // −0 is not 0
    }
    return true;
  }

  /** How many refer to the frame; 0 where it is free. */
  references(frame: number): number {
    return Math.max(0, this.#references[frame >> this.#shift][frame & this.#mask]);
  }

  /** One more refers to the frame. */
  retain(frame: number): void {
    this.#references[frame >> this.#shift][frame & this.#mask]++;
  }

  /** One less refers to the frame; the last one frees it. */
  release(frame: number): void {
    const references = this.#references[frame >> this.#shift];
    const i = frame & this.#mask;
    if (--references[i] > 0) return;
    references[i] = ~this.#free;
    this.#free = frame;
  }

  /** The memory that a frame lies in, as words; see {@link FrameStore.wordAt}. */
  words(frame: number): Uint32Array {
    const c = frame >> this.#shift;
    const { buffer } = this.#chunks[c];
    return (this.#words[c] ??= new Uint32Array(buffer, 0, buffer.byteLength >> 2));
  }

  /** Where a frame of whole words begins among those of its memory. */
  wordAt(frame: number): number {
    return ((frame & this.#mask) * this.#size * ARRAYS[this.#type].BYTES_PER_ELEMENT) / 4;
  }

  /** A live view of a frame. */
  view(frame: number): Values {
    const from = (frame & this.#mask) * this.#size;
    return this.#chunks[frame >> this.#shift].subarray(from, from + this.#size) as Values;
  }

  /** Copies one frame out. */
  read(frame: number, out: Float32Array, offset: number): void {
    const size = this.#size;
    const chunk = this.#chunks[frame >> this.#shift];
    const from = (frame & this.#mask) * size;
    if (size >= LARGE) out.set(chunk.subarray(from, from + size), offset);
    else for (let k = 0; k < size; k++) out[offset + k] = chunk[from + k];
  }

  /** Copies frames `numbers[start … start + count − 1]` out, one after another. */
  gather(numbers: Int32Array, start: number, count: number, out: Float32Array): void {
    const size = this.#size;
    const shift = this.#shift;
    const mask = this.#mask;
    const chunks = this.#chunks;
    if (size >= LARGE) {
      for (let i = 0; i < count; i++) {
        const frame = numbers[start + i];
        const from = (frame & mask) * size;
        out.set(chunks[frame >> shift].subarray(from, from + size), i * size);
      }
      return;
    }
    // The first number of every frame, then the others: the short first loop lets the processor wait for many cache lines at a time.
    for (let i = 0; i < count; i++) {
      const frame = numbers[start + i];
      out[i * size] = chunks[frame >> shift][(frame & mask) * size];
    }
    for (let i = 0; i < count; i++) {
      const frame = numbers[start + i];
      const chunk = chunks[frame >> shift];
      const from = (frame & mask) * size;
      const to = i * size;
      for (let k = 1; k < size; k++) out[to + k] = chunk[from + k];
    }
  }

  /** Live views of all used frames, chunk by chunk. */
  views(): Values[] {
    const views: Values[] = [];
    for (let c = 0, left = this.#used * this.#size; left > 0; c++) {
      const chunk = this.#chunks[c];
      views.push(chunk.subarray(0, Math.min(left, chunk.length)) as Values);
      left -= chunk.length;
    }
    return views;
  }

  /** The free frames below {@link FrameStore.used}, the one to be used next first. */
  freeFrames(): Int32Array {
    const free: number[] = [];
    for (let frame = this.#free; frame >= 0; frame = ~this.#references[frame >> this.#shift][frame & this.#mask]) free.push(frame);
    return Int32Array.from(free);
  }

  /**
   * Fills an empty store: the inverse of {@link FrameStore.views} and {@link FrameStore.freeFrames}. Chunks may be of any number of whole frames.
   * @param references - how many refer to each used frame; 0 for exactly those in `free`.
   * @throws DqnError `out-of-memory`.
   */
  fill(chunks: readonly Values[], references: Int32Array, free: Int32Array): void {
    const size = this.#size;
    this.reserve(references.length);
    for (const chunk of chunks) {
      for (let base = 0; base < chunk.length; base += size) this.put(chunk.subarray(base, base + size) as Values);
    }
    for (let frame = 0; frame < references.length; frame++) {
      this.#references[frame >> this.#shift][frame & this.#mask] = references[frame];
    }
    for (let i = free.length - 1; i >= 0; i--) {
      this.#references[free[i] >> this.#shift][free[i] & this.#mask] = ~this.#free;
      this.#free = free[i];
    }
  }
}
