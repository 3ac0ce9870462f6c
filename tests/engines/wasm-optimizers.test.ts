import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import type { OptimizerSpec } from '../../src/networks/optimizers.ts';
import type { NetworkSpec } from '../../src/networks/spec.ts';
import { expectClose } from '../support/closeness.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { drawNumbers, optimizerSpecArb } from '../support/network-arbitraries.ts';
import { type Averages, norm, oracleGradient, oracleStep, toParameters } from '../support/network-oracle.ts';

/** Linear, so that single precision gives the gradient to the last bits, and the rules alone are compared. */
const SPEC: NetworkSpec = {
  inputShape: [3],
  layers: [
    { kind: 'dense', units: 37 },
    { kind: 'dense', units: 5 },
  ],
};
const ADAM: OptimizerSpec = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false };

describe.each(VARIANTS)('optimisers of the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('follow their equations for many updates, with clipping and a changing rate', () => {
    fc.assert(
      fc.property(optimizerSpecArb, fc.nat(), fc.constantFrom(undefined, 0.5, 5), (optimizer, seed, maxGradientNorm) => {
        const random = new Random(seed);
        const network = engine.createNetwork(SPEC, { random, optimizer });
        const parameters = toParameters(network.weights());
        const averages: Averages = new Map();
        for (let step = 1; step <= 6; step++) {
          const observations = drawNumbers(random, 4 * 3);
          const dOutputs = drawNumbers(random, 4 * 5);
          const learningRate = 0.01 * random.float();
          const gradient = oracleGradient(SPEC, parameters, observations, 4, dOutputs);
          const length = norm(gradient);
          const scale = maxGradientNorm !== undefined && length > maxGradientNorm ? maxGradientNorm / length : 1;
          for (const values of gradient.values()) values.forEach((x, i) => (values[i] = x * scale));
          oracleStep(optimizer, parameters, gradient, averages, step, learningRate);
          const returned = network.update(observations, 4, (_, out) => out.set(dOutputs), { learningRate, maxGradientNorm });
          expect(Math.abs(returned / length - 1)).toBeLessThan(1e-4);
        }
        for (const { name, values } of network.weights()) expectClose(values, parameters.get(name)!, { relative: 1e-4, name });
        const state = new Map(network.optimizerState().map(({ name, values }) => [name, values]));
        expect(state.get('step')).toEqual(Float32Array.of(6));
        const used = optimizer.kind === 'sgd' && optimizer.momentum === 0 ? [] : [...averages];
        expect([...state.keys()].sort()).toEqual(['step', ...used.map(([name]) => name)].sort());
        for (const [name, values] of used) expectClose(state.get(name)!, values, { relative: 2e-4, name });
        network.dispose();
      }),
      { numRuns: 150 },
    );
  });

  it('clips the gradient of all parameters together to the given norm, and only if it is longer', () => {
    const momentum: OptimizerSpec = { kind: 'sgd', momentum: 0.5, weightDecay: 0 };
    const run = (maxGradientNorm?: number) => {
      const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: momentum });
      const random = new Random(2);
      const [observations, dOutputs] = [drawNumbers(random, 6), drawNumbers(random, 10)];
      const returned = network.update(observations, 2, (_, out) => out.set(dOutputs), { learningRate: 0, maxGradientNorm });
      const clipped = norm(toParameters(network.optimizerState().slice(1)));
      network.dispose();
      return { returned, clipped };
    };
    const free = run();
    expect(free.clipped).toBeCloseTo(free.returned, 4);
    expect(run(free.returned * 2)).toEqual(free);
    expect(run(free.returned / 4).returned).toBe(free.returned);
    expect(run(free.returned / 4).clipped).toBeCloseTo(free.returned / 4, 4);
  });

  it.each([NaN, Infinity, 1e30])('refuses a gradient with %d and leaves weights and optimiser as they were', (bad) => {
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const observations = drawNumbers(new Random(2), 6);
    network.update(observations, 2, (_, out) => out.fill(0.1), { learningRate: 0.01 });
    const before = [network.weights(), network.optimizerState()];
    const update = () => network.update(observations, 2, (_, out) => (out[3] = bad), { learningRate: 0.01 });
    expect(update).toThrow(expect.objectContaining({ code: 'diverged' }));
    expect([network.weights(), network.optimizerState()]).toEqual(before);
    network.update(observations, 2, (_, out) => out.fill(0.1), { learningRate: 0.01 });
    network.dispose();
  });

  it('gives the norm of gradients whose squares single precision cannot hold', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 } });
    const observations = drawNumbers(new Random(2), 6);
    const run = (scale: number, maxGradientNorm?: number) =>
      network.update(observations, 2, (_, out) => out.fill(scale), { learningRate: 0, maxGradientNorm }) / scale;
    const expected = run(1);
    expect(run(1e-25)).toBeCloseTo(expected, 3);
    expect(run(1e25, 1)).toBeCloseTo(expected, 3);
    network.dispose();
  });

  it('lets averages that fade end in zero, not in denormal numbers', () => {
    for (const optimizer of [ADAM, { kind: 'sgd', momentum: 0.5, weightDecay: 0 }] satisfies OptimizerSpec[]) {
      const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer });
      const observations = drawNumbers(new Random(2), 6);
      network.update(observations, 2, (_, out) => out.fill(1e-6), { learningRate: 0.01 });
      for (let i = 0; i < 900; i++) network.update(observations, 2, () => {}, { learningRate: 0.01 });
      const first = optimizer.kind === 'adam' ? 'm' : 'v';
      for (const { name, values } of network.optimizerState()) {
        if (name.endsWith(`.${first}`)) expect(values.every((x) => x === 0)).toBe(true);
      }
      network.dispose();
    }
  });

  it('goes on bit for bit from a saved state', () => {
    fc.assert(
      fc.property(optimizerSpecArb, fc.nat(), (optimizer, seed) => {
        const observations = drawNumbers(new Random(seed), 12);
        const train = (network: ReturnType<WasmEngine['createNetwork']>) => {
          for (let i = 0; i < 3; i++) {
            network.update(observations, 4, (outputs, out) => out.set(outputs), { learningRate: 0.01, maxGradientNorm: 1 });
          }
        };
        const first = engine.createNetwork(SPEC, { random: new Random(1), optimizer });
        train(first);
        const second = engine.createNetwork(SPEC, { random: new Random(2), optimizer });
        second.setWeights(first.weights());
        second.setOptimizerState(first.optimizerState());
        expect(second.optimizerState()).toEqual(first.optimizerState());
        train(first);
        train(second);
        expect(second.weights()).toEqual(first.weights());
        expect(second.optimizerState()).toEqual(first.optimizerState());
        first.dispose();
        second.dispose();
      }),
      { numRuns: 25 },
    );
  });
});
