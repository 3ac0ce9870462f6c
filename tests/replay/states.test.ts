import { describe, it } from 'vitest';
import { combined } from '../../src/replay/combined.ts';
import { hindsight } from '../../src/replay/hindsight.ts';
import { NStepAccumulator } from '../../src/replay/n-step.ts';
import { prioritized } from '../../src/replay/prioritized.ts';
import { rankPrioritized } from '../../src/replay/rank-prioritized.ts';
import { recentFirst } from '../../src/replay/recent-first.ts';
import type { ReplayBuffer, ReplayLayout, ReplaySpec } from '../../src/replay/replay-buffer.ts';
import { sequences, type SequencesOptions } from '../../src/replay/sequences.ts';
import { stratified } from '../../src/replay/stratified.ts';
import { largestLeaf } from '../../src/replay/sum-tree.ts';
import { uniform } from '../../src/replay/uniform.ts';
import { Random } from '../../src/common/random.ts';
import { type Damageable, expectDamageRefused, type Range } from './damage.ts';
import { type Fields, saved } from './support.ts';

const layout: ReplayLayout = { observationSize: 2, observationType: 'float32', actions: 3 };
const bytes: ReplayLayout = { ...layout, observationType: 'uint8' };
const stacks: ReplayLayout = { ...bytes, observationSize: 4, stacking: { frames: 2, interleaved: true } };

const whole = (min: number, max: number): Range => ({ min, max, whole: true });
const freely = (range: Range): Range => ({ ...range, free: true });
const probability: Range = { min: 0, max: 1, free: true };
const largestFloat = (2 - 2 ** -23) * 2 ** 127;

/** Adds steps of two environments, with masks where wanted; some observations are of no transition any more once it is full. */
function feed(
  buffer: ReplayBuffer,
  count: number,
  from: number,
  { observationType, observationSize: length }: ReplayLayout,
  masked = true,
): void {
  const type = observationType === 'float32' ? Float32Array : Uint8Array;
  const random = new Random(from);
  const observation = (a: number, b: number) => type.from(Array.from({ length }, (_, j) => (j % 2 === 0 ? a : b)));
  for (let i = from; i < from + count; i++) {
    buffer.add({
      stream: i % 3 === 0 ? 1 : 0,
      observation: observation(i % 5, i + 1),
      action: i % 3,
      reward: i / 2,
      discount: i % 4 === 0 ? 0 : 0.5,
      nextObservation: observation(i % 5, i + 100),
      nextActionMask: masked ? Uint8Array.of(1, i % 2, 0) : undefined,
    });
  }
  const { ids } = buffer.sample(5, random, 7);
  buffer.updatePriorities?.(
    ids,
    Float32Array.from(ids, () => random.normal()),
  );
}

/** What tells a layout. */
const LAYOUT = ['observationSize', 'observationType', 'actions', 'stackedFrames', 'interleaved'];

/** What is the same for all buffers with a store of transitions, whose state lies at `prefix`. `used`: observations in it. */
const store = (used: number, prefix = '') => ({
  options: ['capacity', ...LAYOUT.map((name) => `layout.${name}`)].map((name) => prefix + name),
  ranges: Object.fromEntries(
    Object.entries({
      added: whole(0, Number.MAX_SAFE_INTEGER),
      frames: whole(0, used - 1),
      nextFrames: whole(0, used - 1),
      actions: freely(whole(0, layout.actions - 1)),
      rewards: freely({ min: -largestFloat, max: largestFloat }),
      discounts: probability,
      masks: freely(whole(0, 1)),
      freeFrames: whole(0, used - 1),
      'recent.stream': whole(0, Number.MAX_SAFE_INTEGER),
      'recent.lag': freely(whole(0, 15)),
      'recent.frames': freely(whole(-1, used - 1)),
    }).map(([name, range]) => [prefix + name, range]),
  ),
});

