import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  box,
  cnn,
  createAgent,
  discrete,
  expected,
  loadPolicy,
  minAtarConvolutions,
  mlp,
  quantile,
  rainbow,
} from '../../src/index.ts';
import type { NetworkSpec } from '../../src/index.ts';
import { Breakout, CartPole } from '../../src/environments/index.ts';
import { Random } from '../../src/common/random.ts';
import {
  exportPolicy,
  policyOf,
  quantizeWeights,
  writePolicy,
  type PolicyNetwork,
  type StandalonePolicy,
} from '../../src/export/index.ts';
import { sizeOf } from '../../src/networks/plan.ts';
import { expectClose } from '../support/closeness.ts';
import { LAYER_KINDS, drawNumbers } from '../support/network-arbitraries.ts';
import { ownValues, policyArb, policyWith } from '../support/policies.ts';
import { wordsOf } from '../support/words.ts';

interface Acts {
  readonly act: (observation: ArrayLike<number>, mask?: ArrayLike<number>) => number;
  readonly qValues: (observation: ArrayLike<number>) => Float64Array;
}

/** The module as a platform loads it, from its text alone. */
function load<T = Acts>({ source }: StandalonePolicy): Promise<T> {
  return import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`) as Promise<T>;
}

/** Bytes of the code without the weights. */
const codeSize = ({ source }: StandalonePolicy) => source.replace(/atob\('[^']*'\)/, "atob('')").length;

const kinds = LAYER_KINDS.filter((kind) => !['gru', 'proposedQuantiles'].includes(kind));

/** Compares a standalone policy with what the library makes of the same weights. */
async function compare(standalone: Acts, policy: PolicyNetwork, seed: number) {
  const size = sizeOf(policy.spec.inputShape);
  const observations = drawNumbers(new Random(seed), 3 * size);
  const { q } = ownValues(policy, observations, 3);
  for (let row = 0; row < 3; row++) {
    const observation = observations.subarray(row * size, (row + 1) * size);
    const values = standalone.qValues(observation);
    expectClose(values, q.subarray(row * policy.actions, (row + 1) * policy.actions), { relative: 1e-5, floor: 1, name: 'q' });
    expect(standalone.act(observation)).toBe(values.indexOf(Math.max(...values)) + policy.actionStart);
  }
}

describe('a standalone policy', () => {
  it('gives what the library does, for any network and head, in less than 6 kB without its weights', async () => {
    await fc.assert(
      fc.asyncProperty(policyArb(kinds), fc.nat(), async (policy, seed) => {
        const exported = exportPolicy(policy);
        expect(codeSize(exported)).toBeLessThan(6_000);
        await compare(await load(exported), policy, seed);
      }),
      { numRuns: 150 },
    );
  });

  it('gives with 8 bits what the library does with weights so rounded, embedded and apart', async () => {
    await fc.assert(
      fc.asyncProperty(policyArb(kinds), fc.nat(), async (policy, seed) => {
        const rounded = quantizeWeights(policy);
        await compare(await load(exportPolicy(policy, { bits: 8 })), rounded, seed);
        const apart = exportPolicy(policy, { bits: 8, weights: 'apart' });
        expect(codeSize(apart)).toBe(apart.source.length);
        const { createPolicy } = await load<{ createPolicy: (bytes: Uint8Array) => Acts }>(apart);
        await compare(createPolicy(apart.weights), rounded, seed);
        expect(() => createPolicy(new Uint8Array(apart.weights.length + 1))).toThrow(
          `expected ${apart.weights.length} bytes of weights`,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('reads weights that lie apart from any bytes, a Buffer of Node that lies within other memory among them', async () => {
    const policy = policyWith({ inputShape: [3], layers: [{ kind: 'dense', units: 2 }] }, expected(), 2);
    for (const bits of [8, 32] as const) {
      const apart = exportPolicy(policy, { bits, weights: 'apart' });
      const { createPolicy } = await load<{ createPolicy: (bytes: Uint8Array) => Acts }>(apart);
      const within = Buffer.alloc(apart.weights.length + 21, 0x3f);
      within.set(apart.weights, 13);
      for (const bytes of [Buffer.from(apart.weights), within.subarray(13, 13 + apart.weights.length)]) {
        await compare(createPolicy(bytes), bits === 8 ? quantizeWeights(policy) : policy, 1);
      }
    }
  });

  it('pads images as the library does', async () => {
    const sizes = fc.integer({ min: 1, max: 3 });
    const pair = fc.tuple(sizes, sizes);
    await fc.assert(
      fc.asyncProperty(pair, pair, pair, fc.nat(), async (kernelSize, strides, [height, width], seed) => {
        const conv = { kind: 'conv2d', filters: 3, kernelSize, strides, padding: 'same', activation: 'tanh' } as const;
        const spec: NetworkSpec = { inputShape: [height + 2, width + 2, 2], layers: [conv, { kind: 'dense', units: 2 }] };
        const policy = policyWith(spec, expected(), 2, 1, seed);
        await compare(await load(exportPolicy(policy)), policy, seed);
      }),
      { numRuns: 40 },
    );
  });

  it('takes the first of equally good actions', async () => {
    const policy = policyWith({ inputShape: [2], layers: [{ kind: 'dense', units: 3 }] }, expected(), 3);
    const zero = { ...policy, weights: policy.weights.map((tensor) => ({ ...tensor, values: tensor.values.map(() => 0) })) };
    const { act } = await load(exportPolicy(zero));
    expect(act([1, 2])).toBe(0);
    expect(act([1, 2], [0, 1, 1])).toBe(1);
  });

  it('holds a whole agent: rainbow, with streams, noise and categorical values', async () => {
    const agent = await createAgent(new CartPole(), { ...rainbow(), seed: 3 });
    const { act, qValues } = await load(exportPolicy(await policyOf(agent)));
    const { observation } = new CartPole().reset({ seed: 5 });
    expectClose(qValues(observation), agent.qValues(observation), { relative: 1e-5, floor: 1 });
    expect(act([...observation])).toBe(agent.act(observation, { explore: false }));
  });

  it('takes bytes of images as they are', async () => {
    const game = new Breakout();
    const agent = await createAgent(game, { network: cnn({ convolutions: minAtarConvolutions, hidden: [16] }), seed: 3 });
    const { qValues } = await load(exportPolicy(await policyOf(agent)));
    const { observation } = game.reset({ seed: 5 });
    expectClose(qValues(observation), agent.qValues(observation), { relative: 1e-5, floor: 1 });
  });

  it('counts actions as their space does, and takes the best that a mask allows', async () => {
    const spaces = { observationSpace: box({ low: -1, high: 1, shape: [2] }), actionSpace: discrete(3, { start: 5 }) };
    const agent = await createAgent(spaces, { network: mlp({ hidden: [4] }), seed: 1 });
    const { act, qValues } = await load(exportPolicy(await policyOf(agent)));
    const observation = Float32Array.of(0.3, -0.4);
    const order = [0, 1, 2].toSorted((a, b) => qValues(observation)[b] - qValues(observation)[a]);
    expect(act(observation)).toBe(order[0] + 5);
    expect(act(observation)).toBe(agent.act(observation, { explore: false }));
    const mask = Uint8Array.of(1, 1, 1);
    mask[order[0]] = 0;
    expect(act(observation, mask)).toBe(order[1] + 5);
    expect(() => act(observation, [0, 0, 0])).toThrow('expected a mask that allows an action');
  });

  it('refuses observations of another length, and numbers that are not finite', async () => {
    const { act } = await load(exportPolicy(policyWith({ inputShape: [2], layers: [{ kind: 'dense', units: 2 }] }, expected(), 2)));
    expect(() => act([1])).toThrow('expected an observation of 2 numbers but received 1');
    expect(() => act([1, NaN])).toThrow('expected an observation of finite numbers');
    expect(() => act([1, Infinity])).toThrow(RangeError);
  });

  it('holds only the code that its network calls', () => {
    const plain = exportPolicy(
      policyWith({ inputShape: [2], layers: [{ kind: 'dense', units: 2, activation: 'relu' }] }, expected(), 2),
    );
    const names = [...plain.source.matchAll(/^(?:const|function) (\w+)/gm)].map(([, name]) => name);
    expect(names).toEqual(['relu', 'dense', 'createPolicy']);
    expect(plain.source).not.toMatch(/\bimport\b|\brequire\b/);
    expect(codeSize(plain)).toBeLessThan(1_600);
  });

  it.each<[string, PolicyNetwork, unknown, RegExp]>([
    ['memory', policyWith({ inputShape: [3], layers: [{ kind: 'gru', units: 2 }] }, expected(), 2), {}, /received gru/],
    [
      'bits',
      policyWith({ inputShape: [3], layers: [{ kind: 'dense', units: 2 }] }, expected(), 2),
      { bits: 4 },
      /exportPolicy\(\{ bits \}\): expected 8 or 32 but received 4/,
    ],
    [
      'a place',
      policyWith({ inputShape: [3], layers: [{ kind: 'dense', units: 2 }] }, expected(), 2),
      { weights: 'here' },
      /'embedded' or 'apart' but received "here"/,
    ],
    [
      'a misspelt option',
      policyWith({ inputShape: [3], layers: [{ kind: 'dense', units: 2 }] }, expected(), 2),
      { bit: 8 },
      /options among bits, weights but received bit/,
    ],
  ])('is refused in words for %s', (_, policy, options, words) => {
    expect(wordsOf(() => exportPolicy(policy, options as object))).toMatch(words);
    expect(wordsOf(() => exportPolicy(policy, options as object))).toMatch(/^invalid-option/);
  });
});

describe('weights of 8 bits', () => {
  it('differ by at most half a step of their output, the largest by nothing', () => {
    fc.assert(
      fc.property(policyArb(), (policy) => {
        quantizeWeights(policy).weights.forEach(({ name, shape, values }, i) => {
          const before = policy.weights[i].values;
          expect([name, shape]).toEqual([policy.weights[i].name, policy.weights[i].shape]);
          if (shape.length < 2) {
            expect(values).toBe(before);
            return;
          }
          const outputs = shape.at(-1)!;
          for (let n = 0; n < outputs; n++) {
            const column = (of: Float32Array) => of.filter((_, at) => at % outputs === n);
            const largest = Math.max(...column(before).map(Math.abs));
            const step = largest / 127;
            column(values).forEach((value, k) => {
              const error = Math.abs(value - column(before)[k]);
              expect(error).toBeLessThanOrEqual(0.5 * step * (1 + 1e-4));
              if (Math.abs(column(before)[k]) === largest) expect(error).toBeLessThanOrEqual(1e-6 * largest);
            });
          }
        });
      }),
      { numRuns: 30 },
    );
  });

  it('are zero where all were', () => {
    const policy = policyWith({ inputShape: [2], layers: [{ kind: 'dense', units: 2 }] }, expected(), 2);
    const zero = { ...policy, weights: policy.weights.map((tensor) => ({ ...tensor, values: tensor.values.map(() => 0) })) };
    expect(quantizeWeights(zero)).toEqual(zero);
  });

  it('make a file that loads', async () => {
    const agent = await createAgent(new CartPole(), { head: quantile({ quantiles: 8 }), seed: 3 });
    const policy = quantizeWeights(await policyOf(agent));
    const loaded = await loadPolicy(writePolicy(policy), new CartPole(), { head: quantile({ quantiles: 8 }) });
    const { observation } = new CartPole().reset({ seed: 5 });
    const exact = agent.qValues(observation);
    expectClose(loaded.qValues(observation), exact, { relative: 0.05, floor: 1 });
    expect(loaded.qValues(observation)).not.toEqual(exact);
  });
});
