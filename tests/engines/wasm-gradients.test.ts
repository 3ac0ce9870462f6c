import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import { inputSizeOf } from '../../src/networks/plan.ts';
import type { NamedTensor } from '../../src/networks/q-network.ts';
import type { NetworkSpec } from '../../src/networks/spec.ts';
import { expectClose } from '../support/closeness.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { ACTIVATIONS, batchArb, drawNumbers, networkSpecArb } from '../support/network-arbitraries.ts';
import { activate, nearestKink, norm, oracleForward, oracleGradient, toParameters } from '../support/network-oracle.ts';

/** Weights of normal numbers: every bias, gain and offset matters. */
function drawWeights(weights: readonly NamedTensor[], random: Random): NamedTensor[] {
  return weights.map((tensor) => {
    const fanIn = tensor.shape.length === 2 ? tensor.shape[0] : 1;
    return { ...tensor, values: drawNumbers(random, tensor.values.length).map((x) => x / Math.sqrt(fanIn)) };
  });
}

/** The gradient of every parameter, read off from an update. */
function gradientOf(
  engine: WasmEngine,
  spec: NetworkSpec,
  weights: readonly NamedTensor[],
  observations: Float32Array,
  batch: number,
  dOutputs: Float32Array,
): { gradient: Map<string, Float64Array>; norm: number } {
  const network = engine.createNetwork(spec, { random: new Random(1), optimizer: { kind: 'sgd', momentum: 0.5, weightDecay: 0 } });
  network.setWeights(weights);
  const length = network.update(observations, batch, (_, gradient) => gradient.set(dOutputs), { learningRate: 0 });
  const state = new Map(network.optimizerState().map(({ name, values }) => [name, values]));
  network.dispose();
  const gradient = new Map(weights.map(({ name }) => [name, Float64Array.from(state.get(`${name}.v`)!)]));
  return { gradient, norm: length };
}

