import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAgent, expected, rainbow } from '../../src/index.ts';
import { CartPole } from '../../src/environments/index.ts';
import { Random } from '../../src/common/random.ts';
import { policyOf, toLayersModel, type PolicyNetwork } from '../../src/export/index.ts';
import { sizeOf } from '../../src/networks/plan.ts';
import { expectClose } from '../support/closeness.ts';
import { LAYER_KINDS, drawNumbers } from '../support/network-arbitraries.ts';
import { ownValues, policyArb, policyWith } from '../support/policies.ts';
import { wordsOf } from '../support/words.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** The model that TensorFlow.js reads from the files, as it would from a server. */
function load(policy: PolicyNetwork): Promise<tfl.LayersModel> {
  const { model, weights } = toLayersModel(policy);
  const { modelTopology, weightsManifest } = JSON.parse(model) as tf.io.ModelJSON;
  expect(weightsManifest.map(({ paths }) => paths)).toEqual([['weights.bin']]);
  return tfl.loadLayersModel({
    load: () =>
      Promise.resolve({
        modelTopology: modelTopology as object,
        weightSpecs: weightsManifest[0].weights,
        weightData: weights.buffer,
      }),
  });
}

/** Q-values of the model. */
function valuesOf(model: tfl.LayersModel, observations: Float32Array, shape: readonly number[]): ArrayLike<number> {
  return tf.tidy(() => (model.predict(tf.tensor(observations, [...shape])) as tf.Tensor).dataSync());
}

const kinds = LAYER_KINDS.filter((kind) => !['gru', 'implicitQuantiles', 'proposedQuantiles'].includes(kind));

describe("a policy as a model of TensorFlow.js's layers", () => {
  it('gives what the library does, for any network and head', async () => {
    const plain = policyArb(kinds).filter(({ head }) => head.settings?.rescale !== true);
    await fc.assert(
      fc.asyncProperty(plain, fc.integer({ min: 1, max: 4 }), fc.nat(), async (policy, batch, seed) => {
        const { inputShape } = policy.spec;
        const observations = drawNumbers(new Random(seed), batch * sizeOf(inputShape));
        const model = await load(policy);
        expect(model.outputShape).toEqual([null, policy.actions]);
        const { q } = ownValues(policy, observations, batch);
        expectClose(valuesOf(model, observations, [batch, ...inputShape]), q, { relative: 1e-5, floor: 1, name: 'q' });
        model.dispose();
      }),
      { numRuns: 100 },
    );
  }, 120_000);

  it('holds a whole agent: rainbow, with streams, noise and categorical values', async () => {
    const agent = await createAgent(new CartPole(), { ...rainbow(), seed: 3 });
    const model = await load(await policyOf(agent));
    const { observation } = new CartPole().reset({ seed: 5 });
    expectClose(valuesOf(model, observation, [1, 4]), agent.qValues(observation), { relative: 1e-5, floor: 1 });
  });

  it.each<[string, PolicyNetwork, RegExp]>([
    ['memory', policyWith({ inputShape: [3], layers: [{ kind: 'gru', units: 2 }] }, expected(), 2), /received gru/],
    [
      'rescaled values',
      policyWith({ inputShape: [3], layers: [{ kind: 'dense', units: 2 }] }, expected({ rescale: true }), 2),
      /rescaled values/,
    ],
    [
      'quantiles at fractions',
      fc.sample(
        policyArb(['implicitQuantiles']).filter(({ head }) => head.quantiles !== undefined),
        1,
      )[0],
      /implicitQuantiles/,
    ],
  ])('is refused in words for %s', (_, policy, words) => {
    expect(wordsOf(() => toLayersModel(policy))).toMatch(words);
    expect(wordsOf(() => toLayersModel(policy))).toMatch(/^invalid-option: .*Use toOnnx\(\)/);
  });
});
