import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import { NStepAccumulator } from '../../src/replay/n-step.ts';
import type { Batch, ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from '../../src/replay/replay-buffer.ts';
import { uniform, type UniformReplay } from '../../src/replay/uniform.ts';

const floats: ReplayLayout = { observationSize: 2, observationType: 'float32', actions: 3 };
const simple: ReplayLayout = { ...floats, observationSize: 1 };

/** The oracle: transitions as objects in a list. */
class NaiveReplay {
  readonly capacity: number;
  readonly layout: ReplayLayout;
  readonly kept: { id: number; transition: Transition }[] = [];
  added = 0;
  /** Whether any transition came with a mask: from then on batches have masks. */
  masked = false;

  constructor(capacity: number, layout: ReplayLayout) {
    this.capacity = capacity;
    this.layout = layout;
  }

  add(transition: Transition): void {
    this.kept.push({ id: this.added++, transition });
    if (transition.nextActionMask) this.masked = true;
    if (this.kept.length > this.capacity) this.kept.shift();
  }

  sample(size: number, random: Random) {
    const rows = Array.from({ length: size }, () => this.kept[random.integer(this.kept.length)]);
    const all = new Uint8Array(this.layout.actions).fill(1);
    return {
      size,
      observations: rows.flatMap(({ transition }) => [...transition.observation]),
      actions: rows.map(({ transition }) => transition.action),
      rewards: rows.map(({ transition }) => Math.fround(transition.reward)),
      discounts: rows.map(({ transition }) => Math.fround(transition.discount)),
      nextObservations: rows.flatMap(({ transition }) => [...transition.nextObservation]),
      nextActionMasks: this.masked ? rows.flatMap(({ transition }) => [...(transition.nextActionMask ?? all)]) : undefined,
      weights: rows.map(() => 1),
      ids: rows.map(({ id }) => id),
    };
  }
}

const unpacked = (batch: Batch) => ({
  size: batch.size,
  observations: [...batch.observations],
  actions: [...batch.actions],
  rewards: [...batch.rewards],
  discounts: [...batch.discounts],
  nextObservations: [...batch.nextObservations],
  nextActionMasks: batch.nextActionMasks && [...batch.nextActionMasks],
  weights: [...batch.weights],
  ids: [...batch.ids],
});

interface Model {
  readonly naive: NaiveReplay;
  /** The last observation of each stream: the next transition begins there, as in an episode. */
  readonly last: Map<number, Float32Array | Uint8Array>;
}
interface Real {
  buffer: UniformReplay;
}
type Command = fc.Command<Model, Real>;

class Add implements Command {
  readonly transition: Transition;
  readonly goesOn: boolean;

  constructor(transition: Transition, goesOn: boolean) {
    this.transition = transition;
    this.goesOn = goesOn;
  }

  check = () => true;

  run({ naive, last }: Model, { buffer }: Real): void {
    const { stream } = this.transition;
    const observation = (this.goesOn && last.get(stream)) || this.transition.observation;
    const transition = { ...this.transition, observation };
    // The buffer gets arrays that are overwritten afterwards.
    const lent = {
      ...transition,
      observation: observation.slice(),
      nextObservation: transition.nextObservation.slice(),
      nextActionMask: transition.nextActionMask?.slice(),
    };
    buffer.add(lent);
    lent.observation.fill(77);
    lent.nextObservation.fill(77);
    lent.nextActionMask?.fill(77);
    naive.add(transition);
    last.set(stream, transition.nextObservation);
    expect(buffer.size).toBe(naive.kept.length);
    buffer.checkInvariants();
  }

  toString = () => `add(${fc.stringify(this.transition)}, ${this.goesOn ? 'on' : 'anew'})`;
}

class Sample implements Command {
  readonly size: number;
  readonly seed: number;

  constructor(size: number, seed: number) {
    this.size = size;
    this.seed = seed;
  }

  check = ({ naive }: Readonly<Model>) => naive.kept.length > 0;

  run({ naive }: Model, { buffer }: Real): void {
    expect(unpacked(buffer.sample(this.size, new Random(this.seed)))).toEqual(naive.sample(this.size, new Random(this.seed)));
  }

  toString = () => `sample(${this.size}, ${this.seed})`;
}

class SaveAndRestore implements Command {
  check = () => true;

  run({ naive }: Model, real: Real): void {
    const saved = structuredClone(real.buffer.getState());
    const again = uniform({ capacity: naive.capacity }).create(naive.layout);
    again.setState(saved);
    again.checkInvariants();
    expect(again.getState()).toEqual(saved);
    real.buffer = again;
  }

  toString = () => 'save and restore';
}

const observationArb = ({ observationSize, observationType }: ReplayLayout): fc.Arbitrary<Float32Array | Uint8Array> =>
  observationType === 'uint8'
    ? fc.uint8Array({ minLength: observationSize, maxLength: observationSize, max: 3 })
    : fc
        .array(fc.constantFrom(0, -0, 1, -1, 0.5, 2 ** -149, 3e38), { minLength: observationSize, maxLength: observationSize })
        .map((values) => Float32Array.from(values));

const transitionArb = (layout: ReplayLayout, masked: boolean): fc.Arbitrary<Transition> =>
  fc.record({
    stream: fc.nat(2),
    observation: observationArb(layout),
    action: fc.nat(layout.actions - 1),
    reward: fc.double({ min: -1e3, max: 1e3, noNaN: true }),
    discount: fc.double({ min: 0, max: 1, noNaN: true }),
    nextObservation: observationArb(layout),
    nextActionMask: masked
      ? fc.option(fc.uint8Array({ minLength: layout.actions, maxLength: layout.actions, max: 1 }), { nil: undefined })
      : fc.constant(undefined),
  });

const layoutArb: fc.Arbitrary<ReplayLayout> = fc.record({
  observationSize: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(63, 64, 65) },
  ),
  observationType: fc.constantFrom('float32', 'uint8'),
  actions: fc.integer({ min: 1, max: 3 }),
});

