import { engine as tfEngine, findBackend, memory, Tensor } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { Agent, FeedForwardOptions } from '../../src/index.ts';
import { MaxQ } from '../../src/bootstrap/max-q.ts';
import { Random } from '../../src/common/random.ts';
import { BACKENDS } from '../../src/engines/tfjs/backends.ts';
import { ExpectedHead } from '../../src/heads/expected.ts';
import { tfjs } from '../../src/tfjs/index.ts';
import { expectClose } from '../support/closeness.ts';
import { ACTIONS, drive, expectSameWeights, makeAgent, observe } from '../support/device-agents.ts';
import { deviceEngine } from '../support/device-engine.ts';

const heads: readonly [string, dqn.ValueHead][] = [
  ['expected', dqn.expected()],
  ['expected, squared', dqn.expected({ loss: 'squared' })],
  ['expected, rescaled', dqn.expected({ rescale: true, delta: 0.3 })],
  ['categorical', dqn.categorical({ atoms: 11, vMin: -2, vMax: 3 })],
  ['quantile', dqn.quantile({ quantiles: 5 })],
  ['quantile, κ = 0', dqn.quantile({ quantiles: 4, kappa: 0 })],
  ['implicitQuantile', dqn.implicitQuantile({ cosines: 4, online: 3, target: 5, act: 2 })],
  ['fullyParameterisedQuantile', dqn.fullyParameterisedQuantile({ fractions: 4, cosines: 4, entropy: 0.1, proposalRate: 0.5 })],
];

const rules: readonly [string, dqn.BootstrapRule][] = [
  ['maxQ', dqn.maxQ()],
  ['doubleQ', dqn.doubleQ()],
  ['expectedSarsa', dqn.expectedSarsa({ epsilon: dqn.linear(0.9, 0.1, 30) })],
  ['softmaxQ', dqn.softmaxQ({ temperature: 0.3 })],
  ['mellowmaxQ', dqn.mellowmaxQ({ omega: 5 })],
  ['softQ', dqn.softQ({ temperature: 0.3 })],
  ['munchausen', dqn.munchausen()],
  ['clippedDoubleQ', dqn.clippedDoubleQ()],
  ['averagedQ of doubleQ', dqn.averagedQ({ targets: 3, rule: dqn.doubleQ() })],
];

/** The TD errors of each update whose priorities have been set. */
function tdErrorsOf(agent: Agent<Float32Array, 'async'>): Float32Array[] {
  const all: Float32Array[] = [];
  const buffer = agent.replay as Required<dqn.ReplayBuffer>;
  vi.spyOn(buffer, 'updatePriorities').mockImplementation((_, errors) => void all.push(errors.slice()));
  return all;
}

function copyOf(random: Random): Random {
  const copy = new Random(0);
  copy.restore(random.state());
  return copy;
}

/** The same head, of no class. */
function plain(inner: dqn.ValueHead): dqn.ValueHead {
  const { kind, width, targetWidth, linear, settings } = inner;
  return {
    kind,
    width,
    targetWidth,
    linear,
    settings,
    qValues: (...args) => inner.qValues(...args),
    targets: (...args) => inner.targets(...args),
    loss: (...args) => inner.loss(...args),
  };
}

/** Expects the same numbers, up to rounding. */
function expectSameReports(actual: readonly dqn.UpdateReport[], expected: readonly dqn.UpdateReport[]): void {
  for (const key of ['loss', 'meanQ', 'maxQ', 'meanTdError', 'gradientNorm'] as const) {
    expectClose(
      actual.map((report) => report[key]),
      expected.map((report) => report[key]),
      { relative: 1e-5, name: key },
    );
  }
  actual.forEach(({ tdErrors }, i) => {
    expectClose(tdErrors, expected[i].tdErrors, { relative: 1e-5, floor: 1, name: `reported TD errors ${i}` });
  });
}

afterEach(() => vi.restoreAllMocks());

