import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { exactBits, simHash, type StateKey } from '../../src/exploration/state-key.ts';
import { ucb } from '../../src/exploration/ucb.ts';
import { VisitCounts } from '../../src/exploration/visit-counts.ts';
import { select } from '../support/explorer-input.ts';

const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });
const keyOf = (key: StateKey, state: readonly number[]): string => {
  const out = new Uint32Array(2).fill(7);
  key.write(Float32Array.from([99, ...state]), 1, state.length, out);
  return [...out].join();
};

describe('ucb', () => {
  it('agrees with a naive table of counts', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 10, noNaN: true }), fc.boolean(), (seed, coefficient, masked) => {
        const random = new Random(seed);
        const explorer = ucb({ coefficient });
        const table = new Map<string, number[]>();
        const actions = 3;
        for (let k = 0; k < 60; k++) {
          const batch = 1 + random.integer(3);
          const observations = Float32Array.from({ length: batch * 2 }, () => random.integer(2) / 3);
          const qValues = Float32Array.from({ length: batch * actions }, () => random.integer(4));
          const masks = Uint8Array.from({ length: batch * actions }, (_, i) =>
            i % actions === k % actions ? 1 : random.integer(2),
          );
          const given = { batch, actions, qValues, observations, observationSize: 2, random };
          const chosen = select(explorer, masked ? { ...given, masks } : given);
          chosen.forEach((action, n) => {
            const name = observations.subarray(2 * n, 2 * n + 2).join();
            const counts = table.get(name) ?? [0, 0, 0];
            table.set(name, counts);
            const total = counts.reduce((a, b) => a + b, 0);
            const scores = counts.map((count, a) => {
              if (masked && masks[n * actions + a] === 0) return -Infinity;
              const q = qValues[n * actions + a];
              return count === 0 ? 1e6 + q : Math.fround(q + coefficient * Math.sqrt(Math.log(1 + total) / count));
            });
            expect(action).toBe(scores.indexOf(Math.max(...scores)));
            counts[action]++;
          });
        }
        expect(explorer.states).toBe(table.size);
      }),
    );
  });

  it('tries every possible action once first, the best first', () => {
    const explorer = ucb({ coefficient: 0 });
    const input = { batch: 1, actions: 4, qValues: Float32Array.of(1, 3, 2, 3), masks: Uint8Array.of(1, 1, 1, 0) };
    const chosen = Array.from({ length: 5 }, () => select(explorer, input)[0]);
    expect(chosen).toEqual([1, 2, 0, 1, 1]);
    expect(select(explorer, { ...input, masks: undefined })).toEqual([3]); // possible now, and never tried
  });

  it('plays the better arm of a bandit ever more often, and never stops trying the other', () => {
    const explorer = ucb({ coefficient: 1 });
    let worse = 0;
    for (let k = 1; k <= 2000; k++) {
      worse += select(explorer, { batch: 1, actions: 2, qValues: Float32Array.of(0.5, 0) })[0];
      // In balance 0.5 + √(ln t / (t − N)) = √(ln t / N), so that N is about ln t / 0.5².
      if (k >= 100) expect(worse).toBeLessThanOrEqual(4 * Math.log(1 + k) + 1);
    }
    expect(worse).toBeGreaterThan(10);
  });

  it('remembers as many states as it may, and is greedy in others', () => {
    const explorer = ucb({ coefficient: 5, capacity: 2 });
    const at = (state: number) =>
      select(explorer, { batch: 1, actions: 2, qValues: Float32Array.of(1, 0), observations: Float32Array.of(state) })[0];
    expect([at(0), at(1), at(2), at(2), at(2)]).toEqual([0, 0, 0, 0, 0]);
    expect([at(0), at(1)]).toEqual([1, 1]);
    expect(explorer.states).toBe(2);
  });

  it('refuses states of other keys, of more states than fit, with equal keys, and other numbers of actions', () => {
    const explorer = ucb({ coefficient: 1 });
    const observations = Float32Array.of(1, 2, 3);
    select(explorer, { batch: 3, actions: 2, observations });
    const saved = explorer.getState() as Record<string, never>;
    const other = expect.objectContaining({ code: 'incompatible-checkpoint' });
    expect(() => ucb({ coefficient: 1, key: simHash({ bits: 4 }) }).setState(saved)).toThrow(other);
    expect(() => ucb({ coefficient: 1, capacity: 2 }).setState(saved)).toThrow(other);
    const twice = { ...saved, keys: new Uint32Array(6) };
    expect(() => explorer.setState(twice)).toThrow(expect.objectContaining({ code: 'invalid-checkpoint' }));
    expect(() => explorer.setState({ ...saved, actions: 0, counts: new Uint32Array(0) })).toThrow(
      expect.objectContaining({ code: 'invalid-checkpoint' }),
    );
    expect(() => select(explorer, { batch: 1, actions: 3 })).toThrow(other);
    // The coefficient may differ: it is no part of the memory.
    const hotter = ucb({ coefficient: 9 });
    hotter.setState(saved);
    expect(hotter.states).toBe(3);
  });

  it('refuses options out of range, and a state without a possible action', () => {
    expect(ucb({ coefficient: 2 })).toMatchObject({ kind: 'ucb', coefficient: 2, capacity: 1_000_000, key: { kind: 'exactBits' } });
    expect(() => ucb({ coefficient: -1 })).toThrow(refused('ucb(coefficient)'));
    expect(() => ucb({ coefficient: 1, capacity: 0 })).toThrow(refused('ucb(capacity)'));
    const explorer = ucb({ coefficient: 1 });
    expect(() => select(explorer, { batch: 1, actions: 2, masks: new Uint8Array(2) })).toThrow(
      expect.objectContaining({ code: 'invalid-environment' }),
    );
    expect(explorer.states).toBe(0);
  });
});

