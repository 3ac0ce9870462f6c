import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { encodeArchive } from '../../src/common/archive.ts';
import { CartPole, timeLimit } from '../../src/environments/index.ts';
import {
  checkpointSeries,
  createAgent,
  DqnError,
  epsilonGreedy,
  loadPolicy,
  memoryStore,
  mlp,
  train,
  uniform,
  type AgentOptions,
  type CheckpointStore,
  type Environment,
  type TrainOptions,
} from '../../src/index.ts';
import { serve, type TrainingRecipe } from '../../src/remote/serve.ts';
import { seal } from '../../src/remote/protocol.ts';
import { connect, type TrainerOptions } from '../../src/remote/trainer.ts';
import type { TrainerEvent } from '../../src/remote/trainer-events.ts';
import { asynchronous } from '../support/tiny-environments.ts';
import { naiveQuantile } from '../support/quantile.ts';
import { threadPair, type ThreadPair } from '../support/thread-pair.ts';
import { failure } from '../support/failure.ts';

const small: AgentOptions<'sync'> = {
  network: mlp({ hidden: [16] }),
  replay: uniform({ capacity: 300 }),
  explorer: epsilonGreedy(0.2),
  batchSize: 8,
  learningStarts: 20,
  seed: 5,
};

interface Config {
  readonly options: TrainOptions<Float32Array>;
  readonly store?: CheckpointStore;
  readonly environment?: Environment<Float32Array, number>;
  readonly agent?: AgentOptions<'sync'>;
}

/** Code cannot be sent, but in one thread it can be closed over. */
function recipe({
  options,
  store,
  environment = new CartPole(),
  agent = small,
}: Config): TrainingRecipe<unknown, Float32Array, 'sync'> {
  return {
    create: async () => ({
      agent: await createAgent(environment, agent),
      environment,
      options,
      checkpoints: store && { store, name: 'run' },
    }),
  };
}

let pair: ThreadPair;
beforeEach(() => {
  pair = threadPair();
});
afterEach(() => pair.close());

function begin(config: Config, options: TrainerOptions = {}) {
  serve(pair.worker, recipe(config));
  const trainer = connect(pair.page, {}, options);
  const events: TrainerEvent[] = [];
  trainer.listen((event) => events.push(event));
  const of = <K extends TrainerEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<TrainerEvent, { kind: K }> => event.kind === kind);
  return { trainer, events, of };
}

/** What the same run comes to without a worker. */
async function alone({ options, agent = small, environment = new CartPole() }: Config) {
  const single = await createAgent(environment, agent);
  const returns: number[] = [];
  for await (const event of train(single, environment, options)) if (event.kind === 'episode') returns.push(event.return);
  return { policy: await single.savePolicy(), returns };
}

