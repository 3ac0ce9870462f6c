import { damagedState, readArray, readCount, readFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';

/**
 * Slots ordered by priority, approximately: a binary heap in an array, whose places are taken for ranks (Schaul et al. 2016, section 3.3 and appendix
 * B.2.1). A slot never stands before one of larger priority on its own path to the root; the place of a slot is its exact rank after
 * {@link RankHeap.sort}, which runs whenever as many priorities have changed as there are slots, so that a change costs O(log n) on average.
 */
export class RankHeap {
  readonly #capacity: number;
  /** By slot. */
  readonly #priorities: Float32Array;
  /** Which slot stands at a place. */
  readonly #slots: Int32Array;
  /** At which place a slot stands. */
  readonly #places: Int32Array;
  /** Scratch of {@link RankHeap.sort}. */
  readonly #counts = new Int32Array(257);
  #scratch: Int32Array | undefined;
  #size = 0;
  #changes = 0;

  /** @param capacity - number of slots; they are filled in order. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#priorities = new Float32Array(capacity);
    this.#slots = new Int32Array(capacity);
    this.#places = new Int32Array(capacity);
  }

  /** Bytes of all its arrays. */
  get byteLength(): number {
    return this.#capacity * 12 + (this.#scratch?.byteLength ?? 0);
  }

  /** Slots that have a priority. */
  get size(): number {
    return this.#size;
  }

  /** Mean priority, by a look at each. */
  get mean(): number {
    let sum = 0;
    for (let slot = 0; slot < this.#size; slot++) sum += this.#priorities[slot];
    return sum / this.#size;
  }

  /** The slot at a place; place 0 has the largest priority. */
  at(place: number): number {
    return this.#slots[place];
  }

  /** Gives a slot a priority of at least 0, kept as float32: one in use, or the next new one. */
  set(slot: number, priority: number): void {
    const isNew = slot === this.#size;
    const before = isNew ? -1 : this.#priorities[slot];
    this.#priorities[slot] = priority;
    if (isNew) {
      this.#slots[slot] = slot;
      this.#places[slot] = this.#size++;
    }
    this.#changes++;
    if (this.#priorities[slot] > before) this.#rise(slot);
    else this.#sink(slot);
  }

  /** Sorts exactly if many priorities have changed since the last time. */
  sortIfDue(): void {
    if (this.#changes >= this.#size) this.sort();
  }

  /** Puts all slots in exact order, larger priorities first, among equals the lower slot: O(n), by radix. A sorted array is a heap. */
  sort(): void {
    const size = this.#size;
    const counts = this.#counts;
    this.#scratch ??= new Int32Array(this.#capacity);
    // Floats of at least 0 are ordered as their bits are; the complement puts the largest first.
    const bits = new Uint32Array(this.#priorities.buffer);
    let from = this.#slots;
    let to = this.#scratch;
    for (let i = 0; i < size; i++) from[i] = i;
    for (let shift = 0; shift < 32; shift += 8) {
      counts.fill(0);
      for (let i = 0; i < size; i++) counts[((~bits[from[i]] >>> shift) & 255) + 1]++;
      for (let d = 0; d < 256; d++) counts[d + 1] += counts[d];
      for (let i = 0; i < size; i++) to[counts[(~bits[from[i]] >>> shift) & 255]++] = from[i];
      [from, to] = [to, from]; // four passes: the last one ends in `#slots`
    }
    for (let place = 0; place < size; place++) this.#places[this.#slots[place]] = place;
    this.#changes = 0;
  }

  /** What it holds; live views. */
  getState(): { readonly [key: string]: State } {
    const size = this.#size;
    return { changes: this.#changes, priorities: this.#priorities.subarray(0, size), slots: this.#slots.subarray(0, size) };
  }

  /**
   * Goes on from a saved state of `size` slots, or throws and changes nothing.
   * @throws DqnError `invalid-checkpoint` if the state is not sound.
   */
  setState(where: string, state: State, size: number, largest: number): void {
    const fields = readFields(where, state);
    const changes = readCount(where, fields, 'changes');
    const priorities = readArray(where, fields, 'priorities', Float32Array, size);
    const slots = readArray(where, fields, 'slots', Int32Array, size);
    const seen = new Uint8Array(size);
    for (let place = 0; place < size; place++) {
      const slot = slots[place];
      if (!(slot >= 0 && slot < size && seen[slot] === 0)) {
        throw damagedState(`${where}.slots[${place}]`, `every slot below ${size} once`, slot);
      }
      seen[slot] = 1;
      const bound = place === 0 ? largest : priorities[slots[(place - 1) >> 1]];
      if (!(priorities[slot] >= 0 && priorities[slot] <= bound)) {
        throw damagedState(`${where}.priorities[${slot}]`, `a number in [0, ${bound}]`, priorities[slot]);
      }
    }
    this.#size = size;
    this.#changes = changes;
    this.#priorities.set(priorities);
    this.#slots.set(slots);
    for (let place = 0; place < size; place++) this.#places[slots[place]] = place;
  }

  #rise(slot: number): void {
    const slots = this.#slots;
    const priority = this.#priorities[slot];
    let place = this.#places[slot];
    while (place > 0) {
      const parent = slots[(place - 1) >> 1];
      if (this.#priorities[parent] >= priority) break;
      slots[place] = parent;
      this.#places[parent] = place;
      place = (place - 1) >> 1;
    }
    slots[place] = slot;
    this.#places[slot] = place;
  }

  #sink(slot: number): void {
    const slots = this.#slots;
    const priorities = this.#priorities;
    const size = this.#size;
    const priority = priorities[slot];
    let place = this.#places[slot];
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && priorities[slots[child + 1]] > priorities[slots[child]]) child++;
      const below = slots[child];
      if (priorities[below] <= priority) break;
      slots[place] = below;
      this.#places[below] = place;
      place = child;
    }
    slots[place] = slot;
    this.#places[slot] = place;
  }
}
