import * as fc from 'fast-check';
import * as ort from 'onnxruntime-web/wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { cnn, createAgent, expected, minAtarConvolutions, quantile, rainbow, recurrent, sequences } from '../../src/index.ts';
import { CartPole, Breakout } from '../../src/environments/index.ts';
import { Random } from '../../src/common/random.ts';
import { policyOf, readPolicy, toOnnx, writePolicy, type PolicyNetwork } from '../../src/export/index.ts';
import { traitsOf } from '../../src/networks/traits.ts';
import { expectClose } from '../support/closeness.ts';
import { drawNumbers } from '../support/network-arbitraries.ts';
import { ownValues, policyArb, policyWith } from '../support/policies.ts';
import { wordsOf } from '../support/words.ts';
import { checkOnnx } from '../support/read-onnx.ts';

beforeAll(() => {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
});

/** What ONNX Runtime makes of a model. */
async function run(model: Uint8Array, feeds: Record<string, readonly [values: Float32Array, ...sizes: number[]]>) {
  const session = await ort.InferenceSession.create(model);
  try {
    const tensors = Object.entries(feeds).map(
      ([name, [values, ...sizes]]) => [name, new ort.Tensor('float32', values, sizes)] as const,
    );
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [name, { values: data as Float32Array, sizes: dims }]),
    );
  } finally {
    await session.release();
  }
}

/** Compares a model with the policy that it was made of, on random observations. */
async function compare(policy: PolicyNetwork, batch: number, seed: number) {
  const model = toOnnx(policy);
  const { inputs, outputs } = checkOnnx(model);
  const { inputShape } = policy.spec;
  const { stateSize } = traitsOf(policy.spec);
  expect(inputs.map(([name]) => name)).toEqual(stateSize > 0 ? ['observation', 'state'] : ['observation']);
  const random = new Random(seed);
  const observations = drawNumbers(random, batch * inputShape.reduce((product, size) => product * size, 1));
  const state = stateSize > 0 ? drawNumbers(random, batch * stateSize) : undefined;
  const results = await run(model, {
    observation: [observations, batch, ...inputShape],
    ...(state && { state: [state, batch, stateSize] }),
  });
  const own = ownValues(policy, observations, batch, state);
  expect(results.q.sizes).toEqual([batch, policy.actions]);
  expectClose(results.q.values, own.q, { relative: 1e-5, floor: 1, name: 'q' });
  if (own.state) expectClose(results.nextState.values, own.state, { relative: 1e-5, floor: 1, name: 'state' });
  expect(Object.keys(results).sort()).toEqual(outputs.map(([name]) => name).sort());
  return results;
}

