import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import type { SequenceBatch, SequenceLayout, SequenceReplaySpec, SequenceStep } from '../../src/replay/sequence-replay.ts';
import { sequences, type SequencesOptions, type StoredSequences } from '../../src/replay/sequences.ts';
import { chiBound, chiSquare, type Fields, saved, unpacked } from './support.ts';

const layout: SequenceLayout = {
  observationSize: 2,
  observationType: 'float32',
  actions: 3,
  stateSize: 2,
  nStep: 2,
  discount: 0.5,
};

/** The oracle: all episodes as lists, cut by the definition. */
class NaiveSequences {
  readonly options: Required<Omit<SequencesOptions, 'prioritized'>>;
  readonly layout: SequenceLayout;
  readonly episodes: { stream: number; ended: boolean; steps: (SequenceStep & { id: number })[] }[] = [];
  added = 0;
  masked = false;

  constructor(options: Required<Omit<SequencesOptions, 'prioritized'>>, layout: SequenceLayout) {
    this.options = options;
    this.layout = layout;
  }

  #running(stream: number) {
    return this.episodes.find((episode) => episode.stream === stream && !episode.ended);
  }

  add(step: SequenceStep): void {
    let episode = this.#running(step.stream);
    if (!episode) this.episodes.push((episode = { stream: step.stream, ended: false, steps: [] }));
    episode.steps.push({ ...step, id: this.added++ });
    if (step.terminated || step.truncated) episode.ended = true;
    if (step.nextActionMask) this.masked = true;
  }

  end(stream: number): void {
    const episode = this.#running(stream);
    if (episode) episode.ended = true;
  }

  /** Every sequence that can be drawn, by id: what a batch must hold of it. */
  whole(): Map<number, { readonly [key: string]: unknown }> {
    const { capacity, length, burnIn, overlap, storedState } = this.options;
    const { nStep, discount, observationSize, stateSize } = this.layout;
    const oldest = Math.max(0, this.added - capacity);
    const found = new Map<number, { readonly [key: string]: unknown }>();
    for (const { steps, ended } of this.episodes) {
      const L = steps.length;
      for (let s = 0; ; s += length - overlap) {
        if (s > 0 && s + overlap >= L) break; // the one before has reached the end
        if (!ended && s + length + nStep - 1 > L) break; // not whole yet
        const burned = s >= burnIn && burnIn > 0;
        const first = burned ? s - burnIn : s;
        if (steps[first].id < oldest) continue;
        const observations: number[][] = [];
        for (let row = 0; row < burnIn + length + nStep; row++) {
          const i = s - burnIn + row;
          if (i < first || i > L) observations.push(Array.from({ length: observationSize }, () => 0));
          else
            observations.push([...(i === s + length + nStep - 1 || i === L ? steps[i - 1].nextObservation : steps[i].observation)]);
        }
        const learned = Array.from({ length }, (_, t) => {
          const i = s + t;
          if (i >= L) return { action: 0, reward: 0, discount: 0, next: 0, mask: [1, 1, 1], real: 0 };
          const k = Math.min(nStep, L - i);
          const rewards = steps.slice(i, i + k).map(({ reward }, m) => discount ** m * Math.fround(reward));
          const last = steps[i + k - 1];
          return {
            action: steps[i].action,
            reward: Math.fround(rewards.reduceRight((sum, reward) => sum + reward, 0)),
            discount: Math.fround(last.terminated ? 0 : discount ** k),
            next: burnIn + t + k,
            mask: [...(last.nextActionMask ?? [1, 1, 1])],
            real: 1,
          };
        });
        const state = storedState ? [...steps[first].state] : Array.from({ length: stateSize }, () => 0);
        found.set(steps[s].id, { observations, learned, state, burnedIn: burned ? 1 : 0 });
      }
    }
    return found;
  }
}

