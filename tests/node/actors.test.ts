import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { CartPole } from '../../src/environments/index.ts';
import {
  adam,
  createAgent,
  type DqnError,
  epsilonGreedy,
  hard,
  linear,
  train,
  type Agent,
  type Collector,
  type Environment,
  type TrainEvent,
  type TrainOptions,
} from '../../src/index.ts';
import { serveActor, startActors, type Actors, type StartActorsOptions } from '../../src/node/index.ts';
import type { ToActor } from '../../src/node/actors/messages.ts';
import { SharedSteps } from '../../src/node/actors/shared-steps.ts';
import { actorAgent, type ActorConfig } from '../support/actor-recipe.ts';
import { collectInTurn } from '../support/collect-in-turn.ts';
import { Corridor } from '../support/corridor.ts';
import { failure } from '../support/failure.ts';

let folder = '';
let path = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dqn-'));
  path = join(folder, 'actor-worker.mjs');
  const entryPoints = [join(import.meta.dirname, 'actor-worker.ts')];
  await build({ entryPoints, bundle: true, format: 'esm', platform: 'node', outfile: path });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let marks = new Int32Array(new SharedArrayBuffer(8));
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  marks = new Int32Array(new SharedArrayBuffer(8));
});

function actorsOf(config: Partial<ActorConfig> = {}, options: Partial<StartActorsOptions> = {}): Actors {
  const actors = startActors(() => new Worker(path), { hidden: 16, marks, ...config }, { actors: 2, ...options });
  open.push(actors);
  return actors;
}

async function agentFor<O>(environment: Environment<O, number>, preset?: ActorConfig['preset']): Promise<Agent<O>> {
  const agent = await createAgent<O>(environment, actorAgent(16, preset));
  open.push({ close: () => agent.dispose() });
  return agent;
}

async function eventsOf<O>(agent: Agent<O>, collector: Collector, options: TrainOptions<O>): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train(agent, collector, options)) events.push(event);
  return events;
}

const cartPole = (): Environment<unknown, number> => new CartPole();
const worlds: Record<string, { config: Partial<ActorConfig>; make: () => Environment<unknown, number> }> = {
  'CartPole by an ε-ladder': { config: {}, make: cartPole },
  'CartPole with rainbow': { config: { preset: 'rainbow' }, make: cartPole },
  'CartPole with a memory': { config: { preset: 'r2d2' }, make: cartPole },
  'a corridor with dictionaries and masks': {
    config: { world: 'corridor' },
    make: (): Environment<unknown, number> => new Corridor(),
  },
};

describe.each(Object.keys(worlds))('%s', (name) => {
  test('actors in threads do what the same actors do in turn', { timeout: 60_000 }, async () => {
    const { config, make } = worlds[name];
    const options = { steps: 1_500, seed: 11 };
    const agent = await agentFor(make(), config.preset);
    const told = await eventsOf(agent, actorsOf(config, { stepsPerRound: 8 }), options);
    const other = await agentFor(make(), config.preset);
    const inTurn = await collectInTurn([make(), make()], actorAgent(16, config.preset), 8);
    expect(told).toEqual(await eventsOf(other, inTurn, options));
    expect(await agent.savePolicy()).toEqual(await other.savePolicy());
    expect(told.some(({ kind }) => kind === 'update')).toBe(true);
    expect(told.filter(({ kind }) => kind === 'step')).toHaveLength(1_504);
  });
});

