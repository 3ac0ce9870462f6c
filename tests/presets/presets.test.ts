import { describe, expect, test } from 'vitest';
import * as dqn from '../../src/index.ts';

const { createAgent } = dqn;
const presets = {
  averagedDqn: dqn.averagedDqn,
  bootstrappedDqn: dqn.bootstrappedDqn,
  c51: dqn.c51,
  dataEfficientRainbow: dqn.dataEfficientRainbow,
  doubleDqn: dqn.doubleDqn,
  dqn: dqn.dqn,
  duelingDqn: dqn.duelingDqn,
  fqf: dqn.fqf,
  iqn: dqn.iqn,
  munchausenDqn: dqn.munchausenDqn,
  noisyDqn: dqn.noisyDqn,
  perDqn: dqn.perDqn,
  qrDqn: dqn.qrDqn,
  rainbow: dqn.rainbow,
};
const vector = { observationSpace: dqn.box({ low: -1, high: 1, shape: [4] }), actionSpace: dqn.discrete(3) };
const image = {
  observationSpace: dqn.box({ low: 0, high: 255, shape: [84, 84, 4], dtype: 'uint8' }),
  actionSpace: dqn.discrete(3),
};
const small = { replay: dqn.uniform({ capacity: 100 }) };

describe.each(Object.entries(presets))('%s', (_, preset) => {
  test('makes an agent for vectors, and can be overridden', async () => {
    const agent = await createAgent(vector, { ...preset(), ...small, batchSize: 7, seed: 3 });
    expect(agent.options).toMatchObject({ batchSize: 7, discount: 0.99 });
    expect(agent.act(new Float32Array(4), { explore: false })).toBeTypeOf('number');
    agent.dispose();
  });

  test('is data, made anew at each call', () => {
    expect(preset()).not.toBe(preset());
    expect(Object.keys(preset()).sort()).toEqual(Object.keys(preset()).sort());
  });
});

test('images get the convolutions of the paper', async () => {
  const agent = await createAgent(image, { ...dqn.dqn(), ...small });
  expect(agent.online.spec.layers.map((layer) => layer.kind)).toEqual(['conv2d', 'conv2d', 'conv2d', 'dense', 'dense']);
  expect(agent.online.spec.inputScale).toBe(1 / 255);
  expect(agent.act(new Uint8Array(84 * 84 * 4))).toBeTypeOf('number');
  const parameters = agent.online.weights().reduce((sum, { values }) => sum + values.length, 0);
  // 8·8·4·32 + 32, 4·4·32·64 + 64, 3·3·64·64 + 64, 3136·512 + 512, 512·3 + 3.
  expect(parameters).toBe(8_224 + 32_832 + 36_928 + 1_606_144 + 1_539);
  agent.dispose();
  const efficient = await createAgent(image, { ...dqn.dataEfficientRainbow(), ...small });
  expect(efficient.online.spec.layers.map((layer) => layer.kind)).toEqual(['conv2d', 'conv2d', 'dueling']);
  efficient.dispose();
});

test.each([
  [1, 1],
  [5, 1 / 5],
  [0, 1],
])('bytes up to %i are multiplied by %f', async (high, scale) => {
  const observationSpace = dqn.box({ low: 0, high, shape: [10, 10, 4], dtype: 'uint8' });
  const agent = await createAgent({ ...vector, observationSpace }, { ...dqn.dqn(), ...small });
  expect(agent.online.spec.inputScale ?? 1).toBe(scale);
  agent.dispose();
});

test.each([
  [dqn.dqn, 36, 3],
  [dqn.dqn, 35, 1],
  [dqn.dataEfficientRainbow, 25, 2],
  [dqn.dataEfficientRainbow, 24, 1],
])('%o: in images of %i × 84 fit %i convolutions', async (preset, height, convolutions) => {
  const observationSpace = dqn.box({ low: 0, high: 1, shape: [height, 84, 2] });
  const agent = await createAgent({ ...vector, observationSpace }, { ...preset(), ...small });
  expect(agent.online.spec.layers.filter(({ kind }) => kind === 'conv2d')).toHaveLength(convolutions);
  agent.dispose();
});

test.each([{ kernelSize: NaN }, { kernelSize: 3, strides: NaN }])(
  'convolutions of %o are refused, not taken for too large',
  async (size) => {
    const network = dqn.adaptive({ convolutions: [{ filters: 8, ...size }] });
    await expect(createAgent(image, { ...dqn.dqn(), ...small, network })).rejects.toMatchObject({ code: 'invalid-option' });
  },
);

test('small images get the convolution of MinAtar', async () => {
  const observationSpace = dqn.box({ low: 0, high: 1, shape: [10, 10, 4] });
  const agent = await createAgent({ ...vector, observationSpace }, { ...dqn.rainbow(), ...small });
  expect(agent.online.spec.layers[0]).toMatchObject({ kind: 'conv2d', filters: 16, kernelSize: 3 });
  agent.dispose();
});

test('r2d2 makes an agent with memory', async () => {
  const replay = dqn.sequences({ capacity: 1_000 });
  const agent = await createAgent(vector, { ...dqn.r2d2(), replay });
  expect(agent.online.stateSize).toBe(512);
  expect(agent.options).toMatchObject({ nStep: 5, discount: 0.997, batchSize: 64 });
  agent.dispose();
});

test("r2d2 sees images as its paper's network does, and has a layer of its own in each stream", async () => {
  const agent = await createAgent(image, { ...dqn.r2d2(), replay: dqn.sequences({ capacity: 1_000 }) });
  const { layers } = agent.online.spec;
  expect(layers.map(({ kind }) => kind)).toEqual(['conv2d', 'conv2d', 'conv2d', 'gru', 'dueling']);
  expect(layers[0]).toMatchObject({ filters: 32, kernelSize: 8, strides: 4 });
  expect(layers[4]).toMatchObject({ value: [{ units: 512 }, { units: 1 }], advantage: [{ units: 512 }, {}] });
  agent.dispose();
});

test('presets hold the numbers of their papers', () => {
  expect(dqn.dqn()).toMatchObject({
    optimizer: { learningRate: 2.5e-4, spec: { kind: 'rmsprop', decay: 0.95, epsilon: 0.01, centered: true } },
    replay: { kind: 'uniform', capacity: 1_000_000 },
    targetUpdater: { kind: 'hard', period: 40_000 },
    batchSize: 32,
    learningStarts: 50_000,
    learnPeriod: 4,
  });
  expect(dqn.rainbow()).toMatchObject({
    head: { kind: 'categorical', settings: { atoms: 51, vMin: -10, vMax: 10 } },
    bootstrap: { kind: 'doubleQ' },
    nStep: 3,
    explorer: { kind: 'noisyGreedy' },
    targetUpdater: { period: 8_000 },
    optimizer: { learningRate: 6.25e-5, spec: { kind: 'adam', epsilon: 1.5e-4 } },
    learningStarts: 20_000,
  });
  expect(dqn.qrDqn()).toMatchObject({ head: { kind: 'quantile', width: 200 }, optimizer: { learningRate: 5e-5 } });
  expect(dqn.iqn().head?.fractions?.counts).toEqual({ online: 8, target: 8, act: 32 });
  expect(dqn.bootstrappedDqn()).toMatchObject({ explorer: { heads: 10, headProbability: 1 }, bootstrap: { kind: 'doubleQ' } });
  expect(dqn.averagedDqn()).toMatchObject({ bootstrap: { targets: 10 } });
});