describe('a run in a worker', () => {
  test('ends as one without, whatever is asked meanwhile', async () => {
    const config = { options: { steps: 600 } };
    const { trainer, of } = begin(config, { progressPeriod: 0 });
    expect(trainer.status).toBe('preparing');
    await trainer.start();
    expect(trainer.status).toBe('running');
    await trainer.policy();
    await trainer.pause();
    expect(trainer.status).toBe('paused');
    const step = trainer.step;
    const [one, two] = [await trainer.policy(), await trainer.policy()];
    expect(two).toEqual(one);
    expect(trainer.step).toBe(step);
    await trainer.checkpoint();
    await trainer.resume();
    await trainer.finished;
    expect(trainer.status).toBe('finished');
    const { policy, returns } = await alone(config);
    expect(await trainer.policy()).toEqual(policy);
    expect(of('progress').flatMap(({ episodes }) => episodes.map((episode) => episode.return))).toEqual(returns);
    const final = await trainer.stop();
    expect(final).toMatchObject({ step: 600, updates: 581, policy });
    expect([trainer.status, pair.terminated()]).toEqual(['stopped', true]);
    expect(of('status').map(({ status }) => status)).toEqual(['ready', 'running', 'paused', 'running', 'finished', 'stopped']);
  });

  test('tells progress no more often than asked, and leaves nothing out', async () => {
    const { trainer, of } = begin({ options: { steps: 400 } }, { progressPeriod: 1e6 });
    await trainer.start();
    await trainer.finished;
    const [progress, ...more] = of('progress');
    expect(more).toEqual([]);
    expect(progress).toMatchObject({
      step: 400,
      updates: 381,
      episodes: (await alone({ options: { steps: 400 } })).returns.map((r) => ({ return: r })),
    });
    expect(Object.values(progress.update ?? {}).every(Number.isFinite)).toBe(true);
    expect(progress.stepsPerSecond).toBeGreaterThan(0);
    await trainer.stop();
  });

  test('gives means over the updates that it sums up', async () => {
    const environment = new CartPole();
    const agent = await createAgent(environment, small);
    const losses: number[] = [];
    const largest: number[] = [];
    const tdErrors: number[] = [];
    for await (const event of train(agent, environment, { steps: 100 })) {
      if (event.kind !== 'update') continue;
      losses.push(event.loss);
      largest.push(event.maxQ);
      tdErrors.push(...event.tdErrors.map(Math.abs));
    }
    const { trainer, of } = begin({ options: { steps: 100 } }, { progressPeriod: 1e6 });
    await trainer.start();
    await trainer.finished;
    const [{ update }] = of('progress');
    expect(update?.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / losses.length, 12);
    tdErrors.sort((a, b) => a - b);
    const at = (part: number) => expect.closeTo(naiveQuantile(tdErrors, part), 12) as number;
    expect(update).toMatchObject({
      maxQ: Math.max(...largest),
      tdErrorP10: at(0.1),
      tdErrorP50: at(0.5),
      tdErrorP90: at(0.9),
      maxTdError: tdErrors.at(-1),
    });
    // Numbers alone: no arrays of single updates.
    expect(Object.values(update ?? {}).every((value) => typeof value === 'number')).toBe(true);
    await trainer.stop();
  });

  test('acts on the page with the policy of the moment', async () => {
    const { trainer } = begin({ options: { steps: 1e9 } });
    await trainer.start();
    const environment = new CartPole();
    const policy = await loadPolicy(await trainer.policy(), environment);
    expect([0, 1]).toContain(policy.act(environment.reset({ seed: 1 }).observation));
    const { step } = await trainer.stop();
    expect(step).toBeLessThan(1e9);
  });

  test('gives policy and checkpoint before it starts, and forgets a pause before it', async () => {
    const { trainer } = begin({ options: { steps: 50 } });
    await trainer.pause();
    expect(await trainer.policy()).toEqual(await (await createAgent(new CartPole(), small)).savePolicy());
    await trainer.checkpoint();
    expect(trainer.status).toBe('ready');
    await trainer.start();
    await trainer.finished;
    await trainer.start();
    await trainer.resume();
    await trainer.pause();
    expect(trainer.status).toBe('finished');
    await trainer.stop();
  });

  test('goes on from a checkpoint of the page, bit for bit', async () => {
    const config = { options: { steps: 500 } };
    const first = begin(config);
    await first.trainer.start();
    const { checkpoint } = await first.trainer.stop();
    pair = threadPair();
    const second = begin(config, { resume: checkpoint });
    await second.trainer.start();
    await second.trainer.finished;
    expect((await second.trainer.stop()).policy).toEqual((await alone(config)).policy);
  });

  test('gives what it is to go on from, where it is asked before it starts', async () => {
    const options = { options: { steps: 500 } };
    const first = begin(options);
    await first.trainer.start();
    const { checkpoint, ...before } = await first.trainer.stop();
    pair = threadPair();
    const second = begin(options, { resume: checkpoint });
    expect(await second.trainer.policy()).toEqual(before.policy);
    expect(await second.trainer.checkpoint()).toEqual(checkpoint);
    expect(await second.trainer.stop()).toEqual({ ...before, checkpoint });
    pair = threadPair();
    const third = begin(options, { resume: checkpoint });
    await third.trainer.checkpoint();
    await third.trainer.start();
    await third.trainer.finished;
    expect((await third.trainer.stop()).policy).toEqual((await alone(options)).policy);
  });

  test('tells before it starts, too, that a checkpoint does not fit', async () => {
    const options = { options: { steps: 500 } };
    const first = begin(options);
    await first.trainer.start();
    const { checkpoint } = await first.trainer.stop();
    pair = threadPair();
    const second = begin({ ...options, agent: { ...small, network: mlp({ hidden: [17] }) } }, { resume: checkpoint });
    await expect(second.trainer.policy()).rejects.toMatchObject({ code: 'incompatible-checkpoint' });
    expect(second.trainer.status).toBe('failed');
    expect(await second.trainer.stop()).toMatchObject({ step: 0 });
  });

  test('loses no episode where it is stopped and goes on, however often', async () => {
    const config = { options: { steps: 2_000 }, environment: timeLimit(new CartPole(), 2) };
    const returns: number[] = [];
    let resume: Uint8Array | undefined;
    for (let step = 0; step < config.options.steps;) {
      const { trainer, of } = begin(config, { resume });
      const started = trainer.start();
      const final = await trainer.stop();
      await started;
      returns.push(...of('progress').flatMap(({ episodes }) => episodes.map((episode) => episode.return)));
      ({ step, checkpoint: resume } = final);
      pair = threadPair();
    }
    expect(returns).toEqual((await alone(config)).returns);
  });

  test('hands on evaluations and, without a store, checkpoints', async () => {
    const evaluation = { environment: new CartPole(), period: 100, episodes: 2 };
    const { trainer, of } = begin({ options: { steps: 200, evaluation, checkpointPeriod: 150 } });
    await trainer.start();
    await trainer.finished;
    expect(of('evaluation').map(({ step, episodes }) => [step, episodes])).toEqual([
      [100, 2],
      [200, 2],
    ]);
    const [{ step, bytes }] = of('checkpoint');
    expect(step).toBe(150);
    await trainer.stop();
    pair = threadPair();
    const second = begin({ options: { steps: 200 } }, { resume: bytes });
    await second.trainer.start();
    await second.trainer.finished;
    expect((await second.trainer.stop()).policy).toEqual((await alone({ options: { steps: 200 } })).policy);
  });

  test('ends the listening of who asks for it', async () => {
    const { trainer } = begin({ options: { steps: 50 } });
    const heard: TrainerEvent[] = [];
    const end = trainer.listen((event) => heard.push(event));
    await trainer.start();
    const before = heard.length;
    end();
    await trainer.finished;
    expect(heard).toHaveLength(before);
    await trainer.stop();
  });

  test('works where the worker was there before anyone listened', async () => {
    serve(pair.worker, recipe({ options: { steps: 30 } }));
    // Nobody had listened when the greeting came; on a web worker it is lost then.
    const trainer = connect(
      { ...pair.page, receive: (listener) => pair.page.receive(skipFirst(listener)) },
      {},
      { answerTimeout: 5_000 },
    );
    await trainer.start();
    await trainer.stop();
  });
});

