// What networks of models must show on every backend.
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import type { Engine, LayerSpec, NamedTensor, NetworkIo, NetworkSpec, OptimizerSpec, QNetwork } from '../../src/index.ts';
import { type TfjsBackend, layersModel, tfjs } from '../../src/tfjs/index.ts';
import { expectClose } from './closeness.ts';
import { MODELS, makeOn } from './layers-models.ts';
import { drawNumbers } from './network-arbitraries.ts';
import { drawWeights } from './read-gradient.ts';

const SGD: OptimizerSpec = { kind: 'sgd', momentum: 0.5, weightDecay: 0 };

/** What a network for two actions, or so many, must take in and give out. */
export const io = (inputShape: readonly number[], actions = 2, width = 1): NetworkIo => ({
  inputShape,
  actions,
  width,
  heads: 1,
  outputSize: actions * width,
});

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** The layer of a model alone. */
export function layerOf(model: tfl.LayersModel, shape: readonly number[]): LayerSpec {
  return layersModel(model).build(io(shape)).layers[0];
}

/** A network that always starts alike. */
export async function build(engine: Engine, spec: NetworkSpec, optimizer?: OptimizerSpec): Promise<QNetwork> {
  await engine.prepare?.(spec);
  return engine.createNetwork(spec, { random: new Random(1), ...(optimizer ? { optimizer } : {}) });
}

/** Compares the gradient of Σ d · y with differences, number by number, of as many parameters as asked for, and the biggest of each tensor. */
async function expectDifferences(network: QNetwork, observations: Float32Array, batch: number, random: Random): Promise<void> {
  const d = drawNumbers(random, batch * network.outputSize);
  const start = drawWeights(await network.weights(), random);
  await network.setWeights(start);
  await network.update(observations, batch, (_, gradient) => gradient.set(d), { learningRate: 0 });
  const gradients = new Map((await network.optimizerState()).map(({ name, values }) => [name, values]));
  const lossAt = async (name: string, i: number, change: number): Promise<number> => {
    const moved = (values: Float32Array) => values.map((value, k) => (k === i ? value + change : value));
    await network.setWeights(start.map((each) => (each.name === name ? { ...each, values: moved(each.values) } : each)));
    return (await network.forward(observations, batch)).reduce((sum, y, k) => sum + y * d[k], 0);
  };
  for (const { name, values } of start) {
    const gradient = gradients.get(`${name}.v`) as Float32Array;
    const largest = gradient.reduce((most, g, i) => (Math.abs(g) > Math.abs(gradient[most]) ? i : most), 0);
    for (const i of new Set([largest, random.integer(values.length)])) {
      const difference = ((await lossAt(name, i, 0.01)) - (await lossAt(name, i, -0.01))) / 0.02;
      expect(
        Math.abs(gradient[i] - difference),
        `${name}[${i}]: ${gradient[i]} by the engine, ${difference} by differences`,
      ).toBeLessThan(0.01 + 0.02 * Math.abs(difference));
    }
  }
}

/** Tests models of these kinds. */
export function testModels(backend: TfjsBackend, kinds: readonly string[] = Object.keys(MODELS)): void {
  describe(`models of TensorFlow.js's layers on ${backend}`, () => {
    it.each(kinds.map((kind) => [kind, MODELS[kind]] as const))(
      'has the outputs of the model itself, and the gradient of its differences: %s',
      async (name, { shape, make: of }) => {
        const engine = await tfjs({ backend });
        const model = makeOn(backend, of);
        const random = new Random(3);
        const observations = Float32Array.from({ length: 4 * sizeOf(shape) }, () =>
          name === 'an embedding' ? random.integer(4) : random.normal(),
        );
        const alone = await build(engine, { inputShape: shape, layers: [layerOf(model, shape)] }, SGD);
        const given = (await layersModel(model).initialWeights?.()) as readonly NamedTensor[];
        await alone.setWeights(given);
        const applied = tf.tidy(() => model.apply(tf.tensor(observations, [4, ...shape])) as tf.Tensor);
        const expected = await applied.data();
        applied.dispose();
        expectClose(await alone.forward(observations, 4), expected, { relative: 1e-5, floor: 1, name: 'outputs' });
        await expectDifferences(alone, observations, 4, random);
        // Behind another layer, whose gradient comes through the model, and in front of one.
        const before: LayerSpec = { kind: 'dense', units: sizeOf(shape), activation: 'tanh' };
        if (name !== 'an embedding') {
          const amid = [before, layerOf(model, shape), { kind: 'layerNorm' }, { kind: 'dense', units: 2 }] as const;
          await expectDifferences(await build(engine, { inputShape: [3], layers: amid }, SGD), drawNumbers(random, 12), 4, random);
        }
        model.dispose();
        engine.dispose();
      },
    );
  });
}