test.each(['synchronous', 'free'] as const)('an agent learns CartPole from two %s actors', { timeout: 120_000 }, async (mode) => {
  const agent = await createAgent(new CartPole(), {
    ...actorAgent(128),
    optimizer: adam({ learningRate: linear(2.3e-3, 0, 30_000) }),
    explorer: epsilonGreedy(linear(1, 0.04, 5_000)),
    batchSize: 64,
    learningStarts: 1_000,
    learnPeriod: 256,
    updatesPerRound: 128,
    targetUpdater: hard({ period: 256 }),
  });
  open.push({ close: () => agent.dispose() });
  const evaluation = { environment: new CartPole(), period: 2_000, episodes: 20 };
  const events = await eventsOf(agent, actorsOf({ hidden: 128, greedyFrom: 5_000 }, { mode }), { steps: 30_000, evaluation });
  const means = events.flatMap((event) => (event.kind === 'evaluation' ? [event.mean] : []));
  // Free actors are never twice the same, and where a run of so few steps happens to end says little.
  expect(mode === 'free' ? Math.max(...means) : means.at(-1)).toBeGreaterThan(450);
  const of = (actor: number) => events.filter((event) => event.kind === 'step' && event.environment === actor).length;
  expect(of(0) + of(1)).toBe(agent.step);
  expect(Math.min(of(0), of(1))).toBeGreaterThan(5_000);
});

describe('an actor that', () => {
  test.each([
    ['throws', { message: /the world ends/, cause: { name: 'DqnError', code: 'environment-failed' } }],
    ['exits', { message: /one that exited with code 3/ }],
    ['hangs', { message: /nothing from it within 2000 ms/ }],
  ] as const)('%s is replaced, and training goes on', { timeout: 60_000 }, async (flaw, error) => {
    const agent = await agentFor(new CartPole());
    const events = await eventsOf(agent, actorsOf({ flaw }, { answerTimeout: 2_000 }), { steps: 1_000 });
    const problems = events.filter((event) => event.kind === 'problem');
    expect(problems).toHaveLength(1);
    expect(problems[0].error).toMatchObject({
      code: 'worker-failed',
      where: 'actor 1 of 2',
      ...error,
      message: expect.stringMatching(error.message) as string,
    });
    expect(agent.step).toBe(1_024);
    // The 29 whole steps count, and the episode that has no end does not.
    const ofOne = events.filter((event) => 'environment' in event && event.environment === 1);
    const lengths = ofOne.filter((event) => event.kind === 'episode').map(({ length }) => length);
    const steps = ofOne.filter((event) => event.kind === 'step');
    expect(steps).toHaveLength(512);
    const ends = steps.flatMap(({ terminated, truncated }, i) => (terminated || truncated ? [i + 1] : []));
    expect(lengths).toHaveLength(ends.length);
    const lost = ends.map((end, i) => end - (ends[i - 1] ?? 0) - lengths[i]);
    expect(lost.filter((n) => n !== 0).length).toBe(1);
    expect(Math.max(...lost)).toBeLessThan(30);
  });

  test('takes its place before anything was learned explores no more than the run has come to', { timeout: 60_000 }, async () => {
    const options = { ...actorAgent(16), explorer: epsilonGreedy(linear(1, 0, 600)), learningStarts: 100_000 };
    const agent = await createAgent(new CartPole(), options);
    open.push({ close: () => agent.dispose() });
    const events = await eventsOf(agent, actorsOf({ flaw: 'throws', at: 400, greedyFrom: 600 }), { steps: 1_400 });
    expect(events.filter(({ kind }) => kind === 'problem')).toHaveLength(1);
    // The untrained network pushes to one side, by which the pole falls soon; chance keeps it up for longer.
    const lengths = events.flatMap((event) =>
      event.kind === 'episode' && event.environment === 1 && event.step > 830 ? [event.length] : [],
    );
    expect(lengths.reduce((sum, length) => sum + length, 0) / lengths.length).toBeLessThan(13);
  });

  test('fails again and again is replaced as often', { timeout: 60_000 }, async () => {
    const agent = await agentFor(new CartPole());
    const events = await eventsOf(agent, actorsOf({ flaw: 'throws', always: true }), { steps: 400 });
    // 208 steps of 29 each, and whatever the last of them were for.
    expect(events.filter(({ kind }) => kind === 'problem')).toHaveLength(7);
  });

  test('fails again and again without a step ends the run, and what was learned is kept', { timeout: 60_000 }, async () => {
    const agent = await agentFor(new CartPole());
    const actors = actorsOf({ flaw: 'throws', at: 1, always: true }, { mode: 'free' });
    const error = await failure(eventsOf(agent, actors, { steps: 100_000 }));
    expect(error).toMatchObject({
      code: 'environment-failed',
      where: 'actor 1 of 2: environment.step()',
      cause: { name: 'TypeError' },
    });
    await eventsOf(agent, actorsOf(), { steps: 500 });
    expect(agent.updates).toBeGreaterThan(90);
  });
});

