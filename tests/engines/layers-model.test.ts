import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { Engine, NetworkFactory, NetworkSpec } from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';
import { layersModel, tfjs } from '../../src/tfjs/index.ts';
import { expectClose } from '../support/closeness.ts';
import { build, io, layerOf, sizeOf, testModels } from '../support/layers-model-suite.ts';
import { RadialBasis, SelfAttention, lstm, makeOn, stackOf } from '../support/layers-models.ts';
import { drawNumbers } from '../support/network-arbitraries.ts';
import { drawWeights } from '../support/read-gradient.ts';

const { layers } = tfl;
const BACKENDS = ['cpu', 'wasm'] as const;

for (const backend of BACKENDS) testModels(backend);

describe.each(BACKENDS)("a model of TensorFlow.js's layers on %s", (backend) => {
  const start = () => tfjs({ backend });
  const make = (of: () => tfl.LayersModel) => makeOn(backend, of);

  it('learns as the same layers of the library do', async () => {
    const engine = await start();
    const model = make(() =>
      stackOf(
        [5, 5, 2],
        layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
        layers.flatten(),
        layers.dense({ units: 6, activation: 'tanh' }),
        layers.dense({ units: 4 }),
      ),
    );
    const own: NetworkSpec = {
      inputShape: [5, 5, 2],
      layers: [
        { kind: 'conv2d', filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' },
        { kind: 'dense', units: 6, activation: 'tanh' },
        { kind: 'dense', units: 4 },
      ],
    };
    const optimizer = dqn.adam().spec;
    const networks = [
      await build(engine, { ...own, layers: [layerOf(model, [5, 5, 2])] }, optimizer),
      await build(engine, own, optimizer),
    ];
    const drawn = await networks[1].weights();
    const names = (await networks[0].weights()).map(({ name }) => name);
    await networks[0].setWeights(drawn.map((each, i) => ({ ...each, name: names[i] })));
    const random = new Random(8);
    for (let k = 0; k < 8; k++) {
      const observations = drawNumbers(random, 50 * 6);
      const wanted = drawNumbers(random, 4 * 6);
      const gradient = (outputs: Float32Array, to: Float32Array) => to.set(outputs.map((y, i) => (y - wanted[i]) / 6));
      const norms = [];
      for (const each of networks)
        norms.push(await each.update(observations, 6, gradient, { learningRate: 1e-2, maxGradientNorm: 1 }));
      expect(Math.abs(norms[0] - norms[1])).toBeLessThan(1e-4 * norms[1]);
    }
    const [ofModel, ofOwn] = [await networks[0].weights(), await networks[1].weights()];
    ofModel.forEach(({ values }, i) => expectClose(values, ofOwn[i].values, { relative: 1e-4, floor: 1, name: ofOwn[i].name }));
    model.dispose();
    engine.dispose();
  });

  it.each([
    ['expected', dqn.expected(), [2]],
    ['categorical', dqn.categorical({ atoms: 11, vMin: -1, vMax: 1 }), [2, 11]],
  ] as const)('learns by outputs of its own with the head %s', async (_, head, shape) => {
    const engine = await start();
    const model = make(() =>
      stackOf(
        [3, 2],
        new SelfAttention({ units: 4 }),
        layers.flatten(),
        new RadialBasis({ units: 16 }),
        layers.dense({ units: sizeOf(shape) }),
        layers.reshape({ targetShape: [...shape] }),
      ),
    );
    const agent = await recall(engine, layersModel(model, { outputs: 'own' }), head, 150);
    expect(agent.online.spec.layers).toHaveLength(1);
    expect(await score(agent)).toBeGreaterThan(0.9);
    agent.dispose();
    model.dispose();
    engine.dispose();
  });

  it('goes on from a checkpoint as if nothing had happened, and acts by its policy file', async () => {
    const engine = await start();
    const network = () =>
      layersModel(
        make(() => stackOf([3, 2], new SelfAttention({ units: 4 }), lstm(4))),
        { dueling: true },
      );
    const agent = await recall(engine, network(), dqn.expected(), 5);
    const saved = await agent.save();
    // A model with other weights, and in the program's numbering other names.
    const other = await newAgent(engine, network(), dqn.expected());
    const observation = drawNumbers(new Random(4), 6);
    expect(await other.qValues(observation)).not.toEqual(await agent.qValues(observation));
    await other.load(saved);
    expect(await other.qValues(observation)).toEqual(await agent.qValues(observation));
    for (const each of [agent, other]) await each.learn();
    expect(await other.learn()).toEqual(await agent.learn());
    expect(await other.online.weights()).toEqual(await agent.online.weights());
    const policy = await dqn.loadPolicy(await agent.savePolicy(), TASK, { engine });
    expect(await policy.qValues(observation)).toEqual(await agent.qValues(observation));
    engine.dispose();
  });

  it('holds no more after 500 updates than after the first ones, and nothing once it is disposed of', async () => {
    const engine = await start();
    const model = make(() => stackOf([3], layers.dense({ units: 4, activation: 'relu' }), new RadialBasis({ units: 3 })));
    const spec = layersModel(model, { hidden: [4] }).build(io([3]));
    model.dispose();
    const empty = tf.memory().numTensors;
    const network = await build(engine, spec, dqn.adam().spec);
    const target = await build(engine, spec);
    const observations = drawNumbers(new Random(2), 3 * 8);
    const run = async (i: number): Promise<void> => {
      await target.forward(observations, 1 + (i % 8));
      await network.update(observations, 1 + (i % 8), (outputs, d) => d.set(outputs), { learningRate: 1e-3, maxGradientNorm: 0.1 });
      if (i % 10 === 0) await target.blendFrom(network, 0.1);
      if (i % 50 === 0) await target.copyFrom(network);
      if (i % 100 === 0) await network.setWeights(await network.weights());
      await network.forward(observations, 1);
      await target.forward(observations, 1);
    };
    for (let i = 0; i < 10; i++) await run(i);
    const { numTensors, numDataBuffers } = tf.memory();
    for (let i = 10; i < 500; i++) await run(i);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    network.dispose();
    engine.dispose();
    expect(tf.memory().numTensors).toBe(empty);
  });

  it('leaves what is not trainable as it is, whatever the optimizer', async () => {
    const engine = await start();
    const model = make(() =>
      stackOf(
        [3],
        layers.dense({ units: 4, trainable: false }),
        layers.batchNormalization({ trainable: false, momentum: 0.5 }),
        layers.dense({ units: 2 }),
      ),
    );
    const spec: NetworkSpec = { inputShape: [3], layers: [layerOf(model, [3])] };
    const network = await build(engine, spec, dqn.adamW({ weightDecay: 0.1 }).spec);
    const weights = drawWeights(await network.weights(), new Random(6)).map((each) => ({
      ...each,
      values: each.values.map(Math.abs),
    }));
    await network.setWeights(weights);
    for (let k = 0; k < 3; k++) await network.update(drawNumbers(new Random(k), 12), 4, (_, d) => d.fill(1), { learningRate: 0.1 });
    const moved = (await network.weights()).map(({ values }, i) => values.some((value, k) => value !== weights[i].values[k]));
    expect(moved).toEqual([false, false, false, false, false, false, true, true]);
    model.dispose();
    engine.dispose();
  });
});

// On one backend: recurrent models are slow in plain JavaScript.
describe('a recurrent model behind the ends of the library', () => {
  it.each([
    ['expected and dueling', dqn.expected(), { dueling: true, hidden: [16] }],
    [
      'categorical, noisy and dueling',
      dqn.categorical({ atoms: 11, vMin: -1, vMax: 1 }),
      { dueling: true, noisy: true, hidden: [16] },
    ],
    ['implicit quantiles', dqn.implicitQuantile({ online: 4, target: 4, act: 8 }), { hidden: [16] }],
  ] as const)('learns with the head %s which action the first of three symbols asks for', async (_, head, options) => {
    const engine = await tfjs({ backend: 'wasm' });
    const model = makeOn('wasm', () => stackOf([3, 2], lstm(8)));
    const agent = await recall(engine, layersModel(model, options), head, 150);
    expect(await score(agent)).toBeGreaterThan(0.9);
    agent.dispose();
    model.dispose();
    engine.dispose();
  });
});

const TASK = { observationSpace: dqn.box({ low: -9, high: 9, shape: [3, 2] }), actionSpace: dqn.discrete(2) };
type AnyAgent = dqn.Agent<Float32Array, dqn.Timing>;

function newAgent(engine: Engine, network: NetworkFactory<false>, head: dqn.ValueHead, seed = 1): Promise<AnyAgent> {
  return dqn.createAgent(TASK, {
    engine,
    network,
    head,
    optimizer: dqn.adam({ learningRate: 0.01 }),
    replay: dqn.uniform({ capacity: 400 }),
    learningStarts: 32,
    batchSize: 32,
    seed,
  }) as Promise<AnyAgent>;
}

/** Observations of three symbols; the right action is the sign of the first one. */
const draw = (random: Random): Float32Array => drawNumbers(random, 6, 1);
const answerTo = (observation: Float32Array): number => (observation[0] > 0 ? 1 : 0);

/** An agent that has learned from episodes of one step to say what it saw first. */
async function recall(engine: Engine, network: NetworkFactory<false>, head: dqn.ValueHead, updates: number): Promise<AnyAgent> {
  const agent = await newAgent(engine, network, head);
  const random = new Random(7);
  for (let i = 0; i < 400; i++) {
    const observation = draw(random);
    const action = random.integer(2);
    const reward = action === answerTo(observation) ? 1 : -1;
    await agent.observe({ observation, action, reward, nextObservation: draw(random), terminated: true, truncated: false });
  }
  for (let k = 0; k < updates; k++) await agent.learn();
  return agent;
}

/** How often an agent is right. */
async function score(agent: AnyAgent): Promise<number> {
  const random = new Random(99);
  let right = 0;
  for (let i = 0; i < 100; i++) {
    const observation = draw(random);
    const [a, b] = await agent.qValues(observation);
    if (Number(b > a) === answerTo(observation)) right++;
  }
  return right / 100;
}