describe('a policy as ONNX', () => {
  it('gives what the library does in ONNX Runtime, for any network and head', async () => {
    await fc.assert(
      fc.asyncProperty(policyArb(), fc.integer({ min: 1, max: 5 }), fc.nat(), async (policy, batch, seed) => {
        await compare(policy, batch, seed);
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('gives the distribution beside its mean', async () => {
    const policy = policyWith({ inputShape: [3], layers: [{ kind: 'dense', units: 8 }] }, quantile({ quantiles: 4 }), 2);
    const { q, quantiles } = await compare(policy, 2, 1);
    expect(quantiles.sizes).toEqual([2, 2, 4]);
    q.values.forEach((value, i) => {
      expect(quantiles.values.slice(4 * i, 4 * i + 4).reduce((sum, each) => sum + each, 0) / 4).toBeCloseTo(value, 5);
    });
  });

  it('holds a whole agent: rainbow, with streams, noise and categorical values', async () => {
    const agent = await createAgent(new CartPole(), { ...rainbow(), seed: 3 });
    const policy = await policyOf(agent);
    const { q, probabilities } = await compare(policy, 4, 2);
    expect(probabilities.sizes).toEqual([4, 2, 51]);
    const { observation } = new CartPole().reset({ seed: 5 });
    const one = await run(toOnnx(policy), { observation: [observation, 1, 4] });
    expectClose(one.q.values, agent.qValues(observation), { relative: 1e-5, floor: 1 });
    expect(q.values.length).toBe(8);
    for (let i = 0; i < 8; i++) {
      expect(probabilities.values.slice(51 * i, 51 * i + 51).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    }
  });

  it('takes bytes of images as they are, and comes from a policy file too', async () => {
    const game = new Breakout();
    const agent = await createAgent(game, { network: cnn({ convolutions: minAtarConvolutions, hidden: [16] }), seed: 3 });
    const policy = readPolicy(await agent.savePolicy(), game);
    expect(policy).toEqual(await policyOf(agent));
    expect(readPolicy(writePolicy(policy), game)).toEqual(policy);
    const { observation } = game.reset({ seed: 5 });
    const { q } = await run(toOnnx(policy), { observation: [Float32Array.from(observation), 1, ...game.observationSpace.shape] });
    expectClose(q.values, agent.qValues(observation), { relative: 1e-5, floor: 1 });
  });

  it('carries the state of a network with memory from step to step', async () => {
    const agent = await createAgent(new CartPole(), {
      network: recurrent({ units: 5 }),
      replay: sequences({ capacity: 100, length: 4 }),
      seed: 3,
    });
    const model = toOnnx(await policyOf(agent));
    const world = new CartPole();
    let { observation } = world.reset({ seed: 5 });
    let state: Float32Array = new Float32Array(5);
    for (let step = 0; step < 6; step++) {
      const { q, nextState } = await run(model, { observation: [observation, 1, 4], state: [state, 1, 5] });
      const best = q.values[1] > q.values[0] ? 1 : 0;
      expect(agent.act(observation, { explore: false, first: step === 0 })).toBe(best);
      state = nextState.values;
      ({ observation } = world.step(best));
    }
  });
});

describe('what cannot be exported', () => {
  const spec = { inputShape: [3], layers: [{ kind: 'dense', units: 2 }] } as const;
  const policy = policyWith(spec, expected(), 2);
  const weight = policy.weights[0];

  class Own extends Object.getPrototypeOf(expected()).constructor {}

  it.each<[string, unknown, RegExp]>([
    ['no policy', { act: () => 0 }, /invalid-option: toOnnx\(policy\): expected a policy but received an object with keys act/],
    ['nothing', undefined, /invalid-option: .*received undefined/],
    ['a head of a user', { ...policy, head: new Own() }, /invalid-option: .*a head of your own, expected/],
    [
      'another head',
      { ...policy, head: quantile({ quantiles: 3 }) },
      /invalid-option: .*6 outputs, for 2 actions of the head quantile but received 2/,
    ],
    [
      'a missing tensor',
      { ...policy, weights: [weight] },
      /incompatible-checkpoint: .*layers\.0\.bias of shape \[2\] but received none/,
    ],
    [
      'a tensor of another shape',
      { ...policy, weights: [{ ...weight, shape: [2, 3] }, policy.weights[1]] },
      /incompatible-checkpoint: .*layers\.0\.weight of shape \[3, 2\] but received one of shape \[2, 3\]/,
    ],
    [
      'a NaN',
      { ...policy, weights: [{ ...weight, values: weight.values.with(4, NaN) }, policy.weights[1]] },
      /diverged: .*finite numbers in layers\.0\.weight but received NaN at index 4/,
    ],
    [
      'a malformed network',
      { ...policy, spec: { ...spec, layers: [{ kind: 'lstm' }] } },
      /invalid-option: network\.layers\[0\]\.kind/,
    ],
    [
      "a model of TensorFlow.js's layers",
      {
        ...policy,
        spec: {
          inputShape: [3],
          layers: [{ kind: 'layersModel', topology: '{}', inputShape: [3], outputShape: [2], weights: [] }],
        },
        weights: [],
      },
      /invalid-option: .*received a model of TensorFlow\.js's layers/,
    ],
  ])('is refused in words: %s', (_, given, words) => {
    expect(wordsOf(() => toOnnx(given as PolicyNetwork))).toMatch(words);
  });
});

describe('the check of models', () => {
  const bytes = toOnnx(policyWith({ inputShape: [3], layers: [{ kind: 'dense', units: 2 }] }, expected(), 2));
  /** The model with one text in it replaced by another as long. */
  const replaced = (from: string, to: string) => {
    const at = Buffer.from(bytes).indexOf(from);
    const copy = bytes.slice();
    copy.set(new TextEncoder().encode(to), at);
    return copy;
  };

  it('takes what toOnnx gives', () => {
    expect(checkOnnx(bytes).nodes.map(({ operator }) => operator)).toEqual(['Gemm', 'Identity']);
  });

  it.each([
    ['an unknown operator', replaced('"\u0004Gemm', '"\u0004Game'), 'the operator Game'],
    ['an input that nothing defines', replaced('observation', 'observatiom'), 'observation is used before it is defined'],
    ['a constant that is missing', replaced('layers.0.bias', 'layers.0.bios'), 'layers.0.bias is used before it is defined'],
  ])('finds %s', (_, broken, words) => {
    expect(() => checkOnnx(broken)).toThrow(words);
  });
});
