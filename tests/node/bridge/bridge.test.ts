import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Random } from '../../../src/common/random.ts';
import type { Environment, StepResult } from '../../../src/environment/environment.ts';
import type { Space } from '../../../src/environment/spaces.ts';
import { CartPole, box, dict, discrete, tuple, vectorize } from '../../../src/environments/index.ts';
import { DqnError, type AutoresetMode, type VectorEnvironment } from '../../../src/index.ts';
import { BridgedEnvironment } from '../../../src/node/bridge/bridged-environment.ts';
import { BridgedVector } from '../../../src/node/bridge/bridged-vector.ts';
import { KIND, encodeFrame, FrameReader } from '../../../src/node/bridge/frames.ts';
import { assertEnvironment, spaceArb } from '../../../src/testing/index.ts';
import { Walk } from '../../environment/toys.ts';
import { failure } from '../../support/failure.ts';
import { ManualChannel, bridged, channelTo, connectTo } from './in-memory.ts';

const cutsArb = fc.oneof(fc.constant([Infinity]), fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 }));

async function play<Observation>(vector: VectorEnvironment<Observation, number>, seed: number, steps: number): Promise<unknown[]> {
  const random = new Random(seed);
  const told: unknown[] = [await vector.reset({ seed })];
  for (let i = 0; i < steps; i++) {
    const result = await vector.step(Array.from({ length: vector.size }, () => vector.actionSpace.sample(random)));
    told.push(result);
    const mask = result.terminated.map((flag, k) => flag | result.truncated[k]);
    if (vector.autoreset === 'disabled' && mask.includes(1)) told.push(await vector.reset({ mask }));
  }
  return told;
}

/** Gives elements of a space, and keeps the actions. */
class Echo implements Environment<unknown, unknown> {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly actions: unknown[] = [];
  readonly #random = new Random(1);

  constructor(observationSpace: Space, actionSpace: Space) {
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
  }

