import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { Runtime } from '../../src/engines/wasm/runtime.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import { WasmNetwork } from '../../src/engines/wasm/wasm-network.ts';
import type { ForwardOptions } from '../../src/networks/q-network.ts';
import type { ImplicitQuantilesSpec, LayerSpec, NetworkSpec, ProposedQuantilesSpec } from '../../src/networks/spec.ts';
import { expectClose } from '../support/closeness.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { ACTIVATIONS, batchArb, drawNumbers, widthArb } from '../support/network-arbitraries.ts';
import { nearestKink, norm, oracleForward, oracleGradient, proposedFractions, toParameters } from '../support/network-oracle.ts';
import { drawWeights, readGradient } from '../support/read-gradient.ts';

const SGD = { kind: 'sgd', momentum: 0, weightDecay: 0 } as const;
const ADAM = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false } as const;
const refusal = (...parts: string[]) =>
  expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(new RegExp(parts.join('.*'), 's')) });
const half = (outputs: Float32Array, gradient: Float32Array, batch: number) => {
  for (let i = 0; i < outputs.length; i++) gradient[i] = outputs[i] / batch;
};
const drawFractions = (random: Random, length: number) => Float32Array.from({ length }, () => random.float());

/** Layers before the embedding, and layers behind it. */
const partsArb = fc.record({
  inputs: widthArb,
  before: fc.constantFrom<LayerSpec[]>(
    [],
    [{ kind: 'dense', units: 33, activation: 'relu' }],
    [{ kind: 'dense', units: 6, activation: 'tanh' }],
    [{ kind: 'gru', units: 5 }],
  ),
  cosines: fc.constantFrom(1, 3, 4, 17, 64),
  activation: fc.constantFrom(undefined, ...ACTIVATIONS),
  behind: fc.constantFrom<LayerSpec[]>(
    [{ kind: 'dense', units: 3 }],
    [
      { kind: 'dense', units: 21, activation: 'relu' },
      { kind: 'dense', units: 2 },
    ],
    [{ kind: 'dueling', actions: 2, value: [{ kind: 'dense', units: 1 }], advantage: [{ kind: 'dense', units: 2 }] }],
    [{ kind: 'flatten' }],
  ),
});
const implicitArb: fc.Arbitrary<NetworkSpec> = partsArb.map(({ inputs, before, behind, cosines, activation }) => ({
  inputShape: [inputs],
  layers: [...before, { kind: 'implicitQuantiles', cosines, ...(activation ? { activation } : {}), layers: behind }],
}));
const proposedArb: fc.Arbitrary<NetworkSpec> = fc
  .tuple(partsArb, fc.constantFrom(2, 3, 8, 9, 32))
  .map(([{ inputs, before, behind, cosines, activation }, fractions]) => ({
    inputShape: [inputs],
    layers: [...before, { kind: 'proposedQuantiles', fractions, cosines, ...(activation ? { activation } : {}), layers: behind }],
  }));

const IMPLICIT: ImplicitQuantilesSpec = { kind: 'implicitQuantiles', cosines: 6, layers: [{ kind: 'dense', units: 2 }] };
const PROPOSED: ProposedQuantilesSpec = {
  kind: 'proposedQuantiles',
  fractions: 4,
  cosines: 6,
  activation: 'silu',
  proposalRate: 0.25,
  layers: [{ kind: 'dense', units: 2 }],
};
const FIRST: LayerSpec = { kind: 'dense', units: 5, activation: 'tanh' };

