import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import { hindsight, type HindsightOptions, type HindsightReplay } from '../../src/replay/hindsight.ts';
import { prioritized } from '../../src/replay/prioritized.ts';
import type { ReplayBuffer, ReplayLayout, Transition } from '../../src/replay/replay-buffer.ts';
import { uniform } from '../../src/replay/uniform.ts';
import { type Fields, saved, unpacked } from './support.ts';

// An observation is [something, achieved, achieved, desired, desired].
const layout: ReplayLayout = { observationSize: 5, observationType: 'float32', actions: 2 };
const same = (achieved: Float32Array, desired: Float32Array) => achieved.every((value, i) => value === desired[i]);
const options: HindsightOptions = {
  achieved: [1, 3],
  desired: [3, 5],
  reward: (achieved, desired) => (same(achieved, desired) ? 0 : -1) + achieved[0] / 4,
};

/** Everything that is held, oldest first. */
function held(buffer: ReplayBuffer): Transition[] {
  const found = new Map<number, Transition>();
  const random = new Random(3);
  while (found.size < buffer.size) {
    const { ids, observations, actions, rewards, discounts, nextObservations, nextActionMasks } = buffer.sample(64, random);
    ids.forEach((id, b) =>
      found.set(id, {
        stream: 0,
        observation: observations.slice(b * 5, b * 5 + 5),
        action: actions[b],
        reward: rewards[b],
        discount: discounts[b],
        nextObservation: nextObservations.slice(b * 5, b * 5 + 5),
        nextActionMask: nextActionMasks?.slice(b * 2, b * 2 + 2),
      }),
    );
  }
  return [...found].sort(([a], [b]) => a - b).map(([, transition]) => transition);
}

interface Episode {
  readonly stream: number;
  readonly states: readonly (readonly [number, number, number])[];
  readonly goal: readonly [number, number];
  readonly actions: readonly number[];
  readonly masks: readonly (Uint8Array | undefined)[];
  readonly terminated: boolean;
}

const number = fc.nat(2);
const episodeArb: fc.Arbitrary<Episode> = fc.integer({ min: 1, max: 6 }).chain((length) =>
  fc.record({
    stream: fc.nat(2),
    states: fc.array(fc.tuple(number, number, number), { minLength: length + 1, maxLength: length + 1 }),
    goal: fc.tuple(number, number),
    actions: fc.array(fc.nat(1), { minLength: length, maxLength: length }),
    masks: fc.array(fc.option(fc.uint8Array({ minLength: 2, maxLength: 2, max: 1 }), { nil: undefined }), {
      minLength: length,
      maxLength: length,
    }),
    terminated: fc.boolean(),
  }),
);

const steps = ({ stream, states, goal, actions, masks, terminated }: Episode): Transition[] =>
  actions.map((action, t) => ({
    stream,
    observation: Float32Array.of(...states[t], ...goal),
    action,
    reward: 7,
    discount: terminated && t === actions.length - 1 ? 0 : 0.5,
    nextObservation: Float32Array.of(...states[t + 1], ...goal),
    nextActionMask: masks[t],
  }));

/** By the definition, drawing from the same stream. */
function relabelled(episode: readonly Transition[], given: HindsightOptions, random: Random, seenDiscount: boolean): Transition[] {
  const { strategy = 'future', goals = strategy === 'final' ? 1 : 4, reward, terminates } = given;
  const last = episode.length - 1;
  return episode.flatMap((step, t) =>
    Array.from({ length: goals }, () => {
      const from =
        strategy === 'final' ? last : strategy === 'episode' ? random.integer(last + 1) : t + random.integer(last - t + 1);
      const goal = episode[from].nextObservation.slice(1, 3) as Float32Array;
      const achieved = step.nextObservation.slice(1, 3) as Float32Array;
      const withGoal = (o: Float32Array | Uint8Array) => Float32Array.of(o[0], o[1], o[2], ...goal);
      let { discount } = step;
      if (terminates) {
        const own = discount === 0 && terminates(achieved, step.nextObservation.slice(3, 5) as Float32Array);
        if (own) discount = seenDiscount ? 0.5 : 0;
        if (terminates(achieved, goal)) discount = 0;
      }
      return {
        ...step,
        observation: withGoal(step.observation),
        nextObservation: withGoal(step.nextObservation),
        reward: Math.fround(reward(achieved, goal)),
        discount,
      };
    }),
  );
}

