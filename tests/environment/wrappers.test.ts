import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepCopy, deepEqual } from '../../src/common/deep.ts';
import { DqnError } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import type { Environment, StepResult } from '../../src/environment/environment.ts';
import { type BoxSpace, box, dict, discrete, explainMismatch } from '../../src/environment/spaces.ts';
import { actionRepeat } from '../../src/environment/wrappers/action-repeat.ts';
import { episodeStatistics } from '../../src/environment/wrappers/episode-statistics.ts';
import { flattenObservation } from '../../src/environment/wrappers/flatten-observation.ts';
import { frameStack } from '../../src/environment/wrappers/frame-stack.ts';
import { normalizeObservation } from '../../src/environment/wrappers/normalize-observation.ts';
import { rewardClip } from '../../src/environment/wrappers/reward-clip.ts';
import { rewardScale } from '../../src/environment/wrappers/reward-scale.ts';
import { RunningStatistics } from '../../src/environment/wrappers/running-statistics.ts';
import { stickyActions } from '../../src/environment/wrappers/sticky-actions.ts';
import { timeLimit } from '../../src/environment/wrappers/time-limit.ts';
import { checkEnvironment } from '../../src/testing/check-environment.ts';
import { Script, Walk, later, now } from './toys.ts';

type Wrapper = (environment: Environment<Float32Array, number>) => Environment<Float32Array, number>;

const wrappers: Record<string, Wrapper> = {
  timeLimit: (environment) => timeLimit(environment, 4),
  frameStack: (environment) => frameStack(environment, 3),
  'frameStack, last axis': (environment) => frameStack(environment, 3, { axis: 'last' }),
  flattenObservation,
  rewardScale: (environment) => rewardScale(environment, 0.5),
  rewardClip: (environment) => rewardClip(environment, { min: -1, max: 1 }),
  normalizeObservation: (environment) => normalizeObservation(environment),
  actionRepeat: (environment) => actionRepeat(environment, 3),
  stickyActions: (environment) => stickyActions(environment, 0.5),
  episodeStatistics,
  'all of them': (environment) =>
    frameStack(
      normalizeObservation(
        stickyActions(actionRepeat(episodeStatistics(rewardClip(timeLimit(environment, 5), { min: -1, max: 1 })), 2), 0.25),
      ),
      2,
    ),
};

function codeOf(task: () => unknown): string | undefined {
  try {
    task();
    return undefined;
  } catch (error) {
    if (error instanceof DqnError) return error.code;
    throw error;
  }
}

/** Plays with random actions, resetting at ends. */
function play(environment: Environment<Float32Array, number>, steps: number, random: Random): StepResult<Float32Array>[] {
  return Array.from({ length: steps }, () => {
    const result = now(environment.step(random.integer(3) - 1));
    if (result.terminated || result.truncated) now(environment.reset());
    return result;
  });
}

