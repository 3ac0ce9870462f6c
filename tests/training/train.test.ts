import { decodeArchive, encodeArchive, joinParts } from '../../src/common/archive.ts';
import type { State } from '../../src/common/state.ts';
import { describe, expect, test } from 'vitest';
import {
  box,
  createAgent,
  discrete,
  DqnError,
  epsilonGreedy,
  evaluate,
  hard,
  linear,
  mlp,
  train,
  uniform,
  type AgentOptions,
  type Environment,
  type ReplaySpec,
  type TrainEvent,
  type TrainingRun,
} from '../../src/index.ts';
import { CartPole, vectorize } from '../../src/environments/index.ts';
import { asynchronous, Masked, Parrot } from '../support/tiny-environments.ts';
import { failure } from '../support/failure.ts';

const small: AgentOptions<'sync'> = {
  network: mlp({ hidden: [16] }),
  replay: uniform({ capacity: 300 }),
  explorer: epsilonGreedy(linear(1, 0.1, 200)),
  targetUpdater: hard({ period: 40 }),
  batchSize: 8,
  learningStarts: 20,
  nStep: 2,
  seed: 5,
};

async function collect(run: TrainingRun): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

describe('events', () => {
  test('every step, episode, update, evaluation and checkpoint is told once, in order', async () => {
    const environment = new CartPole();
    const agent = await createAgent(environment, { ...small, learnPeriod: 2 });
    const evaluation = { environment: new CartPole(), period: 100, episodes: 2 };
    const events = await collect(train(agent, environment, { steps: 250, evaluation, checkpointPeriod: 120 }));
    const of = (kind: TrainEvent['kind']) => events.filter((event) => event.kind === kind);
    expect(of('step').map((event) => event.step)).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
    expect(of('update')).toHaveLength(agent.updates);
    expect(agent.updates).toBe((250 - 20) / 2 + 1);
    expect(of('evaluation').map((event) => event.step)).toEqual([100, 200]);
    expect(of('checkpoint').map((event) => event.step)).toEqual([120, 240]);
    // Episodes agree with the sums of the steps' rewards.
    let sum = 0;
    let length = 0;
    for (const event of events) {
      if (event.kind === 'step') {
        sum += event.reward;
        length++;
      } else if (event.kind === 'episode') {
        expect([event.return, event.length]).toEqual([sum, length]);
        sum = 0;
        length = 0;
      }
    }
  });

  test('the TD errors of an update stay in its event, though more updates follow before it is told', async () => {
    const agent = await createAgent(new Parrot(), { ...small, updatesPerRound: 3 });
    const events = await collect(train(agent, new Parrot(), { steps: 60 }));
    const updates = events.filter((event) => event.kind === 'update');
    expect(updates).toHaveLength(41 * 3);
    for (const { tdErrors, meanTdError } of updates) {
      expect(tdErrors.reduce((sum, error) => sum + Math.abs(error), 0) / tdErrors.length).toBeCloseTo(meanTdError, 6);
    }
  });

  test('more updates than there is memory for are told while they are made, and the step is over only with the last', async () => {
    const agent = await createAgent(new Parrot(), { ...small, updatesPerRound: 2_500, learningStarts: 40, learnPeriod: 40 });
    const run = train(agent, new Parrot(), { steps: 40 });
    const updates: { count: number; made: number; pending: number }[] = [];
    for await (const { kind } of run) {
      if (kind === 'update') updates.push({ count: updates.length + 1, made: agent.updates, pending: run.pending });
    }
    expect(updates).toHaveLength(2_500);
    for (const { count, made, pending } of updates) {
      expect(made - count).toBeLessThanOrEqual(1_000);
      expect(pending === 0).toBe(count === 2_500);
    }
  });

  test('to stop asking stops the run, and another run goes on with what was learned', async () => {
    const environment = new CartPole();
    const agent = await createAgent(environment, small);
    for await (const event of train(agent, environment, { steps: 1000 })) if (event.step === 50) break;
    expect(agent.step).toBe(50);
    await collect(train(agent, environment, { steps: 30 }));
    expect(agent.step).toBe(80);
  });

  test('timers run while it trains', async () => {
    const environment = new CartPole();
    const agent = await createAgent(environment, small);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await collect(train(agent, environment, { steps: 4000 }));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });
});

