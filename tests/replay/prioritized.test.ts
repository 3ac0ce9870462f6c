import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { fineUniform } from '../../src/replay/proportional.ts';
import { linear } from '../../src/common/schedules.ts';
import type { State } from '../../src/common/state.ts';
import { prioritized, type PrioritizedOptions } from '../../src/replay/prioritized.ts';
import { RankHeap } from '../../src/replay/rank-heap.ts';
import { rankPrioritized } from '../../src/replay/rank-prioritized.ts';
import type { ReplayBuffer } from '../../src/replay/replay-buffer.ts';
import { chiBound, chiSquare, type Fields, fill, frequencies, saved, scan, simple, transition, unpacked } from './support.ts';

/** Sets the priorities of the transitions from `oldest` on. */
function prioritize(buffer: ReplayBuffer, oldest: number, errors: readonly number[]): void {
  buffer.updatePriorities?.(
    Float64Array.from(errors, (_, i) => oldest + i),
    Float32Array.from(errors),
  );
}

/** `p^α` of what is held, oldest first. */
const values = (buffer: ReplayBuffer) => [...((saved(buffer).sampler as Fields).values as Float64Array)];

interface Model {
  added: number;
  largest: number;
  /** By age. */
  priorities: number[];
}

describe('prioritized', () => {
  it('does what a list with a linear scan does, under any commands', () => {
    const capacityArb = fc.constantFrom(1, 2, 5, 16, 17, 40);
    const operationArb = fc.oneof(
      { weight: 5, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 7 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          sample: fc.integer({ min: 1, max: 9 }),
          seed: fc.integer(),
          errors: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 9, maxLength: 9 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ ids: fc.array(fc.tuple(fc.nat(60), fc.integer({ min: -9, max: 9 })), { maxLength: 9 }) }),
      },
      { weight: 1, arbitrary: fc.constant('restore' as const) },
    );
    fc.assert(
      fc.property(
        capacityArb,
        fc.constantFrom('stratified' as const, 'independent' as const),
        fc.array(operationArb, { maxLength: 40 }),
        (capacity, sampling, operations) => {
          // α = 1, ε = 0 and whole errors: all sums are exact, so that the draws must be the same ones.
          const spec = prioritized({ capacity, priorityExponent: 1, priorityEpsilon: 0, importanceExponent: 0.5, sampling });
          let buffer = spec.create(simple);
          const model: Model = { added: 0, largest: 1, priorities: [] };
          const update = (ids: readonly number[], errors: readonly number[]) => {
            buffer.updatePriorities(Float64Array.from(ids), Float32Array.from(errors));
            const oldest = model.added - model.priorities.length;
            ids.forEach((id, i) => {
              if (id < oldest) return;
              model.priorities[id - oldest] = Math.abs(errors[i]);
              model.largest = Math.max(model.largest, Math.abs(errors[i]));
            });
          };
          for (const operation of operations) {
            const oldest = model.added - model.priorities.length;
            if (operation === 'restore') {
              const state = saved(buffer);
              buffer = spec.create(simple);
              buffer.setState(state);
              expect(buffer.getState()).toEqual(state);
            } else if ('add' in operation) {
              fill(buffer, operation.add, model.added);
              model.added += operation.add;
              for (let i = 0; i < operation.add; i++) model.priorities.push(model.largest);
              model.priorities = model.priorities.slice(-capacity);
            } else if ('ids' in operation) {
              const known = operation.ids.filter(([id]) => id < model.added);
              update(
                known.map(([id]) => id),
                known.map(([, error]) => error),
              );
            } else if (model.added > 0) {
              const { ids, weights, rewards } = buffer.sample(operation.sample, new Random(operation.seed));
              const random = new Random(operation.seed);
              const zero = model.priorities.every((p) => p === 0);
              // The tree is searched by slots, not by ages.
              const bySlot = Array.from(
                { length: capacity },
                (_, slot) => model.priorities[(slot - oldest + 200 * capacity) % capacity] ?? 0,
              );
              const ages = zero
                ? Array.from(ids, () => random.integer(model.priorities.length))
                : scan(bySlot, ids.length, random, sampling === 'stratified').map(
                    (slot) => (slot - oldest + 200 * capacity) % capacity,
                  );
              expect([...ids]).toEqual(ages.map((age) => oldest + age));
              expect([...rewards]).toEqual([...ids]);
              const smallest = Math.min(...ages.map((age) => model.priorities[age]));
              ages.forEach((age, b) => expect(weights[b]).toBeCloseTo(zero ? 1 : (smallest / model.priorities[age]) ** 0.5, 6));
              update([...ids], operation.errors.slice(0, ids.length));
            }
            expect(values(buffer)).toEqual(model.priorities);
            const { length } = model.priorities;
            const sum = model.priorities.reduce((total, p) => total + p, 0);
            expect(buffer.priorities).toEqual(length === 0 ? undefined : { mean: sum / length, max: model.largest });
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('draws with the probabilities p^α / Σ p^α', () => {
    for (const sampling of ['stratified', 'independent'] as const) {
      for (let seed = 0; seed < 5; seed++) {
        const buffer = prioritized({ capacity: 20, priorityExponent: 0.7, sampling }).create(simple);
        fill(buffer, 33);
        const random = new Random(seed);
        const errors = Array.from({ length: 20 }, (_, i) => (i === 7 ? 0 : random.normal() * 10 ** random.uniform(-1, 1)));
        prioritize(buffer, 13, errors);
        const powers = errors.map((error) => (Math.abs(Math.fround(error)) + 1e-6) ** 0.7);
        const total = powers.reduce((sum, power) => sum + power, 0);
        const expected = powers.map((power) => (30_000 * power) / total);
        const counts = frequencies(buffer, 13, 2000, 15, seed);
        // The rare one is left out of the statistic, which needs some counts.
        const often = expected.map((_, i) => i).filter((i) => expected[i] >= 5);
        expect(often.length).toBeGreaterThan(10);
        expect(
          chiSquare(
            often.map((i) => counts[i]),
            often.map((i) => expected[i]),
          ),
        ).toBeLessThan(chiBound(often.length));
      }
    }
  });

  it('is uniform where α is 0 or all priorities are', () => {
    for (const [priorityExponent, errors] of [
      [0, [0, 9, 1]],
      [1, [0, 0, 0]],
    ] as const) {
      const buffer = prioritized({ capacity: 3, priorityExponent, priorityEpsilon: 0, importanceExponent: 1 }).create(simple);
      fill(buffer, 3);
      prioritize(buffer, 0, errors);
      const { ids, weights } = buffer.sample(300, new Random(1));
      expect(
        chiSquare(
          [0, 1, 2].map((id) => ids.filter((drawn) => drawn === id).length),
          [100, 100, 100],
        ),
      ).toBeLessThan(chiBound(3));
      expect(weights.every((weight) => weight === 1)).toBe(true);
    }
  });

  it('takes one from each of B equal parts where stratified', () => {
    const buffer = prioritized({ capacity: 8, priorityExponent: 1, priorityEpsilon: 0 }).create(simple);
    fill(buffer, 8);
    for (let i = 0; i < 20; i++) expect([...buffer.sample(8, new Random(i)).ids]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    prioritize(buffer, 0, [4, 1, 1, 1, 1, 0, 0, 0]);
    for (let i = 0; i < 20; i++) expect([...buffer.sample(8, new Random(i)).ids]).toEqual([0, 0, 0, 0, 1, 2, 3, 4]);
  });

  it('undoes the bias of its probabilities wholly where β is 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0.05, max: 3, noNaN: true }), fc.double({ min: -9, max: 9, noNaN: true })), {
          minLength: 2,
          maxLength: 12,
        }),
        (items) => {
          const buffer = prioritized({ capacity: items.length, importanceExponent: 1 }).create(simple);
          fill(buffer, items.length);
          prioritize(
            buffer,
            0,
            items.map(([error]) => error),
          );
          const { ids, weights } = buffer.sample(4000, new Random(1));
          const weightOf = new Map(Array.from(ids, (id, b) => [id, weights[b]]));
          expect(weightOf.size).toBe(items.length);
          expect(Math.max(...weights)).toBe(1);
          const powers = values(buffer);
          const total = powers.reduce((sum, power) => sum + power, 0);
          const gradient = items.reduce((sum, [, g], i) => sum + (powers[i] / total) * weightOf.get(i)! * g, 0);
          // E[w g] = Σ P_i w_i g_i = (1 / max_j w_j) · mean(g), where max_j (N P_j)^−1 belongs to the smallest probability.
          const mean = items.reduce((sum, [, g]) => sum + g, 0) / items.length;
          const scale = (items.length * Math.min(...powers)) / total;
          expect(gradient).toBeCloseTo(scale * mean, 5);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('gives the weights of the definition, by the clock of the steps, β clamped to [0, 1]', () => {
    const buffer = prioritized({ capacity: 6, importanceExponent: linear(0.4, 1, 100) }).create(simple);
    fill(buffer, 6);
    prioritize(buffer, 0, [0.1, 0.5, 1, 2, 4, 8]);
    const powers = values(buffer);
    const total = powers.reduce((sum, power) => sum + power, 0);
    for (const [step, beta] of [
      [0, 0.4],
      [50, 0.7],
      [100, 1],
      [1e9, 1],
    ]) {
      const { ids, weights } = buffer.sample(10, new Random(3), step);
      const raw = Array.from(ids, (id) => (6 * (powers[id] / total)) ** -beta);
      raw.forEach((weight, b) => expect(weights[b]).toBeCloseTo(weight / Math.max(...raw), 6));
    }
    expect([...buffer.sample(10, new Random(3)).weights]).toEqual([...buffer.sample(10, new Random(3), 0).weights]);
    const at = (value: number) => prioritized({ capacity: 6, importanceExponent: { kind: 'odd', at: () => value } }).create(simple);
    for (const [value, same] of [
      [7, 1],
      [Infinity, 1],
      [-3, 0],
      [-0.5, 0],
      [-Infinity, 0],
    ]) {
      const [odd, plain] = [at(value), prioritized({ capacity: 6, importanceExponent: same }).create(simple)];
      for (const each of [odd, plain]) {
        fill(each, 6);
        prioritize(each, 0, [1, 2, 3, 4, 5, 6]);
      }
      expect(unpacked(odd.sample(9, new Random(1)))).toEqual(unpacked(plain.sample(9, new Random(1))));
    }
    const odd = at(NaN);
    fill(odd, 1);
    expect(() => odd.sample(1, new Random(1))).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });

  it('adds new transitions at the largest priority seen, also after that one is gone', () => {
    const buffer = prioritized({ capacity: 3, priorityExponent: 0.5, priorityEpsilon: 0.25 }).create(simple);
    fill(buffer, 2);
    expect(values(buffer)).toEqual([1, 1]);
    prioritize(buffer, 0, [-8.75, 0]);
    expect(values(buffer)).toEqual([3, 0.5]);
    fill(buffer, 2, 2);
    expect(values(buffer)).toEqual([0.5, 3, 3]);
    prioritize(buffer, 1, [0, 0, 0]);
    fill(buffer, 1, 4);
    expect(values(buffer)).toEqual([0.5, 0.5, 3]);
  });

  it('leaves alone what has been overwritten, and lets the last of duplicates count', () => {
    const buffer = prioritized({ capacity: 4 }).create(simple);
    fill(buffer, 4);
    const { ids } = buffer.sample(4, new Random(1));
    const old = ids.slice();
    fill(buffer, 4, 4);
    const before = saved(buffer);
    buffer.updatePriorities(old, Float32Array.of(9, 9, 9, 9));
    expect(buffer.getState()).toEqual(before);
    buffer.updatePriorities(Float64Array.of(5, 3, 5), Float32Array.of(100, 100, 0.5));
    expect(values(buffer).map((value) => Math.round(value * 1e4))).toEqual([10000, 6598, 10000, 10000]);
  });

  it('refuses bad updates, wholly', () => {
    const buffer = prioritized({ capacity: 4 }).create(simple);
    fill(buffer, 6);
    const before = saved(buffer);
    const cases: [number[], number[], string][] = [
      [[3, 4], [1, NaN], 'tdErrors[1]'],
      [[3, 4], [Infinity, 1], 'tdErrors[0]'],
      [[3, 4], [1], 'tdErrors'],
      [[3], [1, 2], 'tdErrors'],
      [[3, 6], [1, 1], 'ids[1]'],
      [[3, -1], [1, 1], 'ids[1]'],
      [[3, 3.5], [1, 1], 'ids[1]'],
      [[NaN, 3], [1, 1], 'ids[0]'],
    ];
    for (const [ids, errors, where] of cases) {
      expect(() => buffer.updatePriorities(Float64Array.from(ids), Float32Array.from(errors))).toThrow(
        expect.objectContaining({ code: 'invalid-option', where: `ReplayBuffer.updatePriorities(${where})` }),
      );
      expect(buffer.getState()).toEqual(before);
    }
  });

  it('refuses options outside their ranges', () => {
    const bad: object[] = [
      { capacity: 0 },
      { capacity: 2 ** 31 },
      { priorityExponent: -0.1 },
      { priorityExponent: 1.1 },
      { priorityExponent: NaN },
      { importanceExponent: 1.1 },
      { importanceExponent: -0.1 },
      { importanceExponent: 'x' },
      { importanceExponent: { kind: 'x' } },
      { priorityEpsilon: -1e-9 },
      { priorityEpsilon: Infinity },
      { sampling: 'systematic' },
      { sampling: null },
      { alpha: 0.6 },
    ];
    for (const changes of bad) {
      const options = { capacity: 5, ...changes } as PrioritizedOptions;
      expect(() => prioritized(options), JSON.stringify(changes)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
      if (!('priorityEpsilon' in changes)) {
        expect(() => rankPrioritized(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
      }
    }
    expect(() => rankPrioritized({ capacity: 5, priorityEpsilon: 0.1 } as never)).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    );
    expect(prioritized({ capacity: 5, priorityExponent: undefined })).toMatchObject({ kind: 'prioritized', capacity: 5 });
  });

  it('refuses damaged states and keeps its own', () => {
    const make = (changes: Partial<PrioritizedOptions> = {}) => prioritized({ capacity: 4, ...changes }).create(simple);
    const source = make();
    fill(source, 6);
    prioritize(source, 2, [1, 2, 3, 4]);
    const state = saved(source);
    const sampler = state.sampler as Fields;
    const target = make();
    fill(target, 3);
    const before = saved(target);
    const refuse = (bad: State, code = 'invalid-checkpoint') => {
      expect(() => target.setState(bad)).toThrow(expect.objectContaining({ code }));
      expect(target.getState()).toEqual(before);
    };
    const { values: kept } = sampler;
    for (const damage of [
      null,
      { ...sampler, values: null },
      { ...sampler, values: (kept as Float64Array).slice(1) },
      { ...sampler, values: Float64Array.of(1, NaN, 1, 1) },
      { ...sampler, values: Float64Array.of(1, -1, 1, 1) },
      { ...sampler, values: Float64Array.of(1, 1, 1, Infinity) },
      { ...sampler, largest: 0.5 },
      { ...sampler, largest: NaN },
      { ...sampler, largest: Infinity },
      { ...sampler, largest: '3' },
    ]) {
      refuse({ ...state, sampler: damage } as State);
    }
    refuse({ ...state, rewards: Float32Array.of(1, 2, 3, NaN) });
    refuse({ ...state, sampler: { ...sampler, priorityExponent: 0.5 } }, 'incompatible-checkpoint');
    refuse({ ...state, sampler: { ...sampler, priorityEpsilon: 0.5 } }, 'incompatible-checkpoint');
    refuse({ ...state, kind: 'uniform' }, 'incompatible-checkpoint');
    target.setState(state);
    expect(target.getState()).toEqual(state);
  });
});

describe('fineUniform', () => {
  it('is made of 27 and 26 bits of two draws, exactly', () => {
    const draws = (...words: number[]) => fineUniform({ uint32: () => words.shift() } as unknown as Random);
    for (const [first, second] of [
      [0, 0],
      [31, 63],
      [32, 64],
      [0xffffffff, 0xffffffff],
      [0x80000000, 0x12345678],
      [0x12345678, 0x80000040],
    ]) {
      const exact = (BigInt(first >>> 5) << 26n) + BigInt(second >>> 6);
      expect(draws(first, second) * 2 ** 53).toBe(Number(exact));
    }
    expect(draws(0xffffffff, 0xffffffff)).toBe(1 - 2 ** -53);
  });
});

describe.each([
  ['prioritized', prioritized({ capacity: 20 })],
  ['rankPrioritized', rankPrioritized({ capacity: 20 })],
])('the sampler of %s', (_name, { sampler }) => {
  it('goes on from a state alike whether it was used before or not', () => {
    const used = (count: number) => {
      const made = sampler.create(20);
      for (let id = 0; id < count; id++) made.added(id);
      for (let id = Math.max(0, count - 20); id < count; id++) made.update?.(id, (id * 7) % 5);
      return made;
    };
    const state = structuredClone(used(9).getState());
    const draw = (target: ReturnType<typeof used>) => {
      target.setState(state, { oldest: 0, size: 9 });
      for (let id = 9; id < 12; id++) target.added(id);
      const ids = new Float64Array(50);
      const weights = new Float32Array(50).fill(1);
      target.draw({ oldest: 0, size: 12, random: new Random(3), step: 0 }, ids, weights);
      return [ids, weights];
    };
    expect(draw(used(35))).toEqual(draw(used(0)));
  });
});

describe('rankPrioritized', () => {
  const priorities = (heap: RankHeap) => {
    const { priorities: bySlot } = heap.getState() as { priorities: Float32Array };
    return Array.from({ length: heap.size }, (_, place) => bySlot[heap.at(place)]);
  };

  it('keeps a heap under any changes, and sorts it exactly', () => {
    const changeArb = fc.tuple(fc.nat(39), fc.oneof(fc.nat(5), fc.constantFrom(0, 2 ** -149, 1e-3, 0.5, 3e38)));
    fc.assert(
      fc.property(fc.array(changeArb, { minLength: 1, maxLength: 120 }), (changes) => {
        const heap = new RankHeap(40);
        const kept: number[] = [];
        for (const [at, priority] of changes) {
          const slot = Math.min(at, kept.length);
          heap.set(slot, priority);
          kept[slot] = Math.fround(priority);
          expect(heap.size).toBe(kept.length);
          expect(kept[heap.at(0)]).toBe(Math.max(...kept));
          new RankHeap(40).setState('heap', heap.getState(), kept.length, Infinity); // refuses what is no heap
          expect(priorities(heap).sort((a, b) => b - a)).toEqual([...kept].sort((a, b) => b - a));
        }
        heap.sort();
        const order = kept.map((_, slot) => slot).sort((a, b) => kept[b] - kept[a] || a - b);
        expect(order.map((_, place) => heap.at(place))).toEqual(order);
        new RankHeap(40).setState('heap', heap.getState(), kept.length, Infinity);
      }),
    );
  });

  it('tells the mean and the largest priority as a list with a linear scan does', () => {
    const errorArb = fc.tuple(fc.nat(14), fc.double({ min: -9, max: 9, noNaN: true }));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('add' as const), errorArb), { maxLength: 60 }), (operations) => {
        const buffer = rankPrioritized({ capacity: 7 }).create(simple);
        const list: number[] = [];
        let largest = 1;
        for (const operation of operations) {
          if (operation === 'add') {
            fill(buffer, 1, list.length);
            list.push(largest);
          } else if (operation[0] < list.length) {
            const [id, error] = operation;
            prioritize(buffer, id, [error]);
            if (id < list.length - 7) continue;
            list[id] = Math.abs(Math.fround(error));
            largest = Math.max(largest, list[id]);
          }
          const held = list.slice(-7);
          if (held.length === 0) expect(buffer.priorities).toBeUndefined();
          else {
            const mean = held.reduce((sum, p) => sum + p, 0) / held.length;
            expect(buffer.priorities).toEqual({ mean: expect.closeTo(mean, 12), max: largest });
          }
        }
      }),
    );
  });

  it('draws with the probabilities of the ranks', () => {
    for (const sampling of ['stratified', 'independent'] as const) {
      for (let seed = 0; seed < 5; seed++) {
        const buffer = rankPrioritized({ capacity: 25, sampling }).create(simple);
        fill(buffer, 40);
        const random = new Random(seed);
        const errors = Array.from({ length: 25 }, () => random.normal());
        prioritize(buffer, 15, errors); // as many changes as transitions: sorted before the next draw
        const order = errors.map((_, i) => i).sort((a, b) => Math.abs(errors[b]) - Math.abs(errors[a]));
        const total = order.reduce((sum, _, place) => sum + (place + 1) ** -0.7, 0);
        const counts = frequencies(buffer, 15, 1500, 12, seed);
        expect(
          chiSquare(
            order.map((i) => counts[i]),
            order.map((_, place) => (18_000 * (place + 1) ** -0.7) / total),
          ),
        ).toBeLessThan(chiBound(25));
      }
    }
  });

  it('gives a mass that is exactly a sum to the place after it', () => {
    const sampler = rankPrioritized({ capacity: 4, priorityExponent: 0 }).sampler.create(4);
    for (let id = 0; id < 4; id++) sampler.added(id);
    const ids = new Float64Array(4);
    // Row b asks for b, of the sums 1, 2, 3 and 4.
    sampler.draw({ oldest: 0, size: 4, random: { uint32: () => 0 } as unknown as Random, step: 0 }, ids, new Float32Array(4));
    expect([...ids]).toEqual([0, 1, 2, 3]);
  });

  it('gives the weights of the definition', () => {
    const buffer = rankPrioritized({ capacity: 9, importanceExponent: 0.8, priorityExponent: 0.5 }).create(simple);
    fill(buffer, 5);
    prioritize(buffer, 0, [5, -1, 3, 2, -4]);
    const rank = [1, 5, 3, 4, 2];
    const total = rank.reduce((sum, r) => sum + r ** -0.5, 0);
    const { ids, weights } = buffer.sample(7, new Random(2));
    const raw = Array.from(ids, (id) => (5 * (rank[id] ** -0.5 / total)) ** -0.8);
    raw.forEach((weight, b) => expect(weights[b]).toBeCloseTo(weight / Math.max(...raw), 6));
  });

  it('leaves alone what has been overwritten, and adds at the largest priority', () => {
    const buffer = rankPrioritized({ capacity: 4 }).create(simple);
    fill(buffer, 4);
    prioritize(buffer, 0, [1, 7, 3, 4]);
    fill(buffer, 3, 4);
    const before = saved(buffer);
    expect((before.sampler as Fields).priorities).toEqual(Float32Array.of(7, 7, 7, 4));
    prioritize(buffer, 0, [9, 9, 9]);
    expect(buffer.getState()).toEqual(before);
  });

  it('refuses damaged states and keeps its own', () => {
    const source = rankPrioritized({ capacity: 4 }).create(simple);
    fill(source, 6);
    prioritize(source, 2, [1, 7, 3, 4]);
    const state = saved(source);
    const sampler = state.sampler as Fields;
    const target = rankPrioritized({ capacity: 4 }).create(simple);
    fill(target, 3);
    const before = saved(target);
    for (const [key, value] of [
      ['largest', 0.5],
      ['largest', NaN],
      ['largest', 0.1 + 1],
      ['changes', -1],
      ['slots', Int32Array.of(0, 0, 1, 2)],
      ['slots', (sampler.slots as Int32Array).with(3, (sampler.slots as Int32Array)[2])],
      ['slots', Int32Array.of(0, 1, 2, 4)],
      ['slots', new Int32Array(3)],
      ['slots', Int32Array.of(0, 1, 2, 3)],
      ['priorities', Float32Array.of(1, 1, 1, 8)],
      ['priorities', Float32Array.of(NaN, 1, 1, 1)],
      ['priorities', new Float64Array(4)],
    ] as [string, State][]) {
      expect(() => target.setState({ ...state, sampler: { ...sampler, [key]: value } }), key).toThrow(
        expect.objectContaining({ code: 'invalid-checkpoint' }),
      );
      expect(target.getState()).toEqual(before);
    }
    const low = { ...sampler, largest: 0.5, priorities: new Float32Array(4), slots: Int32Array.of(0, 1, 2, 3) };
    expect(() => target.setState({ ...state, sampler: low })).toThrow(expect.objectContaining({ code: 'invalid-checkpoint' }));
    expect(() => target.setState({ ...state, sampler: { ...sampler, priorityExponent: 0.1 } })).toThrow(
      expect.objectContaining({ code: 'incompatible-checkpoint' }),
    );
    target.setState(state);
    expect(target.getState()).toEqual(state);
  });

  it('gives transitions their own ids, whatever the slot', () => {
    const buffer = rankPrioritized({ capacity: 7 }).create(simple);
    for (let added = 0; added < 30; added++) {
      fill(buffer, 1, added);
      const { ids, rewards } = buffer.sample(20, new Random(added));
      expect([...rewards]).toEqual([...ids]);
      buffer.updatePriorities(
        ids,
        Float32Array.from(ids, (id) => (id * 37) % 11),
      );
    }
    expect(() => buffer.add(transition({ reward: NaN }))).toThrow(expect.objectContaining({ code: 'invalid-reward' }));
  });
});
