// What every engine must show of a random prior.
import { expect } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { adam, adamW, rmsprop, sgd, type Engine, type LayerSpec, type NetworkSpec } from '../../src/index.ts';
import { drawNumbers } from './network-arbitraries.ts';

const LAYERS: readonly LayerSpec[] = [
  { kind: 'dense', units: 5, activation: 'relu' },
  { kind: 'gru', units: 3 },
  { kind: 'noisyDense', units: 4 },
];
const SPEC: NetworkSpec = {
  inputShape: [3],
  layers: [
    { kind: 'dense', units: 6, activation: 'tanh' },
    { kind: 'randomPrior', layers: LAYERS, prior: LAYERS, scale: 3 },
  ],
};

const NOISY_PRIOR: NetworkSpec = {
  inputShape: [3],
  layers: [{ kind: 'randomPrior', layers: [{ kind: 'dense', units: 4 }], prior: [{ kind: 'noisyDense', units: 4 }] }],
};

/** Expects that a prior is without noise, that updates change every weight but those of a prior, which no weight decay changes either, nor adds to the gradient's norm. */
export async function expectPriorToStay(engine: Engine): Promise<void> {
  const noisy = await engine.createNetwork(NOISY_PRIOR, { random: new Random(1) });
  const rows = drawNumbers(new Random(2), 12);
  const outputs = (await noisy.forward(rows, 4)).slice();
  expect(await noisy.forward(rows, 4, { noise: 5 })).toEqual(outputs);
  noisy.dispose();
  for (const { spec } of [sgd({ momentum: 0.9 }), rmsprop(), rmsprop({ centered: true }), adam(), adamW()]) {
    const norms = [];
    for (const weightDecay of [0, 0.1]) {
      const network = await engine.createNetwork(SPEC, { random: new Random(1), optimizer: { ...spec, weightDecay } });
      const before = await network.weights();
      const update = (k: number, learningRate: number) =>
        network.update(drawNumbers(new Random(k), 12), 4, (_, d) => void d.fill(1), { learningRate, noise: k, steps: 2 });
      norms.push([await update(1, 0), await update(1, 0)]);
      for (let k = 0; k < 3; k++) await update(k, 0.1);
      for (const [i, { name, values }] of (await network.weights()).entries()) {
        const moved = values.some((value, k) => value !== before[i].values[k]);
        expect([name, moved]).toEqual([name, !name.startsWith('layers.1.prior.')]);
      }
      network.dispose();
    }
    expect(norms[1]).toEqual(norms[0]);
  }
}
