import { describe, expect, test } from 'vitest';
import { AveragedNetwork } from '../../src/agent/averaged-network.ts';
import { Random } from '../../src/common/random.ts';
import { wasm } from '../../src/engines/wasm/wasm-engine.ts';
import { sgd } from '../../src/networks/optimizers.ts';
import type { NetworkSpec } from '../../src/networks/spec.ts';

const spec: NetworkSpec = {
  inputShape: [3],
  layers: [
    { kind: 'dense', units: 5, activation: 'tanh' },
    { kind: 'dense', units: 2 },
  ],
};
const inputs = Float32Array.of(0.1, -0.4, 0.7, 0.3, 0.2, -0.9);

function setUp(count: number) {
  const engine = wasm();
  const random = new Random(1);
  const sources = Array.from({ length: 5 }, () => engine.createNetwork(spec, { random, optimizer: sgd().spec }));
  const average = new AveragedNetwork(Array.from({ length: count }, () => engine.createNetwork(spec, { random })));
  const mean = (from: number, to: number) => {
    const outputs = sources.slice(from, to).map((network) => network.forward(inputs, 2).slice());
    return outputs[0].map((_, i) => outputs.reduce((sum, each) => sum + each[i], 0) / outputs.length);
  };
  return { engine, sources, average, mean };
}

function close(actual: Float32Array, expected: Float32Array): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
}

describe('AveragedNetwork', () => {
  test('is the mean of as many copies as have been made, then of the last K', () => {
    const { sources, average, mean } = setUp(3);
    sources.forEach((source, i) => {
      average.copyFrom(source);
      close(average.forward(inputs, 2), mean(Math.max(0, i - 2), i + 1));
    });
  });

  test('of one copy is that copy, bit for bit', () => {
    const { sources, average } = setUp(1);
    average.copyFrom(sources[0]);
    expect(average.forward(inputs, 2)).toEqual(sources[0].forward(inputs, 2));
  });

  test('is restored with the order of its copies', () => {
    const { sources, average, mean } = setUp(3);
    for (const source of sources.slice(0, 4)) average.copyFrom(source);
    const other = setUp(3).average;
    other.setWeights(average.weights());
    close(other.forward(inputs, 2), mean(1, 4));
    other.copyFrom(sources[4]);
    average.copyFrom(sources[4]);
    expect(other.forward(inputs, 2)).toEqual(average.forward(inputs, 2));
    expect(average.optimizerState()).toEqual([]);
  });

  test('refuses to be trained, blended, or restored from something else', () => {
    const { sources, average } = setUp(2);
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => average.update()).toThrow(refused('invalid-option'));
    expect(() => average.blendFrom()).toThrow(refused('invalid-option'));
    expect(() => average.setWeights(sources[0].weights())).toThrow(refused('incompatible-checkpoint'));
    const weights = average.weights();
    for (const values of [Float32Array.of(3, 0), Float32Array.of(1, 2), Float32Array.of(NaN, 0)]) {
      const damaged = weights.map((tensor) => (tensor.name === 'snapshots' ? { ...tensor, values } : tensor));
      expect(() => average.setWeights(damaged)).toThrow(refused('incompatible-checkpoint'));
    }
    average.dispose();
    expect(() => average.forward(inputs, 2)).toThrow(refused('disposed'));
  });
});
