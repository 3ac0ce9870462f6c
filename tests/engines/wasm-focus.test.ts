import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import type { OutputFocus, UpdateOptions } from '../../src/networks/q-network.ts';
import type { LayerSpec, NetworkSpec } from '../../src/networks/spec.ts';
import { expectClose } from '../support/closeness.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { ACTIVATIONS, batchArb, drawNumbers } from '../support/network-arbitraries.ts';
import { nearestKink, norm, oracleGradient, toParameters } from '../support/network-oracle.ts';
import { drawWeights, readGradient } from '../support/read-gradient.ts';

const SPEC: NetworkSpec = {
  inputShape: [3],
  layers: [
    { kind: 'dense', units: 8, activation: 'relu' },
    { kind: 'dense', units: 48 },
  ],
};

/** Group widths about those where a group begins or ends inside a panel of weights; few enough to be ignored, too. */
const widthArb = fc.oneof(fc.constantFrom(1, 15, 16, 17, 31, 32, 33, 51, 64), fc.integer({ min: 1, max: 110 }));

/** Where the outputs of a network may come from: layers that heed a focus, and layers that must not. */
const endArb = (units: number) =>
  fc.constantFrom<LayerSpec>(
    ...ACTIVATIONS.map((activation) => ({ kind: 'dense', units, activation }) as const),
    { kind: 'noisyDense', units },
    { kind: 'parallel', branches: [[{ kind: 'dense', units }], []] },
    { kind: 'residual', layers: [{ kind: 'dense', units: 24 }] },
    {
      kind: 'dueling',
      actions: units,
      value: [{ kind: 'dense', units: 1 }],
      advantage: [{ kind: 'dense', units }],
    },
  );

/** A network, a batch, and of each row the group it is about. */
const caseArb = fc.record({ width: widthArb, count: fc.integer({ min: 1, max: 5 }) }).chain(({ width, count }) =>
  fc.record({
    width: fc.constant(width),
    end: endArb(width * count),
    activation: fc.constantFrom('relu', 'tanh', 'silu'),
    batch: fc.oneof(batchArb, fc.integer({ min: 129, max: 140 })),
    seed: fc.nat(),
    zeros: fc.constantFrom(0, 0.5),
  }),
);

describe.each(VARIANTS)('a focus on the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('changes neither the outputs in focus nor the gradient of any layer', () => {
    fc.assert(
      fc.property(caseArb, ({ width, end, activation, batch, seed, zeros }) => {
        const random = new Random(seed);
        const layers: LayerSpec[] = [{ kind: 'dense', units: 24, activation }, end];
        const spec: NetworkSpec = { inputShape: [5], layers };
        const network = engine.createNetwork(spec, { random });
        const { outputSize } = network;
        fc.pre(outputSize % width === 0);
        const weights = drawWeights(network.weights(), random);
        network.setWeights(weights);
        const observations = drawNumbers(random, batch * 5, zeros);
        const groups = Int32Array.from({ length: batch }, () => random.integer(outputSize / width));
        const focus = { width, groups };
        const dOutputs = drawNumbers(random, batch * outputSize, zeros);
        const inFocus = (i: number) => Math.floor((i % outputSize) / width) === groups[Math.floor(i / outputSize)];
        for (let i = 0; i < dOutputs.length; i++) if (!inFocus(i)) dOutputs[i] = 0;

        const outputs = network.forward(observations, batch).slice();
        const learner = engine.createNetwork(spec, { random, optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 } });
        learner.setWeights(weights);
        const read = (given: Float32Array) => {
          for (let i = 0; i < given.length; i++) if (inFocus(i) && !Object.is(given[i], outputs[i])) return i;
          return -1;
        };
        let wrong = -1;
        learner.update(observations, batch, (given) => (wrong = read(given)), { learningRate: 0, focus });
        expect(wrong).toBe(-1);

        const parameters = toParameters(weights);
        fc.pre(nearestKink(spec, parameters, observations, batch) > 1e-5);
        const expected = oracleGradient(spec, parameters, observations, batch, dOutputs);
        const options: Pick<UpdateOptions, 'focus'> = { focus };
        const actual = readGradient(engine, spec, weights, observations, batch, dOutputs, options);
        const size = norm(expected);
        for (const [name, values] of expected) {
          expectClose(actual.gradient.get(name)!, values, { relative: 1e-4, floor: 0.1 * size, name });
        }
        network.dispose();
        learner.dispose();
      }),
      { numRuns: 150 },
    );
  });

  it('is forgotten by the next pass', () => {
    const random = new Random(1);
    const network = engine.createNetwork(SPEC, { random, optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 } });
    const observations = drawNumbers(random, 12);
    const outputs = network.forward(observations, 4).slice();
    const options = { learningRate: 0, focus: { width: 16, groups: Int32Array.of(2, 0, 1, 0) } };
    network.update(observations, 4, () => expect(network.forward(observations, 4)).toEqual(outputs), options);
    network.update(observations, 4, (given) => expect(given).toEqual(outputs), { learningRate: 0 });
    expect(network.forward(observations, 4)).toEqual(outputs);
    network.dispose();
  });
});

describe('a focus', () => {
  const engine = new WasmEngine('plain');

  it.each<[string, OutputFocus, RegExp]>([
    ['a width of 0', { width: 0, groups: new Int32Array(2) }, /focus\)\.width/],
    ['a width that does not divide the outputs', { width: 20, groups: new Int32Array(2) }, /a divisor of 48.*received 20/s],
    ['a width beyond the outputs', { width: 96, groups: new Int32Array(2) }, /focus\)\.width/],
    ['groups for too few rows', { width: 16, groups: new Int32Array(1) }, /an Int32Array of 2 groups.*received 1 numbers/s],
    ['groups of another type', { width: 16, groups: [0, 1] as unknown as Int32Array }, /an Int32Array of 2 groups/],
    ['a group that is not there', { width: 16, groups: Int32Array.of(0, 3) }, /groups\[1\].*a group in \[0, 2\].*received 3/s],
    ['a group below 0', { width: 16, groups: Int32Array.of(-1, 0) }, /groups\[0\].*received -1/s],
  ])('is refused with %s', (_, focus, message) => {
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 } });
    const gradient = () => expect.unreachable();
    expect(() => network.update(new Float32Array(6), 2, gradient, { learningRate: 1, focus })).toThrow(message);
    network.dispose();
  });
});
