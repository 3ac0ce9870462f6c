import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nStepReturn } from '../../src/bellman/n-step-return.ts';
import { NStepAccumulator, type Step } from '../../src/replay/n-step.ts';
import type { ReplayLayout, Transition } from '../../src/replay/replay-buffer.ts';
import { guarded } from '../support/guarded.ts';

const layout: ReplayLayout = { observationSize: 2, observationType: 'float32', actions: 3 };
const plain: ReplayLayout = { ...layout, observationSize: 1 };

/** A transition whose arrays nobody will overwrite. */
const kept = (t: Transition): Transition => ({
  ...t,
  observation: t.observation.slice(),
  nextObservation: t.nextObservation.slice(),
  nextActionMask: t.nextActionMask?.slice(),
});

type Ending = 'terminated' | 'truncated' | 'both' | 'abandoned';

/** One episode: its observations (one more than its rewards), and how it ends. */
interface Episode {
  readonly stream: number;
  readonly observations: readonly Float32Array[];
  readonly masks: readonly (Uint8Array | undefined)[];
  readonly actions: readonly number[];
  readonly rewards: readonly number[];
  readonly ending: Ending;
}

const episodeArb = fc.integer({ min: 1, max: 9 }).chain((length) => {
  const observationArb = fc
    .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 2 })
    .map((o) => Float32Array.from(o));
  return fc.record({
    observations: fc.array(observationArb, { minLength: length + 1, maxLength: length + 1 }),
    masks: fc.array(fc.option(fc.uint8Array({ max: 1, minLength: 3, maxLength: 3 }), { nil: undefined }), {
      minLength: length,
      maxLength: length,
    }),
    actions: fc.array(fc.nat(2), { minLength: length, maxLength: length }),
    rewards: fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: length, maxLength: length }),
    ending: fc.constantFrom<Ending>('terminated', 'truncated', 'both', 'abandoned'),
  });
});

