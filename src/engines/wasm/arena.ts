import type { Heap } from './heap.ts';
import type { Rows } from './layer.ts';

const LINE = 64;

/** A place in an {@link Arena}: its address, once the arena has been placed. */
export interface Slot {
  readonly at: number;
}

/** Collects how much memory a set of layers needs, then takes it as one block: addresses never change after that. */
export class Arena {
  readonly #slots: { at: number }[] = [];
  #bytes = 0;
  #heap: Heap | undefined;
  #block = 0;

  /** Room for so many numbers, beginning at a cache line, zero at first. */
  take(numbers: number): Slot {
    const slot = { at: this.#bytes };
    this.#bytes += Math.ceil((numbers * 4) / LINE) * LINE;
    this.#slots.push(slot);
    return slot;
  }

  /** Room for `count` rows of `stride` numbers each. */
  rows(count: number, stride: number): Rows {
    const rows = { at: this.#bytes, stride: stride * 4 };
    this.#bytes += Math.ceil((count * stride * 4) / LINE) * LINE;
    this.#slots.push(rows);
    return rows;
  }

  /**
   * Takes the memory; after that nothing can be added.
   * @throws DqnError `out-of-memory`.
   */
  place(heap: Heap): void {
    const block = heap.allocate(this.#bytes);
    heap.f32.fill(0, block / 4, (block + this.#bytes) / 4);
    for (const slot of this.#slots) slot.at += block;
    this.#heap = heap;
    this.#block = block;
  }

  /** Gives the memory back. */
  free(): void {
    this.#heap?.free(this.#block);
    this.#heap = undefined;
  }
}
