import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalCdf } from '../../src/common/normal-distribution.ts';
import { Random } from '../../src/common/random.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import { planNetwork, type LayerPlan } from '../../src/networks/plan.ts';
import type { NamedTensor } from '../../src/networks/q-network.ts';
import type { LayerSpec, NetworkSpec, NoisyDenseSpec } from '../../src/networks/spec.ts';
import { layersOf, traitsOf } from '../../src/networks/traits.ts';
import { expectClose } from '../support/closeness.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { ACTIVATIONS, LAYER_KINDS, batchArb, drawNumbers, networkSpecOf, widthArb } from '../support/network-arbitraries.ts';
import { type LayerNoise, nearestKink, norm, oracleForward, oracleGradient, toParameters } from '../support/network-oracle.ts';
import { drawWeights, readGradient } from '../support/read-gradient.ts';

const SGD = { kind: 'sgd', momentum: 0.5, weightDecay: 0 } as const;
const KINDS = ['factorised', 'independent'] as const;
const noiseArb = fc.constantFrom(...KINDS);
const seedArb = fc.nat({ max: 2 ** 32 - 1 });

/** Two noisy layers, of one shape. */
const TWO: NetworkSpec = {
  inputShape: [6],
  layers: [
    { kind: 'noisyDense', units: 6, activation: 'tanh' },
    { kind: 'noisyDense', units: 6 },
  ],
};

/** Noisy layers on the same inputs that differ by their activation alone. */
const besideAnother = (noise: NoisyDenseSpec['noise']): NetworkSpec => ({
  inputShape: [3],
  layers: [
    {
      kind: 'dueling',
      actions: 2,
      value: [
        { kind: 'noisyDense', units: 16, noise },
        { kind: 'dense', units: 1 },
      ],
      advantage: [
        { kind: 'noisyDense', units: 16, activation: 'relu', noise },
        { kind: 'dense', units: 2 },
      ],
    },
  ],
});

const half = (outputs: Float32Array, gradient: Float32Array, batch: number) => {
  for (let i = 0; i < outputs.length; i++) gradient[i] = outputs[i] / batch;
};

const isSigma = ({ name }: NamedTensor): boolean => name.endsWith('Sigma');

const fill = (tensors: readonly NamedTensor[], values: Readonly<Record<string, number>>): NamedTensor[] =>
  tensors.map((tensor) => ({
    ...tensor,
    values: tensor.values.map(() => values[tensor.name.slice(tensor.name.lastIndexOf('.') + 1)]),
  }));

/** The same layers at the same places, without what could hide the noise of one of them from the gradient. */
function linear(layers: readonly LayerSpec[]): LayerSpec[] {
  return layers.map((layer): LayerSpec => {
    switch (layer.kind) {
      case 'residual':
      case 'implicitQuantiles':
      case 'proposedQuantiles':
        return { ...layer, activation: 'linear', layers: linear(layer.layers) };
      case 'randomPrior':
        return { ...layer, layers: linear(layer.layers), prior: linear(layer.prior) };
      case 'parallel':
        return { ...layer, branches: layer.branches.map(linear) };
      case 'dueling':
        return { ...layer, aggregation: 'mean', value: linear(layer.value), advantage: linear(layer.advantage) };
      case 'flatten':
      case 'gru':
      case 'layersModel':
        return layer;
      default:
        return { ...layer, activation: 'linear' };
    }
  });
}

