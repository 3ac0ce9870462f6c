import { describe, expect, it } from 'vitest';
import { mlp } from '../../src/networks/mlp.ts';

describe('mlp', () => {
  it('builds hidden layers and a linear layer of outputs', () => {
    const factory = mlp({ hidden: [120, 84] });
    expect(factory.kind).toBe('mlp');
    expect(factory.build({ inputShape: [4], outputSize: 2 })).toEqual({
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
    expect(factory.build({ inputShape: [2, 3], inputScale: 1 / 255, outputSize: 5 })).toEqual({
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
    expect(mlp({ hidden: [] }).build({ inputShape: [4], outputSize: 2 }).layers).toHaveLength(1);
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
    expect(() => mlp({ hidden: [8] }).build({ inputShape: [4], outputSize: 0 })).toThrow(refused('network.layers[1].units'));
  });
});