const transition = (changes: Partial<Transition> = {}): Transition => ({
  stream: 0,
  observation: Float32Array.of(1, 2),
  action: 0,
  reward: 1,
  discount: 0.9,
  nextObservation: Float32Array.of(3, 4),
  ...changes,
});

const filled = (capacity: number, layout: ReplayLayout, count: number): UniformReplay => {
  const buffer = uniform({ capacity }).create(layout);
  const observation = (i: number) => Float32Array.from({ length: layout.observationSize }, (_, k) => i + k);
  for (let i = 0; i < count; i++) {
    buffer.add(
      transition({ observation: observation(i), nextObservation: observation(i + 1), reward: i, action: i % layout.actions }),
    );
  }
  return buffer;
};

describe('uniform', () => {
  it('does what a list of objects does, under any commands', () => {
    const runArb = fc
      .tuple(layoutArb, fc.integer({ min: 1, max: 9 }), fc.boolean())
      .chain(([layout, capacity, masked]) =>
        fc.tuple(
          fc.constant(layout),
          fc.constant(capacity),
          fc.commands(
            [
              fc.tuple(transitionArb(layout, masked), fc.boolean()).map(([t, goesOn]): Command => new Add(t, goesOn)),
              fc.tuple(transitionArb(layout, masked), fc.boolean()).map(([t]): Command => new Add(t, true)),
              fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer()).map(([size, seed]): Command => new Sample(size, seed)),
              fc.constant<Command>(new SaveAndRestore()),
            ],
            { maxCommands: 60, size: 'max' },
          ),
        ),
      );
    fc.assert(
      fc.property(runArb, ([layout, capacity, commands]) => {
        fc.modelRun(
          () => ({
            model: { naive: new NaiveReplay(capacity, layout), last: new Map() },
            real: { buffer: uniform({ capacity }).create(layout) },
          }),
          commands,
        );
      }),
      { numRuns: 150 },
    );
  });

  it('draws every transition with equal probability, also after wrapping around', () => {
    const buffer = filled(10, simple, 27);
    const random = new Random(4);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 1000; i++) for (const id of buffer.sample(50, random).ids) counts[id - 17]++;
    const chi = counts.reduce((sum, count) => sum + (count - 5000) ** 2 / 5000, 0);
    expect(chi).toBeLessThan(9 + 5 * Math.sqrt(18));
  });

  it('uses one array set a batch size again and again', () => {
    const buffer = filled(10, simple, 5);
    const random = new Random(4);
    const batch = buffer.sample(4, random);
    expect(buffer.sample(4, random)).toBe(batch);
    expect(buffer.sample(3, random)).not.toBe(batch);
    expect(buffer.sample(3, random).observations.length).toBe(3);
    expect(batch.nextActionMasks).toBeUndefined();
  });

  it('goes on bit for bit from a saved state', () => {
    const first = filled(50, floats, 120);
    const second = uniform({ capacity: 50 }).create(floats);
    second.setState(structuredClone(first.getState()));
    const randoms = [new Random(1), new Random(1)];
    for (let round = 0; round < 30; round++) {
      const more = transition({ observation: Float32Array.of(round, -0), nextObservation: Float32Array.of(round + 1, -0) });
      first.add(more);
      second.add(more);
      expect(unpacked(second.sample(16, randoms[1]))).toEqual(unpacked(first.sample(16, randoms[0])));
      expect(second.getState()).toEqual(first.getState());
    }
  });

  it('stores each observation of an episode once, for any n', () => {
    for (const n of [1, 2, 3, 5, 16]) {
      const layout = { ...floats, observationSize: 25 };
      const buffer = uniform({ capacity: 1000 }).create(layout);
      const accumulator = new NStepAccumulator({ n, discount: 0.9, layout });
      const random = new Random(n);
      const fresh = () => Float32Array.from({ length: 25 }, () => random.float());
      const current = [fresh(), fresh()];
      let episodes = 2;
      for (let t = 0; t < 800; t++) {
        const stream = t % 2;
        const observation = current[stream];
        const terminated = t % 80 >= 78;
        const nextObservation = fresh();
        accumulator.push({ stream, observation, action: 0, reward: 1, nextObservation, terminated, truncated: false }, (out) =>
          buffer.add(out),
        );
        current[stream] = terminated ? fresh() : nextObservation;
        if (terminated && t < 798) episodes++;
      }
      buffer.checkInvariants();
      expect(buffer.size).toBe(800);
      const { observations } = buffer.getState() as { observations: Float32Array[] };
      expect(observations.reduce((sum, chunk) => sum + chunk.length, 0) / 25).toBe(800 + episodes);
    }
  });

  it('keeps a million CartPole transitions in 60 MB', () => {
    const before = process.memoryUsage().arrayBuffers;
    const buffer = uniform({ capacity: 1_000_000 }).create({
      observationSize: 4,
      observationType: 'float32',
      actions: 2,
    });
    const random = new Random(1);
    let observation = new Float32Array(4);
    let nextObservation = new Float32Array(4);
    let left = 0;
    // A random policy lasts about 22 steps on average; the lengths vary.
    for (let i = 0; i < 1_050_000; i++) {
      if (left === 0) {
        left = 10 + random.integer(25);
        for (let k = 0; k < 4; k++) observation[k] = random.float();
      }
      for (let k = 0; k < 4; k++) nextObservation[k] = random.float();
      left--;
      buffer.add({ stream: 0, observation, action: i & 1, reward: 1, discount: left === 0 ? 0 : 0.99, nextObservation });
      [observation, nextObservation] = [nextObservation, observation];
    }
    buffer.sample(128, random);
    expect(buffer.size).toBe(1_000_000);
    expect(buffer.byteLength).toBeLessThanOrEqual(60e6);
    expect(buffer.byteLength).toBeGreaterThan(36e6); // nothing was forgotten in the count: 20 bytes and one frame of 16 each at least
    // The platform's own count, which other garbage may only lower.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThanOrEqual(60e6);
    buffer.checkInvariants();
  });

  it('keeps bytes as bytes and allocates as it goes', () => {
    const layout: ReplayLayout = { observationSize: 10_000, observationType: 'uint8', actions: 2 };
    const buffer = uniform({ capacity: 10_000 }).create(layout);
    expect(buffer.byteLength).toBeLessThan(1e6);
    let observation = new Uint8Array(10_000);
    for (let i = 0; i < 500; i++) {
      const nextObservation = new Uint8Array(10_000).fill(i % 256);
      nextObservation[0] = i >> 8;
      buffer.add(transition({ observation, nextObservation }));
      observation = nextObservation;
    }
    expect(buffer.byteLength).toBeGreaterThan(5.01e6);
    expect(buffer.byteLength).toBeLessThan(7e6);
    const batch = buffer.sample(8, new Random(1));
    batch.ids.forEach((id, b) => expect(batch.nextObservations[b * 10_000 + 9_999]).toBe(id % 256));
  });

  it('takes either array class where the values fit', () => {
    const bytes = uniform({ capacity: 4 }).create({ ...simple, observationType: 'uint8' });
    bytes.add(transition({ observation: Float32Array.of(-0), nextObservation: Float32Array.of(255) }));
    bytes.add(transition({ observation: Uint8Array.of(255), nextObservation: Uint8Array.of(0) }));
    const numbers = uniform({ capacity: 4 }).create(simple);
    numbers.add(transition({ observation: Uint8Array.of(0), nextObservation: Uint8Array.of(255) }));
    numbers.add(transition({ observation: Float32Array.of(255), nextObservation: Uint8Array.of(0) }));
    for (const buffer of [bytes, numbers]) {
      const { observations, nextObservations, ids } = buffer.sample(20, new Random(1));
      ids.forEach((id, b) => expect([observations[b], nextObservations[b]]).toEqual(id === 0 ? [0, 255] : [255, 0]));
    }
  });

  it('refuses bad transitions and is as if they had not come', () => {
    const byteLayout: ReplayLayout = { ...floats, observationType: 'uint8' };
    const cases: [ReplayLayout, Partial<Transition>, string, string][] = [
      [floats, { observation: Float32Array.of(1) }, 'invalid-observation', 'Transition.observation'],
      [floats, { observation: [1, 2] as unknown as Float32Array }, 'invalid-observation', 'Transition.observation'],
      [floats, { observation: Float32Array.of(1, NaN) }, 'invalid-observation', 'Transition.observation[1]'],
      [floats, { nextObservation: Float32Array.of(1, 2, 3) }, 'invalid-observation', 'Transition.nextObservation'],
      [floats, { nextObservation: Float32Array.of(-Infinity, 1) }, 'invalid-observation', 'Transition.nextObservation[0]'],
      [byteLayout, { observation: Float32Array.of(1, 256) }, 'invalid-observation', 'Transition.observation[1]'],
      [byteLayout, { observation: Float32Array.of(0.5, 1) }, 'invalid-observation', 'Transition.observation[0]'],
      [byteLayout, { observation: Float32Array.of(NaN, 1) }, 'invalid-observation', 'Transition.observation[0]'],
      [floats, { action: 3 }, 'invalid-action', 'Transition.action'],
      [floats, { action: -1 }, 'invalid-action', 'Transition.action'],
      [floats, { action: 0.5 }, 'invalid-action', 'Transition.action'],
      [floats, { action: NaN }, 'invalid-action', 'Transition.action'],
      [floats, { reward: NaN }, 'invalid-reward', 'Transition.reward'],
      [floats, { reward: Infinity }, 'invalid-reward', 'Transition.reward'],
      [floats, { reward: 1e39 }, 'invalid-reward', 'Transition.reward'],
      [floats, { reward: '1' as unknown as number }, 'invalid-reward', 'Transition.reward'],
      [floats, { discount: -0.1 }, 'invalid-option', 'Transition.discount'],
      [floats, { discount: 1.1 }, 'invalid-option', 'Transition.discount'],
      [floats, { discount: NaN }, 'invalid-option', 'Transition.discount'],
      [floats, { stream: -1 }, 'invalid-option', 'Transition.stream'],
      [floats, { stream: 0.5 }, 'invalid-option', 'Transition.stream'],
      [floats, { nextActionMask: new Uint8Array(2) }, 'invalid-action', 'Transition.nextActionMask'],
    ];
    for (const [layout, changes, code, where] of cases) {
      const buffer = filled(3, layout, 5);
      const before = structuredClone(buffer.getState());
      expect(() => buffer.add(transition(changes))).toThrow(expect.objectContaining({ code, where }));
      expect(buffer.getState()).toEqual(before);
      buffer.checkInvariants();
    }
  });

  it('refuses bad options, layouts and batch sizes, and drawing from nothing', () => {
    for (const capacity of [0, -1, 1.5, NaN, Infinity, 2 ** 31]) {
      expect(() => uniform({ capacity })).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'uniform(capacity)' }));
    }
    // @ts-expect-error An option of others.
    expect(() => uniform({ capacity: 3, sampling: 'stratified' })).toThrow(
      expect.objectContaining({ code: 'invalid-option', received: 'sampling' }),
    );
    const spec = uniform({ capacity: 3 });
    for (const changes of [
      { observationSize: 0 },
      { observationSize: 1.5 },
      { actions: 0 },
      { observationType: 'int8' as 'uint8' },
    ]) {
      expect(() => spec.create({ ...floats, ...changes })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
    const buffer = spec.create(floats);
    expect(() => buffer.sample(1, new Random(1))).toThrow(expect.objectContaining({ code: 'empty-replay' }));
    buffer.add(transition());
    for (const size of [0, -1, 1.5, NaN]) {
      expect(() => buffer.sample(size, new Random(1))).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
  });

  it('refuses states of other buffers and damaged ones, and keeps its own', () => {
    const layout = floats;
    const source = uniform({ capacity: 4 }).create(layout);
    for (let i = 0; i < 4; i++)
      source.add(
        transition({
          observation: Float32Array.of(i, 10),
          nextObservation: Float32Array.of(i, 20),
          nextActionMask: Uint8Array.of(1, 0, 1),
        }),
      );
    for (let i = 0; i < 4; i++)
      source.add(transition({ observation: Float32Array.of(i, 30), nextObservation: Float32Array.of(i + 1, 30) }));
    const saved = structuredClone(source.getState()) as { readonly [key: string]: State };
    const others = [
      filled(5, layout, 1),
      filled(4, { ...layout, actions: 2 }, 1),
      filled(4, { ...layout, observationSize: 3 }, 1),
      filled(4, { ...layout, observationType: 'uint8' }, 1),
    ];
    for (const other of others) {
      const before = structuredClone(other.getState());
      expect(() => other.setState(saved)).toThrow(expect.objectContaining({ code: 'incompatible-checkpoint' }));
      expect(other.getState()).toEqual(before);
    }
    expect(() => filled(4, layout, 1).setState({ ...saved, kind: 'prioritized' })).toThrow(
      expect.objectContaining({ code: 'incompatible-checkpoint' }),
    );

    const recent = (saved.recent as { stream: number; lag: number; frames: Int32Array }[])[0];
    const observations = saved.observations as Float32Array[];
    const numbers = (saved.frames as Int32Array).slice();
    const used = observations.reduce((sum, chunk) => sum + chunk.length, 0) / 2;
    const free = saved.freeFrames as Int32Array;
    expect(free.length).toBeGreaterThan(1);
    const damages: [string, unknown][] = [
      ['added', -1],
      ['added', 3],
      ['added', 0.5],
      ['added', '9'],
      ['frames', new Float32Array(4)],
      ['frames', numbers.slice(1)],
      ['frames', Int32Array.of(-1, 0, 0, 0)],
      ['nextFrames', Int32Array.of(used, 0, 0, 0)],
      ['frames', Int32Array.of(numbers[1], numbers[1], numbers[1], numbers[1])], // counts no longer agree with the free frames
      ['actions', Int32Array.of(0, 3, 0, 0)],
      ['actions', undefined],
      ['rewards', Float32Array.of(0, NaN, 0, 0)],
      ['discounts', Float32Array.of(0, 1.5, 0, 0)],
      ['masks', new Uint8Array(12).fill(2)],
      ['masks', new Uint8Array(11)],
      ['observations', null],
      ['observations', [new Uint8Array(used * 2)]],
      ['observations', [new Float32Array(used * 2 + 1)]],
      ['observations', [new Float32Array(used * 2).fill(NaN)]],
      ['observations', [...observations, new Float32Array(200)]],
      ['freeFrames', new Int32Array(free.length + 1)],
      ['freeFrames', new Int32Array(free.length).fill(numbers[0])],
      ['freeFrames', new Int32Array(free.length).fill(free[0])],
      ['recent', null],
      ['recent', [recent, recent]],
      ['recent', [{ ...recent, lag: 16 }]],
      ['recent', [{ ...recent, stream: -1 }]],
      ['recent', [{ ...recent, frames: new Int32Array(16).fill(used) }]],
      ['recent', [{ ...recent, frames: new Int32Array(16).fill(-2) }]],
      ['recent', [{ ...recent, frames: new Int32Array(15) }]],
    ];
    const buffer = filled(4, layout, 6);
    const before = structuredClone(buffer.getState());
    for (const [key, value] of damages) {
      expect(() => buffer.setState({ ...saved, [key]: value } as State), `${key} ${String(value)}`).toThrow(
        expect.objectContaining({ code: 'invalid-checkpoint' }),
      );
    }
    for (const state of [null, 3, 'x', [], new Float32Array(3)]) {
      expect(() => buffer.setState(state)).toThrow(expect.objectContaining({ code: 'invalid-checkpoint' }));
    }
    expect(buffer.getState()).toEqual(before);
    buffer.setState(saved);
    expect(buffer.getState()).toEqual(saved);
  });

  it('has the types of the contract', () => {
    expectTypeOf(uniform).returns.toExtend<ReplaySpec>();
    expectTypeOf<UniformReplay>().toExtend<ReplayBuffer>();
    expect(uniform({ capacity: 5 })).toMatchObject({ kind: 'uniform', capacity: 5 });
    expect(filled(5, floats, 2)).toMatchObject({ kind: 'uniform', capacity: 5, size: 2 });
    // @ts-expect-error the capacity has no default
    expect(() => uniform({})).toThrow();
  });
});