const plain = (list: readonly Transition[], masked: boolean) =>
  list.map(({ observation, action, reward, discount, nextObservation, nextActionMask }) => ({
    observation: [...observation],
    action,
    reward,
    discount,
    nextObservation: [...nextObservation],
    mask: masked ? [...(nextActionMask ?? [1, 1])] : undefined,
  }));

const strategies = ['future', 'final', 'episode'] as const;

describe('hindsight', () => {
  it('agrees with the definition, for any episodes of several environments and any strategy', () => {
    fc.assert(
      fc.property(
        fc.array(episodeArb, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...strategies),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.nat(),
        (episodes, strategy, k, terminates, seed) => {
          const given: HindsightOptions = {
            ...options,
            strategy,
            seed,
            ...(strategy === 'final' ? {} : { goals: k }),
            ...(terminates ? { terminates: same } : {}),
          };
          const buffer = hindsight(uniform({ capacity: 1000 }), given).create(layout);
          const random = new Random(seed).split('hindsight');
          const wanted: Transition[] = [];
          let seen = false;
          // Environments take turns, one step each; one episode after the other in each.
          const queues = [0, 1, 2].map((stream) => episodes.filter((episode) => episode.stream === stream).map(steps));
          const running = queues.map((): Transition[] => []);
          while (queues.some((queue) => queue.length > 0)) {
            queues.forEach((queue, stream) => {
              if (queue.length === 0) return;
              const done = running[stream];
              const step = queue[0][done.length];
              const lent = {
                ...step,
                observation: step.observation.slice(),
                nextObservation: step.nextObservation.slice(),
                nextActionMask: step.nextActionMask?.slice(),
              };
              buffer.add(lent);
              lent.observation.fill(55);
              lent.nextObservation.fill(55);
              lent.nextActionMask?.fill(55);
              wanted.push(step);
              done.push(step);
              seen ||= step.discount > 0;
              if (done.length < queue[0].length) return;
              wanted.push(...relabelled(done, given, random, seen));
              buffer.endEpisode(stream);
              buffer.endEpisode(stream); // again: nothing to relabel
              running[stream] = [];
              queue.shift();
            });
          }
          const masked = wanted.some(({ nextActionMask }) => nextActionMask !== undefined);
          expect(buffer.size).toBe(wanted.length);
          expect(plain(held(buffer), masked)).toEqual(plain(wanted, masked));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('agrees with a hand-computed episode', () => {
    const buffer = hindsight(uniform({ capacity: 50 }), {
      ...options,
      strategy: 'final',
      reward: (a, d) => (same(a, d) ? 0 : -1),
      terminates: same,
    }).create(layout);
    const at = (x: number) => Float32Array.of(0, x, 0, 9, 9);
    for (const x of [0, 1])
      buffer.add({ stream: 0, observation: at(x), action: 1, reward: -1, discount: 0.9, nextObservation: at(x + 1) });
    buffer.endEpisode(0);
    expect(held(buffer).slice(2)).toMatchObject([
      {
        observation: Float32Array.of(0, 0, 0, 2, 0),
        nextObservation: Float32Array.of(0, 1, 0, 2, 0),
        reward: -1,
        discount: Math.fround(0.9),
      },
      { observation: Float32Array.of(0, 1, 0, 2, 0), nextObservation: Float32Array.of(0, 2, 0, 2, 0), reward: 0, discount: 0 },
    ]);
  });

  it('goes on exactly from a state saved in the middle of episodes', () => {
    fc.assert(
      fc.property(
        fc.array(episodeArb, { minLength: 1, maxLength: 6 }),
        fc.nat(20),
        fc.constantFrom(...strategies),
        (episodes, cut, strategy) => {
          const make = () => hindsight(prioritized({ capacity: 40 }), { ...options, strategy }).create(layout);
          const buffers = [make()];
          const all = episodes.flatMap((episode) => {
            const list = steps(episode);
            return list.map((step, t) => ({ step, ends: t === list.length - 1 }));
          });
          let round = 0;
          const take = ({ step, ends }: (typeof all)[number]) => {
            round++;
            for (const buffer of buffers) {
              buffer.add(step);
              if (ends) buffer.endEpisode(step.stream);
              const { ids } = buffer.sample(4, new Random(round));
              buffer.updatePriorities?.(
                ids,
                Float32Array.from(ids, (id) => id % 5),
              );
            }
          };
          all.slice(0, cut).forEach(take);
          const other = make();
          other.add(steps(episodes[0])[0]);
          other.setState(saved(buffers[0]));
          expect(other.getState()).toEqual(buffers[0].getState());
          buffers.push(other);
          all.slice(cut).forEach(take);
          for (const buffer of buffers) for (const stream of [0, 1, 2]) buffer.endEpisode(stream);
          expect(other.getState()).toEqual(buffers[0].getState());
          if (other.size > 0) {
            const [a, b] = buffers.map((buffer) => unpacked(buffer.sample(9, new Random(2), 5)));
            expect(b).toEqual(a);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('relabels an episode as long as the capacity in pieces, and works at capacity 1', () => {
    const step = steps({
      stream: 0,
      states: [
        [0, 1, 2],
        [0, 2, 1],
      ],
      goal: [9, 9],
      actions: [0],
      masks: [undefined],
      terminated: false,
    })[0];
    for (const capacity of [1, 3]) {
      const buffer = hindsight(uniform({ capacity }), { ...options, goals: 1 }).create(layout);
      for (let i = 0; i < 10; i++) buffer.add(step);
      const { episodes } = saved(buffer) as { episodes: Fields[] };
      expect(episodes[0].length).toBe(10 % capacity);
      expect(buffer.size).toBe(capacity);
    }
  });

  it('hands on what the inner buffer is, and needs single steps', () => {
    const spec = hindsight(prioritized({ capacity: 7 }), options);
    expect(spec).toMatchObject({ kind: 'hindsight(prioritized)', capacity: 7, singleStep: true });
    const buffer = spec.create(layout);
    expect(buffer).toMatchObject({ kind: 'hindsight(prioritized)', capacity: 7, size: 0 });
    expect(() => buffer.sample(1, new Random(1))).toThrow(expect.objectContaining({ code: 'empty-replay' }));
    const bad = {
      stream: 0,
      observation: new Float32Array(4),
      action: 0,
      reward: 0,
      discount: 1,
      nextObservation: new Float32Array(5),
    };
    const before = saved(buffer);
    expect(() => buffer.add(bad)).toThrow(expect.objectContaining({ code: 'invalid-observation' }));
    expect(buffer.getState()).toEqual(before);
    expect(buffer.priorities).toBeUndefined();
    buffer.add({ ...bad, observation: new Float32Array(5) });
    expect(buffer.priorities).toEqual({ mean: 1, max: 1 });
    const ended: number[] = [];
    const inner = {
      ...uniform({ capacity: 3 }),
      create: () =>
        Object.assign(uniform({ capacity: 3 }).create(layout), {
          updatePriorities: undefined,
          endEpisode: (s: number) => void ended.push(s),
        }),
    };
    const wrapped = hindsight(inner as never, options).create(layout);
    wrapped.endEpisode(2);
    expect(ended).toEqual([2]);
    expect(wrapped.updatePriorities).toBeUndefined();
  });

  it('refuses a bad reward, and begins a new episode after it', () => {
    const buffer = hindsight(uniform({ capacity: 50 }), {
      ...options,
      goals: 2,
      reward: (achieved) => (achieved[0] === 2 ? NaN : 1),
    }).create(layout);
    const [step] = steps({
      stream: 0,
      states: [
        [0, 2, 2],
        [0, 2, 1],
      ],
      goal: [9, 9],
      actions: [0],
      masks: [undefined],
      terminated: false,
    });
    buffer.add(step);
    expect(() => buffer.endEpisode(0)).toThrow(expect.objectContaining({ code: 'invalid-reward', where: 'hindsight(reward)' }));
    expect(buffer.size).toBe(1);
    buffer.endEpisode(0);
    expect(buffer.size).toBe(1);
  });

  it('gives back γ, the last discount above 0, where its own goal ended the episode', () => {
    const make = () => hindsight(uniform({ capacity: 50 }), { ...options, strategy: 'final', terminates: same }).create(layout);
    const step = (place: number, goal: number, discount: number): Transition => ({
      stream: 0,
      observation: Float32Array.of(0, 0, 0, goal, goal),
      action: 0,
      reward: 0,
      discount,
      nextObservation: Float32Array.of(0, place, place, goal, goal),
    });
    const buffer = make();
    // The goal 5 ends the episode at its last step; in hindsight of the state 7 of another stream it would have gone on.
    buffer.add(step(1, 5, 0.75));
    buffer.add(step(5, 5, 0));
    buffer.add(step(7, 9, 0.25)); // the same episode goes on, as if by another environment
    buffer.endEpisode(0);
    expect(held(buffer).map(({ discount }) => discount)).toEqual([0.75, 0, 0.25, 0.75, 0.25, 0]);
    const other = make();
    other.add(step(5, 5, 0));
    other.add(step(7, 9, 0));
    other.endEpisode(0);
    expect(held(other).map(({ discount }) => discount)).toEqual([0, 0, 0, 0]); // no discount above 0 has come
    other.add(step(1, 2, 0.5));
    other.add(step(5, 5, 0));
    other.add(step(7, 9, 0));
    other.endEpisode(0);
    expect(held(other).map(({ discount }) => discount)).toEqual([0, 0, 0, 0, 0.5, 0, 0, 0.5, 0.5, 0]);
  });

  it('bears functions that write to the goals that they are given', () => {
    const play = (given: Partial<HindsightOptions>) => {
      const buffer = hindsight(uniform({ capacity: 50 }), { ...options, terminates: same, ...given }).create(layout);
      for (let t = 0; t < 4; t++) {
        buffer.add({
          stream: 0,
          action: 0,
          reward: 0,
          discount: t === 3 ? 0 : 0.5,
          observation: Float32Array.of(0, t, t % 2, 3, 1),
          nextObservation: Float32Array.of(0, t + 1, (t + 1) % 2, 4, 0),
        });
      }
      buffer.endEpisode(0);
      return held(buffer);
    };
    const scribbling =
      <T>(f: (achieved: Float32Array, desired: Float32Array) => T) =>
      (achieved: Float32Array, desired: Float32Array): T => {
        const result = f(achieved, desired);
        achieved.fill(8);
        desired.fill(9);
        return result;
      };
    const calm = play({});
    expect(new Set(calm.map(({ discount }) => discount))).toEqual(new Set([0, 0.5]));
    expect(play({ reward: scribbling(options.reward), terminates: scribbling(same) })).toEqual(calm);
  });

  it('draws by the seed 0 where none is given', () => {
    const draws = (changes: Partial<HindsightOptions>) => {
      const buffer = hindsight(uniform({ capacity: 100 }), { ...options, ...changes }).create(layout);
      return saved(buffer).random;
    };
    expect(draws({})).toEqual(draws({ seed: 0 }));
    expect(draws({})).not.toEqual(draws({ seed: 1 }));
  });

  it('takes goals side by side in either order, and none that overlap', () => {
    const ranges = (achieved: [number, number], desired: [number, number]) => () =>
      hindsight(uniform({ capacity: 5 }), { ...options, achieved, desired });
    for (const [a, b] of [
      [
        [0, 2],
        [2, 4],
      ],
      [
        [1, 2],
        [4, 5],
      ],
    ] as [[number, number], [number, number]][]) {
      expect(ranges(a, b)).not.toThrow();
      expect(ranges(b, a)).not.toThrow();
    }
    for (const shift of [-2, -1, 0, 1, 2]) {
      expect(ranges([3, 6], [3 + shift, 6 + shift])).toThrow(expect.objectContaining({ where: 'hindsight(desired)' }));
    }
    expect(ranges([0, 2], [2, 5])).toThrow(expect.objectContaining({ expected: 'a range of 2 numbers' }));
  });

  it('refuses options outside their ranges', () => {
    const bad: [object, where: string][] = [
      [{ goals: 0 }, 'goals'],
      [{ goals: 1.5 }, 'goals'],
      [{ strategy: 'random' }, 'strategy'],
      [{ strategy: 'final', goals: 0 }, 'goals'],
      [{ strategy: 'final', goals: 2 }, 'goals'],
      [{ achieved: [1] }, 'achieved'],
      [{ achieved: [1, 2, 3] }, 'achieved'],
      [{ achieved: [-1, 1] }, 'achieved[0]'],
      [{ achieved: [2, 2] }, 'achieved[1]'],
      [{ achieved: [2, 1.5] }, 'achieved[1]'],
      [{ achieved: [1, 2] }, 'desired'],
      [{ achieved: undefined }, 'achieved'],
      [{ desired: [2, 4] }, 'desired'],
      [{ desired: [3, 4.5] }, 'desired[1]'],
      [{ reward: 1 }, 'reward'],
      [{ terminates: true }, 'terminates'],
      [{ k: 4 }, 'options'],
    ];
    expect(() => hindsight(uniform({ capacity: 5 }), { ...options, seed: NaN })).toThrow(
      expect.objectContaining({ code: 'invalid-option', where: 'Random(seed)' }),
    );
    for (const [changes, where] of bad) {
      expect(() => hindsight(uniform({ capacity: 5 }), { ...options, ...changes }), JSON.stringify(changes)).toThrow(
        expect.objectContaining({ code: 'invalid-option', where: `hindsight(${where})` }),
      );
    }
    expect(() => hindsight(undefined as never, options)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    const spec = hindsight(uniform({ capacity: 5 }), options);
    for (const changes of [{ observationType: 'uint8' as const }, { observationSize: 4 }]) {
      expect(() => spec.create({ ...layout, ...changes })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
  });

  it('refuses damaged states and keeps its own', () => {
    const make = (changes: Partial<HindsightOptions> = {}) =>
      hindsight(uniform({ capacity: 9 }), { ...options, ...changes }).create(layout);
    const run = (buffer: HindsightReplay, count: number) => {
      const list = steps({
        stream: 1,
        states: Array.from({ length: 7 }, (_, i) => [i, 0, i] as const),
        goal: [1, 1],
        actions: [0, 1, 0, 1, 0, 1],
        masks: Array.from({ length: 6 }, () => Uint8Array.of(1, 0)),
        terminated: false,
      });
      for (const step of list.slice(0, count)) buffer.add(step);
    };
    const source = make();
    run(source, 4);
    const state = saved(source);
    const [episode] = state.episodes as Fields[];
    const target = make();
    run(target, 2);
    const before = saved(target);
    const refuse = (bad: State, code = 'invalid-checkpoint') => {
      expect(() => target.setState(bad)).toThrow(expect.objectContaining({ code }));
      expect(target.getState()).toEqual(before);
    };
    for (const [key, value] of [
      ['length', 9],
      ['length', -1],
      ['length', 3],
      ['stream', -1],
      ['observations', new Float32Array(20).fill(NaN)],
      ['nextObservations', new Float64Array(20)],
      ['actions', Int32Array.of(0, 1, 2, 0)],
      ['discounts', Float64Array.of(0, 1, 2, 0)],
      ['masks', new Uint8Array(7)],
      ['masked', Uint8Array.of(0, 1, 2, 0)],
    ] as [string, State][]) {
      refuse({ ...state, episodes: [{ ...episode, [key]: value }] });
    }
    refuse({ ...state, episodes: [episode, episode] });
    refuse({ ...state, episodes: null });
    refuse({ ...state, random: [0, 0, 0, 0] });
    refuse({ ...state, discount: 1.5 });
    refuse({ ...state, inner: null });
    refuse(null);
    refuse({ ...state, kind: 'uniform' }, 'incompatible-checkpoint');
    refuse({ ...state, goals: 3 }, 'incompatible-checkpoint');
    refuse({ ...state, strategy: 'final' }, 'incompatible-checkpoint');
    refuse({ ...state, achieved: '0,2' }, 'incompatible-checkpoint');
    target.setState(state);
    expect(target.getState()).toEqual(state);
  });
});
