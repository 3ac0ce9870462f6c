import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import { convolutionGeometry } from '../../src/networks/plan.ts';
import type { NamedTensor } from '../../src/networks/q-network.ts';
import type { Conv2dSpec, LayerSpec, NetworkSpec } from '../../src/networks/spec.ts';
import { expectClose } from '../support/closeness.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { ACTIVATIONS, drawNumbers } from '../support/network-arbitraries.ts';
import { nearestKink, norm, oracleForward, oracleGradient, toParameters } from '../support/network-oracle.ts';
import { drawWeights, readGradient } from '../support/read-gradient.ts';

const shapeArb = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 8 }));
const filtersArb = fc.oneof(fc.constantFrom(1, 3, 4, 8, 12, 16, 17, 20, 32, 33, 36), fc.integer({ min: 1, max: 40 }));

/** A convolution that fits images of the shape. */
function convolutionArb([height, width]: readonly number[], activations = ACTIVATIONS): fc.Arbitrary<Conv2dSpec> {
  const pairArb = (most: number, across: number) =>
    fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: across }));
  return fc.constantFrom('valid' as const, 'same' as const).chain((padding) =>
    fc.record({
      kind: fc.constant('conv2d' as const),
      filters: filtersArb,
      // Filters may be larger than an image that is padded.
      kernelSize: padding === 'same' ? pairArb(5, 5) : pairArb(Math.min(5, height), Math.min(5, width)),
      strides: pairArb(4, 4),
      padding: fc.constant(padding),
      activation: fc.constantFrom(...activations),
    }),
  );
}

const outputShape = (spec: Conv2dSpec, inputShape: readonly number[]): readonly number[] => {
  const { outputHeight, outputWidth } = convolutionGeometry(spec, inputShape);
  return [outputHeight, outputWidth, spec.filters];
};

/** One or two convolutions, alone or with dense layers or a normalisation behind them. */
function networkArb(activations = ACTIVATIONS): fc.Arbitrary<NetworkSpec> {
  const ends: readonly LayerSpec[][] = [
    [],
    [{ kind: 'flatten' }, { kind: 'dense', units: 3 }],
    [{ kind: 'dense', units: 37, activation: 'tanh' }],
    [
      { kind: 'layerNorm', epsilon: 1 },
      { kind: 'dense', units: 5 },
    ],
  ];
  return shapeArb.chain((inputShape) =>
    convolutionArb(inputShape, activations).chain((first) =>
      fc
        .tuple(fc.option(convolutionArb(outputShape(first, inputShape), activations)), fc.constantFrom(...ends))
        .map(([second, end]) => ({ inputShape, layers: [first, ...(second ? [second] : []), ...end] })),
    ),
  );
}

const batchArb = fc.integer({ min: 1, max: 9 });