describe('the same run', () => {
  const run = async (environment: Environment<Float32Array, number>, seed: number) => {
    const agent = await createAgent(environment, { ...small, seed });
    const events = await collect(train(agent, environment, { steps: 400 }));
    return { events, bytes: await agent.save() };
  };

  test('same seed, same events and same bytes; another seed, others', async () => {
    const [a, b, c] = [await run(new CartPole(), 1), await run(new CartPole(), 1), await run(new CartPole(), 2)];
    expect(a.events).toEqual(b.events);
    expect(a.bytes).toEqual(b.bytes);
    expect(a.bytes).not.toEqual(c.bytes);
  });

  test('an environment that answers with promises gives the same run', async () => {
    const a = await run(new CartPole(), 1);
    const b = await run(asynchronous(new CartPole()), 1);
    expect(a.bytes).toEqual(b.bytes);
  });

  test('evaluating on the way changes nothing', async () => {
    const environment = new CartPole();
    const agent = await createAgent(environment, { ...small, seed: 1 });
    await collect(train(agent, environment, { steps: 400, evaluation: { environment: new CartPole(), period: 70, episodes: 1 } }));
    expect(await agent.save()).toEqual((await run(new CartPole(), 1)).bytes);
  });
});

describe('resuming', () => {
  const worlds = {
    'one environment': () => new CartPole({ maxEpisodeSteps: 30 }),
    'a vector of three': () => vectorize(() => new CartPole({ maxEpisodeSteps: 30 }), 3),
  };

  test.each(Object.entries(worlds))(
    '%s: a run resumed from any checkpoint ends bit-identical to the unbroken one',
    async (_, world) => {
      const options = { steps: 402, checkpointPeriod: 90 };
      const environment = world();
      const agent = await createAgent(environment, { ...small, learnPeriod: 3, updatesPerRound: 2 });
      const events = await collect(train(agent, environment, options));
      const end = await agent.save();
      const checkpoints = events.filter((event) => event.kind === 'checkpoint');
      expect(checkpoints.length).toBe(4);
      for (const { bytes, step } of checkpoints) {
        const again = world();
        const resumed = await createAgent(again, { ...small, learnPeriod: 3, updatesPerRound: 2 });
        const rest = await collect(train(resumed, again, { ...options, resume: bytes }));
        expect(await resumed.save()).toEqual(end);
        expect(rest).toEqual(events.slice(events.findIndex((event) => event.kind === 'checkpoint' && event.step === step) + 1));
      }
    },
  );

  test('a run resumed from where nothing is pending tells all that an unbroken one would have told', async () => {
    const options = { steps: 60 };
    const make = async () => [await createAgent(new CartPole(), small), new CartPole()] as const;
    const whole = await collect(train(...(await make()), options));
    const told: TrainEvent[] = [];
    let resume: Uint8Array | undefined;
    for (let parts = 0; told.length < whole.length; parts++) {
      expect(parts).toBeLessThan(61);
      const run = train(...(await make()), { ...options, resume });
      for await (const event of run) {
        told.push(event);
        if (run.pending > 0) continue;
        resume = await run.checkpoint();
        expect(joinParts(await run.checkpointParts())).toEqual(resume);
        break;
      }
    }
    expect(told).toEqual(whole);
  });

  test('before its first event a resumed run is what it goes on from, and where that fails it stays so', async () => {
    const make = async () => [await createAgent(new CartPole(), small), new CartPole()] as const;
    const run = train(...(await make()), { steps: 60 });
    for (let i = 0; i < 20; i++) await run.next();
    const resume = await run.checkpoint();
    const again = train(...(await make()), { steps: 60, resume });
    expect(await again.checkpoint()).toEqual(resume);
    expect(await again.checkpoint()).not.toBe(resume);
    expect(joinParts(await again.checkpointParts())).toEqual(resume);
    await again.next();
    expect(await again.checkpoint()).not.toEqual(resume);
    const damaged = resume.with(resume.length >> 1, resume[resume.length >> 1] ^ 1) as Uint8Array<ArrayBuffer>;
    const failing = train(...(await make()), { steps: 60, resume: damaged });
    expect((await failure(collect(failing))).code).toBe('invalid-checkpoint');
    expect(await failing.checkpoint()).toEqual(damaged);
  });

  test('a checkpoint asked for between any two events resumes exactly', async () => {
    const environment = new CartPole();
    const agent = await createAgent(environment, small);
    const run = train(agent, environment, { steps: 120 });
    const taken: Uint8Array[] = [];
    let count = 0;
    for await (const event of run) if (event.step > 15 && count++ % 13 === 0) taken.push(await run.checkpoint());
    const end = await agent.save();
    for (const bytes of taken) {
      const again = new CartPole();
      const resumed = await createAgent(again, small);
      await collect(train(resumed, again, { steps: 120, resume: bytes }));
      expect(await resumed.save()).toEqual(end);
    }
  });

  test.each(Object.entries(worlds))(
    'a checkpoint asked for before the first event is that of a run to begin: %s',
    async (_, world) => {
      const whole = await collect(train(await createAgent(world(), small), world(), { steps: 60 }));
      const agent = await createAgent(world(), small);
      const bytes = await train(agent, world(), { steps: 60 }).checkpoint();
      expect(await collect(train(agent, world(), { steps: 60, resume: bytes }))).toEqual(whole);
    },
  );

  test('an environment that cannot tell its state starts a new episode, and the run goes on', async () => {
    const environment = new Parrot();
    const agent = await createAgent(environment, small);
    const events = await collect(train(agent, environment, { steps: 100, checkpointPeriod: 60 }));
    const checkpoint = events.find((event) => event.kind === 'checkpoint');
    const resumed = await createAgent(new Parrot(), small);
    await collect(train(resumed, new Parrot(), { steps: 100, resume: checkpoint?.bytes }));
    expect(resumed.step).toBe(100);
  });

  test('a checkpoint of another vector size or of an agent alone is refused', async () => {
    const agent = await createAgent(new CartPole(), small);
    const events = await collect(train(agent, new CartPole(), { steps: 50, checkpointPeriod: 50 }));
    const checkpoint = events.find((event) => event.kind === 'checkpoint');
    const vector = vectorize(() => new CartPole(), 2);
    expect((await failure(collect(train(agent, vector, { steps: 60, resume: checkpoint?.bytes })))).code).toBe(
      'incompatible-checkpoint',
    );
    const bytes = await agent.save();
    expect((await failure(collect(train(agent, new CartPole(), { steps: 60, resume: bytes })))).code).toBe(
      'incompatible-checkpoint',
    );
    expect(agent.step).toBe(50);
  });

  test('a checkpoint whose environment cannot go on changes nothing of the agent', async () => {
    const run = train(await createAgent(new CartPole(), small), new CartPole(), { steps: 50 });
    await collect(run);
    const state = decodeArchive(await run.checkpoint(), { kind: 'training', version: 1 });
    const agent = await createAgent(new CartPole(), { ...small, seed: 6 });
    const before = await agent.save();
    const { rollout } = state as { rollout: object };
    for (const damage of [{ environment: { steps: -1 } }, { observations: [] }, { lengths: null }] as object[]) {
      const resume = encodeArchive({
        kind: 'training',
        version: 1,
        state: { ...(state as object), rollout: { ...rollout, ...damage } } as State,
      });
      expect((await failure(collect(train(agent, new CartPole(), { steps: 60, resume })))).code).toBe('invalid-checkpoint');
      expect(await agent.save()).toEqual(before);
    }
  });
});