/** Averages of outputs make no sense where values are not linear in them. */
const pairs = heads.flatMap(([head, h]) =>
  rules
    .filter(([, r]) => (h.linear || (r.targets ?? 1) === 1) && !(h.quantiles && r.networks))
    .map(([rule, r]) => [head, rule, h, r] as const),
);

describe('updates on the device', () => {
  // With uniform replay a late priority changes nothing: both paths see the same batches.
  const replay = dqn.uniform({ capacity: 64 });

  it.each(pairs)('learn the same as through the core: %s × %s', async (_head, _rule, head, bootstrap) => {
    const core = await makeAgent(await tfjs({ backend: 'cpu' }), { head, bootstrap, replay });
    const device = await makeAgent(await deviceEngine('cpu', 'sync'), { head, bootstrap, replay });
    const errors = [core, device].map(tdErrorsOf);
    const [expected, actual] = [await drive(core, 20), await drive(device, 20)];
    expect(errors[1]).toHaveLength(expected.length - 1);
    errors[1].forEach((each, i) => expectClose(each, errors[0][i], { relative: 1e-5, floor: 1, name: `TD errors of update ${i}` }));
    expectSameWeights(await device.online.weights(), await core.online.weights());
    // The numbers of an update come with the next one, those of the first at once.
    const late = [expected[0], ...expected.slice(0, -1)];
    expectSameReports(actual, late);
    expect(actual.map(({ update }) => update)).toEqual(expected.map(({ update }) => update));
  });

  it.each([
    ['noisy layers', { network: dqn.mlp({ hidden: [8], noisy: true, dueling: true }) }],
    ['bootstrapped heads', { explorer: dqn.bootstrapped({ heads: 3, probability: 0.5 }) }],
    ['bootstrapped distributions', { explorer: dqn.bootstrapped({ heads: 2 }), head: dqn.quantile({ quantiles: 3 }) }],
    ['n-step returns and Adam with weight decay', { nStep: 3, optimizer: dqn.adamW({ learningRate: 0.01, epsilon: 1e-3 }) }],
    ['gradients that are not clipped', { maxGradientNorm: Infinity }],
  ] as const)('learn the same as through the core: %s', async (_, options) => {
    const core = await makeAgent(await tfjs({ backend: 'cpu' }), { replay, ...options });
    const device = await makeAgent(await deviceEngine('cpu', 'sync'), { replay, ...options });
    const [expected, actual] = [await drive(core, 20), await drive(device, 20)];
    expectSameWeights(await device.online.weights(), await core.online.weights());
    expectSameReports(actual, [expected[0], ...expected.slice(0, -1)]);
  });

  it.each([
    ['a head', { head: new (class extends ExpectedHead {})() }],
    ['a head that is a plain object', { head: plain(dqn.expected()) }],
    ['a rule', { bootstrap: new (class extends MaxQ {})() }],
    ['minimaxQ', { bootstrap: dqn.minimaxQ({ actions: [3, 1] }) }],
    ['a network with memory', { network: dqn.recurrent({ units: 4 }), replay: dqn.sequences({ length: 3, capacity: 64 }) }],
  ] as const)('are left to the core for what is not built in or too involved: %s', async (_, options) => {
    const engine = await deviceEngine('cpu', 'sync');
    const update = vi.spyOn(engine, 'deviceUpdate');
    const agent = await makeAgent(engine, options as FeedForwardOptions);
    expect(update.mock.results.map(({ value }) => value as unknown)).toEqual([undefined]);
    const core = await makeAgent(await tfjs({ backend: 'cpu' }), options as FeedForwardOptions);
    expect(await drive(agent, 16)).toEqual(await drive(core, 16));
    expect(await agent.online.weights()).toEqual(await core.online.weights());
  });

  it('are for backends whose numbers are slow to read', async () => {
    const agent = await makeAgent(await tfjs({ backend: 'cpu' }));
    const parts = { online: agent.online, head: dqn.expected(), bootstrap: dqn.maxQ(), actions: ACTIONS, heads: 1 };
    expect((await tfjs({ backend: 'cpu' })).deviceUpdate(parts)).toBeUndefined();
    expect((await deviceEngine('cpu', 'sync')).deviceUpdate(parts)).toBeDefined();
    expect(Object.entries(BACKENDS).flatMap(([name, { slowReading }]) => (slowReading ? [name] : []))).toEqual([
      'webgl',
      'webgpu',
      'node-gpu',
    ]);
  });
});

