import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepCopy, deepEqual } from '../../src/common/deep.ts';
import { DqnError } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import type { Environment } from '../../src/environment/environment.ts';
import { vectorize } from '../../src/environment/vectorize.ts';
import { type AutoresetMode, type VectorEnvironment, type VectorStepResult } from '../../src/environment/vector-environment.ts';
import { episodeStatistics } from '../../src/environment/wrappers/episode-statistics.ts';
import { Script, Walk, later, now } from './toys.ts';

const modes: AutoresetMode[] = ['same-step', 'next-step', 'disabled'];
type Walks = VectorEnvironment<Float32Array, number>;

async function errorOf(task: () => unknown): Promise<DqnError | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    if (error instanceof DqnError) return error;
    throw error;
  }
}

const first = (observations: readonly (Float32Array | undefined)[]): (number | undefined)[] =>
  observations.map((values) => values?.[0]);

describe('autoreset', () => {
  // Every call of a script counts: the reset is 1, the steps 2 and 3 (an end), then the next reset is 4.
  const scripts = (autoreset: AutoresetMode): Walks =>
    vectorize([() => new Script([1, 2], 'truncated'), () => new Script([1, 2, 4])], { autoreset });

  it('same-step gives the new first observation, and the true last one beside it', () => {
    const vector = scripts('same-step');
    expect(first(now(vector.reset()).observations)).toEqual([1, 1]);
    const one = now(vector.step([0, 0]));
    expect([first(one.observations), first(one.finalObservations), Array.from(one.rewards)]).toEqual([
      [2, 2],
      [undefined, undefined],
      [1, 1],
    ]);
    const two = now(vector.step([0, 0]));
    expect([first(two.observations), first(two.finalObservations), Array.from(two.rewards)]).toEqual([
      [4, 3],
      [3, undefined],
      [2, 2],
    ]);
    expect([Array.from(two.terminated), Array.from(two.truncated)]).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect([two.infos, two.finalInfos]).toEqual([
      [{ reset: 4 }, { step: 3 }],
      [{ step: 3 }, undefined],
    ]);
    const three = now(vector.step([0, 0]));
    expect([first(three.observations), first(three.finalObservations), Array.from(three.terminated)]).toEqual([
      [5, 5],
      [undefined, 4],
      [0, 1],
    ]);
  });

  it('next-step gives the true last observation, then resets without regard to the action, for reward 0', () => {
    const vector = scripts('next-step');
    now(vector.reset());
    now(vector.step([0, 0]));
    const two = now(vector.step([0, 0]));
    expect([first(two.observations), first(two.finalObservations), Array.from(two.truncated)]).toEqual([
      [3, 3],
      [3, undefined],
      [1, 0],
    ]);
    const three = now(vector.step([99, 0]));
    expect([first(three.observations), Array.from(three.rewards)]).toEqual([
      [4, 4],
      [0, 4],
    ]);
    expect([Array.from(three.terminated), Array.from(three.truncated), first(three.finalObservations)]).toEqual([
      [0, 1],
      [0, 0],
      [undefined, 4],
    ]);
    expect(three.infos).toEqual([{ reset: 4 }, { step: 4 }]);
    const four = now(vector.step([0, 0]));
    expect([first(four.observations), Array.from(four.rewards)]).toEqual([
      [5, 5],
      [1, 0],
    ]);
  });

  it('disabled waits for a reset of those that ended, and leaves the others alone', async () => {
    const vector = scripts('disabled');
    now(vector.reset());
    now(vector.step([0, 0]));
    const two = now(vector.step([0, 0]));
    expect([first(two.observations), first(two.finalObservations)]).toEqual([
      [3, 3],
      [3, undefined],
    ]);
    const refused = await errorOf(() => vector.step([0, 0]));
    expect([refused?.code, refused?.received]).toEqual(['not-reset', 'environments 0 that wait for a reset']);
    const again = now(vector.reset({ mask: two.truncated }));
    expect([first(again.observations), again.infos]).toEqual([
      [4, 3],
      [{ reset: 4 }, {}],
    ]);
    expect(first(now(vector.step([0, 0])).observations)).toEqual([5, 4]);
  });

  it('tells information of the last step in every mode', () => {
    for (const autoreset of modes) {
      const vector = vectorize(() => episodeStatistics(new Script([1, 2])), 1, { autoreset });
      now(vector.reset());
      now(vector.step([0]));
      expect(now(vector.step([0])).finalInfos).toEqual([{ step: 3, episode: { return: 3, length: 2 } }]);
    }
  });

  it('gives masks beside observations, those of the end too, even where the environment uses one array for all', () => {
    const inner = new Script([1]);
    const shared = Uint8Array.of(1, 1, 1, 1);
    const reset = inner.reset.bind(inner);
    inner.masks = [undefined, shared, shared, shared];
    inner.reset = (options) => {
      shared[0] = inner.calls === 0 ? 1 : 0;
      return reset(options);
    };
    const vector = vectorize<Float32Array, number>([() => inner, () => new Script([1, 1])]);
    expect(now(vector.reset()).actionMasks).toEqual([shared, undefined]);
    const { actionMasks, finalActionMasks } = now(vector.step([0, 0]));
    expect(actionMasks).toEqual([Uint8Array.of(0, 1, 1, 1), undefined]);
    expect(finalActionMasks).toEqual([Uint8Array.of(1, 1, 1, 1), undefined]);
    const without = now(vectorize(() => new Script([1]), 2).reset());
    expect(without.actionMasks).toBeUndefined();
  });
});

