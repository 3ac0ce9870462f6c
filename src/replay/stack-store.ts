import type { Stacking } from '../environment/spaces/box.ts';
import { FrameStore, type Frames } from './frame-store.ts';

/** Which planes were stored lately: a table of this many entries, by a hash of their numbers. */
const REMEMBERED = 2 ** 16;

/**
 * Keeps stacked observations as a {@link FrameStore} keeps plain ones, but each of their frames ("planes") once: consecutive stacks share all but one. A stack is k numbers of
 * planes. Planes are found again by content among those stored lately; what comes back out never depends on it.
 */
export class StackStore {
  readonly #k: number;
  readonly #interleaved: boolean;
  readonly #planeSize: number;
  readonly #stacks: FrameStore<Int32Array>;
  readonly #planes: FrameStore;
  /** By hash: the last plane stored under it, which may have been freed since; −1 where there is none. */
  readonly #remembered = new Int32Array(REMEMBERED).fill(-1);
  /** One plane, taken out of a stack. */
  readonly #plane: Frames;
  /** The same memory, zeros behind it, to be hashed. */
  readonly #words: Uint32Array;
  readonly #numbers: Int32Array;
  /** One stack of bytes, put together. */
  readonly #bytes: Uint8Array;
  /** The same memory. */
  readonly #stackWords: Uint32Array;

