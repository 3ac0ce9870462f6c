import { checkInteger } from './check.ts';
import { DqnError, describe } from './errors.ts';

/** The whole state of a {@link Random}: four unsigned 32-bit words, not all zero. Plain JSON. */
export type RandomState = readonly [number, number, number, number];

/**
 * A seeded, splittable, serialisable stream of random numbers: xoshiro128** 1.1 (Blackman and Vigna 2018, period 2¹²⁸ − 1),
 * seeded through SplitMix32. The same seed gives the same stream on every platform; streams are pinned until a major version.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /**
   * @param seed - any finite number; equal seeds give equal streams.
   * @throws DqnError `invalid-option` if the seed is not a finite number.
   */
  constructor(seed: number) {
    if (typeof seed !== 'number' || !Number.isFinite(seed)) {
      throw new DqnError({
        code: 'invalid-option',
        where: 'Random(seed)',
        expected: 'a finite number',
        received: describe(seed),
        remedy: 'Pass a whole number such as 1.',
      });
    }
    // Every bit of the seed takes part: a whole number by its two halves, any other number by the bits of its double, of
    // which the halves see only those between 2⁻³² and 2⁶⁴.
    const low = seed >>> 0;
    const high = Math.floor(seed / 2 ** 32) | 0;
    const rest = Number.isSafeInteger(seed) ? 0 : bits(seed);
    this.#seed(mix(low ^ mix(high ^ 0x9e3779b9) ^ mix(rest ^ 0x85ebca6b)));
  }

  #seed(seed: number): void {
    this.#a = mix((seed + 0x9e3779b9) | 0);
    this.#b = mix((seed + 0x3c6ef372) | 0);
    this.#c = mix((seed + 0xdaa66d2b) | 0);
    this.#d = mix((seed + 0x78dde6e4) | 0) | 1;
  }

  /** A whole number in [0, 2³²). */
  uint32(): number {
    const b = this.#b;
    let x = Math.imul(b, 5);
    x = Math.imul((x << 7) | (x >>> 25), 9);
    const t = b << 9;
    const c = this.#c ^ this.#a;
    const d = this.#d ^ b;
    this.#b = b ^ c;
    this.#a ^= d;
    this.#c = c ^ t;
    this.#d = (d << 11) | (d >>> 21);
    return x >>> 0;
  }

  /** A number in [0, 1), a multiple of 2⁻³². */
  float(): number {
    return this.uint32() * 2.3283064365386963e-10;
  }

  /** A number in [low, high); `low` where they are equal. */
  uniform(low: number, high: number): number {
    const x = low + (high - low) * this.float();
    return x < high ? x : low; // the sum may round up to `high`
  }

  /**
   * A whole number in [0, n), every one equally likely (rejection, so without modulo bias).
   * @throws DqnError `invalid-option` if n is not a whole number in [1, 2³²].
   */
  integer(n: number): number {
    if (!(n >= 1 && n <= 4294967296 && n % 1 === 0)) checkInteger('Random.integer(n)', n, { min: 1, max: 4294967296 });
    let x = this.uint32();
    // Only draws within the last n can lie above the largest multiple of n; `%` on doubles is slow, a quotient is exact here.
    if (x >= 4294967296 - n) {
      const limit = 4294967296 - (4294967296 % n);
      while (x >= limit) x = this.uint32();
    }
    return x - Math.floor(x / n) * n;
  }

  /** A draw from the standard normal distribution (Box and Muller 1958; two uniforms a draw, so that no half is kept back). */
  normal(): number {
    const u = (this.uint32() + 1) * 2.3283064365386963e-10;
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(6.283185307179586 * this.float());
  }

  /**
   * A new stream that depends on this one's state and the label alone, and leaves this one as it is: give each part of a
   * program its own label, and adding a part changes no other part's numbers.
   */
  split(label: string): Random {
    let hash = mix(this.#a ^ mix(this.#b ^ mix(this.#c ^ mix(this.#d))));
    for (let i = 0; i < label.length; i++) hash = mix(Math.imul(hash, 31) + label.charCodeAt(i));
    return new Random(hash >>> 0);
  }

  /** The state now; see {@link Random.restore}. */
  state(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  /**
   * Goes on from a saved state.
   * @throws DqnError `invalid-checkpoint` if it is not four unsigned 32-bit words, at least one of them not zero.
   */
  restore(state: unknown): void {
    const words: unknown[] = Array.isArray(state) ? Array.from(state) : []; // from: `every` skips holes
    const sound = words.length === 4 && words.every((w) => typeof w === 'number' && w === w >>> 0) && words.some((w) => w !== 0);
    if (!sound) {
      throw new DqnError({
        code: 'invalid-checkpoint',
        where: 'Random.restore(state)',
        expected: 'four unsigned 32-bit words, not all zero',
        received: describe(state),
        remedy: 'Pass what Random.state() gave.',
      });
    }
    [this.#a, this.#b, this.#c, this.#d] = words as [number, number, number, number];
  }
}

/** The finaliser of MurmurHash3: a bijection on 32 bits in which every input bit moves every output bit. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** The 64 bits of a double, mixed into 32. */
function bits(x: number): number {
  const [low, high] = new Uint32Array(new Float64Array([x]).buffer);
  return mix(low ^ mix(high ^ 0xc2b2ae35));
}