describe('what the agent is told', () => {
  /** Counts its steps in its observation and never starts at the same number twice; every third step ends the episode. */
  class Counter implements Environment<Float32Array, number> {
    readonly observationSpace = box({ low: 0, high: Infinity, shape: [1] });
    readonly actionSpace = discrete(2);
    #count = 0;
    #left = 0;

    reset() {
      this.#count += 100;
      this.#left = 3;
      return { ...this.#see(), info: {} };
    }

    step() {
      this.#count++;
      this.#left--;
      const ended = this.#left === 0;
      return { ...this.#see(), reward: this.#count, terminated: false, truncated: ended, info: {} };
    }

    #see() {
      return { observation: Float32Array.of(this.#count), actionMask: Uint8Array.of(1, this.#count % 2) };
    }
  }

  const worlds = { 'one environment': () => new Counter(), 'a vector of two': () => vectorize(() => new Counter(), 2) };

  test.each(Object.entries(worlds))(
    '%s: every transition leads to its true next observation and mask, also where an episode ends',
    async (_, world) => {
      const told: string[] = [];
      const buffer = uniform({ capacity: 50 });
      const replay: ReplaySpec = {
        ...buffer,
        create(layout) {
          const kept = buffer.create(layout);
          const add = kept.add.bind(kept);
          kept.add = (t) => {
            told.push(`${t.stream}: ${t.observation[0]} → ${t.nextObservation[0]}, ${t.nextActionMask?.join('')}, ${t.reward}`);
            add(t);
          };
          return kept;
        },
      };
      const agent = await createAgent(new Counter(), { ...small, nStep: 1, replay });
      await collect(train(agent, world(), { steps: 12 }));
      const expected = (stream: number, episodes: number) =>
        Array.from({ length: 3 * episodes }, (_unused, i) => {
          const from = 100 + 103 * Math.floor(i / 3) + (i % 3);
          return `${stream}: ${from} → ${from + 1}, 1${(from + 1) % 2}, ${from + 1}`;
        });
      const size = told.some((line) => line.startsWith('1')) ? 2 : 1;
      expect(size).toBe('size' in world() ? 2 : 1);
      for (let stream = 0; stream < size; stream++) {
        expect(told.filter((line) => line.startsWith(`${stream}`))).toEqual(expected(stream, 4 / size));
      }
    },
  );
});

test.each([{ size: 5 }, { collect: () => [] }])('a world with %o is one environment, no vector or collector', async (own) => {
  const world = Object.assign(new Parrot(), own);
  const agent = await createAgent(world, small);
  const events = await collect(train(agent, world, { steps: 16 }));
  expect(events.filter(({ kind }) => kind === 'episode')).toHaveLength(2);
});

describe('learning', () => {
  test.each([1, 2, 3])('seed %i: an environment solvable by sight is solved, alone and as a vector', async (seed) => {
    const options = { ...small, nStep: 1, discount: 0.5, optimizer: undefined, seed };
    const agent = await createAgent(new Parrot(), options);
    await collect(train(agent, new Parrot(), { steps: 800 }));
    expect((await evaluate(agent, new Parrot())).mean).toBe(8);
    const inVector = await createAgent(new Parrot(), options);
    await collect(
      train(
        inVector,
        vectorize(() => new Parrot(), 4),
        { steps: 800 },
      ),
    );
    expect((await evaluate(inVector, new Parrot())).mean).toBe(8);
  });

  test('impossible actions are never taken, and the best possible ones are learned', async () => {
    const agent = await createAgent(new Masked(), { ...small, nStep: 1 });
    await collect(train(agent, new Masked(), { steps: 1500 }));
    const { mean } = await evaluate(agent, new Masked());
    expect(mean).toBe(0.5 + 1 + 0.5 + 1 + 0.5);
  });
});

describe('trouble', () => {
  test('an environment that throws in the middle of an episode: the agent keeps what it learned and goes on', async () => {
    const environment = new CartPole();
    const step = environment.step.bind(environment);
    let calls = 0;
    const cause = new Error('the power went');
    const flaky = Object.assign(environment, {
      step: (action: number) => {
        if (++calls === 70) throw cause;
        return step(action);
      },
    });
    const agent = await createAgent(flaky, small);
    const error = await failure(collect(train(agent, flaky, { steps: 200 })));
    expect([error.code, error.cause instanceof DqnError ? error.cause.cause : error.cause]).toEqual(['environment-failed', cause]);
    expect(agent.step).toBe(69);
    const updates = agent.updates;
    await collect(train(agent, flaky, { steps: 50 }));
    expect(agent.step).toBe(119);
    expect(agent.updates).toBeGreaterThan(updates);
  });

  test.each([
    ['reward', NaN, 'invalid-reward'],
    ['reward', '1', 'invalid-reward'],
    ['terminated', undefined, 'invalid-environment'],
    ['truncated', 0, 'invalid-environment'],
    ['observation', Float32Array.of(1, 2), 'invalid-observation'],
    ['observation', Float32Array.of(1, 2, NaN, 4), 'invalid-observation'],
  ])('a bad %s is refused, and the agent goes on', async (field, value, code) => {
    const environment = new CartPole();
    const step = environment.step.bind(environment);
    let bad = true;
    const broken = Object.assign(environment, {
      step: (action: number) => {
        const result = step(action);
        return bad ? { ...result, [field]: value } : result;
      },
    });
    const agent = await createAgent(broken, small);
    expect((await failure(collect(train(agent, broken, { steps: 20 })))).code).toBe(code);
    expect(agent.step).toBe(0);
    bad = false;
    await collect(train(agent, broken, { steps: 60 }));
    expect(agent.step).toBe(60);
  });

  test('what is no environment, or one of other actions, is refused before a step', async () => {
    const agent = await createAgent(new CartPole(), small);
    const refused = async (environment: unknown) => failure(collect(train(agent, environment as CartPole, { steps: 20 })));
    expect(await refused(CartPole)).toMatchObject({ code: 'invalid-environment', received: 'a function CartPole' });
    for (const actionSpace of [discrete(3), discrete(2, { start: 1 })]) {
      const other = () => Object.assign(new CartPole(), { actionSpace });
      expect(await refused(other())).toMatchObject({ code: 'invalid-environment', expected: expect.stringContaining('0 to 1') });
      expect(await refused(vectorize(other, 2))).toMatchObject({ code: 'invalid-environment' });
    }
    expect(agent.step).toBe(0);
  });

  test('an aborted signal stops the run at the next step with its reason; later runs go on', async () => {
    const environment = new CartPole();
    const agent = await createAgent(environment, small);
    const controller = new AbortController();
    const reason = new Error('enough');
    const run = async () => {
      for await (const event of train(agent, environment, { steps: 1000, signal: controller.signal })) {
        if (event.step === 100) controller.abort(reason);
      }
    };
    const error = await failure(run());
    expect([error.code, error.cause, agent.step]).toEqual(['aborted', reason, 100]);
    await collect(train(agent, environment, { steps: 10 }));
    expect(agent.step).toBe(110);
    expect((await failure(collect(train(agent, environment, { steps: 10, signal: controller.signal })))).code).toBe('aborted');
    expect((await failure(evaluate(agent, environment, { signal: controller.signal }))).code).toBe('aborted');
  });

  test.each([{ steps: 0 }, { steps: 10, checkpointPeriod: 0 }, { steps: 10, seed: NaN }, { steps: 10, checkpoints: 5 }])(
    'options %o are refused',
    async (options) => {
      const agent = await createAgent(new CartPole(), small);
      expect(() => train(agent, new CartPole(), options as { steps: number })).toThrow(DqnError);
    },
  );
});

test('a misspelt option of the evaluation is refused', async () => {
  const agent = await createAgent(new Parrot(), small);
  const evaluation = { environment: new Parrot(), period: 5, episode: 1 };
  expect(() => train(agent, new Parrot(), { steps: 10, evaluation })).toThrow(
    expect.objectContaining({ code: 'invalid-option', where: 'train({ evaluation })', received: 'episode' }),
  );
});

test('evaluating on the environment that is trained on is refused', async () => {
  const environment = new CartPole();
  const agent = await createAgent(environment, small);
  expect(() => train(agent, environment, { steps: 10, evaluation: { environment, period: 5 } })).toThrow(/of its own/);
});

describe('evaluate', () => {
  test('counts returns and lengths by hand', async () => {
    const constant = { act: () => 0 };
    const evaluation = await evaluate(constant, new Parrot(), { episodes: 3 });
    // The state of Parrot goes on between episodes: 1, 1, 0, 0 … of its first eight steps are wrong for action 0.
    expect(evaluation.lengths).toEqual([8, 8, 8]);
    expect(evaluation.mean).toBeCloseTo(evaluation.returns.reduce((a, b) => a + b) / 3);
    expect([evaluation.min, evaluation.max]).toEqual([Math.min(...evaluation.returns), Math.max(...evaluation.returns)]);
    const variance = evaluation.returns.reduce((sum, value) => sum + (value - evaluation.mean) ** 2, 0) / 3;
    expect(evaluation.std).toBeCloseTo(Math.sqrt(variance));
  });

  test('takes any number of episodes', async () => {
    const policy = { act: () => 0 };
    let episode = 0;
    const world: Environment<Float32Array, number> = {
      observationSpace: box({ low: 0, high: 1, shape: [1] }),
      actionSpace: discrete(1),
      reset: () => ({ observation: Float32Array.of(0), info: {} }),
      step: () => ({ observation: Float32Array.of(0), reward: ++episode, terminated: true, truncated: false, info: {} }),
    };
    expect(await evaluate(policy, world, { episodes: 200_000 })).toMatchObject({ min: 1, max: 200_000, mean: 100_000.5 });
  });

  test('episodes are seeded one by one: any part of them can be repeated', async () => {
    const policy = { act: (observation: Float32Array) => (observation[2] > 0 ? 1 : 0) };
    const whole = await evaluate(policy, new CartPole(), { episodes: 4, seed: 10 });
    const last = await evaluate(policy, new CartPole(), { episodes: 1, seed: 13 });
    expect(last.returns[0]).toBe(whole.returns[3]);
  });

  test('an environment that throws is named', async () => {
    const broken = { ...asynchronous(new Parrot()), step: () => Promise.reject(new Error('gone')) };
    expect((await failure(evaluate({ act: () => 0 }, broken))).code).toBe('environment-failed');
  });

  test('a step that tells no end in the way of today is refused, for no episode would end', async () => {
    const parrot = new Parrot();
    const ofBefore = { observation: parrot.reset().observation, reward: 0, done: true, info: {} };
    for (const answer of [ofBefore, undefined]) {
      const old = Object.assign(new Parrot(), { step: () => answer as never });
      expect(await failure(evaluate({ act: () => 0 }, old))).toMatchObject({ code: 'invalid-environment' });
      expect(await failure(evaluate({ act: () => 0 }, asynchronous(old)))).toMatchObject({ code: 'invalid-environment' });
    }
  });
});