describe.each(Object.entries(wrappers))('%s', (_, wrapped) => {
  it('keeps the contract, around environments that answer at once or later', async () => {
    for (const make of [() => wrapped(new Walk()), () => wrapped(new Walk({ masked: true })), () => wrapped(later(new Walk()))]) {
      const { problems } = await checkEnvironment(make, { steps: 100 });
      const rules = problems.map(({ rule }) => rule);
      // Statistics that go on over episodes make equal seeds give unequal numbers: so it is documented.
      const learns = make().getState !== undefined && JSON.stringify(make().getState?.()).includes('normalizeObservation');
      expect(rules.filter((rule) => !learns || (rule !== 'determinism' && rule !== 'reset-mid-episode'))).toEqual([]);
    }
  });

  it('answers at once where the inner environment does, and later where it does not', () => {
    const environment = wrapped(new Walk());
    now(environment.reset({ seed: 1 }));
    now(environment.step(0));
    expect(wrapped(later(new Walk())).reset()).toBeInstanceOf(Promise);
  });

  it('gives the same answers around an environment that answers later', async () => {
    const [once, twice] = [wrapped(new Walk()), wrapped(later(new Walk()))];
    expect(await twice.reset({ seed: 5 })).toEqual(now(once.reset({ seed: 5 })));
    for (let i = 0; i < 20; i++) {
      const result = now(once.step(1));
      expect(await twice.step(1)).toEqual(result);
      if (result.terminated || result.truncated) expect(await twice.reset()).toEqual(now(once.reset()));
    }
  });

  it('passes rendering and closing through', () => {
    const inner = new Walk();
    const environment = wrapped(inner);
    now(environment.reset({ seed: 3 }));
    expect(environment.render?.('svg')).toBe(inner.render('svg'));
    environment.close?.();
    expect(inner.closed).toBe(1);
  });

  it('has optional methods only where the inner environment has them', () => {
    const bare = wrapped(new Script([1]));
    expect([bare.render, bare.close, bare.getState, bare.setState]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('passes seeds, options and masks through', () => {
    const inner = new Script([1, 1, 1, 1]);
    inner.masks = [undefined, Uint8Array.of(1, 0, 1, 1), Uint8Array.of(1, 1, 1, 0)];
    const environment = wrapped(inner);
    expect(now(environment.reset({ seed: 8 })).actionMask).toEqual(Uint8Array.of(1, 0, 1, 1));
    expect(inner.seeds).toEqual([8]);
  });

  it('goes on exactly from a saved state, in itself and in a fresh one', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 20 }), (seed, steps) => {
        const environment = wrapped(new Walk({ masked: false }));
        now(environment.reset({ seed }));
        play(environment, steps, new Random(seed));
        const saved = deepCopy(environment.getState?.() ?? null);
        const original = play(environment, 15, new Random(seed + 1));
        environment.setState?.(saved);
        expect(deepEqual(environment.getState?.(), saved)).toBe(true);
        expect(play(environment, 15, new Random(seed + 1))).toEqual(original);
        const fresh = wrapped(new Walk());
        fresh.setState?.(saved);
        expect(play(fresh, 15, new Random(seed + 1))).toEqual(original);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses foreign states and then goes on as if nothing had been', () => {
    const environment = wrapped(new Walk());
    now(environment.reset({ seed: 4 }));
    const saved = deepCopy(environment.getState?.() as Record<string, never>);
    for (const state of [null, 3, [], {}, { ...saved, kind: 'other' }, { ...saved, running: 1 }]) {
      expect(codeOf(() => environment.setState?.(state))).toMatch(/^(in|incompatible-|invalid-)/);
    }
    if (saved['own'] !== null) {
      for (const own of [
        null,
        'x',
        {},
        [],
        -1,
        { ...(saved['own'] as object), random: [0, 0, 0, 0], mean: 1, return: 'x', mask: 3 },
      ]) {
        expect(codeOf(() => environment.setState?.({ ...saved, own } as State))).toBe('invalid-checkpoint');
      }
    }
    expect(deepEqual(environment.getState?.(), saved)).toBe(true);
  });

  it('refuses steps before the first reset and after an end', () => {
    const environment = wrapped(new Script([1], 'truncated'));
    expect(codeOf(() => environment.step(0))).toBe('not-reset');
    now(environment.reset());
    now(environment.step(0));
    expect(codeOf(() => environment.step(0))).toBe('not-reset');
  });

  it('lets errors of the inner environment through and keeps the episode', () => {
    const environment = wrapped(new Walk());
    now(environment.reset({ seed: 1 }));
    expect(codeOf(() => environment.step(99))).toBe('invalid-action');
    const [twin, state] = [wrapped(new Walk()), environment.getState?.() ?? null];
    now(twin.reset({ seed: 1 }));
    expect(deepEqual(twin.getState?.(), state)).toBe(true);
  });
});

describe('timeLimit', () => {
  it('truncates at the last step, also an episode that terminates there', () => {
    const long = timeLimit(new Script([1, 1, 1, 1]), 3);
    now(long.reset());
    expect([0, 0, 0].map((action) => now(long.step(action)).truncated)).toEqual([false, false, true]);
    expect(codeOf(() => long.step(0))).toBe('not-reset');
    now(long.reset());
    expect(now(long.step(0)).truncated).toBe(false);
    const short = timeLimit(new Script([1, 1, 1]), 3);
    now(short.reset());
    const last = [0, 0, 0].map((action) => now(short.step(action)))[2];
    expect([last.terminated, last.truncated]).toEqual([true, true]);
  });

  it.each([0, 1.5, -1, NaN, Infinity])('refuses %j steps', (steps) => {
    expect(codeOf(() => timeLimit(new Walk(), steps))).toBe('invalid-option');
  });
});

describe('frameStack', () => {
  it.each(['terminated', 'truncated'] as const)('repeats the first frame at reset, over an end by %s too', (end) => {
    const environment = frameStack(new Script([1, 1, 1], end), 3);
    const firsts = (observation: Float32Array): number[] => [observation[0], observation[2], observation[4]];
    expect(Array.from(now(environment.reset()).observation)).toEqual([1, -1, 1, -1, 1, -1]);
    expect([0, 0, 0].map(() => firsts(now(environment.step(0)).observation))).toEqual([
      [1, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
    ]);
    expect(firsts(now(environment.reset()).observation)).toEqual([5, 5, 5]);
  });

  it('stacks on a new leading axis, keeping the dtype and bounds', () => {
    const inner: Environment<Uint8Array, number> = {
      observationSpace: box({ low: [1, 2], high: [10, 20], dtype: 'uint8' }),
      actionSpace: discrete(2),
      reset: () => ({ observation: Uint8Array.of(3, 4), info: {} }),
      step: () => ({ observation: Uint8Array.of(5, 6), reward: 0, terminated: false, truncated: false, info: {} }),
    };
    const environment = frameStack(inner, 2);
    const space = environment.observationSpace as unknown as BoxSpace;
    expect([space.dtype, space.shape, space.low, space.high]).toEqual([
      'uint8',
      [2, 2],
      Uint8Array.of(1, 2, 1, 2),
      Uint8Array.of(10, 20, 10, 20),
    ]);
    now(environment.reset());
    expect(now(environment.step(0)).observation).toEqual(Uint8Array.of(3, 4, 5, 6));
  });

  it('stacks on a new last axis where asked: the same frames, pixel by pixel', () => {
    const [first, last] = (['first', 'last'] as const).map((axis) => frameStack(new Walk({ limit: 9 }), 3, { axis }));
    const transposed = (stack: Float32Array) => Float32Array.from({ length: 6 }, (_, i) => stack[(i % 3) * 2 + Math.floor(i / 3)]);
    const [a, b] = [first, last].map(({ observationSpace }) => observationSpace as unknown as BoxSpace);
    expect([a.shape, b.shape]).toEqual([
      [3, 2],
      [2, 3],
    ]);
    expect([b.low, b.high]).toEqual([transposed(a.low as Float32Array), transposed(a.high as Float32Array)]);
    expect([a.stacking, b.stacking]).toEqual([
      { frames: 3, interleaved: false },
      { frames: 3, interleaved: true },
    ]);
    expect((frameStack(new Walk(), 1).observationSpace as unknown as BoxSpace).stacking).toBeUndefined();
    expect(now(last.reset({ seed: 4 })).observation).toEqual(transposed(now(first.reset({ seed: 4 })).observation));
    for (const action of [1, -1, 0, 1, 1]) {
      expect(now(last.step(action)).observation).toEqual(transposed(now(first.step(action)).observation));
    }
  });

  it('is not disturbed by who changes an observation given out', () => {
    const environment = frameStack(new Script([1, 1, 1]), 2);
    now(environment.reset()).observation.fill(99);
    expect(Array.from(now(environment.step(0)).observation)).toEqual([1, -1, 2, -2]);
  });

  it('refuses observations that are no box', () => {
    const inner = { ...later(new Walk()), observationSpace: discrete(2) } as unknown as Environment<Float32Array, number>;
    expect(codeOf(() => frameStack(inner, 2))).toBe('invalid-space');
    expect(codeOf(() => normalizeObservation(inner))).toBe('invalid-space');
    expect(codeOf(() => frameStack(new Walk(), 0))).toBe('invalid-option');
    expect(codeOf(() => frameStack(new Walk(), 2, { axis: 'middle' } as never))).toBe('invalid-option');
  });
});

describe('flattenObservation', () => {
  it('writes composite observations as one vector within its own bounds', () => {
    const space = dict({ where: discrete(3), speed: box({ low: -2, high: 2, shape: [2] }) });
    const environment = flattenObservation({
      observationSpace: space,
      actionSpace: discrete(2),
      reset: () => ({ observation: { where: 1, speed: Float32Array.of(-1, 2) }, info: {} }),
      step: () => ({
        observation: { where: 2, speed: Float32Array.of(0, 1) },
        reward: 1,
        terminated: false,
        truncated: false,
        info: {},
      }),
    });
    const { low, high, shape } = environment.observationSpace as BoxSpace<'float32'>;
    expect([Array.from(low), Array.from(high), shape]).toEqual([[0, 0, 0, -2, -2], [1, 1, 1, 2, 2], [5]]);
    expect(now(environment.reset()).observation).toEqual(Float32Array.of(0, 1, 0, -1, 2));
    expect(now(environment.step(0)).observation).toEqual(Float32Array.of(0, 0, 1, 0, 1));
  });
});

describe('rewards', () => {
  const rewards = (wrapped: Wrapper): number[] => {
    const environment = wrapped(new Script([3, -0.5, -7, 0, NaN]));
    now(environment.reset());
    return [0, 0, 0, 0, 0].map((action) => now(environment.step(action)).reward);
  };

  it('are scaled', () => {
    expect(rewards((environment) => rewardScale(environment, -2))).toEqual([-6, 1, 14, -0, NaN]);
  });

  it('are clipped, and a NaN is not hidden', () => {
    expect(rewards((environment) => rewardClip(environment, { min: -1, max: 2 }))).toEqual([2, -0.5, -1, 0, NaN]);
  });

  it('refuse bad options', () => {
    expect(codeOf(() => rewardScale(new Walk(), NaN))).toBe('invalid-option');
    expect(codeOf(() => rewardClip(new Walk(), { min: 1, max: 0 }))).toBe('invalid-option');
    expect(codeOf(() => rewardClip(new Walk(), { min: -Infinity, max: 0 }))).toBe('invalid-option');
  });
});

describe('normalizeObservation', () => {
  it('agrees with two-pass statistics, far from zero too', () => {
    const vectorsArb = fc.array(
      fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(vectorsArb, fc.constantFrom(0, 1e6), (vectors, shift) => {
        const statistics = new RunningStatistics(2);
        for (const [a, b] of vectors) statistics.add([a + shift, b]);
        const column = vectors.map(([a]) => a + shift);
        const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
        const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length;
        expect(statistics.count).toBe(vectors.length);
        expect(statistics.mean[0]).toBeCloseTo(mean, 6);
        expect(statistics.variance(0)).toBeCloseTo(variance, 6);
      }),
    );
  });

  // Observations [1, −1], [2, −2], [3, −3]: means 1, 1.5, 2; variances 0, 1/4, 2/3.
  it('counts an observation, then normalises it', () => {
    const environment = normalizeObservation(new Script([1, 1, 1]));
    expect(Array.from(now(environment.reset()).observation)).toEqual([0, 0]);
    expect(now(environment.step(0)).observation[0]).toBeCloseTo(1, 6);
    expect(now(environment.step(0)).observation[1]).toBeCloseTo(-1 / Math.sqrt(2 / 3), 6);
  });

  it('clips, into its space', () => {
    const environment = normalizeObservation(new Script([1, 1, 1]), { clip: 0.3 });
    now(environment.reset());
    const { observation } = now(environment.step(0));
    expect(Array.from(observation)).toEqual([Math.fround(0.3), -Math.fround(0.3)]);
    expect(explainMismatch(environment.observationSpace, observation)).toBeUndefined();
  });

  it('leaves frozen statistics alone, and shares them', () => {
    const training = normalizeObservation(new Script([1, 1, 1, 1]));
    now(training.reset());
    now(training.step(0));
    const { statistics } = training.normalization;
    const evaluation = normalizeObservation(new Script([1, 1, 1, 1]), { statistics, frozen: true });
    expect(now(evaluation.reset()).observation[0]).toBeCloseTo((1 - 1.5) / 0.5, 6);
    expect(statistics.count).toBe(2);
    training.normalization.frozen = true;
    now(training.step(0));
    expect(statistics.count).toBe(2);
    training.normalization.frozen = false;
    now(training.step(0));
    expect([statistics.count, statistics.mean[0]]).toEqual([3, (1 + 2 + 4) / 3]);
  });

  it('keeps the whole contract while frozen', async () => {
    const statistics = new RunningStatistics(2);
    for (let i = 0; i < 10; i++) statistics.add([i - 5, i]);
    const report = await checkEnvironment(() => normalizeObservation(new Walk(), { statistics, frozen: true }));
    expect(report).toEqual({ ok: true, problems: [], warnings: [] });
  });

  it('refuses bad options', () => {
    expect(codeOf(() => normalizeObservation(new Walk(), { epsilon: 0 }))).toBe('invalid-option');
    expect(codeOf(() => normalizeObservation(new Walk(), { clip: -1 }))).toBe('invalid-option');
    expect(codeOf(() => normalizeObservation(new Walk(), { freeze: true } as never))).toBe('invalid-option');
    expect(codeOf(() => normalizeObservation(new Walk(), { statistics: new RunningStatistics(3) }))).toBe('invalid-option');
  });
});

describe('actionRepeat', () => {
  it.each([
    ['at once', (inner: Script): Environment<Float32Array, number> => inner],
    ['later', (inner: Script): Environment<Float32Array, number> => later(inner)],
  ])('sums rewards and stops at the end, answering %s', async (_, prepare) => {
    const inner = new Script([1, 2, 4, 8, 16], 'truncated');
    const environment = actionRepeat(prepare(inner), 3);
    await environment.reset();
    const [first, second] = [await environment.step(2), await environment.step(3)];
    expect([first.reward, first.truncated, first.observation[0], second.reward, second.truncated, second.observation[0]]).toEqual([
      7,
      false,
      4,
      24,
      true,
      6,
    ]);
    expect(inner.actions).toEqual([2, 2, 2, 3, 3]);
  });

  it('stops where the action is no longer possible', () => {
    const inner = new Script([1, 1, 1, 1]);
    inner.masks[2] = Uint8Array.of(1, 1, 0, 1);
    const environment = actionRepeat(inner, 3);
    now(environment.reset());
    now(environment.step(2));
    now(environment.step(1));
    expect(inner.actions).toEqual([2, 1, 1, 1]);
  });

  it('refuses no repetitions', () => {
    expect(codeOf(() => actionRepeat(new Walk(), 0))).toBe('invalid-option');
  });
});

describe('stickyActions', () => {
  const carriedOut = (probability: number, actions: readonly number[], seed = 1): number[] => {
    const inner = new Script(actions.map(() => 0));
    const environment = stickyActions(inner, probability);
    now(environment.reset({ seed }));
    for (const action of actions) now(environment.step(action));
    return inner.actions;
  };

  it('never with probability 0, always with 1', () => {
    expect(carriedOut(0, [0, 1, 2, 3])).toEqual([0, 1, 2, 3]);
    expect(carriedOut(1, [2, 1, 0, 3])).toEqual([2, 2, 2, 2]);
  });

  it('repeats what was carried out, at the given rate', () => {
    const given = Array.from({ length: 8000 }, (_, i) => i % 4);
    const actual = carriedOut(0.25, given);
    const strayed = actual.filter((action, i) => action !== given[i]);
    // An action differs from the one given when the coin says so, unless the previous one happens to be equal (after four repeats).
    expect(strayed.length / given.length).toBeGreaterThan(0.22);
    expect(strayed.length / given.length).toBeLessThan(0.28);
    expect(actual.every((action, i) => action === given[i] || action === actual[i - 1])).toBe(true);
  });

  it('depends on the seed alone', () => {
    const given = Array.from({ length: 64 }, (_, i) => i % 4);
    expect(carriedOut(0.5, given, 7)).toEqual(carriedOut(0.5, given, 7));
    expect(carriedOut(0.5, given, 7)).not.toEqual(carriedOut(0.5, given, 8));
  });

  it('begins every episode with the action given, and does not repeat an impossible one', () => {
    const inner = new Script([0, 0]);
    inner.masks[2] = Uint8Array.of(1, 1, 0, 1);
    const environment = stickyActions(inner, 1);
    now(environment.reset());
    now(environment.step(2));
    now(environment.step(1));
    now(environment.reset());
    now(environment.step(3));
    expect(inner.actions).toEqual([2, 1, 3]);
  });

  it('keeps its action mask from who changes a saved one', () => {
    const environment = stickyActions(new Walk({ masked: true }), 1);
    now(environment.reset({ seed: 1 }));
    const saved = environment.getState?.() as { own: { mask: Uint8Array } };
    const copy = deepCopy(saved);
    saved.own.mask.fill(2);
    expect(environment.getState?.()).toEqual(copy);
  });

  it.each([-0.1, 1.1, NaN])('refuses the probability %j', (probability) => {
    expect(codeOf(() => stickyActions(new Walk(), probability))).toBe('invalid-option');
  });
});

describe('episodeStatistics', () => {
  it('tells return and length at the end alone, beside the other information', () => {
    const environment = episodeStatistics(new Script([1, 2, 4], 'truncated'));
    for (const first of [2, 6]) {
      now(environment.reset());
      const infos = [0, 0, 0].map((action) => now(environment.step(action)).info);
      expect(infos).toEqual([{ step: first }, { step: first + 1 }, { step: first + 2, episode: { return: 7, length: 3 } }]);
    }
  });
});