/** The b-th sequence of a batch, in the oracle's form. */
function sequenceOf(batch: SequenceBatch, b: number, { observationSize: d, stateSize: h, actions: a }: SequenceLayout) {
  const { size, steps, unroll } = batch;
  return {
    observations: Array.from({ length: unroll }, (_, row) => [
      ...batch.observations.subarray((row * size + b) * d, (row * size + b + 1) * d),
    ]),
    learned: Array.from({ length: steps }, (_, t) => {
      const i = t * size + b;
      return {
        action: batch.actions[i],
        reward: batch.rewards[i],
        discount: batch.discounts[i],
        next: batch.next[i],
        mask: batch.nextActionMasks ? [...batch.nextActionMasks.subarray(i * a, (i + 1) * a)] : [1, 1, 1],
        real: batch.weights[i] > 0 ? 1 : 0,
      };
    }),
    state: [...batch.states.subarray(b * h, (b + 1) * h)],
    burnedIn: batch.burnedIn[b],
  };
}

type Operation =
  | {
      readonly stream: number;
      readonly ends: 'no' | 'terminated' | 'truncated' | 'both';
      readonly action: number;
      readonly reward: number;
      readonly mask: Uint8Array | undefined;
    }
  | { readonly end: number }
  | 'restore'
  | { readonly sample: number; readonly seed: number };

const operationArb: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      stream: fc.constantFrom(0, 0, 0, 1, 2),
      ends: fc.constantFrom('no', 'no', 'no', 'no', 'no', 'no', 'no', 'no', 'terminated', 'truncated', 'both'),
      action: fc.nat(2),
      reward: fc.integer({ min: -9, max: 9 }),
      mask: fc.option(fc.uint8Array({ minLength: 3, maxLength: 3, max: 1 }), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ end: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant('restore' as const) },
  { weight: 3, arbitrary: fc.record({ sample: fc.integer({ min: 1, max: 9 }), seed: fc.integer() }) },
);

const settingArb = fc
  .record({
    length: fc.integer({ min: 1, max: 5 }),
    burnIn: fc.integer({ min: 0, max: 4 }),
    overlapPart: fc.double({ min: 0, max: 0.99, noNaN: true }),
    room: fc.integer({ min: 0, max: 30 }),
    nStep: fc.integer({ min: 1, max: 4 }),
    stateSize: fc.constantFrom(0, 1, 2, 70),
    storedState: fc.boolean(),
    masked: fc.boolean(),
    bytes: fc.boolean(),
    prioritized: fc.boolean(),
  })
  .map(({ length, burnIn, overlapPart, room, nStep, stateSize, storedState, masked, bytes, prioritized }) => ({
    options: {
      capacity: burnIn + length + nStep - 1 + room,
      length,
      burnIn,
      overlap: Math.floor(overlapPart * length),
      priorityMix: 0.25,
      storedState,
    },
    layout: { ...layout, nStep, stateSize, observationType: bytes ? ('uint8' as const) : ('float32' as const) },
    masked,
    prioritized,
  }));

/** Takes operations and makes steps whose numbers tell them apart. */
class Runner {
  readonly naive: NaiveSequences;
  readonly spec: SequenceReplaySpec;
  buffer: StoredSequences;
  readonly masked: boolean;
  count = 0;
  readonly last = new Map<number, number>();

  constructor({
    options,
    layout,
    masked,
    prioritized,
  }: {
    options: Required<Omit<SequencesOptions, 'prioritized'>>;
    layout: SequenceLayout;
    masked: boolean;
    prioritized: boolean;
  }) {
    this.naive = new NaiveSequences(options, layout);
    const spec = sequences({ ...options, ...(prioritized ? { prioritized: {} } : {}) });
    this.spec = spec;
    this.buffer = spec.create(layout);
    this.masked = masked;
  }

  observation(i: number): Float32Array | Uint8Array {
    const { observationType } = this.naive.layout;
    const values = [i % 251, Math.floor(i / 251)];
    return observationType === 'uint8' ? Uint8Array.from(values) : Float32Array.from(values, (value) => value + 0.5);
  }