describe.each(VARIANTS)('noisy layers of the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  /** ε of one layer K → N, drawn from a number: σ = 1 and no means, seen through inputs that are zero but for one. */
  function readNoise(inputs: number, units: number, noise: NoisyDenseSpec['noise'], seed: number) {
    const spec: NetworkSpec = { inputShape: [inputs], layers: [{ kind: 'noisyDense', units, ...(noise ? { noise } : {}) }] };
    const network = engine.createNetwork(spec, { random: new Random(1) });
    const identity = Float32Array.from({ length: inputs ** 2 }, (_, i) => (i % (inputs + 1) === 0 ? 1 : 0));
    const set = (values: Readonly<Record<string, number>>) => network.setWeights(fill(network.weights(), values));
    set({ weight: 0, bias: 0, weightSigma: 1, biasSigma: 0 });
    const weight = network.forward(identity, inputs, { noise: seed }).slice();
    set({ weight: 0, bias: 0, weightSigma: 0, biasSigma: 1 });
    const bias = network.forward(identity, 1, { noise: seed }).slice();
    network.dispose();
    return { weight, bias };
  }

  it('are dense layers, bit for bit, where σ is zero or no noise is asked for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ units: widthArb, activation: fc.constantFrom(...ACTIVATIONS), noise: noiseArb }), {
          minLength: 1,
          maxLength: 3,
        }),
        widthArb,
        batchArb,
        seedArb,
        fc.boolean(),
        (layers, inputs, batch, seed, silent) => {
          const random = new Random(seed);
          const create = (kind: 'noisyDense' | 'dense') =>
            engine.createNetwork(
              {
                inputShape: [inputs],
                layers: layers.map(({ noise, ...layer }) =>
                  kind === 'dense' ? { kind, ...layer } : ({ kind, ...layer, noise } as const),
                ),
              },
              { random: new Random(1), optimizer: SGD },
            );
          const [noisy, dense] = [create('noisyDense'), create('dense')];
          const weights = drawWeights(noisy.weights(), random).map((tensor) =>
            !silent && isSigma(tensor) ? { ...tensor, values: tensor.values.fill(0) } : tensor,
          );
          noisy.setWeights(weights);
          dense.setWeights(weights.filter((tensor) => !isSigma(tensor)));
          const observations = drawNumbers(random, batch * inputs, 0.3);
          const options = silent ? {} : { noise: seed };
          expect(noisy.forward(observations, batch, options)).toEqual(dense.forward(observations, batch));
          noisy.update(observations, batch, half, { learningRate: 0.01, ...options });
          dense.update(observations, batch, half, { learningRate: 0.01 });
          const state = noisy.optimizerState();
          const ofMeans = ({ name }: NamedTensor) => !/Sigma/.test(name);
          expect(state.filter(ofMeans)).toEqual(dense.optimizerState());
          expect(noisy.weights().filter(ofMeans)).toEqual(dense.weights());
          // Without noise nothing depends on σ.
          if (silent) expect(state.every((tensor) => ofMeans(tensor) || tensor.values.every((g) => g === 0))).toBe(true);
          noisy.dispose();
          dense.dispose();
        },
      ),
      { numRuns: 80 },
    );
  });

  it('have the same noise for the same number, in every row, batch, pass and network, and other noise for another', () => {
    fc.assert(
      fc.property(noiseArb, widthArb, widthArb, batchArb, seedArb, (noise, inputs, units, batch, seed) => {
        const spec: NetworkSpec = {
          inputShape: [inputs],
          layers: [
            { kind: 'noisyDense', units, noise, activation: 'tanh' },
            { kind: 'noisyDense', units: 5, noise },
          ],
        };
        const [network, twin] = [1, 2].map((start) => engine.createNetwork(spec, { random: new Random(start), optimizer: SGD }));
        twin.copyFrom(network);
        const random = new Random(seed);
        const observations = drawNumbers(random, batch * inputs);
        const first = network.forward(observations, batch, { noise: seed }).slice();
        const other = network.forward(observations, batch, { noise: seed + 1 }).slice();
        const means = network.forward(observations, batch).slice();
        expect(other).not.toEqual(first);
        expect(means).not.toEqual(first);
        expect(network.forward(observations, batch, { noise: seed })).toEqual(first);
        expect(twin.forward(observations, batch, { noise: seed })).toEqual(first);
        const row = random.integer(batch);
        const alone = twin.forward(observations.slice(row * inputs), 1, { noise: seed }).slice();
        expect(alone).toEqual(first.slice(row * 5, (row + 1) * 5));
        let seen = new Float32Array(0);
        const look = (outputs: Float32Array) => void (seen = outputs.slice());
        network.forward(observations, batch, { noise: seed + 1 });
        network.update(observations, batch, look, { learningRate: 0, noise: seed });
        expect(seen).toEqual(first);
        network.dispose();
        twin.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it('follow weights that change under the same number', () => {
    const [network, twin] = [1, 2].map((start) => engine.createNetwork(TWO, { random: new Random(start), optimizer: SGD }));
    const observations = drawNumbers(new Random(3), 18);
    network.update(observations, 3, half, { learningRate: 0.1, noise: 7 });
    twin.setWeights(network.weights());
    expect(network.forward(observations, 3, { noise: 7 })).toEqual(twin.forward(observations, 3, { noise: 7 }));
    network.setWeights(fill(network.weights(), { weight: 0, bias: 0, weightSigma: 0, biasSigma: 0 }));
    expect(network.forward(observations, 3, { noise: 7 })).toEqual(new Float32Array(18));
    network.dispose();
    twin.dispose();
  });

  it.each(KINDS)('keep their noise through an update whose gradient function asks with other noise: %s', (noise) => {
    const spec: NetworkSpec = { ...TWO, layers: TWO.layers.map((layer) => ({ ...layer, noise }) as NoisyDenseSpec) };
    const random = new Random(3);
    const [observations, others] = [drawNumbers(random, 18), drawNumbers(random, 18)];
    const [plain, ...nested] = [undefined, { noise: 8 }, { noise: 7 }, {}].map((inside) => {
      const network = engine.createNetwork(spec, { random: new Random(1), optimizer: SGD });
      network.update(
        observations,
        3,
        (outputs, gradient, batch) => {
          if (inside) network.forward(others, 3, inside);
          half(outputs, gradient, batch);
        },
        { learningRate: 0.1, noise: 7 },
      );
      const weights = network.weights();
      network.dispose();
      return weights;
    });
    for (const weights of nested) expect(weights).toEqual(plain);
  });

  it('give layers of the same shape noise of their own', () => {
    const network = engine.createNetwork(TWO, { random: new Random(1), optimizer: SGD });
    network.setWeights(drawWeights(network.weights(), new Random(2)));
    const noise = noiseOf(TWO, network.weights(), 5);
    const [a, b] = ['layers.0', 'layers.1'].map((name) => noise.get(name)!);
    for (const each of ['weight', 'bias'] as const) {
      expect(Array.from(a[each]).filter((x, i) => Math.abs(x - b[each][i]) < 1e-4)).toEqual([]);
    }
    network.dispose();
  });

  it('draw independent noise from the standard normal distribution, no two draws the same or related', () => {
    const [inputs, units] = [100, 97];
    const draws = [0, 1, 2, 1000, -1, 0.5, 2 ** 40].map((seed) => readNoise(inputs, units, 'independent', seed));
    const all = draws.flatMap(({ weight, bias }) => [...weight, ...bias]);
    expectNormal(all);
    // Numbers that are neighbours, rows that are neighbours, columns that are neighbours.
    const [{ weight }, next] = draws;
    expect(Math.abs(correlation(weight, next.weight))).toBeLessThan(4 / Math.sqrt(weight.length));
    expect(Math.abs(correlation(weight, weight.slice(1)))).toBeLessThan(4 / Math.sqrt(weight.length));
    expect(Math.abs(correlation(weight, weight.slice(units)))).toBeLessThan(4 / Math.sqrt(weight.length));
    const spread = weight.map((x) => x * x - 1);
    expect(Math.abs(correlation(spread, spread.slice(1)))).toBeLessThan(4 / Math.sqrt(weight.length));
    expect(new Set(all).size).toBeGreaterThan(0.99 * all.length);
  });

  it('make factorised noise of f(ε) for inputs and outputs, f(x) = sgn(x) √|x|, and that is the default', () => {
    const [inputs, units] = [70, 53];
    const draws = Array.from({ length: 60 }, (_, seed) => readNoise(inputs, units, undefined, seed));
    const [into, out]: [number[], number[]] = [[], []];
    for (const { weight, bias } of draws) {
      const widest = bias.reduce((best, x, n) => (Math.abs(x) > Math.abs(bias[best]) ? n : best), 0);
      const u = Array.from({ length: inputs }, (_, k) => weight[k * units + widest] / bias[widest]);
      expectClose(
        weight,
        u.flatMap((x) => Array.from(bias, (y) => x * y)),
        { relative: 1e-6 },
      );
      into.push(...u.map((x) => Math.sign(x) * x * x));
      out.push(...Array.from(bias, (x) => Math.sign(x) * x * x));
    }
    expectNormal(into);
    expectNormal(out);
    const pairs = Math.min(into.length, out.length);
    expect(Math.abs(correlation(into.slice(0, pairs), out.slice(0, pairs)))).toBeLessThan(4 / Math.sqrt(pairs));
    expect(readNoise(inputs, units, 'factorised', 3)).toEqual(draws[3]);
  });

  /** ε of every noisy layer of a network: the gradient of σ is that of the mean times ε. Zero where nothing depends on it. */
  function noiseOf(spec: NetworkSpec, weights: readonly NamedTensor[], seed: number): Map<string, LayerNoise> {
    const plain = { ...spec, layers: linear(spec.layers) };
    const random = new Random(4);
    const given = traitsOf(spec).fractions === 'given';
    const beside = { noise: seed, ...(given ? { fractions: Float32Array.of(0.1, 0.7, 0.2, 0.9) } : {}) };
    const network = engine.createNetwork(spec, { random });
    const observations = drawNumbers(random, 2 * network.inputSize);
    const dOutputs = drawNumbers(random, (given ? 4 : 2) * network.outputSize);
    network.dispose();
    const { gradient } = readGradient(engine, plain, weights, observations, 2, dOutputs, beside);
    const ratio = (mean: string, sigma: string) => gradient.get(sigma)!.map((s, i) => (s === 0 ? 0 : s / gradient.get(mean)![i]));
    const noisy = (plans: readonly LayerPlan[]): LayerPlan[] =>
      plans.flatMap((plan) => {
        // Priors are without noise.
        const stacks = plan.spec.kind === 'randomPrior' ? plan.stacks.slice(0, 1) : plan.stacks;
        return [...(plan.spec.kind === 'noisyDense' ? [plan] : []), ...stacks.flatMap(noisy)];
      });
    return new Map(
      noisy(planNetwork(spec)).map(({ parameters: [weight, bias, weightSigma, biasSigma] }) => [
        weight.name.slice(0, weight.name.lastIndexOf('.')),
        { weight: ratio(weight.name, weightSigma.name), bias: ratio(bias.name, biasSigma.name) },
      ]),
    );
  }

  it('agree with double-precision loops, forward and backward, wherever they stand', () => {
    fc.assert(
      fc.property(networkSpecOf(LAYER_KINDS), fc.integer({ min: 1, max: 5 }), seedArb, (spec, batch, seed) => {
        fc.pre(layersOf(spec).some(({ kind }) => kind === 'noisyDense'));
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const weights = drawWeights(network.weights(), random);
        network.setWeights(weights);
        const parameters = toParameters(weights);
        const observations = drawNumbers(random, batch * network.inputSize, 0.3);
        const given = traitsOf(spec).fractions === 'given';
        const beside = given ? { fractions: Float32Array.from({ length: batch * 2 }, () => random.float()) } : {};
        const exact = { ...beside, noise: noiseOf(spec, weights, seed) };
        const outputs = oracleForward(spec, parameters, observations, batch, exact);
        fc.pre(nearestKink(spec, parameters, observations, batch, exact) > 1e-4);
        const size = outputs.reduce((most, y) => Math.max(most, Math.abs(y)), 1);
        expectClose(network.forward(observations, batch, { ...beside, noise: seed }), outputs, {
          relative: 1e-4,
          floor: size,
          name: 'outputs',
        });
        const dOutputs = drawNumbers(random, outputs.length, 0.3);
        const expected = oracleGradient(spec, parameters, observations, batch, dOutputs, exact);
        const actual = readGradient(engine, spec, weights, observations, batch, dOutputs, { ...beside, noise: seed });
        // Behind a tanh that saturates little is left of a gradient, with the rounding of 1 − y².
        const floor = Math.max(0.1 * norm(expected), 1e-2);
        for (const [name, values] of expected) expectClose(actual.gradient.get(name)!, values, { relative: 5e-4, floor, name });
        expect(Math.abs(actual.norm - norm(expected))).toBeLessThanOrEqual(5e-4 * Math.max(norm(expected), floor));
        network.dispose();
      }),
      {
        numRuns: 60,
        examples: [
          [besideAnother('independent'), 1, 0],
          [besideAnother('factorised'), 1, 0],
        ],
      },
    );
  });

  it('ignore the number without noisy layers, and refuse one that is none', () => {
    const dense: NetworkSpec = { inputShape: [6], layers: [{ kind: 'dense', units: 3 }] };
    const observations = drawNumbers(new Random(3), 18);
    for (const spec of [dense, TWO]) {
      const network = engine.createNetwork(spec, { random: new Random(1), optimizer: SGD });
      const before = [network.weights(), network.optimizerState()];
      for (const noise of [NaN, Infinity, '1' as unknown as number]) {
        const refused = expect.objectContaining({ code: 'invalid-option', where: expect.stringContaining('noise') });
        expect(() => network.forward(observations, 3, { noise })).toThrow(refused);
        expect(() => network.update(observations, 3, half, { learningRate: 0.1, noise })).toThrow(refused);
      }
      expect([network.weights(), network.optimizerState()]).toEqual(before);
      if (spec === dense) {
        expect(network.forward(observations, 3, { noise: 1 }).slice()).toEqual(network.forward(observations, 3));
      }
      network.dispose();
    }
  });
});

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = Math.min(a.length, b.length);
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    ab += a[i] * b[i];
    aa += a[i] ** 2;
    bb += b[i] ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Moments up to the fourth, within four deviations of their estimates, and the distance of the distribution function (Kolmogorov and Smirnov). */
function expectNormal(draws: readonly number[]): void {
  const n = draws.length;
  const moment = (power: number) => draws.reduce((sum, x) => sum + x ** power, 0) / n;
  const deviations = [1, 2, 15, 96].map((variance) => 4 * Math.sqrt(variance / n));
  [0, 1, 0, 3].forEach((expected, i) => expect(Math.abs(moment(i + 1) - expected), `moment ${i + 1}`).toBeLessThan(deviations[i]));
  const sorted = draws.toSorted((a, b) => a - b);
  const distance = sorted.reduce((most, x, i) => Math.max(most, Math.abs(normalCdf(x) - (i + 0.5) / n)), 0);
  expect(distance).toBeLessThan(1.95 / Math.sqrt(n));
}
