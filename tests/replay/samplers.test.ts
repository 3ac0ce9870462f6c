import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import { combined } from '../../src/replay/combined.ts';
import { prioritized } from '../../src/replay/prioritized.ts';
import { rankPrioritized } from '../../src/replay/rank-prioritized.ts';
import { recentFirst, type RecentFirstOptions } from '../../src/replay/recent-first.ts';
import type { ReplayLayout, ReplaySpec } from '../../src/replay/replay-buffer.ts';
import type { SampleContext, Sampler } from '../../src/replay/sampler.ts';
import { sampled, type SampledSpec } from '../../src/replay/stored-replay.ts';
import { stratified } from '../../src/replay/stratified.ts';
import { uniform } from '../../src/replay/uniform.ts';
import { guarded, guardingArrays } from '../support/guarded.ts';
import { chiBound, chiSquare, fill, frequencies, saved, simple, transition, unpacked } from './support.ts';

/** A user's own: always the oldest. */
class Oldest implements Sampler {
  readonly kind = 'oldest';
  readonly seen: number[] = [];
  readonly told: [number, number][] = [];
  badId: number | undefined;
  badWeight: number | undefined;
  added(id: number): void {
    this.seen.push(id);
  }
  draw({ oldest, step }: SampleContext, ids: Float64Array, weights: Float32Array): void {
    expect([...weights]).toEqual(Array.from(weights, () => 1));
    ids.fill(this.badId ?? oldest);
    weights.fill(this.badWeight ?? step);
  }
  update(id: number, tdError: number): void {
    this.told.push([id, tdError]);
  }
  getState(): State {
    return null;
  }
  setState(): void {}
}

const kinds: Record<string, (capacity: number) => SampledSpec> = {
  uniform: (capacity) => uniform({ capacity }),
  stratified: (capacity) => stratified({ capacity }),
  recentFirst: (capacity) => recentFirst({ capacity, recency: 0.9, cycle: 7, minimum: 2 }),
  prioritized: (capacity) => prioritized({ capacity, priorityEpsilon: 0 }),
  rankPrioritized: (capacity) => rankPrioritized({ capacity }),
  'combined(uniform)': (capacity) => combined(uniform({ capacity })),
  'combined(prioritized)': (capacity) => combined(prioritized({ capacity, sampling: 'independent' })),
  'combined(recentFirst)': (capacity) => combined(recentFirst({ capacity, cycle: 3, minimum: 1 })),
};

