import { afterEach, describe, expect, it, vi } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { Agent, AgentOptions, Engine, FeedForwardOptions, NamedTensor, UpdateReport } from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';
import { tfjs } from '../../src/tfjs/index.ts';
import { expectClose } from '../support/closeness.ts';
import { deviceEngine } from '../support/device-engine.ts';

const ACTIONS = 3;
const spaces = {
  observationSpace: dqn.box({ low: -5, high: 5, shape: [3] }),
  actionSpace: dqn.discrete(ACTIONS),
};

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

function make(engine: Engine, options: FeedForwardOptions = {}): Promise<Agent<Float32Array, 'async'>> {
  const all: AgentOptions<'async'> = {
    network: dqn.mlp({ hidden: [8] }),
    replay: dqn.prioritized({ capacity: 64 }),
    targetUpdater: dqn.hard({ period: 5 }),
    optimizer: dqn.sgd({ learningRate: 0.05, momentum: 0.5 }),
    maxGradientNorm: 1,
    learningStarts: 8,
    batchSize: 6,
    seed: 3,
    ...options,
    engine,
  };
  return dqn.createAgent<Float32Array, 'async'>(spaces, all);
}

/** Observes a random step, with masks now and then; some states allow nothing. */
async function observe(agent: Agent<Float32Array, 'async'>, random: Random): Promise<void> {
  const numbers = () => Float32Array.from({ length: 3 }, () => random.uniform(-1, 1));
  const mask = Uint8Array.from({ length: ACTIONS }, () => Number(random.float() < 0.6));
  await agent.observe({
    observation: numbers(),
    action: random.integer(ACTIONS),
    reward: random.uniform(-2, 2),
    nextObservation: numbers(),
    terminated: random.float() < 0.2,
    truncated: random.float() < 0.1,
    nextActionMask: random.float() < 0.5 ? mask : undefined,
  });
}

/** Observes steps and does the updates that fall due. */
async function drive(agent: Agent<Float32Array, 'async'>, steps: number, random = new Random(9)): Promise<UpdateReport[]> {
  const reports: UpdateReport[] = [];
  for (let i = 0; i < steps; i++) {
    await observe(agent, random);
    while (agent.updatesDue > 0) reports.push(await agent.learn());
  }
  return reports;
}

function expectSameWeights(actual: readonly NamedTensor[], expected: readonly NamedTensor[], relative = 1e-5): void {
  expect(actual.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
  actual.forEach(({ name, values }, t) => expectClose(values, expected[t].values, { relative, name }));
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
    const core = await make(await tfjs({ backend: 'cpu' }), { head, bootstrap, replay });
    const device = await make(await deviceEngine('cpu', 'sync'), { head, bootstrap, replay });
    const [expected, actual] = [await drive(core, 20), await drive(device, 20)];
    expectSameWeights(await device.online.weights(), await core.online.weights());
    // The numbers of an update come with the next one, those of the first at once.
    const late = [expected[0], ...expected.slice(0, -1)];
    for (const key of ['loss', 'meanQ', 'meanTdError', 'gradientNorm'] as const) {
      expectClose(
        actual.map((report) => report[key]),
        late.map((report) => report[key]),
        { relative: 1e-5, name: key },
      );
    }
    expect(actual.map(({ update }) => update)).toEqual(expected.map(({ update }) => update));
  });
});
