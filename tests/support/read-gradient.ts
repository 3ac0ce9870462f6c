import { Random } from '../../src/common/random.ts';
import type { Engine, NamedTensor, UpdateOptions } from '../../src/networks/q-network.ts';
import type { NetworkSpec } from '../../src/networks/spec.ts';
import { drawNumbers } from './network-arbitraries.ts';

/** Weights of normal numbers: every bias, gain and offset matters. */
export function drawWeights(weights: readonly NamedTensor[], random: Random): NamedTensor[] {
  return weights.map((tensor) => {
    const fanIn = tensor.shape.length > 1 ? tensor.values.length / tensor.shape[tensor.shape.length - 1] : 1;
    return { ...tensor, values: drawNumbers(random, tensor.values.length).map((x) => x / Math.sqrt(fanIn)) };
  });
}

/** The gradient of every parameter, read off from an update. */
export function readGradient(
  engine: Engine<'sync'>,
  spec: NetworkSpec,
  weights: readonly NamedTensor[],
  observations: Float32Array,
  batch: number,
  dOutputs: Float32Array,
  options: Omit<UpdateOptions, 'learningRate'> = {},
): { gradient: Map<string, Float64Array>; norm: number } {
  const network = engine.createNetwork(spec, { random: new Random(1), optimizer: { kind: 'sgd', momentum: 0.5, weightDecay: 0 } });
  network.setWeights(weights);
  const norm = network.update(observations, batch, (_, gradient) => gradient.set(dOutputs), { ...options, learningRate: 0 });
  const state = new Map(network.optimizerState().map(({ name, values }) => [name, values]));
  network.dispose();
  return { gradient: new Map(weights.map(({ name }) => [name, Float64Array.from(state.get(`${name}.v`)!)])), norm };
}