describe.each(['sync', 'async'] as const)('numbers that come %s', (timing) => {
  const start = (options: FeedForwardOptions = {}) => deviceEngine('cpu', timing).then((engine) => makeAgent(engine, options));

  it('are read once an update, outside of its work', async () => {
    const agent = await start({ bootstrap: dqn.munchausen() });
    await drive(agent, 10);
    const log: string[] = [];
    const on = <T extends object, K extends keyof T & string>(owner: T, method: K): void => {
      const inner = owner[method] as (...args: unknown[]) => unknown;
      vi.spyOn(owner, method as never).mockImplementation(function (this: unknown, ...args: unknown[]) {
        if (method !== log.at(-1)) log.push(method);
        return inner.apply(this, args);
      } as never);
    };
    on(Tensor.prototype, 'data');
    on(Tensor.prototype, 'dataSync');
    on(tfEngine(), 'runKernel');
    const backend = vi.spyOn(findBackend('cpu'), 'readSync');
    for (let i = 0; i < 3; i++) await agent.learn();
    // At once, the numbers of the update before are asked for when they are needed; else those of this one, for which nobody waits then.
    const each = timing === 'sync' ? ['dataSync', 'runKernel'] : ['runKernel', 'data'];
    expect(log).toEqual([...each, ...each, ...each]);
    expect(backend).toHaveBeenCalledTimes(3);
  });

  it('count when the next update begins: priorities are one update late', async () => {
    const agent = await start();
    const buffer = agent.replay as dqn.ReplayBuffer;
    const log: [string, number[]][] = [];
    const sample = buffer.sample.bind(buffer);
    vi.spyOn(buffer, 'sample').mockImplementation((...args) => {
      const batch = sample(...args);
      log.push(['sample', [...batch.ids]]);
      return batch;
    });
    const update = (buffer.updatePriorities as NonNullable<dqn.ReplayBuffer['updatePriorities']>).bind(buffer);
    vi.spyOn(buffer, 'updatePriorities').mockImplementation((ids, errors) => {
      log.push(['priorities', [...ids]]);
      update(ids, errors);
    });
    await drive(agent, 14);
    const samples = log.filter(([what]) => what === 'sample');
    expect(samples).toHaveLength(7);
    // Before every sample but the first the priorities of the one before, and nothing else.
    expect(log).toEqual(samples.flatMap((each, i) => (i === 0 ? [each] : [['priorities', samples[i - 1][1]], each])));
  });

  it('are kept when a run is saved, which goes on bit for bit, saved or not', async () => {
    const [whole, halved] = [await start(), await start()];
    const random = [new Random(5), new Random(5)];
    const before = [await drive(whole, 15, random[0]), await drive(halved, 15, random[1])];
    expect(before[1]).toEqual(before[0]);
    const bytes = await halved.save();
    const resumed = await start();
    await drive(resumed, 11);
    await resumed.load(bytes);
    const reports = await drive(resumed, 15, copyOf(random[1]));
    expect(await drive(whole, 15, random[0])).toEqual(reports);
    expect(await drive(halved, 15, random[1])).toEqual(reports);
    const states = [await whole.save(), await halved.save(), await resumed.save()];
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  });

  it('that are not finite leave the network alone, and are told with the next update', async () => {
    const agent = await start({ head: dqn.expected({ loss: 'squared' }), maxGradientNorm: Infinity, learningStarts: 1000 });
    const random = new Random(1);
    await drive(agent, 20, random);
    for (let i = 0; i < 3; i++) await agent.learn();
    const state = async () => [await agent.online.weights(), await agent.online.optimizerState()];
    await agent.getState();
    const before = await state();
    for (let i = 0; i < 64; i++) await observe(agent, random, 1e30);
    await agent.learn();
    expect(agent.updates).toBe(4);
    expect((await agent.getState()) as object).toMatchObject({ late: { applied: false }, updates: 4 });
    expect(await state()).toEqual(before);
    const next = async () => agent.learn();
    await expect(next()).rejects.toMatchObject({ code: 'diverged', where: 'Agent.learn' });
    expect(agent.updates).toBe(3);
    expect(await state()).toEqual(before);
    for (let i = 0; i < 64; i++) await observe(agent, random);
    await agent.learn();
    const report = await agent.learn();
    expect(report.update).toBe(5);
    expect(report.loss).toBeLessThan(100);
    expect(await state()).not.toEqual(before);
  });

  it('that are not finite in the very first update are told at once', async () => {
    const agent = await start({ maxGradientNorm: Infinity, learningStarts: 1000, head: dqn.expected({ loss: 'squared' }) });
    for (let i = 0; i < 10; i++) await observe(agent, new Random(i), 1e30);
    const before = await agent.online.weights();
    const first = async () => agent.learn();
    await expect(first()).rejects.toMatchObject({ code: 'diverged' });
    expect([agent.updates, await agent.online.weights()]).toEqual([0, before]);
    for (let i = 0; i < 64; i++) await observe(agent, new Random(i));
    expect((await agent.learn()).update).toBe(1);
  });

  it('leave nothing behind on the device', async () => {
    const before = memory().numTensors;
    const agent = await start({
      head: dqn.categorical({ atoms: 5, vMin: -1, vMax: 1 }),
      network: dqn.mlp({ hidden: [8], noisy: true }),
    });
    await drive(agent, 12);
    const used = memory().numTensors;
    await drive(agent, 60);
    expect(memory().numTensors).toBe(used);
    agent.dispose();
    await new Promise((resolve) => setTimeout(resolve));
    expect(memory().numTensors).toBe(before);
  });
});

