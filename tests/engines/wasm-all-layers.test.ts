import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import { traitsOf } from '../../src/networks/traits.ts';
import { expectClose } from '../support/closeness.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { LAYER_KINDS, drawNumbers, networkSpecOf } from '../support/network-arbitraries.ts';
import { nearestKink, norm, oracleForward, oracleGradient, oracleState, toParameters } from '../support/network-oracle.ts';
import { drawWeights, readGradient } from '../support/read-gradient.ts';

describe.each(VARIANTS)('networks of all kinds of layers on the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('agree with double-precision loops, forward and backward, whatever stands within what', () => {
    const sequencesArb = fc.integer({ min: 1, max: 6 });
    const stepsArb = fc.integer({ min: 1, max: 3 });
    fc.assert(
      fc.property(networkSpecOf(LAYER_KINDS), sequencesArb, stepsArb, fc.nat(), (spec, sequences, steps, seed) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const weights = drawWeights(network.weights(), random);
        network.setWeights(weights);
        const parameters = toParameters(weights);
        const batch = sequences * steps;
        const observations = drawNumbers(random, batch * network.inputSize, 0.5);
        const state = drawNumbers(random, sequences * network.stateSize);
        const given = traitsOf(spec).fractions === 'given';
        const fractions = given ? Float32Array.from({ length: batch * 3 }, () => random.float()) : undefined;
        const beside = { steps, ...(fractions ? { fractions } : {}) };
        const exact = { ...beside, state: state.slice() };

        const outputs = oracleForward(spec, parameters, observations, batch, exact);
        const size = outputs.reduce((most, y) => Math.max(most, Math.abs(y)), 1);
        fc.pre(nearestKink(spec, parameters, observations, batch, exact) > 1e-4);
        const dOutputs = drawNumbers(random, outputs.length, 0.3);
        const expected = oracleGradient(spec, parameters, observations, batch, dOutputs, exact);
        const { gradient, norm: length } = readGradient(engine, spec, weights, observations, batch, dOutputs, { ...beside, state });
        for (const [name, values] of expected) {
          expectClose(gradient.get(name)!, values, { relative: 5e-4, floor: 0.1 * norm(expected), name });
        }
        expect(Math.abs(length - norm(expected))).toBeLessThanOrEqual(5e-4 * norm(expected));

        expectClose(network.forward(observations, batch, { ...beside, state }), outputs, {
          relative: 1e-4,
          floor: size,
          name: 'outputs',
        });
        expectClose(state, oracleState(spec, parameters, observations, batch, exact), { relative: 1e-4, floor: 1, name: 'state' });
        network.dispose();
      }),
      { numRuns: 100 },
    );
  });

  it('forget what larger batches, and batches that were not numbers, have left in their memory', () => {
    const beforeArb = fc.constantFrom('larger', 'failing', 'diverging');
    fc.assert(
      fc.property(networkSpecOf(LAYER_KINDS), fc.integer({ min: 1, max: 5 }), beforeArb, fc.nat(), (spec, batch, before, seed) => {
        const random = new Random(seed);
        const [used, fresh] = [1, 1].map(() =>
          engine.createNetwork(spec, { random: new Random(seed), optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 } }),
        );
        const given = traitsOf(spec).fractions === 'given';
        const beside = (rows: number) => ({
          ...(given ? { fractions: Float32Array.from({ length: rows * 3 }, () => random.float()) } : {}),
          learningRate: 0,
        });
        const more = batch + 2;
        const larger = drawNumbers(random, 2 * more * used.inputSize);
        const options = { ...beside(2 * more), steps: 2 };
        const ones = (_: Float32Array, d: Float32Array) => d.fill(1);
        const failing = () => {
          throw new Error('NaN');
        };
        if (before === 'larger') used.update(larger, 2 * more, ones, options);
        // A network without parameters has no gradient that could be NaN.
        else if (before === 'failing' || used.weights().length > 0) {
          larger.fill(NaN);
          expect(() => used.update(larger, 2 * more, before === 'failing' ? failing : ones, options)).toThrow('NaN');
        }

        const observations = drawNumbers(random, 2 * batch * used.inputSize);
        const smaller = { ...beside(2 * batch), steps: 2 };
        const [norm, expected] = [used, fresh].map((network) => network.update(observations, 2 * batch, ones, smaller));
        expect(norm).toBe(expected);
        used.dispose();
        fresh.dispose();
      }),
      { numRuns: 200 },
    );
  });
});
