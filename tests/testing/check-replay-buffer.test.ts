import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import type { Batch, ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from '../../src/replay/replay-buffer.ts';
import { uniform } from '../../src/replay/uniform.ts';
import { assertReplayBuffer, checkReplayBuffer, type ReplayBufferRule } from '../../src/testing/index.ts';

type Mutable = { -readonly [K in keyof Batch]: Batch[K] };

/** A uniform buffer of four some of whose methods are replaced. */
function spoilt(spoil: (inner: ReplayBuffer, layout: ReplayLayout) => object): ReplaySpec {
  return {
    kind: 'spoilt',
    capacity: 4,
    create(layout) {
      const inner = uniform({ capacity: 4 }).create(layout);
      const sound = {
        kind: 'spoilt',
        capacity: 4,
        add: (transition: Transition) => inner.add(transition),
        sample: (size: number, random: Random) => inner.sample(size, random),
        getState: () => inner.getState(),
        setState: (state: State) => inner.setState(state),
      };
      const parts = spoil(inner, layout);
      const whole = Object.assign(sound, parts);
      if (!('size' in parts)) Object.defineProperty(whole, 'size', { get: () => inner.size });
      return whole as unknown as ReplayBuffer;
    },
  };
}

/** Batches with something done to them. */
const batches = (more: (batch: Mutable) => Partial<Batch> | void) =>
  spoilt((inner) => ({
    sample(size: number, random: Random) {
      const batch = inner.sample(size, random);
      return { ...batch, ...more(batch) };
    },
  }));

let count = 0;

describe('checkReplayBuffer', () => {
  it.each<[string, ReplayBufferRule, ReplaySpec, RegExp]>([
    ['another capacity', 'interface', { ...uniform({ capacity: 4 }), capacity: 5 }, /capacity is 4, and its spec's 5/],
    ['a buffer without add', 'interface', spoilt(() => ({ add: undefined })), /no method add/],
    ['a size of one less', 'interface', spoilt(() => ({ size: -1 })), /must be empty, but its size is -1/],
    [
      'transitions that are dropped',
      'size',
      spoilt((inner) => ({ add: (t: Transition) => (t.discount === 0 ? undefined : inner.add(t)) })),
      /the size must be 1, received 0/,
    ],
    [
      'ids counted from 1',
      'ids',
      batches(({ ids }) => ids.forEach((id, b) => (ids[b] = id + 1))),
      /must be one of 0 … 0.* received 1/,
    ],
    ['weights above one', 'weights', batches(({ weights }) => void weights.fill(1.5)), /must lie in \(0, 1\], received 1\.5/],
    ['a weight of zero', 'weights', batches(({ weights }) => void weights.fill(0)), /must lie in \(0, 1\], received 0/],
    [
      'a mean priority above the largest',
      'priorities',
      spoilt((inner) => ({
        add(this: { priorities?: object }, t: Transition) {
          inner.add(t);
          this.priorities = { mean: 2, max: 1 };
        },
      })),
      /mean in \[0, max\], received the mean 2 and the max 1/,
    ],
    [
      'rewards that are clipped',
      'rows',
      batches(({ rewards }) => rewards.forEach((r, b) => (rewards[b] = Math.min(r, 1)))),
      /reward of transition .* expected .* received 1/,
    ],
    [
      'a forgotten end',
      'rows',
      batches(({ discounts }) => discounts.forEach((d, b) => (discounts[b] = d || 0.99))),
      /discount of transition \d+ .* expected 0, received 0\.99/,
    ],
    [
      'next observations of the row before',
      'rows',
      batches(({ observations }) => ({ nextObservations: observations })),
      /next observation of transition/,
    ],
    ['masks that are lost', 'rows', batches(() => ({ nextActionMasks: undefined })), /Masks came with transitions/],
    [
      'a batch of nothing',
      'empty',
      spoilt((inner) => ({ sample: (size: number, random: Random) => (inner.size === 0 ? { size } : inner.sample(size, random)) })),
      /must throw DqnError empty-replay, but gave a batch/,
    ],
    [
      'chance of its own',
      'determinism',
      batches(({ weights }) => void weights.fill(1 / (1 + (++count % 7)))),
      /other batches from the same random numbers/,
    ],
    [
      'a state that is not restored',
      'state',
      spoilt(() => ({ setState: (state: State) => void JSON.stringify(state) })),
      /gave another state than the saved one/,
    ],
    [
      'a reward of NaN that is taken',
      'refusal',
      spoilt((inner) => ({ add: (t: Transition) => inner.add(Number.isNaN(t.reward) ? { ...t, reward: 0 } : t) })),
      /A transition with a reward of NaN must be refused, but was taken/,
    ],
    [
      'a refusal that changes something',
      'refusal',
      spoilt((inner) => ({
        add(t: Transition) {
          if (t.discount > 1) inner.add({ ...t, discount: 1 });
          inner.add(t);
        },
      })),
      /a discount above 1 was refused, but the buffer had changed/,
    ],
    [
      'a damaged state that is taken',
      'damaged-state',
      spoilt((inner) => ({
        setState: (state: State) => (typeof state === 'object' && state !== null ? inner.setState(state) : undefined),
      })),
      /took a damaged state/,
    ],
    [
      'priorities that change what is stored',
      'rows',
      spoilt((inner) => ({
        updatePriorities: () => void ((inner.sample(1, { integer: () => 0 } as unknown as Random).rewards[0] = 5), (count = 1)),
        sample(size: number, random: Random) {
          const batch = inner.sample(size, random);
          if (inner.size > 2) batch.actions.reverse();
          return batch;
        },
      })),
      /action of transition/,
    ],
  ])('tells %s', (_, rule, spec, sentence) => {
    const report = checkReplayBuffer(spec, { runs: 50 });
    const problem = report.problems.find((each) => each.rule === rule && sentence.test(each.message));
    expect(problem, JSON.stringify(report.problems, null, 1)).toBeDefined();
  });

  it('throws what it found', () => {
    expect(() => assertReplayBuffer(batches(({ weights }) => void weights.fill(2)))).toThrow(
      expect.objectContaining({ code: 'invalid-part', message: expect.stringContaining('- weights: The weight of row 0') }),
    );
  });

  it('shrinks to the shortest life', () => {
    const [{ counterExample }] = checkReplayBuffer(batches(({ weights }) => void weights.fill(2))).problems;
    expect(counterExample?.match(/"kind":"\w+"/g)).toEqual(['"kind":"add"', '"kind":"sample"']);
  });

  it('warns where nothing can be overwritten, and keeps to a layout', () => {
    const layout = { observationSize: 3, observationType: 'uint8', actions: 2 } as const;
    const seen: ReplayLayout[] = [];
    const large = uniform({ capacity: 100 });
    const report = checkReplayBuffer({ ...large, create: (given) => (seen.push(given), large.create(given)) }, { layout, runs: 5 });
    expect(report).toMatchObject({ ok: true, warnings: [{ rule: 'size', message: expect.stringContaining('100') }] });
    for (const each of seen) expect(each).toEqual(layout);
  });
});
