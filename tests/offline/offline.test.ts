import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DqnError } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import {
  Dataset,
  datasetLayout,
  decodeDataset,
  encodeDataset,
  fillReplay,
  importanceSampling,
  stateActionCoverage,
  trajectoryQuality,
  type DatasetColumns,
} from '../../src/offline/index.ts';
import type { ReplayBuffer, Transition } from '../../src/replay/replay-buffer.ts';
import { uniform } from '../../src/replay/uniform.ts';
import { enumerated } from '../support/tabular.ts';

/** Two episodes: 0 → 1 → 2, terminated, and 5 → 6, cut off. */
const good: DatasetColumns = {
  observationSize: 1,
  actionCount: 3,
  observations: Float32Array.of(0, 1, 2, 5, 6),
  actions: Int32Array.of(1, 2, 0),
  rewards: Float32Array.of(0.5, 1, -2),
  terminations: Uint8Array.of(0, 1, 0),
  truncations: Uint8Array.of(0, 0, 1),
  episodeEnds: Int32Array.of(2, 3),
};

function refusal(work: () => unknown): { code: string; where: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof DqnError) return { code: error.code, where: error.where };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('Dataset', () => {
  it('knows its episodes and their returns', () => {
    const dataset = new Dataset(good);
    expect([dataset.size, dataset.episodes, dataset.start(0), dataset.start(1)]).toEqual([3, 2, 0, 2]);
    expect(dataset.returns()).toEqual([1.5, -2]);
    const fragment = new Dataset({ ...good, truncations: new Uint8Array(3) });
    expect(fragment.isComplete(1)).toBe(false);
    expect(fragment.returns()).toEqual([1.5]);
  });

  it.each<[string, string, Partial<Record<keyof DatasetColumns, unknown>>]>([
    ['a missing column', 'rewards', { rewards: undefined }],
    ['missing observations', 'observations', { observations: undefined }],
    ['a column of another type', 'actions', { actions: [1, 2, 0] }],
    ['a short column', 'rewards', { rewards: new Float32Array(2) }],
    ['too few observations', 'observations', { observations: new Float32Array(4) }],
    ['NaN in observations', 'observations[3]', { observations: Float32Array.of(0, 1, 2, NaN, 6) }],
    ['an infinite reward', 'rewards[1]', { rewards: Float32Array.of(0, Infinity, 0) }],
    ['an action out of range', 'actions[2]', { actions: Int32Array.of(0, 1, 3) }],
    ['a negative action', 'actions[0]', { actions: Int32Array.of(-1, 1, 0) }],
    ['unsorted episodes', 'episodeEnds[1]', { episodeEnds: Int32Array.of(3, 2) }],
    ['an empty episode', 'episodeEnds[1]', { episodeEnds: Int32Array.of(2, 2, 3), observations: new Float32Array(6) }],
    ['an end before the last step', 'episodeEnds', { episodeEnds: Int32Array.of(1, 2) }],
    ['an end within an episode', 'terminations[0]', { terminations: Uint8Array.of(1, 1, 0) }],
    ['an episode without an end before another', 'terminations[1]', { terminations: new Uint8Array(3) }],
    ['a flag that is none', 'truncations[2]', { truncations: Uint8Array.of(0, 0, 2) }],
    ['no actions', 'actionCount', { actionCount: 0 }],
    ['half an observation', 'observationSize', { observationSize: 0.5 }],
  ])('refuses %s', (_, column, change) => {
    expect(refusal(() => new Dataset({ ...good, ...change } as DatasetColumns))).toEqual({
      code: 'invalid-dataset',
      where: `Dataset(${column})`,
    });
  });

  it('comes back from its file, and damage is noticed', () => {
    const bytes = encodeDataset(new Dataset(good));
    expect(decodeDataset(bytes)).toEqual(new Dataset(good));
    const damaged = bytes.slice();
    damaged[damaged.length - 3] ^= 1;
    expect(refusal(() => decodeDataset(damaged)).code).toBe('invalid-checkpoint');
  });
});