  step(operation: Exclude<Operation, 'restore' | { end: number } | { sample: number }>): SequenceStep {
    const { stream, ends, action, reward, mask } = operation;
    const from = this.last.get(stream) ?? ++this.count;
    const to = ++this.count;
    const terminated = ends === 'terminated' || ends === 'both';
    const truncated = ends === 'truncated' || ends === 'both';
    if (terminated || truncated) this.last.delete(stream);
    else this.last.set(stream, to);
    const state = Float32Array.from({ length: this.naive.layout.stateSize }, (_, k) => from + k / 128);
    return {
      stream,
      observation: this.observation(from),
      action,
      reward: reward / 3,
      nextObservation: this.observation(to),
      nextActionMask: this.masked ? mask : undefined,
      terminated,
      truncated,
      state,
    };
  }

  run(operation: Operation): void {
    const { naive } = this;
    if (operation === 'restore') {
      const state = saved(this.buffer);
      const fresh = this.spec.create(naive.layout) as StoredSequences;
      fresh.setState(state);
      expect(fresh.getState()).toEqual(state);
      if (fresh.sequences > 0)
        expect(unpacked(fresh.sample(4, new Random(1)))).toEqual(unpacked(this.buffer.sample(4, new Random(1))));
      this.buffer = fresh;
    } else if ('end' in operation) {
      this.buffer.endEpisode(operation.end);
      naive.end(operation.end);
      this.last.delete(operation.end);
    } else if ('sample' in operation) {
      this.check(operation.sample, operation.seed);
    } else {
      const step = this.step(operation);
      naive.add(step);
      const lent = {
        ...step,
        observation: step.observation.slice(),
        nextObservation: step.nextObservation.slice(),
        nextActionMask: step.nextActionMask?.slice(),
        state: step.state.slice(),
      };
      this.buffer.add(lent);
      for (const array of [lent.observation, lent.nextObservation, lent.nextActionMask, lent.state]) array?.fill(99);
    }
    expect(this.buffer.size).toBe(Math.min(naive.added, naive.options.capacity));
  }

  check(size: number, seed: number): void {
    const whole = this.naive.whole();
    expect(this.buffer.sequences).toBe(whole.size);
    if (whole.size === 0) {
      expect(() => this.buffer.sample(size, new Random(seed))).toThrow(expect.objectContaining({ code: 'empty-replay' }));
      return;
    }
    const batch = this.buffer.sample(size, new Random(seed));
    expect(batch.nextActionMasks !== undefined).toBe(this.naive.masked);
    batch.ids.forEach((id, b) => expect(sequenceOf(batch, b, this.naive.layout), `sequence ${id}`).toEqual(whole.get(id)));
    const { length } = this.naive.options;
    const errors = Float32Array.from({ length: length * size }, (_, i) => (batch.weights[i] === 0 ? 0 : ((i + seed) % 5) - 2));
    this.buffer.updatePriorities(batch.ids, errors, batch.weights);
  }
}

const fed = (options: SequencesOptions, changes: Partial<SequenceLayout>, count: number, every = 10) => {
  const runner = new Runner({
    options: {
      length: 80,
      burnIn: 40,
      overlap: Math.floor((options.length ?? 80) / 2),
      priorityMix: 0.9,
      storedState: true,
      ...options,
    },
    layout: { ...layout, ...changes },
    masked: true,
    prioritized: options.prioritized !== undefined,
  });
  const buffer = sequences(options).create({ ...layout, ...changes });
  for (let i = 0; i < count; i++) {
    buffer.add(
      runner.step({
        stream: 0,
        ends: i % every === every - 1 ? 'truncated' : 'no',
        action: i % 3,
        reward: i,
        mask: Uint8Array.of(1, 1, 0),
      }),
    );
  }
  return { buffer, runner };
};

