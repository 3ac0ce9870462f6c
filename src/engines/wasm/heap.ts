import { DqnError } from '../../common/errors.ts';

const PAGE = 65_536;
const LIMIT = 65_536 * PAGE;
/** Blocks begin at cache lines. */
const LINE = 64;
/** Readable bytes behind the last block: kernels read up to 128 bytes past the end of a row. */
const SLACK = 256;

interface Span {
  readonly start: number;
  readonly bytes: number;
}

/**
 * The memory of one instance of the kernels: blocks are handed out first fit, given back, merged, and used again;
 * the memory grows only when no free block is large enough.
 */
export class Heap {
  readonly #memory: WebAssembly.Memory;
  readonly #used = new Map<number, number>();
  /** Free spans below {@link Heap.#top}, by address, none touching another. */
  #free: Span[] = [];
  #top: number;
  /** All of the memory, as numbers. Replaced when the memory grows: never keep it or a view made from it. */
  f32: Float32Array;

  constructor(memory: WebAssembly.Memory, base: number) {
    this.#memory = memory;
    this.#top = base;
    this.f32 = new Float32Array(memory.buffer);
  }

  /** Size of the memory in bytes. */
  get size(): number {
    return this.f32.byteLength;
  }

  /**
   * The address of a new block. What it holds is undefined.
   * @throws DqnError `out-of-memory`.
   */
  allocate(bytes: number): number {
    // Also a block of nothing takes a line: at the address of another one, it would free that.
    const size = Math.max(1, Math.ceil(bytes / LINE)) * LINE;
    const index = this.#free.findIndex((span) => span.bytes >= size);
    if (index >= 0) {
      const { start, bytes: found } = this.#free[index];
      if (found > size) this.#free[index] = { start: start + size, bytes: found - size };
      else this.#free.splice(index, 1);
      this.#used.set(start, size);
      return start;
    }
    const start = this.#top;
    this.#reserve(start + size + SLACK, bytes);
    this.#top = start + size;
    this.#used.set(start, size);
    return start;
  }

  /** Gives a block back. */
  free(start: number): void {
    const bytes = this.#used.get(start);
    if (bytes === undefined) return;
    this.#used.delete(start);
    const spans = [...this.#free, { start, bytes }].sort((a, b) => a.start - b.start);
    const merged: Span[] = [];
    for (const span of spans) {
      const last = merged.at(-1);
      if (last && last.start + last.bytes === span.start) {
        merged[merged.length - 1] = { start: last.start, bytes: last.bytes + span.bytes };
      } else merged.push(span);
    }
    const last = merged.at(-1);
    if (last && last.start + last.bytes === this.#top) {
      this.#top = last.start;
      merged.pop();
    }
    this.#free = merged;
  }

  #reserve(end: number, asked: number): void {
    const missing = end - this.size;
    if (missing <= 0) return;
    try {
      if (end > LIMIT) throw new RangeError('beyond the 4 GiB that WebAssembly can address');
      this.#memory.grow(Math.ceil(missing / PAGE));
    } catch (cause) {
      throw new DqnError({
        code: 'out-of-memory',
        where: 'wasm()',
        expected: `${Math.ceil(asked / 1024)} KiB more memory`,
        received: `no more than ${Math.ceil(this.size / 1024)} KiB in all`,
        remedy: 'Use a smaller network or batch, or dispose of networks that are no longer needed.',
        cause,
      });
    }
    this.f32 = new Float32Array(this.#memory.buffer);
  }
}
