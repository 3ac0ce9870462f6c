import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DqnError } from '../../src/common/errors.ts';
import { Random, type RandomState } from '../../src/common/random.ts';

const seedArb = fc.double({ noNaN: true, noDefaultInfinity: true });
const wordArb = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const stateArb: fc.Arbitrary<RandomState> = fc
  .tuple(wordArb, wordArb, wordArb, wordArb)
  .filter((words) => words.some((w) => w !== 0));

const draws = (random: Random, count: number) => Array.from({ length: count }, () => random.uint32());

/** xoshiro128** 1.1 as its authors published it (prng.di.unimi.it/xoshiro128starstar.c), on unbounded integers. */
function oracle(state: RandomState): () => number {
  const s = state.map(BigInt);
  const word = (x: bigint) => x & 0xffffffffn;
  const rotl = (x: bigint, k: bigint) => word(x << k) | (x >> (32n - k));
  return () => {
    const result = word(rotl(word(s[1] * 5n), 7n) * 9n);
    const t = word(s[1] << 9n);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
    return Number(result);
  };
}

/** Pearson's χ² against equal probabilities. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('Random', () => {
  it('pins its streams', () => {
    expect(draws(new Random(0), 5)).toMatchInlineSnapshot(`
      [
        2144559495,
        588619284,
        1348561571,
        92605668,
        4070371415,
      ]
    `);
    expect(draws(new Random(1), 5)).toMatchInlineSnapshot(`
      [
        334929090,
        3840927752,
        3444639936,
        1466766979,
        1282316771,
      ]
    `);
    expect(draws(new Random(-1), 5)).toMatchInlineSnapshot(`
      [
        1706124693,
        419062891,
        64911980,
        2067486699,
        1261747739,
      ]
    `);
    expect(draws(new Random(2 ** 32 + 1), 5)).toMatchInlineSnapshot(`
      [
        3325778209,
        3916643026,
        2523855364,
        2696786741,
        355761455,
      ]
    `);
    expect(draws(new Random(0.5), 5)).toMatchInlineSnapshot(`
      [
        807377571,
        4069449210,
        533628857,
        958565639,
        2468625512,
      ]
    `);
    expect(draws(new Random(1).split('replay'), 5)).toMatchInlineSnapshot(`
      [
        753226879,
        1831694036,
        3673656044,
        1302118141,
        3638577373,
      ]
    `);
    const random = new Random(1);
    expect([random.float(), random.uniform(-2, 3), random.integer(10), random.normal()]).toMatchInlineSnapshot(`
      [
        0.07798175560310483,
        2.4714284036308527,
        6,
        -0.44036896282741733,
      ]
    `);
  });

  it('is xoshiro128** 1.1', () => {
    fc.assert(
      fc.property(stateArb, (state) => {
        const random = new Random(0);
        random.restore(state);
        const next = oracle(state);
        for (let i = 0; i < 50; i++) expect(random.uint32()).toBe(next());
      }),
    );
  });

  it('gives the first numbers of the reference implementation from the state 1, 2, 3, 4', () => {
    // Made with the authors' C code; the test vector of the Rust crate rand_xoshiro.
    const random = new Random(0);
    random.restore([1, 2, 3, 4]);
    expect(draws(random, 10)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('gives equal streams to equal seeds, others to all others', () => {
    fc.assert(
      fc.property(seedArb, seedArb, (a, b) => {
        expect(new Random(a).state()).toEqual(new Random(a).state());
        if (a !== b) expect(new Random(a).state()).not.toEqual(new Random(b).state());
      }),
    );
    const close = [
      0,
      1,
      -1,
      2 ** 32,
      2 ** 33,
      2 ** 52,
      2 ** 53,
      2 ** 64,
      2 ** 65,
      2 ** 70,
      1e300,
      2e300,
      0.5,
      0.25,
      -0.5,
      2 ** -33,
      1e-20,
      1e-300,
      5e-324,
    ];
    expect(new Set(close.map((seed) => new Random(seed).state().join())).size).toBe(close.length);
    expect(new Random(-0).state()).toEqual(new Random(0).state());
  });

  it('refuses seeds that are no finite numbers', () => {
    for (const seed of [NaN, Infinity, '1', undefined, null, 1n]) {
      expect(() => new Random(seed as number)).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'Random(seed)' }));
    }
  });

  it('keeps every number within its bounds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), valuePairArb, (seed, n, [low, high]) => {
        const random = new Random(seed);
        for (let i = 0; i < 20; i++) {
          const k = random.integer(n);
          expect(Number.isInteger(k) && k >= 0 && k < n).toBe(true);
          const x = random.float();
          expect(x >= 0 && x < 1).toBe(true);
          const u = random.uniform(low, high);
          expect(u >= low && (u < high || low === high)).toBe(true);
          expect(Number.isFinite(random.normal())).toBe(true);
        }
      }),
    );
    // The sum would round up to `high` in almost half of these draws.
    const random = new Random(1);
    for (let i = 0; i < 1000; i++) expect(random.uniform(2 ** 53 - 2, 2 ** 53 - 1)).toBe(2 ** 53 - 2);
  });

  it('draws integers by rejection, as a remainder below the largest multiple', () => {
    fc.assert(
      fc.property(stateArb, fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 2 ** 30, max: 2 ** 32 })), (state, n) => {
        const random = new Random(0);
        random.restore(state);
        const next = oracle(state);
        const limit = 2 ** 32 - (2 ** 32 % n);
        for (let i = 0; i < 20; i++) {
          let x = next();
          while (x >= limit) x = next();
          expect(random.integer(n)).toBe(x % n);
        }
      }),
    );
  });

  it('rejects the largest multiple itself', () => {
    // The output is a bijection of the second word: rotl(5 b, 7) · 9. Undo it to draw a chosen number first.
    const drawing = (x: number) => {
      const y = Math.imul(x, 0x38e38e39); // 9⁻¹ mod 2³²
      const random = new Random(0);
      random.restore([1, Math.imul((y >>> 7) | (y << 25), 0xcccccccd) >>> 0, 1, 1]); // 5⁻¹
      return random;
    };
    expect(drawing(2 ** 32 - 1).uint32()).toBe(2 ** 32 - 1);
    for (const n of [3, 1000, 2 ** 31 + 1]) {
      const limit = 2 ** 32 - (2 ** 32 % n);
      expect(drawing(limit - 1).integer(n)).toBe((limit - 1) % n);
      const random = drawing(limit);
      const after = drawing(limit);
      after.uint32();
      expect(random.integer(n)).toBe(after.integer(n));
      expect(random.state()).toEqual(after.state());
    }
  });

  it('refuses bounds that have no integers', () => {
    const random = new Random(1);
    const before = random.state();
    for (const n of [0, -1, 2.5, NaN, Infinity, 2 ** 32 + 1]) {
      expect(() => random.integer(n)).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'Random.integer(n)' }));
    }
    expect(random.state()).toEqual(before);
  });

  it('draws integers uniformly', () => {
    for (const n of [2, 3, 6, 10, 100]) {
      const random = new Random(n);
      const counts = Array.from({ length: n }, () => 0);
      for (let i = 0; i < 100_000; i++) counts[random.integer(n)]++;
      // The mean of χ² is n − 1, its deviation √(2(n − 1)); five deviations up is less likely than 10⁻³ even for n = 2.
      expect(chiSquare(counts)).toBeLessThan(n - 1 + 5 * Math.sqrt(2 * (n - 1)));
    }
  });

  it('draws floats uniformly, each independent of the one before', () => {
    const random = new Random(5);
    const counts = Array.from({ length: 100 }, () => 0);
    for (let i = 0; i < 100_000; i++) counts[Math.floor(random.float() * 10) * 10 + Math.floor(random.float() * 10)]++;
    expect(chiSquare(counts)).toBeLessThan(99 + 5 * Math.sqrt(2 * 99));
  });

  it('draws normal numbers with the right moments', () => {
    const random = new Random(3);
    const moments = [0, 0, 0, 0];
    const n = 200_000;
    for (let i = 0; i < n; i++) {
      const x = random.normal();
      for (let k = 0; k < 4; k++) moments[k] += x ** (k + 1) / n;
    }
    // Standard errors: 1/√n, √2/√n, √15/√n, √96/√n.
    const bound = 4 / Math.sqrt(n);
    expect(Math.abs(moments[0])).toBeLessThan(bound);
    expect(Math.abs(moments[1] - 1)).toBeLessThan(bound * Math.sqrt(2));
    expect(Math.abs(moments[2])).toBeLessThan(bound * Math.sqrt(15));
    expect(Math.abs(moments[3] - 3)).toBeLessThan(bound * Math.sqrt(96));
  });

  it('splits into streams that depend on state and label alone and leave it as it is', () => {
    fc.assert(
      fc.property(stateArb, fc.string(), fc.string(), (state, a, b) => {
        const random = new Random(0);
        random.restore(state);
        const first = random.split(a).state();
        const other = random.split(b).state();
        expect(random.state()).toEqual(state);
        expect(random.split(a).state()).toEqual(first);
        if (a !== b) expect(other).not.toEqual(first);
        expect(first).not.toEqual(state);
        random.uint32();
        expect(random.split(a).state()).not.toEqual(first);
      }),
    );
  });

  it('splits into streams that are independent of each other and of their parent', () => {
    const parent = new Random(7);
    const streams = [parent.split('a'), parent.split('b'), parent.split('aa'), parent];
    const n = 20_000;
    const numbers = streams.map((stream) => Array.from({ length: n }, () => stream.float() - 0.5));
    for (let i = 0; i < streams.length; i++) {
      for (let j = 0; j < i; j++) {
        const correlation = (numbers[i].reduce((sum, x, k) => sum + x * numbers[j][k], 0) / n) * 12;
        expect(Math.abs(correlation)).toBeLessThan(4.5 / Math.sqrt(n));
      }
    }
  });

  it('goes on exactly from a saved state, also through JSON', () => {
    fc.assert(
      fc.property(seedArb, fc.nat(20), (seed, skip) => {
        const random = new Random(seed);
        draws(random, skip);
        const saved: unknown = JSON.parse(JSON.stringify(random.state()));
        const rest = draws(random, 10);
        const again = new Random(0);
        again.restore(saved);
        expect(draws(again, 10)).toEqual(rest);
      }),
    );
  });

  it('refuses damaged states and keeps its own', () => {
    const random = new Random(1);
    const before = random.state();
    const holes: number[] = [1];
    holes.length = 4;
    const bad = [
      null,
      1,
      'abcd',
      {},
      [],
      [1, 2, 3],
      [1, 2, 3, 4, 5],
      [0, 0, 0, 0],
      [1, 2, 3, -1],
      [1, 2, 3, 2 ** 32],
      [1, 2, 3, 0.5],
      [1, 2, 3, '4'],
      [NaN, 1, 1, 1],
      holes,
    ];
    for (const state of bad) {
      expect(() => random.restore(state)).toThrow(DqnError);
      expect(() => random.restore(state)).toThrow(expect.objectContaining({ code: 'invalid-checkpoint' }));
      expect(random.state()).toEqual(before);
    }
  });
});

const valuePairArb = fc
  .tuple(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.double({ min: -1e9, max: 1e9, noNaN: true }))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