describe.each(VARIANTS)('quantiles at given fractions on the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('agree with double-precision loops, forward and backward', () => {
    fc.assert(
      fc.property(implicitArb, batchArb, fc.integer({ min: 1, max: 9 }), fc.nat(), (spec, batch, count, seed) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const weights = drawWeights(network.weights(), random);
        network.setWeights(weights);
        const parameters = toParameters(weights);
        const observations = drawNumbers(random, batch * network.inputSize, 0.3);
        const fractions = drawFractions(random, batch * count);
        const outputs = oracleForward(spec, parameters, observations, batch, { fractions });
        expect(outputs).toHaveLength(batch * count * network.outputSize);
        expectClose(network.forward(observations, batch, { fractions }), outputs, { relative: 1e-5, floor: 1, name: 'outputs' });
        network.dispose();

        fc.pre(nearestKink(spec, parameters, observations, batch, { fractions }) > 1e-5);
        const dOutputs = drawNumbers(random, outputs.length, 0.5);
        const expected = oracleGradient(spec, parameters, observations, batch, dOutputs, { fractions });
        const actual = readGradient(engine, spec, weights, observations, batch, dOutputs, { fractions });
        const size = norm(expected);
        for (const [name, values] of expected) {
          expectClose(actual.gradient.get(name)!, values, { relative: 1e-4, floor: 0.1 * size, name });
        }
        expect(Math.abs(actual.norm - size)).toBeLessThanOrEqual(1e-4 * size);
      }),
      { numRuns: 50 },
    );
  });

  it('have the gradient that finite differences of their own outputs have', () => {
    const random = new Random(7);
    const spec: NetworkSpec = { inputShape: [3], layers: [FIRST, { ...IMPLICIT, activation: 'silu' }] };
    const network = engine.createNetwork(spec, { random });
    const weights = network.weights();
    const [batch, count] = [4, 3];
    const observations = drawNumbers(random, batch * 3);
    const fractions = drawFractions(random, batch * count);
    const dOutputs = drawNumbers(random, batch * count * 2);
    const { gradient } = readGradient(engine, spec, weights, observations, batch, dOutputs, { fractions });
    for (const { name } of weights) {
      const slope = gradient.get(name)!;
      const size = Math.hypot(...slope);
      const loss = (h: number) => {
        network.setWeights(
          weights.map((tensor) =>
            tensor.name === name ? { ...tensor, values: tensor.values.map((x, i) => x + (h * slope[i]) / size) } : tensor,
          ),
        );
        return network.forward(observations, batch, { fractions }).reduce((sum, y, i) => sum + y * dOutputs[i], 0);
      };
      expect(Math.abs((loss(5e-3) - loss(-5e-3)) / 1e-2 - size), name).toBeLessThan(5e-3 * size + 2e-3);
    }
    network.dispose();
  });

  it('are the same bits for many fractions at once as for one at a time', () => {
    fc.assert(
      fc.property(implicitArb, batchArb, fc.integer({ min: 1, max: 9 }), fc.nat(), (spec, batch, count, seed) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const { inputSize, outputSize } = network;
        const observations = drawNumbers(random, batch * inputSize);
        const fractions = drawFractions(random, batch * count);
        const together = network.forward(observations, batch, { fractions }).slice();
        const row = random.integer(batch);
        const observation = observations.slice(row * inputSize, (row + 1) * inputSize);
        const apart = Array.from({ length: count }, (_, k) => [
          ...network.forward(observation, 1, { fractions: fractions.slice(row * count + k, row * count + k + 1) }),
        ]).flat();
        expect(Float32Array.from(apart)).toEqual(together.slice(row * count * outputSize, (row + 1) * count * outputSize));
        network.dispose();
      }),
      { numRuns: 40 },
    );
  });

  it('embed the ends of [0, 1] exactly, and other fractions to 1e-6, up to the 64th cosine', () => {
    const spec: NetworkSpec = {
      inputShape: [64],
      layers: [{ kind: 'implicitQuantiles', activation: 'linear', layers: [{ kind: 'flatten' }] }],
    };
    const network = engine.createNetwork(spec, { random: new Random(1) });
    network.setWeights([
      {
        name: 'layers.0.embeddingWeight',
        shape: [64, 64],
        values: Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 65 === 0 ? 1 : 0)),
      },
      { name: 'layers.0.embeddingBias', shape: [64], values: new Float32Array(64) },
    ]);
    const fractions = Float32Array.from([0, 1, 0.5, 0.25, 1e-8, 1 - 2 ** -24, ...drawFractions(new Random(2), 500)]);
    const outputs = network.forward(new Float32Array(64).fill(1), 1, { fractions });
    fractions.forEach((fraction, k) => {
      for (let i = 0; i < 64; i++) {
        const error = Math.abs(outputs[k * 64 + i] - Math.cos(Math.PI * i * fraction));
        expect(error, `cos(${i} π ${fraction})`).toBeLessThan(1e-6);
      }
    });
    network.dispose();
  });

  it('refuse to go without fractions, or with a number that the rows do not share', () => {
    const network = engine.createNetwork({ inputShape: [3], layers: [IMPLICIT] }, { random: new Random(1), optimizer: ADAM });
    const before = network.weights();
    const observations = new Float32Array(12);
    for (const options of [
      {},
      { fractions: new Float32Array(0) },
      { fractions: new Float32Array(7) },
      { fractions: new Float32Array(3) },
    ]) {
      expect(() => network.forward(observations, 4, options)).toThrow(refusal('fractions'));
      expect(() => network.update(observations, 4, half, { ...options, learningRate: 1 })).toThrow(refusal('fractions'));
    }
    expect(network.weights()).toEqual(before);
    network.dispose();
  });
});