describe('fillReplay', () => {
  function filled(columns: DatasetColumns, options: { discount: number; nStep: number }): Transition[] {
    const dataset = new Dataset(columns);
    const inner = uniform({ capacity: 10 }).create(datasetLayout(dataset));
    const added: Transition[] = [];
    const replay = {
      ...inner,
      add: (transition: Transition) => added.push(structuredClone(transition)),
    } as unknown as ReplayBuffer;
    fillReplay(replay, dataset, options);
    return added;
  }
  const short = ({ observation, action, reward, discount, nextObservation }: Transition): number[] => [
    observation[0],
    action,
    reward,
    discount,
    nextObservation[0],
  ];

  it('adds every step with its true next observation, and bootstraps unless terminated', () => {
    expect(filled(good, { discount: 0.5, nStep: 1 }).map(short)).toEqual([
      [0, 1, 0.5, 0.5, 1],
      [1, 2, 1, 0, 2],
      [5, 0, -2, 0.5, 6],
    ]);
    // A fragment bootstraps too.
    expect(filled({ ...good, truncations: new Uint8Array(3) }, { discount: 0.5, nStep: 1 }).map(short)[2]).toEqual([
      5, 0, -2, 0.5, 6,
    ]);
  });

  it('sums rewards over n steps within an episode', () => {
    expect(filled(good, { discount: 0.5, nStep: 3 }).map(short)).toEqual([
      [0, 1, 1, 0, 2],
      [1, 2, 1, 0, 2],
      [5, 0, -2, 0.5, 6],
    ]);
  });

  it('gives every transition the mask of the observation that it bootstraps from', () => {
    const dataset = new Dataset(good);
    const replay = uniform({ capacity: 10 }).create(datasetLayout(dataset));
    // A mask of its own for each of the five observations, those of two states.
    const actionMasks = Uint8Array.of(1, 1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1);
    fillReplay(replay, dataset, { actionMasks, nStep: 2 });
    const { nextObservations, nextActionMasks } = replay.sample(50, new Random(1));
    const masks = new Map([...nextObservations].map((x, b) => [x, [...(nextActionMasks?.subarray(3 * b, 3 * b + 3) ?? [])]]));
    expect([...masks].sort(([a], [b]) => a - b)).toEqual([
      [2, [0, 1, 0]],
      [6, [0, 0, 1]],
    ]);
    const short = refusal(() => fillReplay(replay, dataset, { actionMasks: new Uint8Array(9) }));
    expect(short).toEqual({ code: 'invalid-option', where: 'fillReplay({ actionMasks })' });
  });

  it('fills a real buffer', () => {
    const dataset = new Dataset(good);
    const replay = uniform({ capacity: 10 }).create(datasetLayout(dataset));
    fillReplay(replay, dataset);
    expect(replay.size).toBe(3);
    expect(refusal(() => fillReplay(replay, dataset, { discount: 2 })).code).toBe('invalid-option');
    expect(refusal(() => fillReplay(replay, dataset, { nSteps: 3 } as object)).where).toBe('fillReplay(options)');
  });
});

describe('measures', () => {
  it('count different pairs of state and action against those of a reference', () => {
    const twice = new Dataset({
      ...good,
      observations: Float32Array.of(0, 0, 2, 0, 6),
      actions: Int32Array.of(1, 1, 1),
    });
    expect(stateActionCoverage(twice, new Dataset(good))).toBe(1 / 3);
    expect(stateActionCoverage(new Dataset(good), twice)).toBe(3);
    // Another action in the same state is another pair.
    expect(stateActionCoverage(new Dataset({ ...good, observations: new Float32Array(5) }), new Dataset(good))).toBe(1);
  });

  it('place the mean return between random and online', () => {
    expect(trajectoryQuality(new Dataset(good), -0.25, 0.75)).toBe(0);
    expect(trajectoryQuality(new Dataset({ ...good, truncations: new Uint8Array(3) }), 0.5, 1.5)).toBe(1);
    expect(refusal(() => trajectoryQuality(new Dataset(good), 1, 1)).code).toBe('invalid-option');
  });
});