  /**
   * @param size - numbers in one observation: k times those of a plane.
   * @param type - how they are kept.
   * @param maxFrames - about how many observations there can be.
   */
  constructor(size: number, type: 'float32' | 'uint8', maxFrames: number, { frames, interleaved }: Stacking) {
    this.#k = frames;
    this.#interleaved = interleaved;
    this.#planeSize = size / frames;
    this.#stacks = new FrameStore(frames, 'int32', maxFrames);
    this.#planes = new FrameStore(this.#planeSize, type, maxFrames);
    const words = new Uint32Array(type === 'uint8' ? Math.ceil(this.#planeSize / 4) : this.#planeSize);
    this.#plane = new (type === 'uint8' ? Uint8Array : Float32Array)(words.buffer, 0, this.#planeSize);
    this.#words = words;
    this.#numbers = new Int32Array(frames);
    this.#bytes = new Uint8Array(size);
    this.#stackWords = new Uint32Array(this.#bytes.buffer, 0, size >> 2);
  }

  /** Bytes of all its arrays. */
  get byteLength(): number {
    const scratch = this.#words.byteLength + this.#numbers.byteLength + this.#bytes.byteLength;
    return this.#stacks.byteLength + this.#planes.byteLength + this.#remembered.byteLength + scratch;
  }

  /** Stacks that were ever used: their numbers are below this. */
  get used(): number {
    return this.#stacks.used;
  }

  /** Planes that were ever used. */
  get usedPlanes(): number {
    return this.#planes.used;
  }

  /**
   * Makes sure that the next `count` stacks need no new memory.
   * @throws DqnError `out-of-memory`.
   */
  reserve(count: number): void {
    this.#planes.reserve(count * this.#k);
    this.#stacks.reserve(count);
  }

  /** Copies a stack in, with one reference, and gives its number. Call {@link StackStore.reserve} before. */
  put(values: Frames): number {
    const planes = this.#planes;
    for (let j = 0; j < this.#k; j++) {
      this.#take(values, j);
      const key = this.#hash();
      let plane = this.#remembered[key];
      if (planes.holds(plane, this.#plane)) planes.retain(plane);
      else this.#remembered[key] = plane = planes.put(this.#plane);
      this.#numbers[j] = plane;
    }
    return this.#stacks.put(this.#numbers);
  }

  /** Copies plane j of a stack to the scratch. */
  #take(values: Frames, j: number): void {
    const plane = this.#plane;
    const step = this.#interleaved ? this.#k : 1;
    for (let i = 0, from = this.#interleaved ? j : j * plane.length; i < plane.length; i++, from += step) plane[i] = values[from];
  }

  /** Of the plane in the scratch: FNV-1a, of words. */
  #hash(): number {
    let hash = 0x811c9dc5;
    for (const word of this.#words) hash = Math.imul(hash ^ word, 0x01000193);
    return (hash ^ (hash >>> 16)) & (REMEMBERED - 1);
  }

  /** Whether the stack is in use and its numbers are these, bit for bit. */
  holds(stack: number, values: Frames): boolean {
    if (stack < 0 || this.#stacks.references(stack) === 0) return false;
    const numbers = this.#stacks.view(stack);
    // The newest first: it is the one that differs.
    for (let j = this.#k - 1; j >= 0; j--) if (!this.#equals(this.#planes.view(numbers[j]), values, j)) return false;
    return true;
  }

  /** Whether a plane is plane j of a stack. */
  #equals(plane: Frames, values: Frames, j: number): boolean {
    const floats = plane instanceof Float32Array;
    const step = this.#interleaved ? this.#k : 1;
    for (let i = 0, from = this.#interleaved ? j : j * plane.length; i < plane.length; i++, from += step) {
      const value = values[from];
      if (plane[i] !== value || (floats && value === 0 && 1 / plane[i] !== 1 / value)) return false; // −0 is not 0
    }
    return true;
  }

  /** How many refer to the stack; 0 where it is free. */
  references(stack: number): number {
    return this.#stacks.references(stack);
  }

  /** One more refers to the stack. */
  retain(stack: number): void {
    this.#stacks.retain(stack);
  }

  /** One less refers to the stack; the last one frees it, and its planes that no other stack has. */
  release(stack: number): void {
    if (this.#stacks.references(stack) === 1) for (const plane of this.#stacks.view(stack)) this.#planes.release(plane);
    this.#stacks.release(stack);
  }

  /** Copies one stack out. */
  read(stack: number, out: Float32Array, offset: number): void {
    const k = this.#k;
    const size = this.#planeSize;
    const numbers = this.#stacks.view(stack);
    if (!this.#interleaved) {
      for (let j = 0; j < k; j++) this.#planes.read(numbers[j], out, offset + j * size);
      return;
    }
    if (k === 4 && size % 4 === 0 && this.#plane instanceof Uint8Array) {
      this.#interleaveFour(numbers);
      out.set(this.#bytes, offset);
      return;
    }
    for (let j = 0; j < k; j++) {
      const plane = this.#planes.view(numbers[j]);
      for (let i = 0, to = offset + j; i < size; i++, to += k) out[to] = plane[i];
    }
  }

  /** Four planes of bytes to one stack `[…, 4]`, four pixels at a time: twice as fast as byte by byte. */
  #interleaveFour(numbers: Int32Array): void {
    const planes = this.#planes;
    const [first, second, third, fourth] = numbers;
    const [as, bs, cs, ds] = [planes.words(first), planes.words(second), planes.words(third), planes.words(fourth)];
    const [atA, atB, atC, atD] = [planes.wordAt(first), planes.wordAt(second), planes.wordAt(third), planes.wordAt(fourth)];
    const out = this.#stackWords;
    const count = this.#planeSize / 4;
    for (let i = 0, to = 0; i < count; i++, to += 4) {
      const a = as[atA + i];
      const b = bs[atB + i];
      const c = cs[atC + i];
      const d = ds[atD + i];
      // Of a pair of planes the even pixels, and the odd ones.
      const evenAb = (a & 0x00ff00ff) | ((b & 0x00ff00ff) << 8);
      const oddAb = ((a >>> 8) & 0x00ff00ff) | (b & 0xff00ff00);
      const evenCd = (c & 0x00ff00ff) | ((d & 0x00ff00ff) << 8);
      const oddCd = ((c >>> 8) & 0x00ff00ff) | (d & 0xff00ff00);
      out[to] = (evenAb & 0xffff) | (evenCd << 16);
      out[to + 1] = (oddAb & 0xffff) | (oddCd << 16);
      out[to + 2] = (evenAb >>> 16) | (evenCd & 0xffff0000);
      out[to + 3] = (oddAb >>> 16) | (oddCd & 0xffff0000);
    }
  }

  /** Copies stacks `numbers[start … start + count − 1]` out, one after another. */
  gather(numbers: Int32Array, start: number, count: number, out: Float32Array): void {
    const size = this.#planeSize * this.#k;
    for (let i = 0; i < count; i++) this.read(numbers[start + i], out, i * size);
  }

  /** Live views of all used planes, chunk by chunk. */
  views(): Frames[] {
    return this.#planes.views();
  }

  /** Live views of the planes of all used stacks, `[used, k]`, chunk by chunk. */
  tables(): Int32Array[] {
    return this.#stacks.views();
  }

  /** The free stacks below {@link StackStore.used}, the one to be used next first. */
  freeFrames(): Int32Array {
    return this.#stacks.freeFrames();
  }

  /** The free planes below {@link StackStore.usedPlanes}, the one to be used next first. */
  freePlanes(): Int32Array {
    return this.#planes.freeFrames();
  }

  /**
   * Fills an empty store: the inverse of what it gives.
   * @param references - how many refer to each used stack; 0 for exactly those in `free`.
   * @param planeReferences - how many stacks in use have each used plane; 0 for exactly those in `freePlanes`.
   * @throws DqnError `out-of-memory`.
   */
  restore(
    { planes, tables }: { readonly planes: readonly Frames[]; readonly tables: readonly Int32Array[] },
    [references, planeReferences]: readonly [Int32Array, Int32Array],
    [free, freePlanes]: readonly [Int32Array, Int32Array],
  ): void {
    this.#planes.fill(planes, planeReferences, freePlanes);
    this.#stacks.fill(tables, references, free);
  }
}
