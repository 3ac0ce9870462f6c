import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { CartPole, vectorize } from '../../src/environments/index.ts';
import { createAgent, evaluate, train, type AutoresetMode, type Environment, type VectorEnvironment } from '../../src/index.ts';
import { gymnasium, type RemoteWarning } from '../../src/node/index.ts';
import { assertEnvironment } from '../../src/testing/index.ts';
import { failure } from '../support/failure.ts';
import { alive } from './alive.ts';
import { closing, tidyEachTest } from './opened.ts';
import { pythons } from './pythons.ts';

const scratch = mkdtempSync(join(tmpdir(), 'dqn-gymnasium-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

tidyEachTest();

async function play(vector: VectorEnvironment<unknown, number>, seed: number, steps: number) {
  const random = new Random(seed);
  const told: unknown[] = [await vector.reset({ seed })];
  for (let i = 0; i < steps; i++) {
    const result = await vector.step(Array.from({ length: vector.size }, () => random.integer(2)));
    told.push(result);
    if (vector.autoreset !== 'disabled') continue;
    const mask = result.terminated.map((flag, k) => flag | result.truncated[k]);
    if (mask.includes(1)) told.push(await vector.reset({ mask }));
  }
  return told;
}

const stepping = async <Action>(environment: Environment<unknown, Action>, action = 0 as Action) => environment.step(action);
const resetting = async (environment: Environment<unknown, number>, seed?: number) => environment.reset({ seed });

const both = async (vector: VectorEnvironment<unknown, number>) => vector.step([0, 0]);
const masked = async (vector: VectorEnvironment<unknown, number>, mask: readonly number[]) =>
  vector.reset({ mask: Uint8Array.from(mask) });

const MODES: readonly AutoresetMode[] = ['same-step', 'next-step', 'disabled'];

describe.each(pythons)('with $name', ({ program: python, path }) => {
  beforeEach(() => void vi.stubEnv('PYTHONPATH', path));

  test('CartPole is the one that we have', async () => {
    const bridged = await closing(gymnasium('CartPole-v1', { python, observation: 'float32' }));
    const own = new CartPole();
    expect(bridged.actionSpace).toEqual(own.actionSpace);
    expect(bridged.observationSpace).toMatchObject({ dtype: 'float32', shape: [4] });
    const random = new Random(3);
    for (const seed of [1, 2, 3]) {
      const { observation } = await bridged.reset({ seed });
      own.reset({ options: { state: [...observation] } });
      for (let ended = false; !ended;) {
        const action = random.integer(2);
        const [theirs, ours] = [await bridged.step(action), own.step(action)];
        for (let k = 0; k < 4; k++) expect(theirs.observation[k]).toBeCloseTo(ours.observation[k], 4);
        expect(theirs).toMatchObject({ reward: ours.reward, terminated: ours.terminated, truncated: ours.truncated, info: {} });
        ended = theirs.terminated;
      }
    }
  });

  test('the contract of environments holds', async () => {
    await assertEnvironment(await closing(gymnasium('CartPole-v1', { python })), { steps: 300 });
  });

  test('equal seeds give equal episodes, the first reset without one too', async () => {
    const [one, two] = [await closing(gymnasium('CartPole-v1', { python })), await closing(gymnasium('CartPole-v1', { python }))];
    expect(await one.reset({ seed: 7 })).toEqual(await two.reset({ seed: 7 }));
    expect(await one.reset({ seed: 8 })).not.toEqual(await two.reset({ seed: 7 }));
    const three = await closing(gymnasium('CartPole-v1', { python }));
    expect(await three.reset()).toEqual(await one.reset({ seed: 0 }));
    expect(await three.reset()).not.toEqual(await one.reset({ seed: 0 }));
    expect(await failure(resetting(one, -1))).toMatchObject({ code: 'invalid-option' });
  });

  describe.each(MODES)('a vector that resets itself as %s', (autoreset) => {
    it.each(['CartPole-v1', 'bridge_worlds:Limit-v0', 'bridge_worlds:Masked-v0', 'bridge_worlds:Reusing-v0'])(
      'is a vector of single ones: %s',
      async (id) => {
        const vector = await closing(gymnasium(id, { python, vector: 3, autoreset }));
        const singles = [1, 2, 3].map(() => closing(gymnasium(id, { python })));
        const made = await Promise.all(singles);
        const oracle = vectorize<unknown, number>((i) => made[i], 3, { autoreset });
        expect(await play(vector, 5, 40)).toEqual(await play(oracle, 5, 40));
      },
    );

    it.each(['async', 'native'] as const)('is the same by %s', async (vectorization) => {
      const each = await closing(gymnasium('CartPole-v1', { python, vector: 3, autoreset }));
      const opening = gymnasium('CartPole-v1', { python, vector: 3, autoreset, vectorization });
      if (
        vectorization === 'native' &&
        autoreset !== 'next-step' &&
        (await opening.then(
          () => false,
          () => true,
        ))
      ) {
        // CartPole's own vector of Gymnasium knows one mode alone.
        expect(await failure(opening)).toMatchObject({ code: 'invalid-option', received: expect.stringContaining('next-step') });
        return;
      }
      const other = await closing(opening);
      const [told, expected] = [await play(other, 5, 60), await play(each, 5, 60)];
      // A vector of numpy draws its random numbers in another order.
      if (vectorization === 'async') expect(told).toEqual(expected);
      else expect(told).toHaveLength(expected.length);
    });
  });

  it.each(['each', 'async'] as const)(
    'waits for a reset of what has ended where it does not reset itself: %s',
    async (vectorization) => {
      const options = { python, vector: 2, vectorization, autoreset: 'disabled' } as const;
      const vector = await closing(gymnasium('bridge_worlds:Masked-v0', options));
      expect(await failure(masked(vector, [0, 1]))).toMatchObject({ code: 'not-reset' });
      await vector.reset({ seed: 0 });
      await vector.step([0, 0]);
      const { observations, actionMasks, terminated, truncated } = await vector.step([0, 0]);
      expect([terminated, truncated]).toEqual([Uint8Array.of(0, 0), Uint8Array.of(1, 0)]);
      expect(await failure(both(vector))).toMatchObject({ code: 'not-reset', received: expect.stringContaining('environments 0') });
      expect(await vector.reset({ mask: Uint8Array.of(0, 0) })).toEqual({ observations, actionMasks, infos: [{}, {}] });
      expect(await failure(both(vector))).toMatchObject({ code: 'not-reset' });
      expect(await vector.reset({ mask: Uint8Array.of(1, 0) })).toMatchObject({
        observations: [Float32Array.of(20), observations[1]],
        actionMasks: [Uint8Array.of(1, 0, 0), actionMasks?.[1]],
      });
      await vector.step([0, 0]);
    },
  );

  test('infos of a vector are told apart by async', async () => {
    const options = { python, vector: 2, vectorization: 'async' } as const;
    const vector = await closing(gymnasium('bridge_worlds:World-v0', options));
    await vector.reset({ seed: 3 });
    for (let i = 0; i < 5; i++) await vector.step([0, 0]);
    const last = await vector.step([0, 0]);
    expect(last.finalInfos).toEqual([{ count: 6 }, { count: 6 }]);
    expect(last.finalObservations).toEqual([Float32Array.of(16), Float32Array.of(16)]);
    expect(last.observations).toEqual([Float32Array.of(20), Float32Array.of(20)]);
    expect(last.infos[0]).toMatchObject({ episode: 2 });
  });

  test('all spaces go over and come back', async () => {
    const environment = await closing(gymnasium('bridge_worlds:Spaces-v0', { python, observation: 'dict', action: 'dict' }));
    const { observationSpace } = environment;
    const { observation } = await environment.reset();
    expect(observation).toEqual({
      box: Float32Array.of(-0.5, 1e10, 0.25, 2.75),
      bytes: Uint8Array.of(0, 1, 2, 253, 254, 255),
      ints: Float32Array.of(-5, 70_000),
      scalar: Float32Array.of(1.5),
      discrete: -1,
      multi: Int32Array.of(2, 0),
      grid: Int32Array.of(1, 2, 3, 4),
      switches: Uint8Array.of(0, 1, 1, 0),
      tuple: [1, { deep: Uint8Array.of(1, 0, 1) }],
    });
    expect(observationSpace.contains(observation)).toBe(true);
    const boxes = (observationSpace as unknown as { spaces: { box: object; scalar: object } }).spaces;
    expect(boxes.box).toMatchObject({
      shape: [2, 2],
      low: Float32Array.of(-1, -Infinity, 0, 2.5),
      high: Float32Array.of(1, Infinity, 0.5, 3),
    });
    expect(boxes.scalar).toMatchObject({ shape: [1] });
    const { info } = await environment.step(observation);
    expect(info).toEqual({
      box: [
        [-0.5, 1e10],
        [0.25, 2.75],
      ],
      bytes: [
        [0, 1, 2],
        [253, 254, 255],
      ],
      ints: [-5, 70_000],
      scalar: 1.5,
      discrete: -1,
      multi: [3, -1],
      grid: [
        [1, 2],
        [3, 4],
      ],
      switches: [
        [0, 1],
        [1, 0],
      ],
      tuple: expect.stringMatching(/^\((np\.int64\()?1\)?, \{'deep': array\(\[1, 0, 1\], dtype=int8\)\}\)$/),
    });
    for (const sample of [1, 2, 3, 4, 5]) {
      const action = environment.actionSpace.sample(new Random(sample));
      await environment.step(action);
      if (sample === 4) await environment.reset();
    }
    const wrong = { ...observation, discrete: 5 };
    expect(await failure(stepping(environment, wrong))).toMatchObject({
      code: 'invalid-action',
      message: expect.stringContaining('discrete'),
    });
  });

  test('actions are within the bounds of their own dtype, and of it', async () => {
    const environment = await closing(gymnasium('bridge_worlds:Bounds-v0', { python, action: 'dict' }));
    await environment.reset();
    const spaces = (environment.actionSpace as unknown as { spaces: Record<string, { low: Float32Array; high: Float32Array }> })
      .spaces;
    const told = async (bound: 'low' | 'high') => {
      const parts = Object.entries(spaces).map(([name, space]) => [name, space[bound]?.slice() ?? 2]);
      const { info } = await environment.step(Object.fromEntries(parts) as Record<string, unknown>);
      return info;
    };
    expect(await told('low')).toEqual({
      double: ['float64', '-0.1'],
      whole: ['int32', String(-(2 ** 31))],
      long: ['int64', String(-(2n ** 63n))],
      odd: ['int64', '0'],
      byte: ['int8', '-128'],
      number: ['int32', '2'],
    });
    expect(await told('high')).toMatchObject({
      double: ['float64', '0.1'],
      whole: ['int32', String(2 ** 31 - 1)],
      // The largest double that no 64 bits overflow at.
      long: ['int64', String(2n ** 63n - 1_024n)],
      byte: ['int8', '127'],
    });
  });

  test('infos come as JSON, masks of actions as masks', async () => {
    const environment = await closing(gymnasium('bridge_worlds:Infos-v0', { python }));
    expect(await environment.reset({ seed: 4, options: { depth: [1, { two: 2 }] } })).toMatchObject({
      info: { episode: 1, seed: 4, options: { depth: [1, { two: 2 }] } },
    });
    const { info, actionMask } = await environment.step(0);
    expect(info).toEqual({
      nan: 'NaN',
      infinite: '-Infinity',
      big: String(2n ** 60n),
      array: [
        [1, 2],
        [3, 4],
      ],
      huge: 'an array of dtype float64 and shape (100, 100)',
      object: "<class 'object'>",
      none: null,
      truth: true,
      nested: { list: [1, [2.5, 'three']] },
      action_mask: [1, 0, 1],
    });
    expect(actionMask).toEqual(Uint8Array.of(1, 0, 1));
    const vector = await closing(gymnasium('bridge_worlds:Infos-v0', { python, vector: 2 }));
    expect(await vector.reset()).toMatchObject({ actionMasks: undefined });
    for (let i = 0; i < 5; i++) expect((await vector.step([0, 0])).finalActionMasks).toBeUndefined();
    expect(await vector.step([0, 0])).toMatchObject({
      actionMasks: undefined,
      finalActionMasks: [Uint8Array.of(1, 0, 0), Uint8Array.of(1, 0, 0)],
    });
  });

  test('pictures come with their size', async () => {
    const environment = await closing(gymnasium('bridge_worlds:Pictures-v0', { python, render: true, vector: 2 }));
    await environment.reset();
    await environment.step([0, 0]);
    const { width, height, pixels } = await environment.frame(1);
    expect([width, height]).toEqual([3, 2]);
    expect(pixels).toEqual(Uint8Array.of(...new Uint8Array(15), 10, 20, 31));
    expect(await failure(environment.frame(2))).toMatchObject({ code: 'invalid-option' });
    const blind = await closing(gymnasium('bridge_worlds:Pictures-v0', { python }));
    await blind.reset();
    expect(await failure(blind.frame())).toMatchObject({
      code: 'environment-failed',
      message: expect.stringContaining('render: true'),
    });
  });

  test('of an info with many entries the first ones come', async () => {
    const { info } = await thirdOf(await misbehaving('entries'));
    expect(Object.keys(info)).toHaveLength(1_001);
    expect(info).toMatchObject({ 0: 0, 999: 999, '…': '2 more entries' });
  });

  const misbehaving = (how: string, more: object = {}) =>
    closing(gymnasium('bridge_worlds:Misbehaving-v0', { python, observation: 'float32', kwargs: { how }, ...more }));
  const misbehavingVector = (how: string, more: object = {}) =>
    closing(
      gymnasium('bridge_worlds:Misbehaving-v0', {
        python,
        observation: 'float32',
        kwargs: { how, disable_env_checker: true },
        vector: 2,
        ...more,
      }),
    );
  /** What the third step of the second environment alone comes to. */
  const thirdOfSecond = async (vector: VectorEnvironment<unknown, number>) => {
    await vector.step([0, 0]);
    await vector.step([0, 0]);
    return vector.step([2, 0]);
  };
  /** What the third step comes to. */
  const thirdOf = async (environment: Environment<unknown, number>) => {
    await environment.reset();
    await environment.step(0);
    await environment.step(0);
    return environment.step(0);
  };

  test('an error comes with its traceback, and a reset mends it', async () => {
    const environment = await misbehaving('raise');
    const error = await failure(thirdOf(environment));
    expect(error).toMatchObject({
      code: 'environment-failed',
      received: 'ValueError: the world is flat',
      cause: { name: 'ValueError' },
    });
    expect((error.cause as Error).stack).toMatch(/bridge_worlds\.py", line \d+, in step\n[^]*ValueError: the world is flat/);
    expect(await failure(stepping(environment))).toMatchObject({ code: 'not-reset' });
    expect((await environment.reset()).observation).toEqual(Float32Array.of(20));
    const vector = await closing(gymnasium('bridge_worlds:Misbehaving-v0', { python, kwargs: { how: 'raise' }, vector: 2 }));
    await vector.reset();
    await vector.step([0, 0]);
    await vector.step([0, 0]);
    expect(await failure(both(vector))).toMatchObject({ where: expect.stringContaining('environment 0') });
    expect(await failure(both(vector))).toMatchObject({ code: 'not-reset' });
    await vector.reset();
    await vector.step([0, 0]);
  });

  it.each([
    ['raise', 'ValueError: the world is flat'],
    ['exit', 'SystemExit: 3'],
    ['local', 'Local: no other process knows this class'],
  ])('an error in a worker comes with its traceback, and a reset mends it: %s', async (how, received) => {
    const vector = await misbehavingVector(how, { vectorization: 'async', answerTimeout: 20_000 });
    await vector.reset({ seed: 4 });
    const error = await failure(thirdOfSecond(vector));
    expect(error).toMatchObject({ code: 'environment-failed', where: expect.stringContaining('environment 1'), received });
    expect((error.cause as Error).stack).toMatch(/bridge_worlds\.py", line \d+, in step\n/);
    expect(await failure(both(vector))).toMatchObject({ code: 'not-reset' });
    // Made anew, with seeds of its own.
    expect(await vector.reset()).toMatchObject({
      observations: [Float32Array.of(10), Float32Array.of(10)],
      infos: [{ seed: 2_570_931_004 }, { seed: 2_570_931_005 }],
    });
    await vector.step([0, 0]);
    // The second environment fails again, and the streams go on after that.
    await vector.step([0, 0]);
    expect(await failure(both(vector))).toMatchObject({ code: 'environment-failed' });
    await vector.reset({ seed: 7 });
    expect((await vector.reset()).infos).toMatchObject([{ episode: 2 }, { episode: 2 }]);
  });

  it.each([
    ['reward', 'environment-failed', /environment 1/],
    ['shape', 'invalid-observation', /environment 1/],
    ['large', 'environment-failed', /over the limits/],
  ] as const)('a step whose answer cannot be sent asks for a reset: %s', async (how, code, message) => {
    const vector = await misbehavingVector(how);
    await vector.reset();
    if (how === 'large') {
      await vector.step([0, 0]);
      await vector.step([0, 0]);
      expect(await failure(both(vector))).toMatchObject({ code, message: expect.stringMatching(message) });
    } else {
      expect(await failure(thirdOfSecond(vector))).toMatchObject({ code, message: expect.stringMatching(message) });
    }
    expect(await failure(both(vector))).toMatchObject({ code: 'not-reset', where: expect.not.stringContaining('environment 1') });
    await vector.reset();
    await vector.step([0, 0]);
  });

  test('closing closes all, even where some raise, and tells the first error', async () => {
    const log = join(scratch, `${randomUUID()}.log`);
    const vector = await gymnasium('bridge_worlds:Closing-v0', { python, vector: 3, kwargs: { log } });
    await vector.reset();
    await vector.step([0, 0, 0]);
    expect(await failure(vector.close())).toMatchObject({ received: expect.stringContaining('stuck after 1 steps') });
    expect(readFileSync(log, 'utf8')).toBe('1\n1\n1\n');
  });

  test('sys.exit() is an error like others', async () => {
    expect(await failure(thirdOf(await misbehaving('exit')))).toMatchObject({ received: 'SystemExit: 3' });
  });

  test('a death is told with the last words, and the next reset starts anew with other seeds', async () => {
    const environment = await misbehaving('die', { kwargs: { how: 'die', helper: true } });
    await environment.reset();
    const { helper } = (await environment.step(0)).info as { helper: number };
    expect(alive(helper)).toBe(true);
    await environment.step(0);
    const error = await failure(stepping(environment));
    await expect.poll(() => alive(helper)).toBe(false);
    expect(error).toMatchObject({
      code: 'worker-failed',
      received: expect.stringMatching(/with code 7.*these are my last words/s),
    });
    expect(await failure(stepping(environment))).toBe(error);
    expect(await environment.reset()).toMatchObject({ observation: Float32Array.of(10), info: { episode: 1, seed: 1 } });
    await environment.step(0);
  });

  it('gives up an environment that lasts for ever', async () => {
    const environment = await misbehaving('hang', { answerTimeout: 10_000 });
    expect(await failure(thirdOf(environment))).toMatchObject({ code: 'worker-failed', received: 'none' });
    await environment.reset();
    await environment.step(0);
  });

  it('gives up workers that last for ever, and ends them', async () => {
    const vector = await misbehavingVector('spin', { vectorization: 'async', answerTimeout: 10_000 });
    await vector.reset();
    const pids = (await vector.step([0, 0])).infos.map(({ process: pid }) => pid as number);
    await vector.step([0, 0]);
    expect(await failure(both(vector))).toMatchObject({ code: 'worker-failed', received: 'none' });
    await expect.poll(() => pids.filter(alive)).toEqual([]);
  });

  it.each([
    ['print', {}],
    ['read', { observation: Float32Array.of(0) }],
  ])('keeps the protocol apart from the standard streams: %s', async (how, expected) => {
    const environment = await misbehaving(how);
    expect(await thirdOf(environment)).toMatchObject({ reward: 3, ...expected });
    expect(await environment.step(0)).toMatchObject({ reward: 4 });
    if (how !== 'print') return;
    // What was printed is not lost.
    await vi.waitFor(() => {
      const printed = vi
        .mocked(process.stderr.write)
        .mock.calls.map(([text]) => String(text))
        .join('');
      expect(printed).toContain('a line for the user');
      expect(printed).toContain("past Python's own buffers");
    });
  });

  test('warnings come as warnings', async () => {
    const warnings: RemoteWarning[] = [];
    await thirdOf(await misbehaving('warn', { onWarning: (warning: RemoteWarning) => warnings.push(warning) }));
    expect(warnings.filter(({ message }) => message.includes('thin'))).toEqual([
      { type: 'UserWarning', message: 'WARN: thin ice', where: expect.stringMatching(/bridge_worlds\.py:\d+$/) },
    ]);
    const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await thirdOf(await misbehaving('warn'));
    expect(emitted).toHaveBeenCalledWith('WARN: thin ice', {
      type: 'UserWarning',
      detail: expect.stringContaining('bridge_worlds'),
    });
  });

  it.each(['shape', 'type'])('refuses an observation of another %s', async (how) => {
    const error = await failure(thirdOf(await misbehaving(how, { kwargs: { how, disable_env_checker: true } })));
    expect(error).toMatchObject({ code: 'invalid-observation', message: expect.stringContaining('where its space is') });
  });

  it.each([
    ['NoSuchWorld-v3', {}, 'invalid-option', /NoSuchWorld/],
    ['Nowhere/World-v0', {}, 'invalid-option', /Nowhere/],
    ['no_such_module:World-v0', {}, 'missing-package', /no_such_module/],
    ['bridge_worlds:Texts-v0', {}, 'invalid-space', /Text spaces/],
    ['bridge_worlds:Unborn-v0', {}, 'environment-failed', /no world today/],
    ['bridge_worlds:Needy-v0', {}, 'missing-package', /pip install swig/],
    ['bridge_worlds:World-v0', { vector: 2, vectorization: 'native' }, 'invalid-option', /'each' or 'async'/],
    ['CartPole-v1', { kwargs: { no_such_argument: 1 } }, 'environment-failed', /no_such_argument/],
    ['CartPole-v1', { observation: 'uint8' }, 'invalid-space', /observation: 'float32'/],
    ['CartPole-v1', { action: 'float32' }, 'invalid-space', /action: 'discrete'/],
  ] as const)('refuses %s with %o', async (id, options, code, message) => {
    expect(await failure(gymnasium(id, { python, ...options } as object))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('an agent trains on a vector and is evaluated on a single one', async () => {
    const environment = await closing(gymnasium('CartPole-v1', { python, vector: 8 }));
    const agent = await createAgent(environment, { seed: 1, learningStarts: 200 });
    let episodes = 0;
    for await (const event of train(agent, environment, { steps: 2_000 })) if (event.kind === 'episode') episodes++;
    expect(episodes).toBeGreaterThan(10);
    const { returns } = await evaluate(agent, await closing(gymnasium('CartPole-v1', { python })), { episodes: 3, seed: 1 });
    expect(returns).toHaveLength(3);
  });

  test('a closed environment is refused, and closing twice is harmless', async () => {
    const environment = await closing(gymnasium('CartPole-v1', { python }));
    await environment.close();
    await environment.close();
    expect(await failure(resetting(environment))).toMatchObject({ code: 'disposed' });
    expect(await failure(stepping(environment))).toMatchObject({ code: 'disposed' });
  });
});

describe('without what is needed', () => {
  it('names a program that is not there', async () => {
    const error = await failure(gymnasium('CartPole-v1', { python: '/no/such/python' }));
    expect(error).toMatchObject({
      code: 'missing-package',
      where: expect.stringContaining('/no/such/python'),
      remedy: expect.stringContaining('Python 3.9'),
    });
    // As of an environment variable that is empty.
    expect(await failure(gymnasium('CartPole-v1', { python: '' }))).toMatchObject({
      code: 'missing-package',
      where: 'gymnasium({ python: "" })',
    });
  });

  const standin = pythons[0];
  const wrapper = (name: string, flags: string) => {
    const program = join(scratch, name);
    writeFileSync(program, `#!/bin/sh\nexec ${standin.program} ${flags} "$@"\n`);
    chmodSync(program, 0o755);
    return program;
  };

  it('names the packages that Python lacks', async () => {
    vi.stubEnv('PYTHONPATH', '');
    const numpy = await failure(gymnasium('CartPole-v1', { python: wrapper('bare-python', '-S') }));
    expect(numpy).toMatchObject({
      code: 'missing-package',
      message: expect.stringMatching(/cannot import numpy.*pip install gymnasium/s),
    });
  });

  it('tells a program that is no Python, and one that says nothing', async () => {
    const mute = join(scratch, 'mute');
    const pidFile = join(scratch, 'mute.pid');
    writeFileSync(mute, `#!/bin/sh\necho $$ > '${pidFile}'\nexec sleep 60\n`);
    chmodSync(mute, 0o755);
    expect(await failure(gymnasium('CartPole-v1', { python: mute, answerTimeout: 2_000 }))).toMatchObject({
      code: 'worker-failed',
    });
    await expect.poll(() => alive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
    expect(await failure(gymnasium('CartPole-v1', { python: '/bin/echo' }))).toMatchObject({ code: 'worker-failed' });
    expect(await failure(gymnasium('CartPole-v1', { python: '/bin/false' }))).toMatchObject({
      code: 'worker-failed',
      received: expect.stringContaining('with code 1'),
    });
  });
});