describe.each(VARIANTS)('quantiles at proposed fractions on the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('agree with double-precision loops, forward and backward', () => {
    fc.assert(
      fc.property(proposedArb, batchArb, fc.boolean(), fc.nat(), (spec, batch, atMiddles, seed) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const weights = drawWeights(network.weights(), random);
        network.setWeights(weights);
        const parameters = toParameters(weights);
        const observations = drawNumbers(random, batch * network.inputSize, 0.3);
        const outputs = oracleForward(spec, parameters, observations, batch);
        expect(outputs).toHaveLength(batch * network.outputSize);
        // Single precision gives slightly other fractions, which up to 64 cosines amplify.
        expectClose(network.forward(observations, batch), outputs, { relative: 1e-4, floor: 1, name: 'outputs' });
        network.dispose();

        fc.pre(nearestKink(spec, parameters, observations, batch) > 1e-4);
        const dOutputs = drawNumbers(random, outputs.length, 0.5);
        // As the head's loss: none at τ_1 … τ_{N−1}.
        if (atMiddles) {
          const { fractions } = spec.layers.at(-1) as ProposedQuantilesSpec;
          const width = (network.outputSize - fractions) / (2 * fractions - 1);
          for (let b = 0; b < batch; b++) {
            const row = b * network.outputSize;
            dOutputs.fill(0, row + fractions * width, row + (2 * fractions - 1) * width);
          }
        }
        const expected = oracleGradient(spec, parameters, observations, batch, dOutputs);
        const actual = readGradient(engine, spec, weights, observations, batch, dOutputs);
        const size = norm(expected);
        for (const [name, values] of expected) {
          expectClose(actual.gradient.get(name)!, values, { relative: 3e-4, floor: 0.1 * size, name });
        }
        expect(Math.abs(actual.norm - size)).toBeLessThanOrEqual(3e-4 * size);
      }),
      { numRuns: 25 },
    );
  });

  it('are those of a network with implicit quantiles at the fractions that the logits say', () => {
    const random = new Random(3);
    const network = engine.createNetwork({ inputShape: [3], layers: [FIRST, PROPOSED] }, { random });
    const implicit = engine.createNetwork({ inputShape: [3], layers: [FIRST, { ...IMPLICIT, activation: 'silu' }] }, { random });
    const weights = drawWeights(network.weights(), random);
    network.setWeights(weights);
    implicit.setWeights(weights.filter(({ name }) => !name.includes('proposal')));
    const observations = drawNumbers(random, 6 * 3);
    const outputs = network.forward(observations, 6).slice();
    const row = network.outputSize;
    expect(row).toBe(7 * 2 + 4);
    const fractions = Float32Array.from(
      Array.from({ length: 6 }, (_, b) => {
        const { midpoints, inner } = proposedFractions(outputs.slice((b + 1) * row - 4, (b + 1) * row));
        return [...midpoints, ...inner];
      }).flat(),
    );
    const values = implicit.forward(observations, 6, { fractions });
    for (let b = 0; b < 6; b++) {
      expectClose(outputs.slice(b * row, (b + 1) * row - 4), values.slice(b * 14, (b + 1) * 14), { relative: 1e-6, floor: 1 });
    }
    network.dispose();
    implicit.dispose();
  });

  it('let the gradient of the logits move the proposal alone, and that of the values all but the proposal', () => {
    const random = new Random(3);
    const spec: NetworkSpec = { inputShape: [3], layers: [FIRST, PROPOSED] };
    const network = engine.createNetwork(spec, { random });
    const weights = drawWeights(network.weights(), random);
    const row = network.outputSize;
    network.dispose();
    const moved = (chosen: (j: number) => boolean): string[] => {
      const dOutputs = Float32Array.from({ length: 5 * row }, (_, i) => (chosen(i % row) ? 1 + (i % 3) : 0));
      const { gradient } = readGradient(engine, spec, weights, drawNumbers(new Random(4), 15), 5, dOutputs);
      return [...gradient].filter(([, values]) => values.some((g) => g !== 0)).map(([name]) => name);
    };
    expect(moved((j) => j >= row - 4)).toEqual(['layers.1.proposalWeight', 'layers.1.proposalBias']);
    expect(moved((j) => j < row - 4)).toEqual(weights.map(({ name }) => name).filter((name) => !name.includes('proposal')));
  });

  it.each([
    ['0.25, given', 0.25, 0.25],
    ['0', 0, 0],
    ['1e-4, left out', undefined, 1e-4],
  ])('move the proposal at a share of the learning rate: %s', (_, proposalRate, share) => {
    const { proposalRate: _rate, ...rest } = PROPOSED;
    const layer = proposalRate === undefined ? rest : { ...rest, proposalRate };
    const spec: NetworkSpec = { inputShape: [3], layers: [FIRST, layer] };
    const network = engine.createNetwork(spec, { random: new Random(1), optimizer: SGD });
    const random = new Random(2);
    const weights = drawWeights(network.weights(), random).map((tensor) => ({
      ...tensor,
      // Nothing that a small step would be rounded away beside.
      values: tensor.name.includes('proposal') ? tensor.values.map((x) => 1e-3 * x) : tensor.values,
    }));
    network.setWeights(weights);
    const observations = drawNumbers(random, 15);
    const dOutputs = drawNumbers(random, 5 * network.outputSize);
    const { gradient } = readGradient(engine, spec, weights, observations, 5, dOutputs);
    network.update(observations, 5, (_outputs, d) => d.set(dOutputs), { learningRate: 0.1 });
    network.weights().forEach(({ name, values }, t) => {
      const rate = name.includes('proposal') ? 0.1 * share : 0.1;
      const expected = weights[t].values.map((x, i) => x - rate * gradient.get(name)![i]);
      expectClose(values, expected, { relative: 1e-6, name });
      if (rate === 0) expect(values).toEqual(weights[t].values);
      else expect(values).not.toEqual(weights[t].values);
    });
    network.dispose();
  });
});