/** How many observations a saved store holds. */
const used = (state: Fields) =>
  ((state.stacks ?? state.observations) as Float32Array[]).reduce((sum, chunk) => sum + chunk.length, 0) / layout.observationSize;

function damageable(spec: ReplaySpec, given: ReplayLayout, more: Pick<Damageable, 'options' | 'ranges'>): Damageable {
  const source = () => {
    const buffer = spec.create(given);
    feed(buffer, 16, 0, given);
    return buffer;
  };
  const { options, ranges } = store(used(saved(source())));
  return {
    source,
    target: () => {
      const buffer = spec.create(given);
      feed(buffer, 4, 50, given, false);
      return buffer;
    },
    options: ['kind', ...options, ...more.options],
    ranges: { ...ranges, ...more.ranges },
    nullable: ['masks'],
  };
}

describe('a saved state that is damaged in any one field is refused, and nothing changes', () => {
  const none = { options: [], ranges: {} };

  it.each([
    ['uniform', uniform({ capacity: 7 }), layout, none],
    ['uniform, of bytes', uniform({ capacity: 7 }), bytes, none],
    [
      'uniform, of stacks of frames',
      uniform({ capacity: 7 }),
      stacks,
      { options: [], ranges: { freePlanes: whole(0, 2 ** 31 - 1) } },
    ],
    ['stratified', stratified({ capacity: 7 }), layout, none],
    [
      'prioritized',
      prioritized({ capacity: 7 }),
      layout,
      {
        options: ['sampler.priorityExponent', 'sampler.priorityEpsilon'],
        ranges: { 'sampler.largest': { min: 1, max: largestLeaf }, 'sampler.values': { min: 0, max: largestLeaf, apart: true } },
      },
    ],
    [
      'rankPrioritized',
      rankPrioritized({ capacity: 7 }),
      layout,
      {
        options: ['sampler.priorityExponent'],
        ranges: {
          'sampler.changes': freely(whole(0, Number.MAX_SAFE_INTEGER)),
          'sampler.slots': whole(0, 6),
          'sampler.priorities': { min: 0, max: largestFloat, apart: true },
        },
      },
    ],
    [
      'recentFirst',
      recentFirst({ capacity: 7, cycle: 12 }),
      layout,
      { options: ['sampler.cycle'], ranges: { 'sampler.drawn': freely(whole(0, 11)) } },
    ],
    [
      'combined',
      combined(recentFirst({ capacity: 7, cycle: 12 })),
      layout,
      { options: ['sampler.kind', 'sampler.inner.cycle'], ranges: { 'sampler.inner.drawn': freely(whole(0, 11)) } },
    ],
  ] as const)('%s', (_name, spec, given, more) => {
    expectDamageRefused(damageable(spec, given, more));
  });

  it.each([
    ['sequences, drawn by priority, with states', { prioritized: {} }, 2],
    ['sequences, drawn uniformly', {}, 2],
    ['sequences without burn-in', { burnIn: 0 }, 1],
    ['sequences without stored states', { storedState: false }, 2],
    ['sequences of a network without a state', {}, 0],
  ] as const)('%s', (_name, changes: Partial<SequencesOptions>, stateSize) => {
    const spec = sequences({ capacity: 24, length: 4, burnIn: 2, overlap: 1, ...changes });
    const fed = (count: number, from: number) => {
      const buffer = spec.create({ ...layout, stateSize, nStep: 2, discount: 0.5 });
      for (let i = from; i < from + count; i++) {
        buffer.add({
          stream: i % 3 === 0 ? 1 : 0,
          observation: Float32Array.of(i % 5, i + 1),
          action: i % 3,
          reward: i / 2,
          nextObservation: Float32Array.of(i % 5, i + 100),
          nextActionMask: from === 0 ? Uint8Array.of(1, i % 2, 0) : undefined,
          terminated: i % 19 === 9,
          truncated: false,
          state: Float32Array.from({ length: stateSize }, (_, k) => i + k / 8),
        });
      }
      return buffer;
    };
    const source = () => fed(40, 0);
    const { steps } = saved(source());
    const { options, ranges } = store(used(steps as Fields), 'steps.');
    const own = ['capacity', 'length', 'burnIn', 'overlap', 'prioritized', 'priorityMix', 'storedState'];
    const given = [...LAYOUT, 'stateSize', 'nStep', 'discount'];
    const priorities = ['priorities.priorityExponent', 'priorities.priorityEpsilon'];
    expectDamageRefused({
      source,
      target: () => fed(13, 100),
      options: ['kind', ...options, ...own, ...given, ...priorities],
      ranges: {
        ...ranges,
        next: { ...whole(-1, 23), apart: true },
        starts: { ...whole(-1, 23), apart: true },
        stated: whole(0, 1),
        states: freely({ min: -largestFloat, max: largestFloat }),
        'priorities.largest': { min: 1, max: largestLeaf },
        'priorities.values': { min: 0, max: largestLeaf, apart: true },
        'running.stream': whole(0, 2 ** 16 - 1),
        'running.length': whole(1, Number.MAX_SAFE_INTEGER),
        'running.ids': whole(0, 39),
      },
      nullable: ['steps.masks'],
    });
  });

  it('hindsight', () => {
    const spec = hindsight(uniform({ capacity: 30 }), { achieved: [0, 1], desired: [1, 2], reward: () => 1 });
    const fed = (count: number, from: number) => {
      const buffer = spec.create(layout);
      feed(buffer, count, from, layout);
      buffer.endEpisode(1);
      return buffer;
    };
    const source = () => fed(9, 0);
    const { options, ranges } = store(used(saved(source()).inner as Fields), 'inner.');
    expectDamageRefused({
      source,
      target: () => fed(4, 50),
      options: ['kind', 'goals', 'strategy', 'achieved', 'desired', 'inner.kind', ...options],
      ranges: {
        ...ranges,
        random: freely(whole(0, 2 ** 32 - 1)),
        discount: probability,
        'episodes.stream': whole(0, Number.MAX_SAFE_INTEGER),
        'episodes.length': whole(0, 29),
        'episodes.observations': freely({ min: -largestFloat, max: largestFloat }),
        'episodes.nextObservations': freely({ min: -largestFloat, max: largestFloat }),
        'episodes.actions': freely(whole(0, layout.actions - 1)),
        'episodes.discounts': probability,
        'episodes.masked': freely(whole(0, 1)),
      },
      nullable: ['inner.masks'],
    });
  });

  it.each([layout, bytes])('NStepAccumulator of $observationType', (given) => {
    const n = 4;
    const fed = (count: number) => {
      const accumulator = new NStepAccumulator({ n, discount: 0.5, layout: given });
      const values = given.observationType === 'uint8' ? Uint8Array : Float32Array;
      for (let i = 0; i < count; i++) {
        accumulator.push(
          {
            stream: i % 2,
            observation: values.of(i, 1),
            action: i % 3,
            reward: i / 3,
            nextObservation: values.of(i + 1, 1),
            nextActionMask: i === 5 ? undefined : Uint8Array.of(1, 0, i % 2),
            terminated: false,
            truncated: false,
          },
          () => undefined,
        );
      }
      return accumulator;
    };
    expectDamageRefused({
      source: () => fed(6),
      target: () => fed(3),
      options: ['n', 'discount', ...LAYOUT.map((name) => `layout.${name}`)],
      ranges: {
        'windows.observations':
          given.observationType === 'uint8' ? freely(whole(0, 255)) : freely({ min: -largestFloat, max: largestFloat }),
        'windows.actions': freely(whole(0, layout.actions - 1)),
        'windows.rewards': freely({ min: -Number.MAX_VALUE, max: Number.MAX_VALUE }),
        'windows.head': freely(whole(0, n)),
        'windows.length': freely(whole(0, n - 1)),
      },
    });
  });
});