/** An environment whose fifth step waits until it is released. */
function hanging() {
  let free: () => void = () => {};
  let steps = 0;
  const slow = asynchronous(new CartPole());
  const environment: Environment<Float32Array, number> = {
    ...slow,
    step: async (action) => {
      if (++steps === 5) await new Promise<void>((resolve) => (free = resolve));
      return slow.step(action);
    },
  };
  return { environment, release: () => free() };
}

function skipFirst(listener: (message: unknown) => void): (message: unknown) => void {
  let first = true;
  return (message) => {
    if (!first) listener(message);
    first = false;
  };
}

describe('a store in the worker', () => {
  const options = { steps: 500, checkpointPeriod: 100 };

  test('gets a checkpoint every so many steps and at the end, and keeps the last two', async () => {
    const store = memoryStore();
    const { trainer, of } = begin({ options, store });
    await trainer.start();
    await trainer.finished;
    expect(of('checkpoint')).toEqual([]);
    expect(of('saved').map(({ step }) => step)).toEqual([100, 200, 300, 400, 500]);
    expect(await store.list()).toEqual(['run.000000000400', 'run.000000000500']);
    expect(of('saved').at(-1)?.name).toBe('run.000000000500');
    await trainer.stop();
  });

  test('is where a run goes on from, bit for bit; also after it was ended without a word', async () => {
    const store = memoryStore();
    const first = begin({ options, store });
    const saved = new Promise<void>((resolve) =>
      first.trainer.listen((event) => {
        if (event.kind === 'saved') resolve();
      }),
    );
    await first.trainer.start();
    await saved;
    first.trainer.terminate();
    pair = threadPair();
    const second = begin({ options, store });
    await second.trainer.start();
    await second.trainer.finished;
    expect((await second.trainer.stop()).policy).toEqual((await alone({ options })).policy);
  });

  test('gets what was learned when the run is stopped', async () => {
    const store = memoryStore();
    const { trainer } = begin({ options: { steps: 1e9 }, store });
    await trainer.start();
    const { step, checkpoint } = await trainer.stop();
    expect((await checkpointSeries({ store, name: 'run' }).latest())?.bytes).toEqual(checkpoint);
    expect(await store.list()).toEqual([`run.${String(step).padStart(12, '0')}`]);
  });

  test('may fail: that is told, and training goes on', async () => {
    const full: CheckpointStore = {
      ...memoryStore(),
      save: () => Promise.reject(new RangeError('no room')),
    };
    const { trainer, of } = begin({ options, store: full });
    await trainer.start();
    await trainer.finished;
    expect(trainer.step).toBe(500);
    expect(of('problem')).toHaveLength(6);
    expect(of('problem')[0].error).toMatchObject({ code: 'worker-failed', cause: { name: 'RangeError', message: 'no room' } });
    expect((await trainer.stop()).policy).toEqual((await alone({ options })).policy);
  });

  test('may have a damaged checkpoint: the one before it is taken, and that is told', async () => {
    const kept = memoryStore();
    const series = checkpointSeries({ store: kept, name: 'run' });
    const environment = new CartPole();
    const agent = await createAgent(environment, small);
    for await (const event of train(agent, environment, { ...options, steps: 200 })) {
      if (event.kind === 'checkpoint') await series.save(event.step, event.bytes);
    }
    const damaged = new DqnError({ code: 'invalid-checkpoint', where: 'load', expected: 'a', received: 'b', remedy: 'c' });
    const store: CheckpointStore = {
      ...kept,
      load: (name) => (name.endsWith('200') ? Promise.reject(damaged) : kept.load(name)),
    };
    const { trainer, of } = begin({ options, store });
    await trainer.start();
    await trainer.finished;
    expect(of('problem').map(({ error }) => error)).toEqual([damaged]);
    expect(of('saved')[0].step).toBe(200);
    expect((await trainer.stop()).policy).toEqual((await alone({ options })).policy);
  });
});