/** Workers of this thread, which take steps when they are told to. */
function puppets(agent: Agent<Float32Array>) {
  const steps: SharedSteps[] = [];
  const workers: EventEmitter[] = [];
  const make = { observationSize: 4, observationType: 'float32', actions: 2, spec: agent.online.spec };
  const spawn = () => {
    const worker = Object.assign(new EventEmitter(), {
      postMessage(message: ToActor) {
        if (message.kind === 'create') queueMicrotask(() => worker.emit('message', { kind: 'made', ...make }));
        else steps.push(new SharedSteps(message.layout, message.steps));
      },
      terminate: () => Promise.resolve(worker.emit('exit', 0)),
    });
    workers.push(worker);
    return worker as unknown as Worker;
  };
  const take = (actor: number, count: number) => {
    for (let i = 0; i < count; i++) steps[actor].take();
    workers[actor].emit('message', { kind: 'steps' });
  };
  const exit = () => workers.forEach((worker) => worker.emit('exit', 0));
  return { spawn, take, exit };
}

test('an actor that had nothing to do is given its time from when it has', async () => {
  const agent = await agentFor(new CartPole());
  const { spawn, take, exit } = puppets(agent);
  const actors = startActors(spawn, undefined, { actors: 2, mode: 'free', stepsPerRound: 1, answerTimeout: 200 });
  open.push(actors);
  await actors.begin(agent, 1);
  const first = actors.collect(agent);
  setTimeout(() => {
    take(0, 2); // all that it may
    take(1, 1);
  }, 10);
  expect(await first).toHaveLength(3);
  // The learner is busy: it evaluates, say.
  await new Promise<void>((resolve) => setTimeout(resolve, 400));
  const second = actors.collect(agent);
  setTimeout(() => take(1, 1), 10);
  expect((await second).map(({ kind }) => kind)).toEqual(['step']);
  const closing = actors.close();
  exit();
  await closing;
});

test.each(['synchronous', 'free'] as const)('closing ends a wait for steps: %s', async (mode) => {
  const agent = await agentFor(new CartPole());
  const { spawn, exit } = puppets(agent);
  const actors = startActors(spawn, undefined, { actors: 2, mode });
  open.push(actors);
  await actors.begin(agent, 1);
  const collecting = failure(actors.collect(agent));
  const closing = actors.close();
  exit();
  await closing;
  const late = new Promise((resolve) => setTimeout(resolve, 3_000, 'still waiting'));
  expect(await Promise.race([collecting, late])).toMatchObject({ code: 'worker-failed', where: 'Actors.collect()' });
});

test('a run goes on from a checkpoint, with new episodes, to the same end', { timeout: 60_000 }, async () => {
  const agent = await agentFor(new CartPole());
  const events = await eventsOf(agent, actorsOf(), { steps: 1_000, checkpointPeriod: 500 });
  const [checkpoint] = events.filter((event) => event.kind === 'checkpoint');
  const other = await agentFor(new CartPole());
  const rest = await eventsOf(other, actorsOf(), { steps: 1_000, resume: checkpoint.bytes });
  expect(rest.find(({ kind }) => kind === 'step')).toMatchObject({ step: checkpoint.step + 1 });
  expect(other.step).toBe(agent.step);
  const [first] = rest.filter((event) => event.kind === 'episode');
  expect(first.length).toBe(
    rest.filter((event) => event.kind === 'step' && event.environment === first.environment && event.step <= first.step).length,
  );
});

