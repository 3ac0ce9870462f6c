// Small agents whose updates are compared: on a device, and through the core.
import { expect } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { Agent, AgentOptions, Engine, FeedForwardOptions, NamedTensor, UpdateReport } from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';
import { expectClose } from './closeness.ts';

/** A. */
export const ACTIONS = 3;

const spaces = {
  observationSpace: dqn.box({ low: -5, high: 5, shape: [3] }),
  actionSpace: dqn.discrete(ACTIONS),
};

/** An agent that learns from its ninth step on. */
export function makeAgent(engine: Engine, options: FeedForwardOptions = {}): Promise<Agent<Float32Array, 'async'>> {
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
export async function observe(agent: Agent<Float32Array, 'async'>, random: Random, scale = 1): Promise<void> {
  const numbers = () => Float32Array.from({ length: 3 }, () => random.uniform(-1, 1));
  const mask = Uint8Array.from({ length: ACTIONS }, () => Number(random.float() < 0.6));
  await agent.observe({
    observation: numbers(),
    action: random.integer(ACTIONS),
    reward: scale * random.uniform(-2, 2),
    nextObservation: numbers(),
    terminated: random.float() < 0.2,
    truncated: random.float() < 0.1,
    nextActionMask: random.float() < 0.5 ? mask : undefined,
  });
}

/** Observes steps and does the updates that fall due. */
export async function drive(agent: Agent<Float32Array, 'async'>, steps: number, random = new Random(9)): Promise<UpdateReport[]> {
  const reports: UpdateReport[] = [];
  for (let i = 0; i < steps; i++) {
    await observe(agent, random);
    while (agent.updatesDue > 0) {
      const report = await agent.learn();
      reports.push({ ...report, tdErrors: report.tdErrors.slice() });
    }
  }
  return reports;
}

/** Expects tensors of the same names to be the same up to `relative` times the largest number of each. */
export function expectSameWeights(actual: readonly NamedTensor[], expected: readonly NamedTensor[], relative = 1e-5): void {
  expect(actual.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
  actual.forEach(({ name, values }, t) => expectClose(values, expected[t].values, { relative, name }));
}