describe('what goes wrong', () => {
  /** Falls after some steps. */
  class Broken extends CartPole {
    steps = 0;
    override step(action: number) {
      if (++this.steps === 100) throw new TypeError('the world ends');
      return super.step(action);
    }
  }

  test('in the environment comes over whole, and what was learned can still be fetched', async () => {
    const config = { options: { steps: 500 } };
    const { trainer, of } = begin({ ...config, environment: new Broken() });
    await trainer.start();
    const error = await failure(trainer.finished);
    expect(error).toMatchObject({
      name: 'DqnError',
      code: 'environment-failed',
      where: 'train: environment.step()',
      expected: 'the environment to answer',
      received: 'an error it threw: the world ends',
      cause: { name: 'TypeError', message: 'the world ends' },
    });
    expect(error.remedy).toContain('Everything learned so far is kept');
    expect((error.cause as Error).stack).toContain('trainer.test');
    expect([trainer.status, trainer.step]).toEqual(['failed', 99]);
    expect(of('status').at(-1)?.error).toEqual(error);
    expect((await failure(trainer.resume())).code).toBe('environment-failed');
    await trainer.policy();
    const checkpoint = await trainer.checkpoint();
    const final = await trainer.stop();
    expect(final).toMatchObject({ step: 99, checkpoint });
    expect(trainer.status).toBe('stopped');
    // A mended world goes on from there.
    pair = threadPair();
    const second = begin(config, { resume: checkpoint });
    await second.trainer.start();
    await second.trainer.finished;
    expect((await second.trainer.stop()).step).toBe(500);
  });

  const whole = () => recipe({ options: { steps: 1 } }).create({});
  test.each([
    ['an error', () => Promise.reject(new RangeError('no data')), 'worker-failed', 'RangeError: no data'],
    ['what is no error', () => Promise.reject('no'), 'worker-failed', '"no"'], // eslint-disable-line prefer-promise-reject-errors
    ['nothing', () => undefined, 'invalid-option', 'undefined'],
    ['no agent', () => ({ environment: new CartPole(), options: { steps: 1 } }), 'invalid-option', 'undefined as the agent'],
    ['a misspelt part', async () => ({ ...(await whole()), checkpoint: {} }), 'invalid-option', 'checkpoint'],
    ['bad options', async () => ({ ...(await recipe({ options: { steps: 0 } }).create({})) }), 'invalid-option', '0'],
  ])('in create(), %s, ends every call and the worker', async (_, create, code, received) => {
    serve(pair.worker, { create: create as never });
    const trainer = connect(pair.page, {}, {});
    for (const call of ['start', 'pause', 'policy', 'checkpoint', 'stop'] as const) {
      const error = await failure(trainer[call]());
      expect(error.code).toBe(code);
      expect(error.received).toContain(received);
    }
    expect((await failure(trainer.finished)).code).toBe(code);
    expect([trainer.status, pair.terminated()]).toEqual(['failed', true]);
  });

  test('with a checkpoint that does not fit, start() tells, and the agent is as it was', async () => {
    const { trainer } = begin({ options: { steps: 50 } }, { resume: encodeArchive({ kind: 'training', version: 1, state: {} }) });
    expect((await failure(trainer.start())).code).toBe('invalid-checkpoint');
    expect(trainer.status).toBe('failed');
    expect(await trainer.policy()).toEqual(await (await createAgent(new CartPole(), small)).savePolicy());
    await trainer.stop();
  });

  test('with a config that cannot be copied', async () => {
    serve(pair.worker, recipe({ options: { steps: 50 } }));
    const trainer = connect(pair.page, { reward: () => 1 }, {});
    const error = await failure(trainer.start());
    expect(error).toMatchObject({ code: 'invalid-option', where: 'trainInWorker(config)' });
    expect(error.received).toContain('could not be cloned');
    expect([trainer.status, pair.terminated()]).toEqual(['failed', true]);
  });

  test('with a worker that never answers', async () => {
    const trainer = connect(pair.page, {}, { answerTimeout: 50 });
    const error = await failure(trainer.start());
    expect(error).toMatchObject({ code: 'worker-failed', expected: 'an answer from the worker within 50 ms' });
    expect(error.remedy).toContain('serveTraining()');
    expect([trainer.status, pair.terminated()]).toEqual(['failed', true]);
  });

  test('with a worker of another release', async () => {
    const trainer = connect(pair.page, {}, {});
    pair.worker.send(seal({ kind: 'here', protocol: 99 }), []);
    expect((await failure(trainer.start())).received).toContain('version 99');
  });

  test('with a step that does not end: the call is given up, the trainer is not', async () => {
    const { environment, release } = hanging();
    const { trainer } = begin({ options: { steps: 50 }, environment }, { answerTimeout: 100 });
    await trainer.start();
    expect((await failure(trainer.policy())).code).toBe('worker-failed');
    expect(trainer.status).toBe('running');
    release();
    await trainer.finished;
    expect((await trainer.stop()).step).toBe(50);
  });

  test('with a stop that is not answered in time: it may be asked for again, and the worker is ended', async () => {
    const { environment, release } = hanging();
    const { trainer, of } = begin({ options: { steps: 50 }, environment }, { answerTimeout: 100 });
    await trainer.start();
    expect((await failure(trainer.stop())).code).toBe('worker-failed');
    expect(trainer.status).toBe('running');
    const again = trainer.stop();
    release();
    expect((await again).step).toBe(5);
    expect([trainer.status, pair.terminated()]).toEqual(['stopped', true]);
    await trainer.finished;
    expect(of('status').map(({ status }) => status)).toEqual(['ready', 'running', 'stopped']);
    expect((await failure(trainer.stop())).code).toBe('aborted');
  });

  test('with a stop that nobody waits for any more: the worker is ended all the same', async () => {
    const { environment, release } = hanging();
    const { trainer } = begin({ options: { steps: 50 }, environment }, { answerTimeout: 100 });
    await trainer.start();
    await failure(trainer.stop());
    release();
    await trainer.finished;
    await vi.waitUntil(() => pair.terminated());
    expect(trainer.status).toBe('stopped');
  });

  test('with a worker that dies: every call is refused, those that wait too', async () => {
    const { trainer, of } = begin({ options: { steps: 1e9 } });
    await trainer.start();
    const cause = new Error('out of memory');
    const waiting = trainer.policy();
    await Promise.resolve();
    pair.die('one that exited with code 1', cause);
    for (const work of [waiting, trainer.pause(), trainer.finished]) {
      expect(await failure(work)).toMatchObject({ code: 'worker-failed', received: 'one that exited with code 1', cause });
    }
    expect(trainer.status).toBe('lost');
    expect(of('status').at(-1)).toMatchObject({ status: 'lost', error: { code: 'worker-failed' } });
    pair.die('again');
    expect(of('status').filter(({ status }) => status === 'lost')).toHaveLength(1);
  });

  test('after terminate() every call is refused', async () => {
    const { trainer } = begin({ options: { steps: 1e9 } });
    await trainer.start();
    const waiting = trainer.policy();
    trainer.terminate();
    trainer.terminate();
    expect([trainer.status, pair.terminated()]).toEqual(['stopped', true]);
    expect((await failure(waiting)).code).toBe('aborted');
    expect((await failure(trainer.start())).code).toBe('aborted');
    await trainer.finished;
  });

  test('with misspelt options and those out of range', () => {
    // A timer of 2³¹ milliseconds goes off at once.
    const timeouts = [{ answerTimeout: 0 }, { answerTimeout: 2 ** 31 }];
    for (const options of [{ progressperiod: 1 }, { progressPeriod: -1 }, { progressPeriod: NaN }, ...timeouts]) {
      expect(() => connect(pair.page, {}, options as TrainerOptions)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
  });

  test('messages of others pass by', async () => {
    const { trainer } = begin({ options: { steps: 20 } });
    for (const message of ['hello', null, 7, { kind: 'answer', id: 0 }]) {
      pair.worker.send(message, []);
      pair.page.send(message, []);
    }
    await trainer.start();
    await trainer.finished;
    await trainer.stop();
  });
});
