import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import type { Environment, ResetOptions, ResetResult, StepResult } from '../../src/environment/environment.ts';
import { type Space, box, dict, discrete, multiBinary, multiDiscrete, tuple } from '../../src/environment/spaces.ts';
import { vectorize } from '../../src/environment/vectorize.ts';
import { timeLimit } from '../../src/environment/wrappers/time-limit.ts';
import { MemoryChain } from '../../src/environments/index.ts';
import { assertEnvironment, checkEnvironment } from '../../src/testing/index.ts';
import { Script, Walk, later } from '../environment/toys.ts';

type Loose = Record<string, unknown>;

/** A walk whose answers and members are spoilt. */
function spoilt({
  reset = (result) => result,
  step = (result) => result,
  ...members
}: {
  reset?: (result: Loose, walk: Walk) => unknown;
  step?: (result: Loose, walk: Walk) => unknown;
  [member: string]: unknown;
}): () => Environment {
  return () => {
    const walk = new Walk({ masked: true });
    const { observationSpace, actionSpace } = walk;
    return {
      observationSpace,
      actionSpace,
      reset: (options?: ResetOptions) => reset({ ...walk.reset(options) }, walk),
      step: (action: number) => step({ ...walk.step(action) }, walk),
      render: (mode: 'ansi' | 'svg') => walk.render(mode),
      close: () => walk.close(),
      getState: () => walk.getState(),
      setState: (state: State) => walk.setState(state),
      ...members,
    } as unknown as Environment;
  };
}

/** Keeps every observation in one array. */
class Aliasing extends Walk {
  readonly #shared = new Float32Array(2);
  readonly #what: 'observation' | 'actionMask';
  readonly #mask = new Uint8Array(3);

  constructor(what: 'observation' | 'actionMask') {
    super({ masked: true });
    this.#what = what;
  }

  #share<R extends { observation: Float32Array; actionMask?: Uint8Array }>(result: R): R {
    if (this.#what === 'actionMask') {
      this.#mask.set(result.actionMask ?? []);
      return { ...result, actionMask: this.#mask };
    }
    this.#shared.set(result.observation);
    return { ...result, observation: this.#shared };
  }

  override reset(options?: ResetOptions): ResetResult<Float32Array> {
    return this.#share(super.reset(options));
  }

  override step(action: number): StepResult<Float32Array> {
    return this.#share(super.step(action));
  }
}

/** Answers also when it should refuse. */
class Lenient extends Walk {
  readonly #when: 'before' | 'after';
  #running = false;
  #begun = false;

  constructor(when: 'before' | 'after') {
    super();
    this.#when = when;
  }

  override reset(options?: ResetOptions): ResetResult<Float32Array> {
    this.#running = true;
    this.#begun = true;
    return super.reset(options);
  }

  override setState(state: State): void {
    this.#begun = true;
    this.#running = (state as { running: boolean }).running;
    super.setState(state);
  }