describe.each(Object.keys(kinds))('%s', (kind) => {
  const make = kinds[kind];

  it('goes on bit for bit from a state saved at any time', () => {
    const stepArb = fc.record({
      add: fc.nat(5),
      batch: fc.integer({ min: 1, max: 12 }),
      error: fc.double({ min: -9, max: 9, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(stepArb, { minLength: 1, maxLength: 12 }),
        fc.nat(12),
        (capacity, steps, cut) => {
          const spec = make(capacity);
          const buffers = [guardingArrays(() => spec.create(simple))];
          const randoms = [new Random(5), new Random(5)];
          let added = 0;
          const take = ({ add, batch, error }: (typeof steps)[number], step: number) => {
            const batches = buffers.map((buffer, which) => {
              fill(buffer, add + 1, added);
              const drawn = buffer.sample(batch, randoms[which], step);
              drawn.ids.forEach((id, b) => {
                expect(drawn.rewards[b]).toBe(id);
                expect(id).toBeGreaterThan(added + add - capacity);
                expect(id).toBeLessThanOrEqual(added + add);
              });
              buffer.updatePriorities(
                drawn.ids,
                Float32Array.from(drawn.ids, (id) => error * Math.sin(id)),
              );
              buffer.checkInvariants();
              return unpacked(drawn);
            });
            added += add + 1;
            if (batches.length > 1) expect(batches[1]).toEqual(batches[0]);
          };
          steps.slice(0, cut).forEach(take);
          const other = make(capacity).create(simple);
          fill(other, 7); // a state replaces everything
          other.sample(3, new Random(1));
          other.setState(saved(buffers[0]));
          expect(other.getState()).toEqual(buffers[0].getState());
          buffers.push(other);
          randoms[1].restore(randoms[0].state());
          steps.slice(cut).forEach(take);
          expect(other.getState()).toEqual(buffers[0].getState());
        },
      ),
      { numRuns: 60 },
    );
  });

  it('fills the batch that it is given, and asks for nothing beyond', () => {
    for (const error of [0, 3]) {
      const sampler = make(5).sampler.create(5);
      for (let id = 0; id < 8; id++) sampler.added(id);
      for (let id = 3; id < 8; id++) sampler.update?.(id, error);
      for (const size of [1, 2, 9]) {
        const ids = new Float64Array(size).fill(-1);
        const weights = new Float32Array(size).fill(1);
        sampler.draw({ oldest: 3, size: 5, random: new Random(1), step: 0 }, guarded(ids), guarded(weights));
        for (const id of ids) expect([3, 4, 5, 6, 7]).toContain(id);
        for (const weight of weights) expect(weight > 0 && weight <= 1).toBe(true);
      }
    }
  });

  it('gives batches larger than what is held, masks, and bytes', () => {
    const layout: ReplayLayout = { observationSize: 1, observationType: 'uint8', actions: 2 };
    const buffer = make(3).create(layout);
    buffer.add(transition({ observation: Uint8Array.of(200), nextObservation: Uint8Array.of(255) }));
    let batch = buffer.sample(10, new Random(1));
    expect([...batch.observations]).toEqual(Array.from({ length: 10 }, () => 200));
    expect(batch.nextActionMasks).toBeUndefined();
    buffer.add(
      transition({ observation: Uint8Array.of(0), nextObservation: Uint8Array.of(1), nextActionMask: Uint8Array.of(0, 1) }),
    );
    batch = buffer.sample(10, new Random(1));
    batch.ids.forEach((id, b) => {
      expect(batch.nextObservations[b]).toBe(id === 0 ? 255 : 1);
      expect([...batch.nextActionMasks!.subarray(2 * b, 2 * b + 2)]).toEqual(id === 0 ? [1, 1] : [0, 1]);
      expect(batch.weights[b]).toBeGreaterThan(0);
      expect(batch.weights[b]).toBeLessThanOrEqual(1);
    });
    expect(buffer.byteLength).toBeGreaterThan(3 * 20);
  });

  it('refuses bad options, batch sizes, drawing from nothing and foreign states', () => {
    for (const capacity of [0, -1, 1.5, NaN, 2 ** 31]) {
      expect(() => make(capacity)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
    expect(() => make(2).create({ ...simple, actions: 0 })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    const buffer = make(4).create(simple);
    expect(() => buffer.sample(1, new Random(1))).toThrow(expect.objectContaining({ code: 'empty-replay' }));
    fill(buffer, 6);
    for (const size of [0, -1, 1.5, NaN]) {
      expect(() => buffer.sample(size, new Random(1))).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
    const state = saved(buffer);
    const foreign = { ...state, sampler: { strange: 1 } };
    for (const bad of [null, 3, [], { ...state, added: -1 }, { ...state, rewards: null }, foreign] as State[]) {
      expect(() => buffer.setState(bad)).toThrow(expect.objectContaining({ code: 'invalid-checkpoint' }));
      expect(buffer.getState()).toEqual(state);
    }
    for (const other of Object.keys(kinds)) {
      if (other === kind) continue;
      const foreigner = kinds[other](4).create(simple);
      expect(() => foreigner.setState(state)).toThrow(expect.objectContaining({ code: 'incompatible-checkpoint' }));
    }
    expect(make(4)).toMatchObject({ kind, capacity: 4 });
    expectTypeOf(make(4)).toExtend<ReplaySpec>();
  });
});

describe('sampled', () => {
  it('lets a sampler of the user draw', () => {
    const sampler = new Oldest();
    const spec = sampled({ capacity: 3, sampler: { kind: 'oldest', create: () => sampler } });
    expect(spec).toMatchObject({ kind: 'oldest', capacity: 3 });
    const buffer = spec.create(simple);
    fill(buffer, 5);
    expect(sampler.seen).toEqual([0, 1, 2, 3, 4]);
    const batch = buffer.sample(2, new Random(1), 3);
    expect(unpacked(batch)).toMatchObject({ ids: [2, 2], weights: [3, 3], rewards: [2, 2] });
    buffer.sample(2, new Random(1), 4); // the weights are ones again on entry
    buffer.updatePriorities(Float64Array.of(1, 2, 4), Float32Array.of(7, 8, 9));
    expect(sampler.told).toEqual([
      [2, 8],
      [4, 9],
    ]);
    expect(buffer.getState()).not.toHaveProperty('sampler');
    for (const id of [1, 5, 2.5, NaN]) {
      sampler.badId = id;
      expect(() => buffer.sample(2, new Random(1))).toThrow(expect.objectContaining({ where: 'Sampler.draw(ids) of oldest' }));
    }
    sampler.badId = undefined;
    for (const weight of [-1, NaN, Infinity]) {
      sampler.badWeight = weight;
      expect(() => buffer.sample(2, new Random(1))).toThrow(expect.objectContaining({ where: 'Sampler.draw(weights) of oldest' }));
    }
    for (const bad of [undefined, null, {}, { kind: 'x' }, { create: () => sampler }]) {
      expect(() => sampled({ capacity: 3, sampler: bad as never })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
  });
});

describe('combined', () => {
  it('holds the latest transition first, with weight 1, and the rest as the inner buffer draws them', () => {
    for (const inner of ['uniform', 'stratified', 'prioritized', 'rankPrioritized', 'recentFirst']) {
      const buffer = combined(kinds[inner](9)).create(simple);
      const plain = kinds[inner](9).create(simple);
      for (let added = 0; added < 25; added++) {
        for (const each of [buffer, plain]) fill(each, 1, added);
        const size = 1 + (added % 5);
        const batch = buffer.sample(size, new Random(added), added);
        expect(batch.ids[0]).toBe(added);
        expect(batch.weights[0]).toBe(1);
        expect(batch.rewards[0]).toBe(added);
        if (size > 1) {
          const rest = plain.sample(size - 1, new Random(added), added);
          expect([...batch.ids.subarray(1)]).toEqual([...rest.ids]);
          expect([...batch.weights.subarray(1)]).toEqual([...rest.weights]);
        }
        const errors = Float32Array.from(batch.ids, (id) => id % 4);
        for (const each of [buffer, plain]) each.updatePriorities(batch.ids, errors);
        expect(buffer.priorities).toEqual(plain.priorities);
      }
      expect(buffer.priorities !== undefined).toBe(/prioritized/i.test(inner));
    }
    for (const bad of [undefined, null, {}, { kind: 'uniform', capacity: 3, create: () => null }]) {
      expect(() => combined(bad as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
  });
});

describe('stratified', () => {
  it('draws one of each stratum by age, all equally often', () => {
    const buffer = stratified({ capacity: 30 }).create(simple);
    fill(buffer, 77);
    const random = new Random(1);
    for (let i = 0; i < 100; i++) {
      buffer.sample(10, random).ids.forEach((id, b) => expect(Math.floor((id - 47) / 3)).toBe(b));
    }
    const counts = frequencies(buffer, 47, 2000, 7, 3); // strata that cut through transitions
    expect(
      chiSquare(
        counts,
        counts.map(() => 14_000 / 30),
      ),
    ).toBeLessThan(chiBound(30));
  });
});

describe('recentFirst', () => {
  it('draws uniformly from ranges that shrink over the cycle as the equation says', () => {
    const buffer = recentFirst({ capacity: 100, recency: 0.99, cycle: 4, minimum: 3 }).create(simple);
    fill(buffer, 150);
    // c_k = max(100 · 0.99^(250 k), 3)
    const ranges = [8, 3, 3, 3];
    const random = new Random(1);
    for (let i = 0; i < 40; i++) {
      const { ids, weights } = buffer.sample(200, random);
      expect(149 - Math.min(...ids) + 1).toBe(ranges[i % 4]);
      expect(new Set(ids).size).toBe(ranges[i % 4]);
      expect([...weights]).toEqual(Array.from(weights, () => 1));
    }
    const small = recentFirst({ capacity: 100 }).create(simple); // c_min above what is held
    fill(small, 20);
    const counts = frequencies(small, 0, 500, 20, 1);
    expect(
      chiSquare(
        counts,
        counts.map(() => 500),
      ),
    ).toBeLessThan(chiBound(20));
  });

  it('has the defaults that it says', () => {
    const draw = (options: Partial<RecentFirstOptions>) => {
      const sampler = recentFirst({ capacity: 1e6, ...options }).sampler.create(1e6);
      const random = new Random(1);
      return Array.from({ length: 1001 }, () => {
        const ids = new Float64Array(2);
        sampler.draw({ oldest: 0, size: 1e6, random, step: 0 }, ids, new Float32Array(2));
        return [...ids];
      });
    };
    expect(draw({})).toEqual(draw({ recency: 0.996, cycle: 1000, minimum: 5000 }));
  });

  it('draws from all in a cycle of one batch', () => {
    const buffer = recentFirst({ capacity: 20, recency: 1, cycle: 1, minimum: 1 }).create(simple);
    fill(buffer, 20);
    expect(new Set(buffer.sample(400, new Random(1)).ids).size).toBe(20);
  });

  it('refuses options outside their ranges, and states of another cycle', () => {
    for (const changes of [
      { recency: 0 },
      { recency: 1.1 },
      { recency: NaN },
      { cycle: 0 },
      { cycle: 1.5 },
      { minimum: 0 },
      { eta: 0.9 },
    ]) {
      expect(() => recentFirst({ capacity: 5, ...changes })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
    const buffer = recentFirst({ capacity: 5, cycle: 4 }).create(simple);
    const state = saved(buffer);
    for (const drawn of [-1, 4, 0.5, '1']) {
      expect(() => buffer.setState({ ...state, sampler: { cycle: 4, drawn } })).toThrow(
        expect.objectContaining({ code: 'invalid-checkpoint' }),
      );
    }
    expect(() => buffer.setState({ ...state, sampler: { cycle: 5, drawn: 0 } })).toThrow(
      expect.objectContaining({ code: 'incompatible-checkpoint' }),
    );
  });
});
