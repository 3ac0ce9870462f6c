import { quantile } from '../common/quantile.ts';

/** Values that there is room for, and updates where those have more. */
const VALUES = 8192;
const UPDATES = 16;

/**
 * The sizes of the TD errors of many updates, in bounded memory. Where they become too many every second update is dropped, and from then on every second left out: so what is kept is
 * spread evenly over time, without a random number. Updates are kept whole, because the rows of a batch are not alike: stratified draws are in an order.
 */
export class TdErrorPool {
  #values = new Float32Array(VALUES);
  /** Where the values of each update kept end. */
  #ends: number[] = [];
  /** Updates told of. */
  #updates = 0;
  /** Of how many updates one is kept. */
  #stride = 1;
  #max = 0;

  add(tdErrors: Float32Array): void {
    for (let i = 0; i < tdErrors.length; i++) {
      const size = Math.abs(tdErrors[i]);
      if (size > this.#max) this.#max = size;
    }
    const update = this.#updates++;
    if (update % this.#stride !== 0) return;
    if (this.#values.length < UPDATES * tdErrors.length) {
      const values = new Float32Array(UPDATES * tdErrors.length);
      values.set(this.#values);
      this.#values = values;
    }
    while (this.#used + tdErrors.length > this.#values.length) {
      this.#dropHalf();
      if (update % this.#stride !== 0) return;
    }
    this.#values.set(tdErrors, this.#used);
    this.#ends.push(this.#used + tdErrors.length);
  }

  /** The quantiles at these probabilities, of what was kept, and the largest of all; then begins anew. */
  take(probabilities: readonly number[]): { readonly quantiles: readonly number[]; readonly max: number } {
    const values = this.#values.subarray(0, this.#used);
    for (let i = 0; i < values.length; i++) values[i] = Math.abs(values[i]);
    values.sort();
    const taken = { quantiles: probabilities.map((probability) => quantile(values, probability)), max: this.#max };
    this.#ends = [];
    this.#updates = this.#max = 0;
    this.#stride = 1;
    return taken;
  }

  get #used(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** Keeps the updates 0, 2, 4, … of those that are kept. */
  #dropHalf(): void {
    const ends: number[] = [];
    let used = 0;
    for (let k = 0; k < this.#ends.length; k += 2) {
      const start = k === 0 ? 0 : this.#ends[k - 1];
      this.#values.copyWithin(used, start, this.#ends[k]);
      used += this.#ends[k] - start;
      ends.push(used);
    }
    this.#ends = ends;
    this.#stride *= 2;
  }
}