describe.each(VARIANTS)('the memory of quantiles on the embedded engine, %s kernels', (variant) => {
  it('is read only where it has been written', () => {
    fc.assert(
      fc.property(
        fc.oneof(implicitArb, proposedArb),
        batchArb,
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        (spec, batch, count, seed) => {
          const results = [0, NaN].map((canary) => {
            const runtime = new Runtime(variant);
            const { heap } = runtime;
            // All that networks will be given is poisoned.
            const block = heap.allocate(2 << 20);
            heap.f32.fill(canary, block / 4);
            heap.free(block);
            const random = new Random(seed);
            const network = new WasmNetwork(runtime, spec, { random, optimizer: ADAM }, () => {});
            const observations = drawNumbers(random, batch * network.inputSize);
            const given = spec.layers.at(-1)!.kind === 'implicitQuantiles';
            const options = (rows: number): ForwardOptions => (given ? { fractions: drawFractions(random, rows * count) } : {});
            const norms = [batch, 1, batch].map((rows) =>
              network.update(observations, rows, half, { learningRate: 0.01, ...options(rows) }),
            );
            return [
              norms,
              network.forward(observations, batch, options(batch)).slice(),
              network.weights(),
              network.optimizerState(),
            ];
          });
          expect(results[1]).toEqual(results[0]);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('is asked for nothing more once the largest batch has come', () => {
    for (const layer of [IMPLICIT, PROPOSED]) {
      const runtime = new Runtime(variant);
      const network = new WasmNetwork(
        runtime,
        { inputShape: [3], layers: [FIRST, layer] },
        { random: new Random(1), optimizer: ADAM },
        () => {},
      );
      const random = new Random(2);
      const observations = drawNumbers(random, 3 * 16);
      const run = (batch: number, count: number) => {
        const options: ForwardOptions = layer === IMPLICIT ? { fractions: drawFractions(random, batch * count) } : {};
        network.update(observations, batch, half, { learningRate: 1e-3, ...options });
        network.forward(observations, batch, options);
      };
      run(16, 8);
      runtime.heap.allocate = () => {
        throw new Error('asked for memory');
      };
      for (const [batch, count] of [
        [1, 1],
        [16, 3],
        [3, 8],
        [16, 8],
      ]) {
        run(batch, count);
      }
    }
  });
});