describe('exactBits', () => {
  it('gives equal keys to equal states alone', () => {
    const states = new Map<string, string>();
    for (let x = 0; x < 40; x++) {
      for (let y = 0; y < 40; y++) {
        for (const z of [0, 1e-38, 1 / 3]) states.set(keyOf(exactBits(), [x, y, z]), `${x},${y},${z}`);
      }
    }
    expect(states.size).toBe(40 * 40 * 3);
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true }), { maxLength: 5 }),
        fc.array(fc.float({ noNaN: true }), { maxLength: 5 }),
        (a, b) => {
          const same = a.length === b.length && a.every((x, i) => x === b[i]);
          expect(keyOf(exactBits(), a) === keyOf(exactBits(), b)).toBe(same);
        },
      ),
    );
    expect(keyOf(exactBits(), [0, 1])).toBe(keyOf(exactBits(), [-0, 1]));
  });

  it('spreads both words of its keys: none of 30,000 grid states share the low 32 bits more than chance allows', () => {
    for (const word of [0, 1]) {
      const words = new Set<string>();
      for (let x = 0; x < 30_000; x++) words.add(keyOf(exactBits(), [x % 173, Math.floor(x / 173)]).split(',')[word]);
      expect(words.size).toBeGreaterThan(30_000 - 10); // by chance 0.1 collisions
    }
  });
});

describe('simHash', () => {
  it('is the signs of a seeded projection', () => {
    const random = new Random(3);
    const projection = Array.from({ length: 40 }, () => Array.from({ length: 3 }, () => random.normal()));
    const key = simHash({ bits: 40, seed: 3 });
    expect(key.kind).toBe('simHash(40 bits, seed 3)');
    fc.assert(
      fc.property(fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 3, maxLength: 3 }), (state) => {
        const words = [0, 0];
        projection.forEach((row, bit) => {
          const sum = row.reduce((total, x, i) => total + x * state[i], 0);
          if (sum >= 0) words[bit >> 5] += 2 ** (bit & 31);
        });
        expect(keyOf(key, state)).toBe(words.join());
      }),
    );
  });

  it('tells opposite directions apart and not lengths', () => {
    const key = simHash({ bits: 16 });
    expect(keyOf(key, [1, 2, 3])).toBe(keyOf(key, [2, 4, 6]));
    expect(keyOf(key, [1, 2, 3])).not.toBe(keyOf(key, [-1, -2, -3]));
    expect(keyOf(simHash({ bits: 16, seed: 5 }), [1, 2, 3])).not.toBe(keyOf(key, [1, 2, 3]));
    const first = keyOf(key, [1, 2, 3]);
    expect(keyOf(key, [1, 2, 3, 4])).toBe(keyOf(simHash({ bits: 16 }), [1, 2, 3, 4])); // another size between
    expect(keyOf(key, [1, 2, 3])).toBe(first);
  });

  it('refuses options out of range', () => {
    for (const bits of [0, 65, 1.5]) expect(() => simHash({ bits })).toThrow(refused('simHash(bits)'));
    expect(() => simHash({ bits: 3, seed: NaN })).toThrow(refused('simHash(seed)'));
  });
});

describe('VisitCounts', () => {
  it('is a map from keys to counts, whatever the keys', () => {
    const wordArb = fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(wordArb, wordArb), { minLength: 100, maxLength: 400 }), (keys) => {
        const visits = new VisitCounts(2, 250);
        const naive = new Map<string, number>();
        for (const [low, high] of keys) {
          const name = `${low},${high}`;
          const state = visits.find(low, high);
          if (!naive.has(name) && naive.size < 250) naive.set(name, naive.size);
          expect(state).toBe(naive.get(name) ?? -1);
          if (state >= 0) visits.set(state, 1, visits.get(state, 1) + 1);
        }
        expect(visits.size).toBe(naive.size);
        const times = (name: string) => keys.filter((key) => key.join() === name).length;
        for (const [name, state] of naive) expect([visits.get(state, 0), visits.get(state, 1)]).toEqual([0, times(name)]);
        expect([...visits.keys].length).toBe(2 * naive.size);
      }),
    );
  });
});