  reset() {
    return { observation: this.observationSpace.sample(this.#random), info: {} };
  }

  step(action: unknown): StepResult<unknown> {
    this.actions.push(action);
    return { ...this.reset(), reward: this.#random.normal(), terminated: false, truncated: false };
  }
}

describe('environments over the bridge', () => {
  const modes: readonly AutoresetMode[] = ['same-step', 'next-step', 'disabled'];
  it.each(modes)('are what they are without it: %s', async (autoreset) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.nat(1_000),
        cutsArb,
        fc.boolean(),
        fc.constantFrom(2, 3, 4),
        async (size, seed, cuts, masked, limit) => {
          const factory = () => new Walk({ limit, masked });
          const there = await bridged<Float32Array, number>(async () => factory, { size, autoreset, cuts });
          const here = vectorize(factory, size, { autoreset });
          expect(await play(there, seed, 25)).toEqual(await play(here, seed, 25));
          await there.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  test('keep their contract', async () => {
    await assertEnvironment(new BridgedEnvironment(await bridged(async () => () => new CartPole())), { steps: 200 });
  });

  test('have the spaces that they have without it, and elements go over bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(spaceArb(), spaceArb(), cutsArb, async (observations, actions, cuts) => {
        const made: Echo[] = [];
        const factory = () => {
          made.push(new Echo(observations, actions));
          return made[made.length - 1];
        };
        const there = await bridged<unknown, unknown>(async () => factory, { size: 2, cuts });
        expect(there.observationSpace).toEqual(observations);
        expect(there.actionSpace).toEqual(actions);
        const here = vectorize(() => new Echo(observations, actions), 2, { autoreset: 'disabled' });
        expect(await there.reset()).toEqual(await here.reset());
        const chosen = [actions.sample(new Random(1)), actions.sample(new Random(2))];
        expect(await there.step(chosen)).toEqual(await here.step(chosen));
        expect(made.map(({ actions: told }) => told)).toEqual(chosen.map((action) => [action]));
        expect(await failure(there.step([undefined, chosen[1]]))).toMatchObject({ code: 'invalid-action' });
      }),
    );
  });

  test("give bytes that are nobody else's", async () => {
    const space = box({ low: 0, high: 255, shape: [3], dtype: 'uint8' });
    const there = await bridged<Uint8Array, Uint8Array>(async () => () => new Echo(space, space) as never, { size: 2 });
    const { observations } = await there.reset();
    for (const { buffer } of observations) expect(buffer.byteLength).toBe(3);
  });

  test('refuse actions that came over and are none', async () => {
    const connection = connectTo(channelTo(async () => () => new Walk()));
    await connection.request('hello', KIND.hello, { protocols: [1] });
    await connection.request('make', KIND.make, { id: 'x', size: 1, autoreset: 'disabled', kwargs: {} });
    await connection.request('reset', KIND.reset);
    const [two, nan] = [2, NaN].map((action) => new Uint8Array(Float64Array.of(action).buffer));
    for (const raw of [two, nan]) {
      expect(await failure(connection.request('step', KIND.step, {}, raw))).toMatchObject({
        code: 'invalid-action',
        received: expect.stringContaining('expected a whole number in [-1, 1]'),
      });
    }
    await connection.request('step', KIND.step, {}, new Uint8Array(8));
  });

  it.each([-1, 1])('refuse a step whose answer has %i bytes more than its ends take', async (more) => {
    const spaces = { observationSpace: { kind: 'multiBinary', n: 4 }, actionSpace: { kind: 'discrete', n: 2, start: 0 } };
    const channel = new ManualChannel();
    channel.send = (bytes) => {
      const [{ kind, id }] = new FrameReader().push(bytes);
      const fields = { [KIND.hello]: { protocol: 1 }, [KIND.make]: { size: 1, autoreset: 'same-step', ...spaces } }[kind as 1 | 2];
      channel.tell(encodeFrame(kind | KIND.answer, id, fields, kind === KIND.step ? new Uint8Array(14 + more) : undefined));
    };
    const recipe = { name: 'x', connect: async () => connectTo(channel), make: { size: 1, autoreset: 'same-step' } };
    const vector = await BridgedVector.open<Uint8Array, number>(recipe);
    expect(await failure(vector.step([0]))).toMatchObject({
      code: 'worker-failed',
      expected: expect.stringContaining('14 bytes of a step'),
    });
    expect(channel.killed).toBe(true);
  });

  test('have parts with any names in any order', async () => {
    const space = dict({
      b: discrete(3),
      10: box({ low: 0, high: 1, shape: [2] }),
      2: tuple([discrete(2, { start: -(2 ** 31) })]),
      ['__proto__']: discrete(2),
    });
    const there = await bridged<object, unknown>(async () => () => new Echo(space, space));
    expect((await there.reset()).observations[0]).toEqual(new Echo(space, space).reset().observation);
  });

  test('tell infos as JSON', async () => {
    const info = {
      number: 1.5,
      nan: NaN,
      infinite: -Infinity,
      list: Float32Array.of(1, 2),
      big: 10n,
      long: Array.from({ length: 2_000 }, () => 0),
      nested: { a: [null, 'text', true] },
      deep: [[[[[[[[[[1]]]]]]]]]],
      what: () => 1,
    };
    const large = Object.fromEntries(Array.from({ length: 1_002 }, (_, i) => [`key ${i}`, i]));
    class Telling extends Walk {
      override step(action: number) {
        return { ...super.step(action), info: (action === 1 ? large : info) as never };
      }
    }
    const there = await bridged<Float32Array, number>(async () => () => new Telling());
    await there.reset();
    expect((await there.step([0])).infos).toEqual([
      {
        number: 1.5,
        nan: 'NaN',
        infinite: '-Infinity',
        list: [1, 2],
        big: '10n',
        long: 'an array of length 2000',
        nested: { a: [null, 'text', true] },
        deep: [[[[[[['an array of length 1']]]]]]],
        what: 'a function what',
      },
    ]);
    const [first] = (await there.step([1])).infos;
    expect(Object.keys(first)).toHaveLength(1_001);
    expect(first).toMatchObject({ 'key 0': 0, 'key 999': 999, '…': '2 more entries' });
  });

  test('have their errors come over with code, message and stack', async () => {
    class Failing extends Walk {
      override step(_action: number): never {
        throw new TypeError('the world is flat');
      }
    }
    const there = await bridged<Float32Array, number>(async () => () => new Failing());
    expect(await failure(there.step([0]))).toMatchObject({ code: 'not-reset' });
    await there.reset();
    const error = await failure(there.step([0]));
    expect(error).toMatchObject({ code: 'environment-failed', message: expect.stringContaining('the world is flat') });
    expect((error.cause as Error).stack).toContain('TypeError: the world is flat');
    await there.reset();
    class Lying extends Walk {
      override reset() {
        return { ...super.reset(), observation: Float32Array.of(NaN, 0) };
      }
    }
    const lying = await bridged(async () => () => new Lying());
    expect(await failure(lying.reset())).toMatchObject({ code: 'invalid-observation', message: expect.stringContaining('NaN') });
    const unknown = bridged(async () => {
      throw new DqnError({ code: 'invalid-option', where: 'id', expected: 'one', received: 'none', remedy: 'Mend it.' });
    });
    expect(await failure(unknown)).toMatchObject({ code: 'invalid-option' });
  });

  test('refuse wrong calls before they go over', async () => {
    const there = await bridged<Float32Array, number>(async () => () => new Walk(), { size: 2, autoreset: 'same-step' });
    expect(await failure(there.reset({ seed: -1 }))).toMatchObject({ code: 'invalid-option' });
    expect(await failure(there.reset({ seed: 0.5 }))).toMatchObject({ code: 'invalid-option' });
    expect(await failure(there.reset({ seed: 2 ** 53 - there.size + 1 }))).toMatchObject({ code: 'invalid-option' });
    expect(await failure(there.reset({ mask: Uint8Array.of(1, 0) }))).toMatchObject({ code: 'invalid-option' });
    expect(await failure(there.reset({ options: { big: 1n } }))).toMatchObject({ code: 'invalid-option' });
    await there.reset();
    expect(await failure(there.step([0]))).toMatchObject({ code: 'invalid-action', received: 'an array of length 1' });
    expect(await failure(there.step([0, 2]))).toMatchObject({
      code: 'invalid-action',
      where: expect.stringContaining('environment 1'),
    });
    expect(await failure(there.step([0, NaN]))).toMatchObject({ code: 'invalid-action' });
    await there.close();
    expect(await failure(there.step([0, 0]))).toMatchObject({ code: 'disposed' });
  });

  test('refuse masks that are none, and take the others', async () => {
    const there = await bridged<Float32Array, number>(async () => () => new Walk(), { size: 2 });
    await there.reset({ seed: 1 });
    for (const mask of [Uint8Array.of(1), Uint8Array.of(0, 2), [0, 1] as never]) {
      expect(await failure(there.reset({ mask }))).toMatchObject({
        code: 'invalid-option',
        where: expect.stringContaining('mask'),
      });
    }
    await there.reset({ mask: Uint8Array.of(0, 1) });
    await there.close();
  });

  test('end the other side when they are closed', async () => {
    const channel = channelTo(async () => () => new Walk());
    const there = await BridgedVector.open<Float32Array, number>({
      name: 'test',
      connect: async () => connectTo(channel),
      make: { id: 'test', size: 1, autoreset: 'disabled', kwargs: {} },
    });
    expect(channel.killed).toBe(false);
    await there.close();
    expect(channel.killed).toBe(true);
  });

  /** Environments whose other side can be ended, and is there again only when the test lets it. */
  async function losable(size = 1) {
    const channels: ReturnType<typeof channelTo>[] = [];
    const waiting: (() => void)[] = [];
    const there = await BridgedVector.open<Float32Array, number>({
      name: 'test',
      connect: async () => {
        if (channels.length > 0) await new Promise<void>((resolve) => waiting.push(resolve));
        channels.push(channelTo(async () => () => new Walk()));
        return connectTo(channels[channels.length - 1]);
      },
      make: { id: 'test', size, autoreset: 'same-step', kwargs: {} },
    });
    const lose = async () => {
      channels[channels.length - 1].kill(0);
      await expect.poll(() => failure(there.step(Array.from({ length: size }, () => 0)))).toMatchObject({ code: 'worker-failed' });
    };
    const start = async () => {
      await expect.poll(() => waiting.length).toBeGreaterThan(0);
      for (const resolve of waiting.splice(0)) resolve();
    };
    return { there, channels, lose, start };
  }

  test('start the other side once for all who reset at a time', async () => {
    const { there, channels, lose, start } = await losable();
    await there.reset();
    await lose();
    const resets = [there.reset(), there.reset()];
    await start();
    await Promise.all(resets);
    expect(channels).toHaveLength(2);
    await lose();
    const again = there.reset();
    await start();
    await again;
    expect(channels).toHaveLength(3);
  });

  test('end what a reset starts while they are closed', async () => {
    const { there, channels, lose, start } = await losable();
    await there.reset();
    await lose();
    const resetting = failure(there.reset());
    const closing = there.close();
    await start();
    await closing;
    expect(await resetting).toMatchObject({ code: 'disposed' });
    expect(channels[1].killed).toBe(true);
  });

  test('are closed although the other side cannot be started again', async () => {
    const channel = channelTo(async () => () => new Walk());
    let starts = 0;
    const there = await BridgedVector.open<Float32Array, number>({
      name: 'test',
      connect: async () => {
        if (starts++ > 0) throw new DqnError({ code: 'missing-package', where: 'it', expected: '', received: '', remedy: '' });
        return connectTo(channel);
      },
      make: { id: 'test', size: 1, autoreset: 'disabled', kwargs: {} },
    });
    channel.kill(0);
    await expect.poll(() => failure(there.step([0]))).toMatchObject({ code: 'worker-failed' });
    const resetting = failure(there.reset());
    await there.close();
    expect(await resetting).toMatchObject({ code: 'missing-package' });
  });

  test('begin anew with seeds other than the last that was passed', async () => {
    const { there, lose, start } = await losable(2);
    const oracle = vectorize(() => new Walk(), 2);
    const restarted = async () => {
      await lose();
      const resetting = there.reset();
      await start();
      return resetting;
    };
    await there.reset({ seed: 7 });
    await there.reset();
    expect(await restarted()).toEqual(await oracle.reset({ seed: 9 }));
    expect(await restarted()).toEqual(await oracle.reset({ seed: 11 }));
    const last = Number.MAX_SAFE_INTEGER - 1;
    await there.reset({ seed: last });
    expect(await restarted()).toEqual(await oracle.reset({ seed: last - 6 }));
  });

  test('begin anew with other seeds after the other side is gone, unless their spaces have changed', async () => {
    const channels: ReturnType<typeof channelTo>[] = [];
    let wide = false;
    class Wide extends Walk {
      override readonly actionSpace = discrete(wide ? 4 : 3, { start: -1 });
    }
    const there = await BridgedVector.open<Float32Array, number>({
      name: 'test',
      connect: async () => {
        channels.push(channelTo(async () => () => new Wide()));
        return connectTo(channels[channels.length - 1]);
      },
      make: { id: 'test', size: 2, autoreset: 'same-step', kwargs: {} },
    });
    const oracle = vectorize(() => new Walk(), 2);
    expect(await there.reset()).toEqual(await oracle.reset({ seed: 0 }));
    channels[0].kill(0);
    await expect.poll(() => failure(there.step([0, 0]))).toMatchObject({ code: 'worker-failed' });
    expect(await there.reset()).toEqual(await oracle.reset({ seed: 2 }));
    expect(await there.reset()).toEqual(await oracle.reset());
    wide = true;
    channels[1].kill(0);
    await expect.poll(() => failure(there.step([0, 0]))).toMatchObject({ code: 'worker-failed' });
    for (const i of [2, 3]) {
      expect(await failure(there.reset())).toMatchObject({ code: 'invalid-space' });
      expect(channels[i].killed).toBe(true);
    }
  });
});

describe('a connection', () => {
  const answer = (kind: number, id: number, fields = {}, raw = new Uint8Array(0)) =>
    encodeFrame(kind | KIND.answer, id, fields, raw);

  it('keeps the process alive only while it waits', async () => {
    const channel = new ManualChannel();
    const connection = connectTo(channel);
    const one = connection.request('one', KIND.reset);
    expect(channel.held).toBe(true);
    const two = connection.request('two', KIND.step);
    expect(channel.held).toBe(true);
    channel.tell(answer(KIND.reset, 1, { a: 1 }));
    expect((await one).fields).toEqual({ a: 1 });
    expect(channel.held).toBe(true);
    channel.tell(answer(KIND.step, 2));
    await two;
    expect(channel.held).toBe(false);
  });

  it.each([
    ['an answer of another kind', answer(KIND.step, 1)],
    ['an answer to nothing', answer(KIND.reset, 2)],
    ['a request', encodeFrame(KIND.reset, 1)],
    ['other bytes', new TextEncoder().encode('Traceback (most recent call last)')],
  ])('is ended by %s', async (_, bytes) => {
    const channel = new ManualChannel();
    const connection = connectTo(channel);
    const asked = connection.request('it', KIND.reset);
    channel.tell(bytes);
    expect(await failure(asked)).toMatchObject({ code: 'worker-failed' });
    expect(channel).toMatchObject({ killed: true, held: false });
    expect(await failure(connection.request('more', KIND.reset))).toBe(connection.lost);
    // What comes later is not looked at.
    channel.tell(bytes);
  });

  it('gives up whoever does not answer', async () => {
    const channel = new ManualChannel();
    const connection = connectTo(channel, 20);
    expect(await failure(connection.request('a step', KIND.step))).toMatchObject({
      code: 'worker-failed',
      expected: 'an answer to a step within 20 ms',
      received: 'none',
    });
    expect(channel.killed).toBe(true);
  });

  it('tells why the other side is gone', async () => {
    const channel = new ManualChannel();
    const connection = connectTo(channel);
    const asked = connection.request('a step', KIND.step);
    channel.end('its end with code 7');
    expect(await failure(asked)).toMatchObject({ code: 'worker-failed', received: 'its end with code 7' });
  });

  it('reports errors without a word that it knows as those of the environment', async () => {
    const channel = new ManualChannel();
    const connection = connectTo(channel);
    for (const code of ['__proto__', 'constructor', 7, undefined]) {
      const asked = connection.request('it', KIND.step);
      const [frame] = new FrameReader().push(channel.sent[channel.sent.length - 1]);
      channel.tell(encodeFrame(KIND.error, frame.id, { code, type: 'E', message: 'm', traceback: 't' }));
      expect(await failure(asked)).toMatchObject({ code: 'environment-failed', received: 'E: m', cause: { stack: 't' } });
    }
  });
});