describe('sequences', () => {
  it('are what the definition cuts, for any episodes of several environments', () => {
    fc.assert(
      fc.property(settingArb, fc.array(operationArb, { minLength: 10, maxLength: 150, size: 'max' }), (setting, operations) => {
        const runner = new Runner(setting);
        for (const operation of operations) runner.run(operation);
        runner.check(30, 1);
        for (const stream of [0, 1, 2]) runner.run({ end: stream });
        runner.check(30, 2);
      }),
      { numRuns: 250 },
    );
  });

  it('learns every step of a whole memory from at least one sequence, also those of short episodes', () => {
    const { buffer, runner } = fed({ capacity: 1000, length: 4, burnIn: 3, overlap: 1 }, { nStep: 3 }, 400, 7);
    expect(runner.count).toBeGreaterThan(400);
    const learned = new Set<number>();
    for (let i = 0; i < 400; i++) {
      const batch = buffer.sample(9, new Random(i));
      for (let t = 0; t < 4; t++) for (let b = 0; b < 9; b++) if (batch.weights[t * 9 + b] > 0) learned.add(batch.ids[b] + t);
    }
    expect(learned.size).toBe(399); // the last step's episode is not over
  });

  it('agrees with a hand-computed episode', () => {
    const buffer = sequences({ capacity: 20, length: 4, burnIn: 2, overlap: 2 }).create({
      ...layout,
      observationSize: 1,
      stateSize: 1,
    });
    for (let t = 0; t < 5; t++) {
      buffer.add({
        stream: 0,
        observation: Float32Array.of(10 + t),
        action: t % 3,
        reward: 2 ** t,
        nextObservation: Float32Array.of(11 + t),
        terminated: t === 4,
        truncated: false,
        state: Float32Array.of(100 + t),
      });
      expect(buffer.sequences).toBe(t < 4 ? 0 : 2); // step s + T + n − 2 = 4, and the end
    }
    const random = new Random(1);
    let batch = buffer.sample(1, random);
    while (batch.ids[0] !== 0) batch = buffer.sample(1, random);
    expect(unpacked(batch)).toMatchObject({
      unroll: 8,
      observations: [0, 0, 10, 11, 12, 13, 14, 15],
      states: [100],
      burnedIn: [0],
      actions: [0, 1, 2, 0],
      rewards: [2, 4, 8, 16],
      discounts: [0.25, 0.25, 0.25, 0],
      next: [4, 5, 6, 7],
      weights: [1, 1, 1, 1],
    });
    while (batch.ids[0] !== 2) batch = buffer.sample(1, random);
    expect(unpacked(batch)).toMatchObject({
      observations: [10, 11, 12, 13, 14, 15, 0, 0],
      states: [100],
      burnedIn: [1],
      actions: [2, 0, 1, 0],
      rewards: [8, 16, 16, 0],
      discounts: [0.25, 0, 0, 0],
      next: [4, 5, 5, 0],
      weights: [1, 1, 1, 0],
    });
  });

  it('are all drawn equally often where there are no priorities', () => {
    const { buffer } = fed({ capacity: 100, length: 4, burnIn: 2 }, {}, 250);
    const counts = new Map<number, number>();
    const random = new Random(1);
    for (let i = 0; i < 500; i++) for (const id of buffer.sample(20, random).ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(counts.size).toBe(buffer.sequences);
    expect(
      chiSquare(
        [...counts.values()],
        Array.from(counts, () => 10_000 / counts.size),
      ),
    ).toBeLessThan(chiBound(counts.size));
  });

  it('have the priority η max|δ| + (1 − η) mean|δ| over real steps, and are drawn and weighted by it', () => {
    const { buffer } = fed(
      {
        capacity: 100,
        length: 4,
        burnIn: 2,
        overlap: 0,
        priorityMix: 0.75,
        prioritized: { priorityExponent: 0.5, priorityEpsilon: 0.5, importanceExponent: 0.5 },
      },
      {},
      60,
    );
    const value = (id: number) => ((saved(buffer).priorities as Fields).values as Float64Array)[id];
    // Episodes of 10 steps: from 0, 4 and 8, the last one with two steps of padding.
    const T4 = (rows: number[][]) => Float32Array.from(Array.from({ length: 4 }, (_, t) => rows.map((row) => row[t])).flat());
    buffer.updatePriorities(
      Float64Array.of(0, 8),
      T4([
        [1, -5, 2, 0],
        [3, -1, 0, 0],
      ]),
      T4([
        [0.5, 0.5, 0.5, 0.5],
        [1, 1, 0, 0],
      ]),
    );
    expect(value(0)).toBeCloseTo(Math.sqrt(0.75 * 5 + 0.25 * 2 + 0.5), 12);
    expect(value(8)).toBeCloseTo(Math.sqrt(0.75 * 3 + 0.25 * 2 + 0.5), 12);
    expect(value(4)).toBe(1);
    expect(value(1)).toBe(0);
    const random = new Random(1);
    const counts = Array.from({ length: 60 }, () => 0);
    const values = counts.map((_, id) => value(id));
    const total = values.reduce((sum, p) => sum + p, 0);
    expect(buffer.priorities).toEqual({ mean: expect.closeTo(total / buffer.sequences, 12), max: Math.max(...values) });
    for (let i = 0; i < 500; i++) {
      const { ids, weights } = buffer.sample(30, random);
      const smallest = Math.min(...Array.from(ids, (id) => values[id]));
      ids.forEach((id, b) => {
        counts[id]++;
        expect(weights[b]).toBeCloseTo((smallest / values[id]) ** 0.5, 6);
      });
    }
    expect(
      chiSquare(
        counts,
        values.map((p) => (15_000 * p) / total),
      ),
    ).toBeLessThan(chiBound(buffer.sequences));
    // New ones come in at the largest priority seen.
    const largest = Math.max(...values);
    const { buffer: other } = fed({ capacity: 100, length: 4, burnIn: 2, prioritized: {} }, {}, 1);
    expect([other.sequences, other.priorities]).toEqual([0, undefined]);
    buffer.add({
      stream: 5,
      observation: Float32Array.of(1, 1),
      action: 0,
      reward: 0,
      nextObservation: Float32Array.of(1, 1),
      terminated: true,
      truncated: false,
      state: new Float32Array(2),
    });
    expect(value(60)).toBe(largest);
  });

  it('leaves alone what has been overwritten or is no sequence', () => {
    const { buffer } = fed({ capacity: 30, length: 4, burnIn: 2, prioritized: {} }, {}, 75);
    const before = saved(buffer);
    buffer.updatePriorities(Float64Array.of(0, 44, 47), new Float32Array(12).fill(9), new Float32Array(12).fill(1)); // 47: no sequence begins there
    buffer.updatePriorities(buffer.sample(1, new Random(1)).ids, new Float32Array(4).fill(9), new Float32Array(4)); // nothing real
    expect(buffer.getState()).toEqual(before);
    const { buffer: plain } = fed({ capacity: 30, length: 4, burnIn: 2 }, {}, 75);
    plain.updatePriorities(Float64Array.of(NaN), new Float32Array(0), new Float32Array(0));
    expect(plain.priorities).toBeUndefined();
  });

  it('refuses bad steps, updates and batch sizes, and is as if they had not come', () => {
    const { buffer } = fed({ capacity: 30, length: 4, burnIn: 2, prioritized: {} }, {}, 75);
    const before = saved(buffer);
    const good: SequenceStep = {
      stream: 0,
      observation: new Float32Array(2),
      action: 0,
      reward: 0,
      nextObservation: new Float32Array(2),
      terminated: false,
      truncated: false,
      state: new Float32Array(2),
    };
    for (const [changes, code] of [
      [{ state: new Float32Array(3) }, 'invalid-option'],
      [{ state: undefined }, 'invalid-option'],
      [{ state: new Float64Array(2) }, 'invalid-option'],
      [{ state: Float32Array.of(1, NaN) }, 'invalid-option'],
      [{ stream: -1 }, 'invalid-option'],
      [{ observation: new Float32Array(3) }, 'invalid-observation'],
      [{ nextObservation: Float32Array.of(NaN, 1) }, 'invalid-observation'],
      [{ action: 3 }, 'invalid-action'],
      [{ reward: Infinity }, 'invalid-reward'],
      [{ nextActionMask: new Uint8Array(2) }, 'invalid-action'],
    ] as [object, string][]) {
      expect(() => buffer.add({ ...good, ...changes }), JSON.stringify(changes)).toThrow(expect.objectContaining({ code }));
      expect(buffer.getState()).toEqual(before);
    }
    const f = (length: number, value = 1) => new Float32Array(length).fill(value);
    for (const [ids, errors, weights] of [
      [[60], f(3), f(4)],
      [[60], f(4), f(3)],
      [[60], f(4, NaN), f(4)],
      [[75], f(4), f(4)],
      [[0.5], f(4), f(4)],
    ] as [number[], Float32Array, Float32Array][]) {
      expect(() => buffer.updatePriorities(Float64Array.from(ids), errors, weights)).toThrow(
        expect.objectContaining({ code: 'invalid-option' }),
      );
      expect(buffer.getState()).toEqual(before);
    }
    for (const size of [0, -1, 1.5, NaN]) {
      expect(() => buffer.sample(size, new Random(1))).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
    buffer.endEpisode(17); // nobody there
    expect(buffer.getState()).toEqual(before);
  });

  it('refuses options and layouts outside their ranges', () => {
    for (const changes of [
      { capacity: 119 },
      { capacity: 2 ** 31 },
      { length: 0 },
      { length: 1.5 },
      { burnIn: -1 },
      { overlap: 80 },
      { overlap: -1 },
      { priorityMix: 1.1 },
      { priorityMix: NaN },
      { storedState: 1 },
      { prioritized: 3 },
      { prioritized: { alpha: 1 } },
      { prioritized: { priorityEpsilon: 0 } },
      { prioritized: { priorityExponent: 2 } },
      { sequenceLength: 80 },
    ]) {
      expect(() => sequences({ capacity: 1000, ...changes } as SequencesOptions), JSON.stringify(changes)).toThrow(
        expect.objectContaining({ code: 'invalid-option' }),
      );
    }
    const spec = sequences({ capacity: 120 });
    for (const changes of [
      { stateSize: -1 },
      { stateSize: 1.5 },
      { nStep: 0 },
      { discount: 1.1 },
      { discount: NaN },
      { actions: 0 },
      { nStep: 2 },
    ]) {
      expect(() => spec.create({ ...layout, nStep: 1, ...changes })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
    expect(spec).toMatchObject({ kind: 'sequences', capacity: 120, sequences: true });
    expect(spec.create({ ...layout, nStep: 1 })).toMatchObject({ kind: 'sequences', capacity: 120, size: 0, sequences: 0 });
    expectTypeOf(spec).toExtend<SequenceReplaySpec>();
  });

  it('keeps bytes as bytes and each observation once', () => {
    const { buffer } = fed(
      { capacity: 1000, length: 8, burnIn: 4 },
      { observationType: 'uint8', observationSize: 2, stateSize: 1 },
      500,
    );
    const steps = saved(buffer).steps as Fields;
    const observations = steps.observations as Uint8Array[];
    expect(observations.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(2 * 550);
    expect(buffer.byteLength).toBeGreaterThan(1000 * 36);
    expect(buffer.byteLength).toBeLessThan(1000 * 36 + 40_000);
  });

  it('takes no more memory once it is full', () => {
    const bytes = (count: number) => fed({ capacity: 30, length: 4, burnIn: 2 }, { stateSize: 70 }, count).buffer.byteLength;
    expect(bytes(1500)).toBe(bytes(100));
  });

  it('keeps a state as long as a sequence may begin with it, and no longer', () => {
    const stateSize = 2 ** 18; // a chunk of memory each
    const options = { capacity: 9, length: 2, burnIn: 1, overlap: 0 };
    const plain = sequences(options).create({ ...layout, stateSize: 0 });
    const buffer = sequences(options).create({ ...layout, stateSize });
    let most = 0;
    for (let i = 0; i < 40; i++) {
      const kept = (buffer.getState() as { stated: Uint8Array }).stated.reduce((sum, has) => sum + has, 0);
      most = Math.max(most, kept + 1); // there is room for one more before the oldest goes
      const step = {
        stream: 0,
        observation: Float32Array.of(i, 0),
        action: 0,
        reward: 0,
        nextObservation: Float32Array.of(i + 1, 0),
        terminated: false,
        truncated: false,
      };
      buffer.add({ ...step, state: new Float32Array(stateSize) });
      plain.add({ ...step, state: new Float32Array(0) });
    }
    expect(buffer.byteLength - plain.byteLength).toBe(most * (4 * stateSize + 4));
  });

  it('refuses states of other buffers and damaged ones, and keeps its own', () => {
    const options = { capacity: 30, length: 4, burnIn: 2, prioritized: {} };
    const { buffer: source } = fed(options, {}, 75);
    const state = saved(source);
    const { buffer: target } = fed(options, {}, 33);
    const before = saved(target);
    const refuse = (bad: State, code = 'invalid-checkpoint') => {
      expect(() => target.setState(bad), JSON.stringify(bad).slice(0, 80)).toThrow(expect.objectContaining({ code }));
      expect(target.getState()).toEqual(before);
    };
    const changed = <T extends Int32Array | Uint8Array | Float32Array | Float64Array>(
      array: State | undefined,
      at: number,
      value: number,
    ): T => {
      const copy = (array as T).slice() as T;
      copy[at] = value;
      return copy;
    };
    const [running] = state.running as Fields[];
    const starts = state.starts as Int32Array;
    const one = starts.findIndex((start, i) => start >= 0 && start !== i);
    const damages: [string, State][] = [
      ['steps', null],
      ['steps', { ...(state.steps as Fields), rewards: new Float32Array(30).fill(NaN) }],
      ['next', new Int32Array(29)],
      ['next', changed<Int32Array>(state.next, 5, 5)],
      ['next', changed<Int32Array>(state.next, 5, 30)],
      ['next', changed<Int32Array>(state.next, 5, -2)],
      ['next', changed<Int32Array>(state.next, 29, 30)],
      ['next', changed<Int32Array>(state.next, 28, -1)],
      ['starts', changed<Int32Array>(starts, one, -1)],
      ['starts', changed<Int32Array>(starts, one, -2)],
      ['starts', changed<Int32Array>(starts, one, one - 1)],
      ['starts', changed<Int32Array>(starts, one, one + 1)],
      ['stated', changed<Uint8Array>(state.stated, starts[one], 0)],
      ['stated', changed<Uint8Array>(state.stated, 3, 2)],
      ['stated', new Uint8Array(30)],
      ['states', changed<Float32Array>(state.states, 0, NaN)],
      ['states', new Float32Array(1)],
      ['priorities', null],
      ['priorities', { ...(state.priorities as Fields), values: new Float64Array(30) }],
      ['priorities', { ...(state.priorities as Fields), values: new Float64Array(30).fill(0.5) }],
      ['running', null],
      ['running', [running, running]],
      ['running', [running, { ...running, stream: 1 }]],
      ['running', [{ ...running, stream: -1 }]],
      ['running', [{ ...running, length: 0 }]],
      ['running', [{ ...running, length: (running.length as number) + 1 }]],
      ['running', [{ ...running, ids: changed<Float64Array>(running.ids, 0, 75) }]],
      ['running', [{ ...running, ids: changed<Float64Array>(running.ids, 0, 60) }]],
      ['running', [{ ...running, ids: changed<Float64Array>(running.ids, 1, NaN) }]],
    ];
    for (const [key, value] of damages) refuse({ ...state, [key]: value });
    const stateless = fed(options, { stateSize: 0 }, 75).buffer;
    const own = saved(stateless);
    expect(() => stateless.setState({ ...own, stated: changed<Uint8Array>(own.stated, 3, 1) })).toThrow(
      expect.objectContaining({ code: 'invalid-checkpoint', where: 'StoredSequences.setState(state).stated[3]' }),
    );
    for (const bad of [null, 3, [], 'x']) refuse(bad as State);
    for (const [key, value] of [
      ['kind', 'uniform'],
      ['capacity', 31],
      ['length', 5],
      ['burnIn', 3],
      ['overlap', 1],
      ['prioritized', false],
      ['priorityMix', 0.5],
      ['storedState', false],
      ['nStep', 3],
      ['discount', 0.9],
      ['stateSize', 3],
      ['observationSize', 3],
    ] as [string, State][]) {
      refuse({ ...state, [key]: value }, 'incompatible-checkpoint');
    }
    target.setState(state);
    expect(target.getState()).toEqual(state);
  });
});
