/** How often each action was taken in each state, states by their 64-bit keys: a hash table in typed arrays that grows up to a capacity. */
export class VisitCounts {
  /** A. */
  readonly actions: number;
  /** The most states it knows. */
  readonly capacity: number;
  #size = 0;
  /** Open addressing: the number of a state, or −1. A power of two, at most half full. */
  #slots = new Int32Array(64).fill(-1);
  /** Two words a state. */
  #keys = new Uint32Array(64);
  #counts: Uint32Array;

  constructor(actions: number, capacity: number) {
    this.actions = actions;
    this.capacity = capacity;
    this.#counts = new Uint32Array(32 * actions);
  }

  /** States known. */
  get size(): number {
    return this.#size;
  }

  /** `[2 · size]`: the keys of all states, in the order they came: a live view. */
  get keys(): Uint32Array {
    return this.#keys.subarray(0, 2 * this.#size);
  }

  /** `[size, A]`: a live view. */
  get counts(): Uint32Array {
    return this.#counts.subarray(0, this.actions * this.#size);
  }

  /** The number of the state with this key; a new state gets the next one, or −1 where the table is full. */
  find(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    let slot = (Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 7) & mask;
    for (;;) {
      const state = this.#slots[slot];
      if (state < 0) break;
      if (this.#keys[2 * state] === low && this.#keys[2 * state + 1] === high) return state;
      slot = (slot + 1) & mask;
    }
    if (this.#size === this.capacity) return -1;
    if (2 * (this.#size + 1) > this.#slots.length) {
      this.#grow();
      return this.find(low, high);
    }
    const state = this.#size++;
    this.#slots[slot] = state;
    this.#keys[2 * state] = low;
    this.#keys[2 * state + 1] = high;
    return state;
  }

  /** N(s, a). */
  get(state: number, action: number): number {
    return this.#counts[state * this.actions + action];
  }

  /** N(s, a) ← count. */
  set(state: number, action: number, count: number): void {
    this.#counts[state * this.actions + action] = count;
  }

  /** Doubles the table and files all states again. */
  #grow(): void {
    const { keys, counts } = this;
    const states = this.#size;
    this.#slots = new Int32Array(2 * this.#slots.length).fill(-1);
    this.#keys = new Uint32Array(this.#slots.length);
    this.#counts = new Uint32Array((this.#slots.length / 2) * this.actions);
    this.#counts.set(counts);
    this.#size = 0;
    for (let i = 0; i < states; i++) this.find(keys[2 * i], keys[2 * i + 1]);
  }
}
