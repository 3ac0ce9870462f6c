import type { Random } from '../common/random.ts';
import type { FractionSource, FractionUse } from '../heads/value-head.ts';

/** The random numbers that passes through a network take: noise and fractions. Its arrays are reused. */
export class Draws {
  readonly #random: Random;
  readonly #noisy: boolean;
  readonly #source: FractionSource | undefined;
  readonly #arrays = new Map<string, Float32Array>();

  constructor(random: Random, noisy: boolean, source: FractionSource | undefined) {
    this.#random = random;
    this.#noisy = noisy;
    this.#source = source;
  }

  /** A number to draw noise from; `undefined` without noisy layers. */
  noise(): number | undefined {
    return this.#noisy ? this.#random.uint32() : undefined;
  }

  /** Fractions for `rows` observations; `undefined` for heads that draw none. `spread` gives the same evenly spread ones at every call. */
  fractions(use: FractionUse, rows: number, spread = false): Float32Array | undefined {
    if (!this.#source) return undefined;
    const out = this.#array(`${use} ${rows}`, rows * this.#source.counts[use]);
    this.#source.draw(use, out, spread ? undefined : this.#random);
    return out;
  }

  /** Fractions for a target and for the choice of its action, side by side in each row. */
  joint(rows: number): Joint | undefined {
    if (!this.#source) return undefined;
    const { target, act } = this.#source.counts;
    const targets = this.fractions('target', rows) as Float32Array;
    const acts = this.fractions('act', rows) as Float32Array;
    const both = this.#array(`both ${rows}`, rows * (target + act));
    for (let r = 0, to = 0; r < rows; r++) {
      for (let i = 0; i < target; i++) both[to++] = targets[r * target + i];
      for (let i = 0; i < act; i++) both[to++] = acts[r * act + i];
    }
    return { target, act, targets, both };
  }

  #array(key: string, length: number): Float32Array {
    let array = this.#arrays.get(key);
    if (!array) this.#arrays.set(key, (array = new Float32Array(length)));
    return array;
  }
}

/** Fractions for two uses in one pass. */
export interface Joint {
  /** N'. */
  readonly target: number;
  /** K. */
  readonly act: number;
  /** `[R, N']`. */
  readonly targets: Float32Array;
  /** `[R, N' + K]`. */
  readonly both: Float32Array;
}