describe('importanceSampling', () => {
  const kinds = ['ordinary', 'weighted', 'perDecision'] as const;

  it('gives the exact value where all that can happen was recorded as often as it is likely', () => {
    const sizes = [
      fc.nat(),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
    ] as const;
    fc.assert(
      fc.property(...sizes, fc.double({ min: 0, max: 1, noNaN: true }), (seed, states, actions, horizon, discount) => {
        const { dataset, value, target, behavior } = enumerated(seed, states, actions, horizon, discount);
        for (const kind of kinds) {
          expect(importanceSampling(dataset, { behavior, target, discount, kind })).toBeCloseTo(value, 8);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('tells its kinds apart: by hand on two episodes', () => {
    const dataset = new Dataset(good);
    const [behavior, target] = [
      [0.5, 0.5, 0.5],
      [1, 0.25, 0.5],
    ];
    // ρ = 2 · ½ = 1 and 1; returns at γ = ½: 0.5 + 0.5 = 1 and −2. Per decision: 2 · 0.5 + ½ · 1 · 1 = 1.5.
    expect(importanceSampling(dataset, { behavior, target, discount: 0.5, kind: 'ordinary' })).toBeCloseTo(-0.5, 12);
    expect(importanceSampling(dataset, { behavior, target, discount: 0.5, kind: 'weighted' })).toBeCloseTo(-0.5, 12);
    expect(importanceSampling(dataset, { behavior, target, discount: 0.5 })).toBeCloseTo(-0.25, 12);
    // ρ = 1 and 2: the weighted mean divides by 3.
    const other = { behavior, target: [1, 0.25, 1], discount: 0.5 };
    expect(importanceSampling(dataset, { ...other, kind: 'ordinary' })).toBeCloseTo(-1.5, 12);
    expect(importanceSampling(dataset, { ...other, kind: 'weighted' })).toBeCloseTo(-1, 12);
    expect(importanceSampling(dataset, { behavior, target: [0, 0, 0], kind: 'weighted' })).toBe(0);
  });

  it('weighs episodes of whatever length, and rewards that are none', () => {
    const ofLength = (steps: number, reward: number) =>
      new Dataset({
        observationSize: 1,
        actionCount: 2,
        observations: new Float32Array(steps + 1),
        actions: new Int32Array(steps),
        rewards: new Float32Array(steps).fill(reward),
        terminations: new Uint8Array(steps).fill(1, steps - 1),
        truncations: new Uint8Array(steps),
        episodeEnds: Int32Array.of(steps),
      });
    // Ratios of about 1e−1,440 and 2^5,000.
    const some = {
      behavior: new Float64Array(2_000).fill(0.5),
      target: Array.from({ length: 2_000 }, (_, i) => (i % 2 ? 0.05 : 0.95)),
    };
    expect(importanceSampling(ofLength(2_000, 1), { ...some, kind: 'weighted' })).toBeCloseTo(2_000, 8);
    const sure = { behavior: new Float64Array(5_000).fill(0.5), target: new Float64Array(5_000).fill(1) };
    for (const kind of kinds) expect(importanceSampling(ofLength(5_000, 0), { ...sure, kind })).toBe(0);
  });

  it('leaves a fragment at the end out', () => {
    const dataset = new Dataset({ ...good, truncations: new Uint8Array(3) });
    const probabilities = [0.5, 0.5, 0.5];
    for (const kind of kinds) {
      expect(importanceSampling(dataset, { behavior: probabilities, target: probabilities, kind })).toBe(dataset.returns()[0]);
    }
    const cut = { ...good, terminations: new Uint8Array(2), truncations: new Uint8Array(2), episodeEnds: Int32Array.of(2) };
    const open = {
      ...cut,
      observations: good.observations.slice(0, 3),
      actions: good.actions.slice(0, 2),
      rewards: good.rewards.slice(0, 2),
    };
    expect(refusal(() => importanceSampling(new Dataset(open), { behavior: [1, 1], target: [1, 1] })).code).toBe('invalid-dataset');
  });

  it('refuses probabilities that are none', () => {
    const dataset = new Dataset(good);
    const half = [0.5, 0.5, 0.5];
    const refused = (behavior: number[], target: number[]) => refusal(() => importanceSampling(dataset, { behavior, target }));
    expect(refused([0.5, 0, 0.5], half)).toEqual({ code: 'invalid-option', where: 'importanceSampling(behavior[1])' });
    expect(refused(half, [0.5, 1.5, 0.5])).toEqual({ code: 'invalid-option', where: 'importanceSampling(target[1])' });
    expect(refused(half, [NaN, 0.5, 0.5])).toEqual({ code: 'invalid-option', where: 'importanceSampling(target[0])' });
    expect(refused([0.5], half)).toEqual({ code: 'invalid-option', where: 'importanceSampling(behavior)' });
    const misspelt: object = { behavior: half, target: half, discuont: 0.9 };
    expect(refusal(() => importanceSampling(dataset, misspelt as { target: number[] }))).toEqual({
      code: 'invalid-option',
      where: 'importanceSampling(options)',
    });
    const none = { ...good, observations: new Float32Array(), episodeEnds: new Int32Array(), actions: new Int32Array() };
    const flags = { rewards: new Float32Array(), terminations: new Uint8Array(), truncations: new Uint8Array() };
    expect(refusal(() => importanceSampling(new Dataset({ ...none, ...flags }), { behavior: [], target: [] })).code).toBe(
      'invalid-dataset',
    );
  });
});