describe.each(modes)('a vector with autoreset %s', (autoreset) => {
  const build = (make: (i: number) => Environment<Float32Array, number>, size = 3): Walks => vectorize(make, size, { autoreset });

  /** Steps, resetting by mask where it must. */
  async function play(vector: Walks, steps: number, random: Random): Promise<VectorStepResult<Float32Array>[]> {
    const results: VectorStepResult<Float32Array>[] = [];
    for (let i = 0; i < steps; i++) {
      const result = await vector.step(Array.from({ length: vector.size }, () => random.integer(3) - 1));
      results.push(result);
      const mask = result.terminated.map((end, j) => end | result.truncated[j]);
      if (autoreset === 'disabled' && mask.includes(1)) await vector.reset({ mask });
    }
    return results;
  }

  it('does to each environment what stepping it alone does', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 4 }), (seed, size) => {
        const vector = build(() => new Walk({ masked: true }), size);
        const alone = Array.from({ length: size }, () => new Walk({ masked: true }));
        const { observations } = now(vector.reset({ seed }));
        alone.forEach((walk, i) => expect(walk.reset({ seed: seed + i }).observation).toEqual(observations[i]));
        const random = new Random(seed);
        const ended = alone.map(() => false);
        for (let step = 0; step < 30; step++) {
          const actions = alone.map(() => random.integer(3) - 1);
          const result = now(vector.step(actions));
          alone.forEach((walk, i) => {
            if (autoreset === 'next-step' && ended[i]) {
              expect([result.observations[i], result.rewards[i], result.terminated[i]]).toEqual([walk.reset().observation, 0, 0]);
              ended[i] = false;
              return;
            }
            const expected = walk.step(actions[i]);
            ended[i] = expected.terminated;
            expect([result.rewards[i], result.terminated[i], result.truncated[i]]).toEqual([
              expected.reward,
              expected.terminated ? 1 : 0,
              0,
            ]);
            expect(result.finalObservations[i]).toEqual(expected.terminated ? expected.observation : undefined);
            expect(result.finalActionMasks?.[i]).toEqual(expected.terminated ? expected.actionMask : undefined);
            const shown = autoreset === 'same-step' && expected.terminated ? walk.reset() : expected;
            expect([result.observations[i], result.actionMasks?.[i], result.infos[i]]).toEqual([
              shown.observation,
              shown.actionMask,
              shown.info,
            ]);
          });
          if (autoreset === 'disabled' && ended.includes(true)) {
            const again = now(vector.reset({ mask: Uint8Array.from(ended, Number) }));
            alone.forEach((walk, i) => {
              expect(again.observations[i]).toEqual(ended[i] ? walk.reset().observation : result.observations[i]);
            });
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('gives each environment its own seed, without a seed too, and then lets streams go on', () => {
    const scripts: Script[] = [];
    const vector = build(() => {
      scripts.push(new Script([1]));
      return scripts[scripts.length - 1];
    });
    now(vector.reset());
    now(vector.reset());
    now(vector.reset({ seed: 10 }));
    expect(scripts.map(({ seeds }) => seeds)).toEqual([
      [0, undefined, 10],
      [1, undefined, 11],
      [2, undefined, 12],
    ]);
  });

  it('refuses a seed beyond which there is none for the last environment', async () => {
    const seeds: (number | undefined)[][] = [];
    const vector = build(() => {
      const script = new Script([1]);
      seeds.push(script.seeds);
      return script;
    });
    expect((await errorOf(() => vector.reset({ seed: Number.MAX_SAFE_INTEGER - 1 })))?.code).toBe('invalid-option');
    expect(seeds.flat()).toEqual([]);
    now(vector.reset({ seed: Number.MAX_SAFE_INTEGER - 2 }));
    expect(seeds.flat()).toEqual([2, 1, 0].map((less) => Number.MAX_SAFE_INTEGER - less));
  });

  it('gives the same where some environments answer later, and steps those at the same time', async () => {
    let running = 0;
    let most = 0;
    const slow = (inner: Environment<Float32Array, number>): Environment<Float32Array, number> => ({
      ...later(inner),
      async step(action) {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        return inner.step(action);
      },
    });
    const vector = build((i) => (i === 1 ? new Walk() : slow(new Walk())));
    const plain = build(() => new Walk());
    expect(await vector.reset({ seed: 3 })).toEqual(now(plain.reset({ seed: 3 })));
    expect(await play(vector, 30, new Random(1))).toEqual(await play(plain, 30, new Random(1)));
    expect(most).toBe(2);
  });

  it('goes on exactly from a saved state, in itself and in a fresh one', async () => {
    const vector = build(() => new Walk({ masked: true }));
    now(vector.reset({ seed: 2 }));
    for (let steps = 0; steps < 12; steps++) {
      const saved = deepCopy(vector.getState?.() ?? null);
      const original = await play(vector, 12, new Random(steps));
      vector.setState?.(saved);
      expect(deepEqual(vector.getState?.(), saved)).toBe(true);
      expect(await play(vector, 12, new Random(steps))).toEqual(original);
      const fresh = build(() => new Walk({ masked: true }));
      fresh.setState?.(saved);
      expect(await play(fresh, 12, new Random(steps))).toEqual(original);
      vector.setState?.(saved);
      await play(vector, 1, new Random(99));
    }
  });

  it('keeps its action masks from who changes saved ones', () => {
    const vector = build(() => new Walk({ masked: true }));
    now(vector.reset({ seed: 2 }));
    const saved = vector.getState?.() as { masks: Uint8Array[] };
    const copy = deepCopy(saved);
    for (const mask of saved.masks) mask.fill(2);
    expect(vector.getState?.()).toEqual(copy);
  });

  it('saves before the first reset too, and only where all environments can', () => {
    const fresh = build(() => new Walk());
    const saved = deepCopy(fresh.getState?.() ?? null);
    now(fresh.reset());
    fresh.setState?.(saved);
    expect(() => fresh.step([0, 0, 0])).toThrow(/wait for a reset/);
    const mixed = build(() => new Script([1]));
    expect([mixed.getState, mixed.setState]).toEqual([undefined, undefined]);
  });

  it('refuses foreign states and changes nothing', async () => {
    const vector = build(() => new Walk());
    now(vector.reset());
    const saved = deepCopy(vector.getState?.() as Record<string, never>);
    const others = modes.filter((mode) => mode !== autoreset);
    const foreign = [
      null,
      1,
      [],
      {},
      { ...saved, status: new Uint8Array(2) },
      { ...saved, environments: [] },
      { ...saved, failed: 1 },
    ];
    for (const state of [...foreign, ...others.map((mode) => ({ ...saved, autoreset: mode })), { ...saved, observations: [1] }]) {
      expect((await errorOf(() => vector.setState?.(state)))?.code).toBe('incompatible-checkpoint');
    }
    expect(deepEqual(vector.getState?.(), saved)).toBe(true);
  });

  it('refuses a step that tells no end in the way of today', async () => {
    const vector = build(() => {
      const script = new Script([1, 1, 1]);
      return Object.assign(script, { step: () => ({ ...now(script.reset()), reward: 0, done: false }) as never });
    }, 2);
    await vector.reset();
    const error = await errorOf(() => vector.step([0, 0]));
    expect(error?.cause).toMatchObject({ code: 'invalid-environment', received: expect.stringContaining('done') });
  });

  it.each(['1', NaN, 1e39, undefined])('refuses the reward %j', async (reward) => {
    const vector = build(() => {
      const script = new Script([1, 1, 1]);
      return Object.assign(script, {
        step: (action: number) =>
          ({ ...now(new Script([1, 1]).reset()), terminated: action > 0, truncated: false, reward }) as never,
      });
    }, 2);
    await vector.reset();
    const error = await errorOf(() => vector.step([0, 0]));
    expect(error).toMatchObject({ code: 'environment-failed', where: 'environment 0 of 2' });
    expect(error?.cause).toMatchObject({ code: 'invalid-reward', where: 'environment 0: step().reward' });
  });

  it.each([
    ['at once', (inner: Environment<Float32Array, number>): Environment<Float32Array, number> => inner],
    ['later', (inner: Environment<Float32Array, number>): Environment<Float32Array, number> => later(inner)],
  ])('names the first environment that throws %s, steps the others, and goes on after a reset', async (_, prepare) => {
    let broken = true;
    const origin = new Error('engine on fire');
    const scripts = [0, 1, 2, 3].map(() => new Script([1, 1, 1]));
    const vector = build((i) => {
      const inner = prepare(scripts[i]);
      return {
        ...inner,
        observationSpace: inner.observationSpace,
        actionSpace: inner.actionSpace,
        reset: (options) => inner.reset(options),
        step: (action) => {
          if (broken && i === 1) throw origin;
          if (broken && i === 2) return Promise.reject(new Error('second'));
          return inner.step(action);
        },
      };
    }, 4);
    await vector.reset();
    const error = await errorOf(() => vector.step([0, 0, 0, 0]));
    expect([error?.code, error?.where, error?.cause]).toEqual(['environment-failed', 'environment 1 of 4', origin]);
    expect(error?.message).toContain('engine on fire');
    expect(scripts.map(({ actions }) => actions.length)).toEqual([1, 0, 0, 1]);
    expect((await errorOf(() => vector.step([0, 0, 0, 0])))?.code).toBe('not-reset');
    if (autoreset === 'disabled') {
      expect((await errorOf(() => vector.reset({ mask: Uint8Array.of(0, 1, 0, 0) })))?.code).toBe('not-reset');
    }
    broken = false;
    await vector.reset();
    expect(Array.from((await vector.step([0, 0, 0, 0])).rewards)).toEqual([1, 1, 1, 1]);
  });

  it('refuses steps before the first reset, and too few actions', async () => {
    const vector = build(() => new Walk());
    expect((await errorOf(() => vector.step([0, 0, 0])))?.code).toBe('not-reset');
    now(vector.reset());
    expect((await errorOf(() => vector.step([0, 0])))?.code).toBe('invalid-action');
    expect((await errorOf(() => vector.step(1 as never)))?.code).toBe('invalid-action');
    now(vector.step([0, 0, 0]));
  });

  it('refuses masks that do not fit', async () => {
    const vector = build(() => new Walk());
    const codes = [];
    for (const mask of [new Uint8Array(2), [1, 1, 1] as never, Uint8Array.of(1, 0, 1)]) {
      codes.push((await errorOf(() => vector.reset({ mask })))?.code);
    }
    expect(codes).toEqual(['invalid-option', 'invalid-option', autoreset === 'disabled' ? 'not-reset' : 'invalid-option']);
  });

  it('gives fresh arrays each time', () => {
    const vector = build(() => new Walk({ limit: 9 }));
    now(vector.reset());
    const one = now(vector.step([0, 0, 0]));
    const copy = deepCopy(one);
    now(vector.step([1, 1, 1]));
    expect(one).toEqual(copy);
  });

  it('closes all environments, even where one throws', async () => {
    const walks = [new Walk(), new Walk(), new Walk()];
    walks[0].close = () => {
      throw new Error('stuck');
    };
    const vector = build((i) => walks[i]);
    expect((await errorOf(() => vector.close()))?.code).toBe('environment-failed');
    expect(walks.map(({ closed }) => closed)).toEqual([0, 1, 1]);
  });
});

describe('vectorize refuses', () => {
  const shared = new Walk();
  it.each<[string, () => unknown, string]>([
    ['no environments', () => vectorize(() => new Walk(), 0), 'invalid-option'],
    ['an empty list', () => vectorize([]), 'invalid-option'],
    ['an unknown mode', () => vectorize(() => new Walk(), 1, { autoreset: 'never' as never }), 'invalid-option'],
    ['a misspelt option', () => vectorize(() => new Walk(), 1, { autoReset: 'disabled' } as never), 'invalid-option'],
    ['a misspelt option of a list', () => vectorize([() => new Walk()], { autoReset: 'disabled' } as never), 'invalid-option'],
    ['one environment twice', () => vectorize(() => shared, 2), 'invalid-environment'],
    ['unequal spaces', () => vectorize<Float32Array, number>([() => new Walk(), () => new Script([1])]), 'invalid-space'],
  ])('%s', async (_, build, code) => {
    expect((await errorOf(build))?.code).toBe(code);
  });
});
