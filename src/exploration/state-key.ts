import { checkInteger, checkNumber } from '../common/check.ts';
import { Random } from '../common/random.ts';

/** Says which states count as the same. */
export interface StateKey {
  /** What tells keys apart in a saved memory, options included: `exactBits`, `simHash(16 bits, seed 1)`. */
  readonly kind: string;
  /** Writes the 64-bit key of the state `observations[offset … offset + size − 1]` into `out`, as two words. Pure: equal states get equal keys. */
  write(observations: Float32Array, offset: number, size: number, out: Uint32Array): void;
}

/**
 * Only states that are equal number by number (−0 equals 0) are the same: for small discrete worlds. The key is a 64-bit hash of all bits, so that two of
 * n different states share one with probability below n² / 2⁶⁵: 3 · 10⁻⁸ for a million.
 */
export function exactBits(): StateKey {
  const number = new Float32Array(1);
  const word = new Uint32Array(number.buffer);
  return Object.freeze({
    kind: 'exactBits',
    write(observations: Float32Array, offset: number, size: number, out: Uint32Array): void {
      // Two streams of MurmurHash3 (32 bits) with different seeds and multipliers.
      let low = size | 0;
      let high = ~size;
      for (let i = offset; i < offset + size; i++) {
        number[0] = observations[i] + 0;
        const bits = word[0];
        low = mixIn(low, bits, 0xcc9e2d51, 0x1b873593);
        high = mixIn(high, bits, 0x239b961b, 0xab0e9789);
      }
      out[0] = finish(low);
      out[1] = finish(high ^ Math.imul(low, 0x9e3779b1));
    },
  });
}

/** What {@link simHash} takes. */
export interface SimHashOptions {
  /** k in 1 … 64: how many bits, so that at most 2ᵏ states are told apart. */
  readonly bits: number;
  /** Draws the projection. Default 0. */
  readonly seed?: number;
}

/**
 * Similar states are the same: `φ(s) = sgn(A s) ∈ {−1, 1}ᵏ` with A `[k, D]` of standard normal numbers (Charikar 2002; Tang et al. 2017, algorithm 1), for
 * continuous observations. The angle between states decides alone, so centre them around 0.
 * @throws DqnError `invalid-option` if `bits` is not a whole number in 1 … 64 or the seed not a finite number.
 */
export function simHash({ bits, seed = 0 }: SimHashOptions): StateKey {
  checkInteger('simHash(bits)', bits, { min: 1, max: 64 });
  checkNumber('simHash(seed)', seed);
  let columns = -1;
  let projection = new Float64Array(0);
  return Object.freeze({
    kind: `simHash(${bits} bits, seed ${seed})`,
    write(observations: Float32Array, offset: number, size: number, out: Uint32Array): void {
      if (size !== columns) {
        const random = new Random(seed);
        columns = size;
        projection = Float64Array.from({ length: bits * size }, () => random.normal());
      }
      out[0] = 0;
      out[1] = 0;
      for (let bit = 0; bit < bits; bit++) {
        let sum = 0;
        for (let i = 0; i < size; i++) sum += projection[bit * size + i] * observations[offset + i];
        if (sum >= 0) out[bit >> 5] |= 1 << (bit & 31);
      }
    },
  });
}

function mixIn(hash: number, word: number, first: number, second: number): number {
  const k = Math.imul(word, first);
  const mixed = hash ^ Math.imul((k << 15) | (k >>> 17), second);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** The finaliser of MurmurHash3. */
function finish(hash: number): number {
  let x = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