test('closing lets the environments close, and the same actors can be trained with again', { timeout: 60_000 }, async () => {
  const agent = await agentFor(new CartPole());
  const actors = actorsOf();
  await eventsOf(agent, actors, { steps: 100 });
  await actors.close();
  await actors.close();
  expect(marks[1]).toBe(2);
  await eventsOf(agent, actors, { steps: 100 });
  expect(marks[1]).toBe(2);
  await actors.close();
  expect(marks[1]).toBe(4);
});

describe('refuses', () => {
  async function refusal(config: Partial<ActorConfig>): Promise<DqnError> {
    const agent = await agentFor(new CartPole());
    return failure(eventsOf(agent, actorsOf(config), { steps: 100 }));
  }

  test('actors made otherwise than the agent', async () => {
    expect(await refusal({ hidden: 17 })).toMatchObject({ code: 'invalid-option', where: 'serveActor({ create })' });
    expect(await refusal({ world: 'wider' })).toMatchObject({ code: 'invalid-option', where: 'serveActor({ create })' });
  });

  test('a recipe that throws', async () => {
    expect(await refusal({ world: 'none' })).toMatchObject({
      code: 'worker-failed',
      where: expect.stringMatching(/^actor [01] of 2$/) as string,
      cause: { name: 'TypeError', message: 'nothing to make' },
    });
  });

  test('a configuration that cannot be copied', async () => {
    expect(await refusal({ marks: (() => 0) as never })).toMatchObject({ code: 'invalid-option', where: 'startActors(config)' });
  });

  test('a module that serves nothing, and one that is not there', async () => {
    const idle = join(folder, 'idle.mjs');
    writeFileSync(idle, '');
    for (const module of [idle, join(folder, 'nowhere.mjs')]) {
      const agent = await agentFor(new CartPole());
      const actors = startActors(() => new Worker(module), undefined, { actors: 1 });
      open.push(actors);
      expect(await failure(eventsOf(agent, actors, { steps: 100 }))).toMatchObject({
        code: 'worker-failed',
        where: 'actor 0 of 1',
      });
    }
  });

  test('a spawn that throws', async () => {
    const agent = await agentFor(new CartPole());
    const actors = startActors(
      () => {
        throw new RangeError('no more threads');
      },
      undefined,
      { actors: 1 },
    );
    expect(await failure(eventsOf(agent, actors, { steps: 100 }))).toMatchObject({
      code: 'worker-failed',
      where: 'startActors(spawn)',
      cause: { message: 'no more threads' },
    });
  });

  test('collecting before the beginning and after the end', async () => {
    const agent = await agentFor(new CartPole());
    expect(await failure(actorsOf().collect(agent))).toMatchObject({ code: 'worker-failed', where: 'Actors.collect()' });
  });

  test.each([
    [{ actors: 0 }, 'startActors({ actors })'],
    [{ actors: 1, stepsPerRound: 0 }, 'startActors({ stepsPerRound })'],
    [{ actors: 1, answerTimeout: Number.NaN }, 'startActors({ answerTimeout })'],
    [{ actors: 1, mode: 'sync' as never }, 'startActors({ mode })'],
    [{ actors: 1, worker: 2 } as StartActorsOptions, 'startActors(options)'],
  ])('%o', (options, where) => {
    expect(() => startActors(() => new Worker(path), undefined, options)).toThrow(
      expect.objectContaining({ code: 'invalid-option', where }) as Error,
    );
  });

  test('to serve an actor outside a worker', () => {
    expect(() => serveActor({ create: () => ({ environment: new CartPole(), agent: {} }) })).toThrow(
      expect.objectContaining({ code: 'unsupported-platform', where: 'serveActor(recipe)' }) as Error,
    );
  });
});