describe.each(VARIANTS)('convolutions of the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('agree with double-precision loops, forward and backward, whatever the geometry', () => {
    fc.assert(
      fc.property(networkArb(), batchArb, fc.nat(), fc.constantFrom(0, 0.5, 0.95), (spec, batch, seed, zeros) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const weights = drawWeights(network.weights(), random);
        network.setWeights(weights);
        const observations = drawNumbers(random, batch * network.inputSize, zeros);
        const dOutputs = drawNumbers(random, batch * network.outputSize);
        const parameters = toParameters(weights);
        const outputs = oracleForward(spec, parameters, observations, batch);
        expectClose(network.forward(observations, batch), outputs, { relative: 1e-5, floor: 1, name: 'outputs' });
        network.dispose();
        fc.pre(nearestKink(spec, parameters, observations, batch) > 1e-5);
        const expected = oracleGradient(spec, parameters, observations, batch, dOutputs);
        const actual = readGradient(engine, spec, weights, observations, batch, dOutputs);
        const size = norm(expected);
        for (const [name, values] of expected) {
          expectClose(actual.gradient.get(name)!, values, { relative: 1e-4, floor: 0.1 * size, name });
        }
        // What pads the weights must not count.
        expect(Math.abs(actual.norm - size)).toBeLessThanOrEqual(1e-4 * size);
      }),
      { numRuns: 150 },
    );
  });

  it('agree with finite differences of their own outputs along random directions', () => {
    const smooth = ACTIVATIONS.filter((name) => name !== 'relu' && name !== 'leakyRelu');
    fc.assert(
      fc.property(networkArb(smooth), batchArb, fc.nat(), (spec, batch, seed) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const weights = network.weights();
        const observations = drawNumbers(random, batch * network.inputSize);
        const dOutputs = drawNumbers(random, batch * network.outputSize).map((x) => x / Math.sqrt(batch * network.outputSize));
        const { gradient } = readGradient(engine, spec, weights, observations, batch, dOutputs);
        const direction = weights.map(({ values }) => drawNumbers(random, values.length));
        const length = Math.hypot(...direction.flatMap((values) => [...values]));
        const lossAt = (h: number): number => {
          const moved = weights.map((tensor, i) => ({
            ...tensor,
            values: tensor.values.map((x, j) => x + (h * direction[i][j]) / length),
          }));
          network.setWeights(moved);
          return network.forward(observations, batch).reduce((sum, y, i) => sum + y * dOutputs[i], 0);
        };
        const slope = (lossAt(1e-2) - lossAt(-1e-2)) / 2e-2;
        const expected = weights.reduce(
          (sum, { name }, i) => sum + gradient.get(name)!.reduce((part, x, j) => part + (x * direction[i][j]) / length, 0),
          0,
        );
        const size = norm(gradient);
        expect(Math.abs(slope - expected)).toBeLessThan(5e-3 * size + 2e-3);
        network.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it('give an image the same outputs, bit for bit, alone and in any batch', () => {
    fc.assert(
      fc.property(networkArb(), batchArb, fc.nat(), fc.constantFrom(0, 0.95), (spec, batch, seed, zeros) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const { inputSize, outputSize } = network;
        const observations = drawNumbers(random, batch * inputSize, zeros);
        const together = network.forward(observations, batch).slice();
        for (let row = 0; row < batch; row++) {
          const alone = network.forward(observations.slice(row * inputSize, (row + 1) * inputSize), 1);
          expect(alone).toEqual(together.subarray(row * outputSize, (row + 1) * outputSize));
        }
        network.dispose();
      }),
      { numRuns: 40 },
    );
  });

  it('add the terms of a sum in one order, whether or not they look for zeros', () => {
    fc.assert(
      fc.property(shapeArb, fc.nat(), fc.constantFrom(0.95, 0.99), batchArb, (inputShape, seed, zeros, batch) => {
        const random = new Random(seed);
        const conv = fc.sample(convolutionArb(inputShape), { numRuns: 1, seed })[0];
        const channels = inputShape[2];
        // Behind a convolution that changes nothing there is no search.
        const same: Conv2dSpec = { kind: 'conv2d', filters: channels, kernelSize: 1 };
        const direct: NetworkSpec = { inputShape, layers: [conv] };
        const behind: NetworkSpec = { inputShape, layers: [same, conv] };
        const identity = Float32Array.from({ length: channels ** 2 }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0));
        const network = engine.createNetwork(direct, { random });
        const [weight, bias] = network.weights();
        const observations = drawNumbers(random, batch * network.inputSize, zeros);
        const dOutputs = drawNumbers(random, batch * network.outputSize);
        const outputs = network.forward(observations, batch);
        const { gradient } = readGradient(engine, direct, [weight, bias], observations, batch, dOutputs);
        const other = engine.createNetwork(behind, { random });
        const weights: NamedTensor[] = [
          { name: 'layers.0.weight', shape: [1, 1, channels, channels], values: identity },
          { name: 'layers.0.bias', shape: [channels], values: new Float32Array(channels) },
          { ...weight, name: 'layers.1.weight' },
          { ...bias, name: 'layers.1.bias' },
        ];
        other.setWeights(weights);
        // −0 may become 0.
        const numbers = (values: ArrayLike<number>) => Array.from(values, (x) => x + 0);
        expect(numbers(other.forward(observations, batch))).toEqual(numbers(outputs));
        const theirs = readGradient(engine, behind, weights, observations, batch, dOutputs).gradient;
        expect(numbers(theirs.get('layers.1.weight')!)).toEqual(numbers(gradient.get('layers.0.weight')!));
        network.dispose();
        other.dispose();
      }),
      { numRuns: 40 },
    );
  });

  it('forget the gradient of the last update', () => {
    fc.assert(
      fc.property(networkArb(), batchArb, fc.nat(), fc.constantFrom(0, 0.95), (spec, batch, seed, zeros) => {
        const random = new Random(seed);
        const optimizer = { kind: 'sgd', momentum: 0.5, weightDecay: 0 } as const;
        const network = engine.createNetwork(spec, { random, optimizer });
        const observations = drawNumbers(random, batch * network.inputSize, zeros);
        const dOutputs = drawNumbers(random, batch * network.outputSize);
        const velocity = () => {
          network.update(observations, batch, (_, gradient) => gradient.set(dOutputs), { learningRate: 0 });
          return network.optimizerState().slice(1);
        };
        const first = velocity();
        velocity().forEach(({ name, values }, i) =>
          expectClose(
            values,
            first[i].values.map((x) => 1.5 * x),
            { relative: 1e-6, name },
          ),
        );
        network.dispose();
      }),
      { numRuns: 30 },
    );
  });

  it('agree with loops on images large enough for blocks', () => {
    const random = new Random(3);
    const spec: NetworkSpec = {
      inputShape: [37, 33, 3],
      inputScale: 1 / 255,
      layers: [
        { kind: 'conv2d', filters: 32, kernelSize: 8, strides: 4, activation: 'relu' },
        { kind: 'conv2d', filters: 64, kernelSize: 4, strides: 2, activation: 'relu' },
        { kind: 'conv2d', filters: 64, kernelSize: 3, padding: 'same', activation: 'relu' },
        { kind: 'dense', units: 5 },
      ],
    };
    const network = engine.createNetwork(spec, { random });
    const weights = drawWeights(network.weights(), random);
    network.setWeights(weights);
    const observations = Float32Array.from({ length: 2 * network.inputSize }, () => random.integer(256));
    const parameters = toParameters(weights);
    const outputs = oracleForward(spec, parameters, observations, 2);
    expectClose(network.forward(observations, 2), outputs, { relative: 1e-5, floor: 1 });
    const dOutputs = drawNumbers(random, 2 * network.outputSize);
    const expected = oracleGradient(spec, parameters, observations, 2, dOutputs);
    const { gradient } = readGradient(engine, spec, weights, observations, 2, dOutputs);
    for (const [name, values] of expected) expectClose(gradient.get(name)!, values, { relative: 1e-4, name });
    network.dispose();
  });

  /** Outputs of a convolution of one channel and one filter. */
  const convolve = (
    spec: Omit<Conv2dSpec, 'kind' | 'filters'>,
    image: readonly (readonly number[])[],
    filter: readonly number[],
  ): number[] => {
    const network = engine.createNetwork(
      { inputShape: [image.length, image[0].length, 1], layers: [{ kind: 'conv2d', filters: 1, ...spec }] },
      { random: new Random(1) },
    );
    const [weight, bias] = network.weights();
    network.setWeights([
      { ...weight, values: Float32Array.from(filter) },
      { ...bias, values: Float32Array.of(0.5) },
    ]);
    const outputs = network.forward(Float32Array.from(image.flat()), 1);
    network.dispose();
    return [...outputs];
  };

  it('are what a hand computes', () => {
    const image = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
    ];
    // The filter is not flipped.
    expect(convolve({ kernelSize: 2 }, image, [1, 10, 100, 1000])).toEqual(
      [6521, 7632, 8743, 10965, 12076, 13187].map((x) => x + 0.5),
    );
    expect(convolve({ kernelSize: [1, 2], strides: [2, 2] }, image, [1, 10])).toEqual([21.5, 43.5, 109.5, 131.5]);
    // Padding is halved, and the odd one is below and right: none above and left of a filter of 2.
    expect(convolve({ kernelSize: 2, padding: 'same' }, [[1, 2]], [1, 10, 100, 1000])).toEqual([21.5, 2.5]);
    // A row above, a row below, and a column to the right.
    expect(convolve({ kernelSize: 3, strides: 2, padding: 'same' }, image, [0, 1, 0, 10, 100, 1000, 0, 10000, 0])).toEqual([
      63210.5, 80430.5, 12096.5, 1318.5,
    ]);
  });

  it('name their weights and give them back', () => {
    const spec: NetworkSpec = {
      inputShape: [6, 7, 3],
      layers: [
        { kind: 'conv2d', filters: 5, kernelSize: [3, 2] },
        { kind: 'dense', units: 2 },
      ],
    };
    const network = engine.createNetwork(spec, { random: new Random(1) });
    expect(network.weights().map(({ name, shape }) => [name, shape])).toEqual([
      ['layers.0.weight', [3, 2, 3, 5]],
      ['layers.0.bias', [5]],
      ['layers.1.weight', [120, 2]],
      ['layers.1.bias', [2]],
    ]);
    const weights = drawWeights(network.weights(), new Random(2));
    network.setWeights(weights);
    expect(network.weights()).toEqual(weights);
    network.dispose();
  });

  it('refuse what is no image, and images smaller than the filters', () => {
    const create = (inputShape: number[], conv: Omit<Conv2dSpec, 'kind'>) => () =>
      engine.createNetwork({ inputShape, layers: [{ kind: 'conv2d', ...conv }] }, { random: new Random(1) });
    const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });
    expect(create([10], { filters: 1, kernelSize: 1 })).toThrow(refused('network.layers.0'));
    expect(create([4, 4], { filters: 1, kernelSize: 1 })).toThrow(refused('network.layers.0'));
    expect(create([2, 9, 1], { filters: 1, kernelSize: 3 })).toThrow(refused('network.layers.0'));
    expect(create([9, 2, 1], { filters: 1, kernelSize: 3 })).toThrow(refused('network.layers.0'));
    expect(create([9, 9, 1], { filters: 0, kernelSize: 3 })).toThrow(refused('network.layers[0].filters'));
    expect(create([9, 9, 1], { filters: 1, kernelSize: [3, 0] })).toThrow(refused('network.layers[0].kernelSize[1]'));
    expect(create([9, 9, 1], { filters: 1, kernelSize: 3, strides: 0.5 })).toThrow(refused('network.layers[0].strides'));
    // @ts-expect-error: unknown
    expect(create([9, 9, 1], { filters: 1, kernelSize: 3, padding: 'full' })).toThrow(refused('network.layers[0].padding'));
  });
});
