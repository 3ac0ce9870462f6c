import { describe, expect, it } from 'vitest';
import { mlp } from '../../src/networks/mlp.ts';
import type { NetworkIo } from '../../src/networks/network-factory.ts';
import type { LayerSpec } from '../../src/networks/spec.ts';

const io = (inputShape: number[], actions: number, more: Partial<NetworkIo> = {}): NetworkIo => {
  const { width = 1, heads = 1 } = more;
  return { inputShape, actions, width, heads, outputSize: heads * actions * width, ...more };
};

describe('mlp', () => {
  it('builds hidden layers and a linear layer of outputs', () => {
    const factory = mlp({ hidden: [120, 84] });
    expect(factory.kind).toBe('mlp');
    expect(factory.build(io([4], 2))).toEqual({
      inputShape: [4],
      layers: [
        { kind: 'dense', units: 120, activation: 'relu', initializer: 'pytorch' },
        { kind: 'dense', units: 84, activation: 'relu', initializer: 'pytorch' },
        { kind: 'dense', units: 2, initializer: 'pytorch' },
      ],
    });
  });

  it('normalises before the activation', () => {
    const factory = mlp({ hidden: [8], activation: 'silu', layerNorm: true, initializer: 'orthogonal' });
    expect(factory.build(io([2, 3], 5, { inputScale: 1 / 255 }))).toEqual({
      inputShape: [2, 3],
      inputScale: 1 / 255,
      layers: [
        { kind: 'dense', units: 8, initializer: 'orthogonal' },
        { kind: 'layerNorm', activation: 'silu' },
        { kind: 'dense', units: 5, initializer: 'orthogonal' },
      ],
    });
  });

  it('builds a linear network of no hidden layers', () => {
    expect(mlp({ hidden: [] }).build(io([4], 2)).layers).toHaveLength(1);
  });

  it('refuses bad options, naming them', () => {
    const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });
    expect(() => mlp({ hidden: [8, 0] })).toThrow(refused('mlp(hidden[1])'));
    // @ts-expect-error: not an array
    expect(() => mlp({ hidden: 8 })).toThrow(refused('mlp(hidden)'));
    // @ts-expect-error: unknown
    expect(() => mlp({ hidden: [8], activation: 'gelu' })).toThrow(refused('mlp(activation)'));
    // @ts-expect-error: unknown
    expect(() => mlp({ hidden: [8], initializer: 'ones' })).toThrow(refused('mlp(initializer)'));
    expect(() => mlp({ hidden: [8] }).build(io([4], 0))).toThrow(refused('network.layers[1].units'));
  });

  const relu = (units: number): LayerSpec => ({ kind: 'dense', units, activation: 'relu', initializer: 'pytorch' });
  const linear = (units: number): LayerSpec => ({ kind: 'dense', units, initializer: 'pytorch' });

  it('splits the last hidden layer and the outputs into two streams', () => {
    expect(mlp({ hidden: [120, 84], dueling: true }).build(io([4], 2, { width: 3 })).layers).toEqual([
      relu(120),
      { kind: 'dueling', actions: 2, width: 3, value: [relu(84), linear(3)], advantage: [relu(84), linear(6)] },
    ]);
    expect(mlp({ hidden: [], dueling: 'max' }).build(io([4], 2)).layers).toEqual([
      { kind: 'dueling', actions: 2, value: [linear(1)], advantage: [linear(2)], aggregation: 'max' },
    ]);
  });

  it('makes the last hidden layer and the outputs noisy', () => {
    expect(mlp({ hidden: [120, 84], noisy: { sigma: 0.1 } }).build(io([4], 2)).layers).toEqual([
      relu(120),
      { kind: 'noisyDense', units: 84, activation: 'relu', sigma: 0.1 },
      { kind: 'noisyDense', units: 2, sigma: 0.1 },
    ]);
    const layers = mlp({ hidden: [8], noisy: true, dueling: true }).build(io([4], 2)).layers;
    expect(JSON.stringify(layers)).not.toContain('"dense"');
  });

  it('puts the quantile embedding in front of the last hidden layer, and behind one', () => {
    const quantiles = { kind: 'implicitQuantiles', cosines: 16 } as const;
    expect(mlp({ hidden: [120, 84] }).build(io([4], 2, { quantiles })).layers).toEqual([
      relu(120),
      { ...quantiles, layers: [relu(84), linear(2)] },
    ]);
    expect(mlp({ hidden: [120] }).build(io([4], 2, { quantiles })).layers).toEqual([
      relu(120),
      { ...quantiles, layers: [linear(2)] },
    ]);
    expect(mlp({ hidden: [] }).build(io([4], 2, { quantiles })).layers).toEqual([{ ...quantiles, layers: [linear(2)] }]);
  });

  it('gives each of several heads outputs of its own', () => {
    expect(
      mlp({ hidden: [8] })
        .build(io([4], 2, { heads: 3 }))
        .layers.at(-1),
    ).toEqual(linear(6));
    const stream = { kind: 'dueling', actions: 2, value: [relu(8), linear(1)], advantage: [relu(8), linear(2)] };
    expect(mlp({ hidden: [8], dueling: true }).build(io([4], 2, { heads: 2 })).layers).toEqual([
      { kind: 'parallel', branches: [[stream], [stream]] },
    ]);
    const quantiles = { kind: 'implicitQuantiles' } as const;
    expect(() => mlp({ hidden: [8] }).build(io([4], 2, { heads: 2, quantiles }))).toThrow(/one head/);
  });
});