describe.each(VARIANTS)('networks of the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('agree with double-precision loops, forward and backward, whatever the layers and sizes', () => {
    fc.assert(
      fc.property(networkSpecArb, batchArb, fc.nat(), fc.constantFrom(0, 0.5, 0.9), (spec, batch, seed, zeros) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const weights = drawWeights(network.weights(), random);
        network.setWeights(weights);
        const observations = drawNumbers(random, batch * network.inputSize, zeros);
        const dOutputs = drawNumbers(random, batch * network.outputSize, zeros);
        const parameters = toParameters(weights);

        // Outputs are sums of terms of size 1: that is what rounding errors are relative to.
        const outputs = oracleForward(spec, parameters, observations, batch);
        expectClose(network.forward(observations, batch), outputs, { relative: 1e-5, floor: 1, name: 'outputs' });

        fc.pre(nearestKink(spec, parameters, observations, batch) > 1e-5);
        const expected = oracleGradient(spec, parameters, observations, batch, dOutputs);
        const actual = gradientOf(engine, spec, weights, observations, batch, dOutputs);
        const size = norm(expected);
        for (const [name, values] of expected) {
          expectClose(actual.gradient.get(name)!, values, { relative: 1e-4, floor: 0.1 * size, name });
        }
        expect(Math.abs(actual.norm - size)).toBeLessThanOrEqual(1e-4 * size);
        network.dispose();
      }),
      { numRuns: 150 },
    );
  });

  it('agree with finite differences of their own outputs, along the gradient and along random directions', () => {
    const smooth = fc.constantFrom(...ACTIVATIONS.filter((name) => name !== 'relu' && name !== 'leakyRelu'));
    fc.assert(
      fc.property(smooth, fc.boolean(), batchArb, fc.nat(), (activation, layerNorm, batch, seed) => {
        const random = new Random(seed);
        const spec: NetworkSpec = {
          inputShape: [7],
          layers: [
            { kind: 'dense', units: 21, activation: layerNorm ? 'linear' : activation },
            ...(layerNorm ? [{ kind: 'layerNorm', activation, epsilon: 0.1 } as const] : []),
            { kind: 'dense', units: 5, activation: 'tanh' },
          ],
        };
        const network = engine.createNetwork(spec, { random });
        const weights = network.weights();
        const observations = drawNumbers(random, batch * 7);
        const dOutputs = drawNumbers(random, batch * 5);
        const loss = (): number => network.forward(observations, batch).reduce((sum, y, i) => sum + y * dOutputs[i], 0);
        const { gradient } = gradientOf(engine, spec, weights, observations, batch, dOutputs);
        const flat = weights.flatMap(({ name }) => [...gradient.get(name)!]);
        const size = Math.hypot(...flat);
        const slopeAlong = (direction: readonly number[]): number => {
          const moved = (h: number) => {
            let at = 0;
            network.setWeights(weights.map((tensor) => ({ ...tensor, values: tensor.values.map((x) => x + h * direction[at++]) })));
            return loss();
          };
          const h = 5e-3;
          return (moved(h) - moved(-h)) / (2 * h);
        };
        const tolerance = 5e-3 * size + 2e-3;
        expect(Math.abs(slopeAlong(flat.map((x) => x / size)) - size)).toBeLessThan(tolerance);
        const draw = drawNumbers(random, flat.length);
        const length = Math.hypot(...draw);
        const unit = Array.from(draw, (x) => x / length);
        expect(Math.abs(slopeAlong(unit) - flat.reduce((sum, x, i) => sum + x * unit[i], 0))).toBeLessThan(tolerance);
        network.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it('normalise layers with a small epsilon', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 70 }), batchArb, fc.boolean(), fc.nat(), (width, batch, first, seed) => {
        const random = new Random(seed);
        const norms = [{ kind: 'layerNorm' }, { kind: 'layerNorm', activation: 'silu' }] as const;
        const dense = { kind: 'dense', units: 13 } as const;
        const spec: NetworkSpec = { inputShape: [width], layers: first ? [...norms, dense] : [dense, ...norms] };
        const network = engine.createNetwork(spec, { random });
        const weights = drawWeights(network.weights(), random);
        network.setWeights(weights);
        // Far from zero: the variance must not be taken as a difference of large numbers.
        const observations = drawNumbers(random, batch * width).map((x) => (first ? x + 30 : x));
        const parameters = toParameters(weights);
        const outputs = oracleForward(spec, parameters, observations, batch);
        expectClose(network.forward(observations, batch), outputs, { relative: 2e-5, floor: 1 });
        const dOutputs = drawNumbers(random, batch * network.outputSize);
        const expected = oracleGradient(spec, parameters, observations, batch, dOutputs);
        const { gradient } = gradientOf(engine, spec, weights, observations, batch, dOutputs);
        for (const [name, values] of expected) expectClose(gradient.get(name)!, values, { relative: 2e-4, name });
        network.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it.each(ACTIVATIONS)('%s is exact to 1e-6 from the far left to the far right', (activation) => {
    const points = [0, -0, 1e-30, 1e-8, 1e-4, 0.01, 0.3, 0.35, 0.5, 1, 2, 5, 8.5, 9, 20, 86, 87, 88, 89, 104, 1e4, 1e30].flatMap(
      (x) => [x, -x],
    );
    for (let i = 0; i < 4000; i++) points.push((i - 2000) / 100);
    const spec: NetworkSpec = { inputShape: [1], layers: [{ kind: 'dense', units: 1, activation }] };
    const network = engine.createNetwork(spec, { random: new Random(1) });
    network.setWeights([
      { name: 'layers.0.weight', shape: [1, 1], values: Float32Array.of(1) },
      { name: 'layers.0.bias', shape: [1], values: Float32Array.of(0) },
    ]);
    const x = Float32Array.from(points);
    const y = network.forward(x, x.length);
    x.forEach((each, i) => {
      const expected = activate(activation, each);
      const error = Math.abs(y[i] - expected);
      if (error > 1e-6 * Math.abs(expected) + 1e-35) throw new Error(`${activation}(${each}) = ${y[i]}, expected ${expected}`);
    });
    network.dispose();
  });

  it('reads bytes through the input scale', () => {
    const spec: NetworkSpec = {
      inputShape: [5, 4],
      inputScale: 1 / 255,
      layers: [
        { kind: 'dense', units: 9, activation: 'relu' },
        { kind: 'dense', units: 3 },
      ],
    };
    const random = new Random(2);
    const network = engine.createNetwork(spec, { random });
    const bytes = Float32Array.from({ length: 3 * inputSizeOf(spec) }, () => random.integer(256));
    const before = bytes.slice();
    expectClose(network.forward(bytes, 3), oracleForward(spec, toParameters(network.weights()), bytes, 3), { relative: 1e-5 });
    expect(bytes).toEqual(before);
    network.dispose();
  });

  it('agree with loops where inner dimensions and rows are cut into blocks', () => {
    const random = new Random(3);
    const spec: NetworkSpec = {
      inputShape: [150],
      layers: [
        { kind: 'dense', units: 140, activation: 'relu' },
        { kind: 'dense', units: 133, activation: 'tanh' },
        { kind: 'dense', units: 102 },
      ],
    };
    for (const [batch, zeros] of [
      [1, 0.9],
      [70, 0],
      [133, 0.9],
    ]) {
      const network = engine.createNetwork(spec, { random });
      const weights = drawWeights(network.weights(), random);
      network.setWeights(weights);
      const observations = drawNumbers(random, batch * 150, zeros);
      const dOutputs = drawNumbers(random, batch * 102, 0.8);
      const parameters = toParameters(weights);
      expectClose(network.forward(observations, batch), oracleForward(spec, parameters, observations, batch), {
        relative: 1e-5,
        floor: 1,
      });
      const expected = oracleGradient(spec, parameters, observations, batch, dOutputs);
      const { gradient } = gradientOf(engine, spec, weights, observations, batch, dOutputs);
      for (const [name, values] of expected) expectClose(gradient.get(name)!, values, { relative: 1e-4, name });
      network.dispose();
    }
  });
});