it('goes on from a checkpoint that lacks the largest Q of the update under way, and tells it of the next', async () => {
  const device = await makeAgent(await deviceEngine('cpu', 'sync'));
  await drive(device, 15);
  const { late, ...state } = (await device.getState()) as { late: { maxQ: number } };
  const { maxQ, ...without } = late;
  expect(maxQ).toBeGreaterThan(-Infinity);
  const older = await makeAgent(await deviceEngine('cpu', 'sync'));
  await older.setState({ ...state, late: without });
  expect([await older.learn(), await older.learn()]).toEqual([{ ...(await device.learn()), maxQ: NaN }, await device.learn()]);
  await expect(older.setState({ ...state, late: { ...without, maxQ: 'much' } })).rejects.toMatchObject({
    code: 'invalid-checkpoint',
    where: 'Agent.setState(state).late.maxQ',
  });
});

it('goes on from a checkpoint of an agent that learned on its device, through the core', async () => {
  const device = await makeAgent(await deviceEngine('cpu', 'sync'));
  await drive(device, 15);
  const core = await makeAgent(dqn.wasm());
  await core.load(await device.save());
  const update = vi.spyOn(core.replay as Required<dqn.ReplayBuffer>, 'updatePriorities');
  const { late } = (await device.getState()) as { late: { ids: Float64Array; tdErrors: Float32Array } };
  await core.learn();
  expect(update.mock.calls.map(([ids]) => ids)[0]).toEqual(late.ids);
  expect(update.mock.calls).toHaveLength(2);
  await device.learn();
  expectSameWeights(await core.online.weights(), await device.online.weights());
});