/** Streams of episodes, and the order in which the streams take their steps. */
const runArb = fc.record({
  n: fc.integer({ min: 1, max: 5 }),
  discount: fc.constantFrom(0, 0.5, 0.9, 1),
  streams: fc
    .array(fc.array(episodeArb, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map((list) => list.map((episodes, stream) => episodes.map((episode): Episode => ({ ...episode, stream })))),
  order: fc.array(fc.nat(2), { maxLength: 120 }),
});

/** What an episode must give, by the definition: for every step the next up to n rewards, as far as the episode goes. */
function reference(episode: Episode, n: number, discount: number): Transition[] {
  const { stream, observations, masks, actions, rewards, ending } = episode;
  const length = rewards.length;
  return actions.map((action, t) => {
    const end = Math.min(t + n, length);
    const terminated = end === length && t + n >= length && (ending === 'terminated' || ending === 'both');
    const { reward, discount: factor } = nStepReturn(rewards.slice(t, end), discount, terminated);
    return {
      stream,
      observation: observations[t],
      action,
      reward,
      discount: factor,
      nextObservation: observations[end],
      nextActionMask: masks[end - 1],
    };
  });
}

/** Feeds episodes to an accumulator step by step, through buffers that are overwritten each time. */
class Feeder {
  readonly episodes: readonly Episode[];
  #episode = 0;
  #step = 0;
  readonly #observation = new Float32Array(2);
  readonly #next = new Float32Array(2);
  readonly #mask = new Uint8Array(3);

  constructor(episodes: readonly Episode[]) {
    this.episodes = episodes;
  }

  get done(): boolean {
    return this.#episode === this.episodes.length;
  }

  /** Takes the next step, the same for each accumulator; `emit` is told which one. */
  advance(accumulators: readonly NStepAccumulator[], emit: (t: Transition, which: number) => void): void {
    const { stream, observations, masks, actions, rewards, ending } = this.episodes[this.#episode];
    const t = this.#step++;
    const last = t === rewards.length - 1;
    this.#observation.set(observations[t]);
    this.#next.set(observations[t + 1]);
    const mask = masks[t];
    if (mask) this.#mask.set(mask);
    const step = {
      stream,
      observation: guarded(this.#observation),
      action: actions[t],
      reward: rewards[t],
      nextObservation: guarded(this.#next),
      nextActionMask: mask && guarded(this.#mask),
      terminated: last && (ending === 'terminated' || ending === 'both'),
      truncated: last && (ending === 'truncated' || ending === 'both'),
    };
    accumulators.forEach((accumulator, which) => {
      accumulator.push(step, (t) => emit(t, which));
      if (last && ending === 'abandoned') accumulator.end(stream, (t) => emit(t, which));
    });
    this.#observation.fill(NaN);
    this.#next.fill(NaN);
    this.#mask.fill(99);
    if (!last) return;
    this.#episode++;
    this.#step = 0;
  }
}

function expectTransitions(given: readonly Transition[], wanted: readonly Transition[]): void {
  expect(given.length).toBe(wanted.length);
  given.forEach((transition, i) => {
    const { reward, discount, ...rest } = wanted[i];
    expect(transition).toMatchObject(rest);
    expect(transition.nextActionMask).toEqual(rest.nextActionMask);
    expect(Math.abs(transition.reward - reward)).toBeLessThan(1e-9);
    expect(Math.abs(transition.discount - discount)).toBeLessThan(1e-12);
  });
}

const step = (changes: Partial<Step>): Step => ({
  stream: 0,
  observation: Float32Array.of(0),
  action: 0,
  reward: 0,
  nextObservation: Float32Array.of(0),
  terminated: false,
  truncated: false,
  ...changes,
});

describe('NStepAccumulator', () => {
  it('agrees with a hand-computed episode', () => {
    const run = (ending: Partial<Step>) => {
      const accumulator = new NStepAccumulator({ n: 3, discount: 0.5, layout: plain });
      const out: string[] = [];
      const emit = (t: Transition) =>
        void out.push(`${t.observation[0]} -${t.action}-> ${t.nextObservation[0]}: ${t.reward} then ${t.discount}`);
      [1, 2, 4, 8].forEach((reward, t) => {
        const at = { observation: Float32Array.of(t), nextObservation: Float32Array.of(t + 1), action: t % 3, reward };
        accumulator.push(step({ ...at, ...(t === 3 ? ending : {}) }), emit);
      });
      return out;
    };
    const first = '0 -0-> 3: 3 then 0.125';
    expect(run({})).toEqual([first, '1 -1-> 4: 6 then 0.125']);
    expect(run({ truncated: true })).toEqual([first, '1 -1-> 4: 6 then 0.125', '2 -2-> 4: 8 then 0.25', '3 -0-> 4: 8 then 0.5']);
    expect(run({ terminated: true })).toEqual([first, '1 -1-> 4: 6 then 0', '2 -2-> 4: 8 then 0', '3 -0-> 4: 8 then 0']);
    expect(run({ terminated: true, truncated: true })).toEqual(run({ terminated: true }));
  });

  it('agrees with the definition on any episodes, endings and interleaving', () => {
    fc.assert(
      fc.property(runArb, ({ n, discount, streams, order }) => {
        const accumulator = new NStepAccumulator({ n, discount, layout });
        const feeders = streams.map((episodes) => new Feeder(episodes));
        const given: Transition[] = [];
        const emit = (t: Transition) => void given.push(kept(t));
        for (const stream of order)
          if (stream < feeders.length && !feeders[stream].done) feeders[stream].advance([accumulator], emit);
        for (const feeder of feeders) while (!feeder.done) feeder.advance([accumulator], emit);
        streams.forEach((episodes, stream) => {
          expectTransitions(
            given.filter((t) => t.stream === stream),
            episodes.flatMap((episode) => reference(episode, n, discount)),
          );
        });
      }),
    );
  });

  it('goes on exactly from a saved state', () => {
    fc.assert(
      fc.property(runArb, fc.nat(30), ({ n, discount, streams, order }, cut) => {
        const options = { n, discount, layout };
        const feeders = streams.map((episodes) => new Feeder(episodes));
        const first = new NStepAccumulator(options);
        const second = new NStepAccumulator(options);
        const given: Transition[][] = [[], []];
        const run = (turns: readonly number[], accumulators: readonly NStepAccumulator[]) => {
          for (const stream of turns) {
            if (stream >= feeders.length || feeders[stream].done) continue;
            feeders[stream].advance(accumulators, (t, which) => void given[which].push(kept(t)));
          }
        };
        run(order.slice(0, cut), [first]);
        const saved = structuredClone(first.getState());
        // Dirty the second one before: a state replaces everything.
        const dirt = { observation: Float32Array.of(9, 9), action: 2, reward: 9, nextObservation: Float32Array.of(8, 8) };
        streams.forEach((_, stream) => second.push(step({ stream, ...dirt }), () => undefined));
        second.setState(saved);
        expect(second.getState()).toEqual(saved);
        given[0].length = 0;
        run(order.slice(cut), [first, second]);
        expect(given[1]).toEqual(given[0]);
        expect(second.getState()).toEqual(first.getState());
      }),
    );
  });

  it('hands the observations of single steps straight on', () => {
    const accumulator = new NStepAccumulator({ n: 1, discount: 0.9, layout: plain });
    const given = step({ observation: Float32Array.of(1), nextObservation: Float32Array.of(2), reward: 0.1 });
    accumulator.push(given, (t) => {
      expect(t.observation).toBe(given.observation);
      expect(t.nextObservation).toBe(given.nextObservation);
      expect(t).toMatchObject({ reward: 0.1, discount: 0.9 });
    });
    expect.assertions(3);
  });

  it('takes bytes', () => {
    const accumulator = new NStepAccumulator({ n: 2, discount: 1, layout: { ...plain, observationType: 'uint8' } });
    const given: Transition[] = [];
    accumulator.push(
      step({ observation: Uint8Array.of(255), nextObservation: Uint8Array.of(7), terminated: true }),
      (t) => void given.push(kept(t)),
    );
    expect(given).toMatchObject([{ observation: Uint8Array.of(255), nextObservation: Uint8Array.of(7), discount: 0 }]);
  });

  it('refuses bad steps and is as if they had not come', () => {
    const bad: [Partial<Step>, string, string][] = [
      [{ stream: 2 ** 16 }, 'invalid-option', 'Step.stream'],
      [{ stream: -1 }, 'invalid-option', 'Step.stream'],
      [{ stream: 0.5 }, 'invalid-option', 'Step.stream'],
      [{ observation: new Float32Array(2) }, 'invalid-observation', 'Step.observation'],
      [{ nextObservation: Float32Array.of(NaN) }, 'invalid-observation', 'Step.nextObservation[0]'],
      [{ action: 3 }, 'invalid-action', 'Step.action'],
      [{ reward: NaN }, 'invalid-reward', 'Step.reward'],
      [{ reward: 1e39 }, 'invalid-reward', 'Step.reward'],
      [{ nextActionMask: new Uint8Array(2) }, 'invalid-action', 'Step.nextActionMask'],
    ];
    for (const n of [1, 3]) {
      const accumulator = new NStepAccumulator({ n, discount: 1, layout: plain });
      accumulator.push(step({ reward: 1 }), () => undefined);
      const before = structuredClone(accumulator.getState());
      for (const [changes, code, where] of bad) {
        expect(() => accumulator.push(step(changes), () => undefined)).toThrow(expect.objectContaining({ code, where }));
        expect(accumulator.getState()).toEqual(before);
      }
    }
  });

  it('does not reach over the end of an episode where emit throws', () => {
    const accumulator = new NStepAccumulator({ n: 3, discount: 1, layout: plain });
    const fail = () => {
      throw new Error('full');
    };
    accumulator.push(step({ reward: 1 }), fail);
    expect(() => accumulator.push(step({ reward: 1, terminated: true }), fail)).toThrow('full');
    const rewards: number[] = [];
    accumulator.push(step({ reward: 5, terminated: true }), (t) => void rewards.push(t.reward));
    expect(rewards).toEqual([5]);
  });

  it('refuses options outside their ranges', () => {
    const options = { n: 3, discount: 0.9, layout: plain };
    for (const changes of [{ n: 0 }, { n: 1.5 }, { discount: 1.1 }, { discount: NaN }, { layout: { ...plain, actions: 0 } }]) {
      expect(() => new NStepAccumulator({ ...options, ...changes })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
  });

  it('refuses states of other accumulators and damaged ones, and keeps its own', () => {
    const options = { n: 2, discount: 0.9, layout };
    const accumulator = new NStepAccumulator(options);
    const push = (target: NStepAccumulator) =>
      target.push(
        step({
          observation: Float32Array.of(1, 2),
          nextObservation: Float32Array.of(3, 4),
          nextActionMask: Uint8Array.of(1, 0, 1),
        }),
        () => undefined,
      );
    push(accumulator);
    const saved = structuredClone(accumulator.getState()) as { windows: Record<string, unknown>[] };
    const other = (changes: object) => new NStepAccumulator({ ...options, ...changes });
    for (const target of [other({ n: 3 }), other({ discount: 0.8 }), other({ layout: { ...layout, actions: 2 } })]) {
      expect(() => target.setState(saved as never)).toThrow(expect.objectContaining({ code: 'incompatible-checkpoint' }));
    }
    const damages: [string, unknown][] = [
      ['head', 3],
      ['head', -1],
      ['length', 2],
      ['length', 0.5],
      ['actions', new Int32Array(2)],
      ['actions', Int32Array.of(3, 0, 0)],
      ['rewards', Float64Array.of(NaN, 0, 0)],
      ['rewards', new Float32Array(3)],
      ['mask', new Uint8Array(2)],
      ['hasMask', 1],
      ['observations', []],
      ['observations', [Float32Array.of(NaN, 1), new Float32Array(2), new Float32Array(2)]],
      ['observations', [new Float32Array(1), new Float32Array(2), new Float32Array(2)]],
      ['observations', [new Uint8Array(2), new Float32Array(2), new Float32Array(2)]],
    ];
    const target = other({});
    push(target);
    const before = structuredClone(target.getState());
    for (const [key, value] of damages) {
      expect(() => target.setState({ ...saved, windows: [{ ...saved.windows[0], [key]: value }] } as never)).toThrow(
        expect.objectContaining({ code: 'invalid-checkpoint' }),
      );
    }
    for (const state of [null, 1, 'x', [], { ...saved, windows: null }, { ...saved, windows: [null] }]) {
      expect(() => target.setState(state as never)).toThrow(expect.objectContaining({ code: 'invalid-checkpoint' }));
    }
    expect(target.getState()).toEqual(before);
  });
});