  override step(action: number): StepResult<Float32Array> {
    const lenient = this.#when === 'before' ? !this.#begun : this.#begun && !this.#running;
    if (lenient) return { observation: Float32Array.of(0, 0), reward: 0, terminated: false, truncated: false, info: {} };
    const result = super.step(action);
    this.#running = !result.terminated;
    return result;
  }
}

let instances = 0;
const broken: Record<string, [make: () => Environment, rule: string, says: RegExp]> = {
  'no environment': [() => null as never, 'interface', /The environment is null/],
  'no method step': [() => ({ ...spoilt({})(), step: undefined }) as never, 'interface', /no method step\(\)/],
  'no observation space': [spoilt({ observationSpace: undefined }), 'spaces', /observationSpace is undefined/],
  'no action space': [spoilt({ actionSpace: undefined }), 'spaces', /actionSpace is undefined/],
  'a Gym-like space': [spoilt({ actionSpace: { n: 3 } }), 'spaces', /no sample, contains, flatten, unflatten/],
  'an empty space': [
    spoilt({
      observationSpace: { ...discrete(2), flatSize: 0, sample: () => 0, contains: () => true, flatten() {}, unflatten: () => 0 },
    }),
    'spaces',
    /flatSize is 0/,
  ],
  'a space that samples what it does not contain': [
    spoilt({ observationSpace: odd({ sample: () => 3 }) }),
    'spaces',
    /drew what is not in it/,
  ],
  'a space that does not undo flatten': [spoilt({ observationSpace: odd({ unflatten: () => 4 }) }), 'spaces', /does not undo/],
  'a space that flattens to NaN': [
    spoilt({ observationSpace: odd({ flatten: (_, out) => void out.fill(NaN) }) }),
    'spaces',
    /not finite/,
  ],
  'a space that throws': [
    spoilt({ observationSpace: odd({ sample: () => raise('no luck') }) }),
    'spaces',
    /observationSpace threw Error: no luck/,
  ],
  'a space that cannot judge': [
    spoilt({ observationSpace: odd({ contains: ((v: unknown) => v === 2 || raise('odd')) as never }) }),
    'observation',
    /the space threw/,
  ],
  'a reset that throws': [spoilt({ reset: () => raise('no start') }), 'failure', /reset\(\) threw Error: no start/],
  'a step that throws': [spoilt({ step: () => raise('no way') }), 'failure', /step\(-?\d\) threw Error: no way \(step 1/],
  'a step that throws nonsense': [spoilt({ step: () => raiseAny(undefined) }), 'failure', /the thrown value undefined/],
  'a step that rejects': [spoilt({ step: () => Promise.reject(new Error('later')) }), 'failure', /Error: later/],
  'a tuple from reset': [
    spoilt({ reset: ({ observation, info }) => [observation, info] }),
    'reset-result',
    /reset\(\) returned an array of length 2/,
  ],
  'a bare observation from reset': [
    spoilt({ reset: ({ observation }) => observation }),
    'reset-result',
    /reset\(\) returned Float32Array\(2\)/,
  ],
  'no info from reset': [spoilt({ reset: ({ observation }) => ({ observation }) }), 'reset-result', /info undefined/],
  'a tuple from step': [
    spoilt({ step: (r) => [r['observation'], r['reward'], r['terminated'], r['truncated'], {}] }),
    'step-result',
    /an array of length 5/,
  ],
  'nothing from step': [spoilt({ step: () => undefined }), 'step-result', /returned undefined/],
  'no info from step': [spoilt({ step: (result) => ({ ...result, info: null }) }), 'step-result', /info null/],
  'an observation of another type': [
    spoilt({ reset: (r) => ({ ...r, observation: [0, 0] }) }),
    'observation',
    /reset\(\) gave .* expected a Float32Array but received an array/,
  ],
  'an observation with NaN': [
    spoilt({ step: (r) => ({ ...r, observation: Float32Array.of(0, NaN) }) }),
    'observation',
    /step 1 .* index 1 but received NaN/,
  ],
  'an observation out of range': [
    spoilt({ step: (r) => ({ ...r, observation: Float32Array.of(11, 0) }) }),
    'observation',
    /in \[-10, 10\] at index 0 but received 11/,
  ],
  'a NaN reward': [spoilt({ step: (r) => ({ ...r, reward: NaN }) }), 'reward', /the reward NaN/],
  'an infinite reward': [spoilt({ step: (r) => ({ ...r, reward: -Infinity }) }), 'reward', /the reward -Infinity/],
  'a reward in words': [spoilt({ step: (r) => ({ ...r, reward: '1' }) }), 'reward', /the reward "1"/],
  'done in place of terminated': [
    spoilt({ step: (r) => ({ ...without(r, 'terminated', 'truncated'), done: r['terminated'] }) }),
    'ends',
    /a field done/,
  ],
  'terminated as a number': [
    spoilt({ step: (r) => ({ ...r, terminated: r['terminated'] ? 1 : 0 }) }),
    'ends',
    /terminated as [01]/,
  ],
  'no truncated': [spoilt({ step: (r) => without(r, 'truncated') }), 'ends', /truncated as undefined/],
  'a mask of booleans': [spoilt({ reset: (r) => ({ ...r, actionMask: [true, true, true] }) }), 'action-mask', /not a Uint8Array/],
  'a short mask': [spoilt({ step: (r) => ({ ...r, actionMask: Uint8Array.of(1, 1) }) }), 'action-mask', /length 2 for 3 actions/],
  'a mask of probabilities': [spoilt({ step: (r) => ({ ...r, actionMask: Uint8Array.of(1, 2, 1) }) }), 'action-mask', /the byte 2/],
  'a mask without a possible action': [
    spoilt({ step: (r) => ({ ...r, actionMask: new Uint8Array(3) }) }),
    'action-mask',
    /without a possible action/,
  ],
  'a step before reset': [() => new Lenient('before'), 'step-before-reset', /before the first reset\(\) was not refused/],
  'a step after the end': [() => new Lenient('after'), 'step-after-end', /after the end of an episode was not refused/],
  'luck of its own': [
    () => {
      const luck = new Random(1);
      return spoilt({ step: (r) => ({ ...r, reward: luck.float() }) })();
    },
    'determinism',
    /on the same environment: reward of call 2 differs/,
  ],
  'luck of its own at reset': [
    () => {
      const luck = new Random(1);
      return spoilt({ reset: (r) => ({ ...r, observation: Float32Array.of(luck.float(), 0) }) })();
    },
    'reset-mid-episode',
    /began another episode/,
  ],
  'an instance unlike the others': [
    () => {
      const mine = instances++;
      return spoilt({ step: (r) => ({ ...r, reward: mine }) })();
    },
    'determinism',
    /on a fresh environment/,
  ],
  'another first seed': [
    () => {
      const walk = new Walk();
      let begun = false;
      const reset = walk.reset.bind(walk);
      walk.reset = (options = {}) => {
        const result = reset(begun ? options : { seed: 3, ...options });
        begun = true;
        return result;
      };
      return walk;
    },
    'determinism',
    /first reset\(\) without a seed/,
  ],
  'one array for all observations': [
    () => new Aliasing('observation'),
    'aliasing',
    /the observation of .* changed when .* was called/,
  ],
  'getState alone': [spoilt({ setState: undefined }), 'state', /only one of getState/],
  'a state without the random stream': [
    spoilt({ getState: undefined, setState: undefined, ...forgetful() }),
    'state',
    /led elsewhere/,
  ],
  'a state that forgets the end': [
    () => {
      const walk = new Walk({ limit: 9 });
      let steps = 0;
      const inner = later(walk);
      return {
        ...inner,
        reset: async (options) => ((steps = 0), inner.reset(options)),
        step: async (action) => ({ ...(await inner.step(action)), reward: steps++ }),
      } as Environment<Float32Array, number>;
    },
    'state',
    /reward of call/,
  ],
  'a state that comes back changed': [
    () => {
      const walk = new Walk();
      let saves = 0;
      return Object.assign(walk, {
        getState: () => ({ saves: saves++, inner: Walk.prototype.getState.call(walk) }),
        setState: (state: State) => Walk.prototype.setState.call(walk, (state as { inner: State }).inner),
      });
    },
    'state',
    /another state than the saved one/,
  ],
  'a state with a class instance': [
    spoilt({ getState: () => ({ random: new Random(0) }), setState: () => {} }),
    'state',
    /state\.random is an instance of Random/,
  ],
  'a state with nothing in it': [
    spoilt({ getState: () => ({ a: [undefined] }), setState: () => {} }),
    'state',
    /state\.a\.0 is undefined/,
  ],
  'a state that cannot be saved': [spoilt({ getState: () => raise('disk full') }), 'state', /threw Error: disk full/],
  'no picture': [spoilt({ render: () => undefined }), 'render', /render\('ansi'\) returned undefined/],
  'only one kind of picture': [
    spoilt({ render: (mode: string) => (mode === 'ansi' ? 'x' : raise('no svg')) }),
    'render',
    /render\('svg'\) threw Error: no svg/,
  ],
  'a close that throws': [spoilt({ close: () => raise('stuck') }), 'failure', /close\(\) threw Error: stuck/],
  'a factory that throws': [() => raise('no parts'), 'failure', /Error: no parts/],
  'a reset that works once an episode': [
    () => {
      const walk = new Walk();
      let running = false;
      return {
        ...later(walk),
        reset: (options) => {
          if (running) raise('still running');
          running = true;
          return walk.reset(options);
        },
        step: (action) => {
          const result = walk.step(action);
          running = !result.terminated;
          return result;
        },
      } as Environment<Float32Array, number>;
    },
    'failure',
    /still running/,
  ],
};

/** A result without some of its fields. */
function without(result: Loose, ...names: string[]): Loose {
  return Object.fromEntries(Object.entries(result).filter(([name]) => !names.includes(name)));
}

function raiseAny(value: unknown): never {
  throw value;
}

function raise(message: string): never {
  return raiseAny(new Error(message));
}

/** The space {2, 4}, with one part spoilt. */
function odd(parts: Partial<Space<number>>): Space<number> {
  return {
    kind: 'even',
    flatSize: 1,
    sample: () => 2,
    contains: (value): value is number => value === 2 || value === 4,
    flatten: (value, out) => void (out[0] = value),
    unflatten: (values) => values[0],
    ...parts,
  };
}

/** Saves nothing of a walk. */
function forgetful(): Loose {
  return { getState: () => ({}), setState: () => {} };
}

describe('checkEnvironment finds', () => {
  it.each(Object.entries(broken))('%s', async (_, [make, rule, says]) => {
    const report = await checkEnvironment(make, { steps: 60 });
    expect(report.ok).toBe(false);
    const messages = report.problems.filter((problem) => problem.rule === rule).map(({ message }) => message);
    expect(messages.join('\n')).toMatch(says);
    for (const { message, remedy } of report.problems) expect([message.length > 10, remedy.endsWith('.')]).toEqual([true, true]);
  });

  it('nothing else where one rule alone is broken', async () => {
    const alone = [
      'a NaN reward',
      'an infinite reward',
      'terminated as a number',
      'no truncated',
      'done in place of terminated',
      'a mask of probabilities',
      'a step before reset',
      'one array for all observations',
      'no picture',
      'a close that throws',
      'getState alone',
      'no info from step',
      'a tuple from reset',
    ];
    for (const name of alone) {
      const [make, rule] = broken[name];
      const { problems } = await checkEnvironment(make, { steps: 60 });
      expect([name, new Set(problems.map((problem) => problem.rule))]).toEqual([name, new Set([rule])]);
    }
  });

  it('everything at once', async () => {
    const make = spoilt({
      reset: ({ observation }) => ({ observation }),
      step: (r) => ({
        ...r,
        reward: NaN,
        truncated: undefined,
        observation: Float32Array.of(99, 0),
        actionMask: new Uint8Array(2),
      }),
      setState: undefined,
      render: () => 3,
      close: () => raise('stuck'),
    });
    const rules = (await checkEnvironment(make, { steps: 60 })).problems.map(({ rule }) => rule);
    expect(new Set(rules)).toEqual(
      new Set(['reset-result', 'reward', 'ends', 'observation', 'action-mask', 'state', 'render', 'failure']),
    );
  });

  it('a second reset that throws, in the middle of an episode', async () => {
    const walk = new Walk({ limit: 9 });
    let resets = 0;
    const reset = walk.reset.bind(walk);
    walk.reset = (options) => (++resets === 4 ? raise('too soon') : reset(options));
    const { problems } = await checkEnvironment(walk, { steps: 2 });
    expect(problems.map(({ rule }) => rule)).toEqual(['reset-mid-episode']);
  });

  it('does not report the same finding for every step', async () => {
    const { problems } = await checkEnvironment(spoilt({ step: (r) => ({ ...r, reward: NaN }) }));
    expect(problems).toHaveLength(1);
  });
});

describe('checkEnvironment warns', () => {
  it('of refusals by accident', async () => {
    const walk = (): Environment<Float32Array, number> => {
      const inner = new Walk();
      let begun = false;
      return {
        observationSpace: inner.observationSpace,
        actionSpace: inner.actionSpace,
        reset: (options) => ((begun = true), inner.reset(options)),
        step: (action) => (begun ? inner.step(action) : raise('Cannot read properties of undefined')),
      };
    };
    const { ok, warnings } = await checkEnvironment(walk);
    expect([ok, warnings.map(({ rule }) => rule)]).toEqual([true, ['step-before-reset']]);
  });

  it('of episodes that do not end', async () => {
    const { ok, warnings } = await checkEnvironment(() => new Walk({ limit: 9 }), { steps: 3 });
    expect([ok, warnings.map(({ rule }) => rule)]).toEqual([true, ['step-after-end']]);
    expect(warnings[0].message).toContain('within 3 random steps');
  });

  it('of masks in one array', async () => {
    const { ok, warnings } = await checkEnvironment(() => new Aliasing('actionMask'));
    expect([ok, warnings.map(({ rule }) => rule)]).toEqual([true, ['aliasing']]);
  });
});

/** Draws its observations from any space. */
function dreaming<T>(space: Space<T>, actions: Space): () => Environment<T> {
  return () => {
    let random = new Random(0);
    return timeLimit<T, unknown>(
      {
        observationSpace: space,
        actionSpace: actions,
        reset: ({ seed } = {}) => {
          if (seed !== undefined) random = new Random(seed);
          return { observation: space.sample(random), info: {} };
        },
        step: () => ({
          observation: space.sample(random),
          reward: random.normal(),
          terminated: random.integer(10) === 0,
          truncated: false,
          info: {},
        }),
        getState: () => random.state(),
        setState: (state) => random.restore(state),
      },
      7,
    );
  };
}

describe('checkEnvironment is content with', () => {
  const floats = box({ low: -Infinity, high: Infinity, shape: [2, 2] });
  it.each<[string, Environment | (() => Environment)]>([
    ['a walk', () => new Walk()],
    ['a walk with masks', () => new Walk({ masked: true })],
    ['one instance', new Walk()],
    ['a walk that answers later', () => later(new Walk())],
    ['boxes', dreaming(floats, discrete(2))],
    ['bytes', dreaming(box({ low: 0, high: 255, shape: [8, 8, 2], dtype: 'uint8' }), multiDiscrete([2, 3]))],
    ['numbers', dreaming(discrete(5), box({ low: 0, high: 1, shape: [2] }))],
    ['composites', dreaming(dict({ a: tuple([discrete(3), floats]), b: multiBinary(4) }), tuple([discrete(2), discrete(2)]))],
    ['an end without a possible action', spoilt({ step: (r) => (r['terminated'] ? { ...r, actionMask: new Uint8Array(3) } : r) })],
  ])('%s', async (_, environment) => {
    expect(await checkEnvironment(environment, { steps: 300 })).toEqual({ ok: true, problems: [], warnings: [] });
  });

  it('and closes what it built, not what it was given', async () => {
    const built: Walk[] = [];
    await checkEnvironment(() => {
      built.push(new Walk());
      return built[built.length - 1];
    });
    expect(built.every(({ closed }) => closed === 1)).toBe(true);
    const given = new Walk();
    await checkEnvironment(given);
    expect(given.closed).toBe(0);
  });
});

it('draws actions that tell nothing of what the world has drawn', async () => {
  // For each reset with the seed, how often the action after it was the bit that is asked for.
  const right: number[] = [];
  for (let seed = 0; seed < 40; seed++) {
    const world = new MemoryChain();
    let resets = 0;
    let bit: number | undefined;
    const watched: Environment = {
      observationSpace: world.observationSpace,
      actionSpace: world.actionSpace,
      reset(options) {
        const first = world.reset(options);
        bit = options?.seed === undefined ? undefined : (first.observation[2] + 1) / 2;
        return first;
      },
      step(action: number) {
        const result = world.step(action);
        if (bit !== undefined) right[resets] = (right[resets++] ?? 0) + (action === bit ? 1 : 0);
        bit = undefined;
        return result;
      },
      getState: () => world.getState(),
      setState: (state) => world.setState(state),
    };
    expect((await checkEnvironment(watched, { seed, steps: 30 })).ok).toBe(true);
  }
  // Steps, the same again, a reset in the middle, a step after an end, a saved state.
  expect(right).toHaveLength(5);
  for (const count of right) expect(Math.abs(count - 20)).toBeLessThan(10);
});

describe('assertEnvironment', () => {
  it('passes good environments and lists all problems of bad ones', async () => {
    await assertEnvironment(() => new Walk());
    const bad = spoilt({ step: (r) => ({ ...r, reward: NaN }), render: () => 3 });
    await expect(assertEnvironment(bad)).rejects.toMatchObject({ code: 'invalid-environment' });
    await expect(assertEnvironment(bad)).rejects.toThrow(
      /3 problems:\n- reward: step 1 .*NaN\. Return a finite.*\n- render: .*ansi.*\n- render: .*svg/,
    );
  });

  it('refuses bad options', async () => {
    await expect(checkEnvironment(new Walk(), { steps: 0 })).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(checkEnvironment(new Walk(), { seed: 0.5 })).rejects.toMatchObject({ code: 'invalid-option' });
  });

  it('a vector is not an environment, and says so', async () => {
    const vector = vectorize(() => new Script([1]), 2) as unknown as Environment;
    expect((await checkEnvironment(vector)).ok).toBe(false);
  });
});
