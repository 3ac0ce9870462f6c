import { describe, expect, it } from 'vitest';
import { cnn } from '../../src/networks/cnn.ts';
import { minAtarConvolutions, natureConvolutions } from '../../src/networks/convolutions.ts';
import type { NetworkIo } from '../../src/networks/network-factory.ts';
import { parametersOf, planNetwork, sizeOf } from '../../src/networks/plan.ts';
import type { NetworkSpec } from '../../src/networks/spec.ts';

const io = (inputShape: number[], actions: number, more: Partial<NetworkIo> = {}): NetworkIo => {
  const { width = 1, heads = 1 } = more;
  return { inputShape, actions, width, heads, outputSize: heads * actions * width, ...more };
};

const parameterCount = (spec: NetworkSpec): number =>
  parametersOf(planNetwork(spec)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);

describe('cnn', () => {
  it('builds convolutions, hidden layers and a linear layer of outputs', () => {
    const factory = cnn({ convolutions: [{ filters: 8, kernelSize: [3, 2], padding: 'same' }], hidden: [32] });
    expect(factory.kind).toBe('cnn');
    expect(factory.build(io([6, 7, 2], 4, { inputScale: 1 / 255 }))).toEqual({
      inputShape: [6, 7, 2],
      inputScale: 1 / 255,
      layers: [
        { kind: 'conv2d', filters: 8, kernelSize: [3, 2], padding: 'same', activation: 'relu', initializer: 'pytorch' },
        { kind: 'dense', units: 32, activation: 'relu', initializer: 'pytorch' },
        { kind: 'dense', units: 4, initializer: 'pytorch' },
      ],
    });
  });

  it('gives its activation and initializer to convolutions that name none', () => {
    const convolutions = [
      { filters: 8, kernelSize: 3 },
      { filters: 4, kernelSize: 1, activation: 'tanh', initializer: 'zeros' },
    ] as const;
    const { layers } = cnn({ convolutions, hidden: [], activation: 'silu', initializer: 'orthogonal' }).build(io([5, 5, 1], 2));
    expect(layers).toEqual([
      { kind: 'conv2d', filters: 8, kernelSize: 3, activation: 'silu', initializer: 'orthogonal' },
      { kind: 'conv2d', filters: 4, kernelSize: 1, activation: 'tanh', initializer: 'zeros' },
      { kind: 'dense', units: 2, initializer: 'orthogonal' },
    ]);
  });

  it('goes on as mlp does: normalised, noisy, in dueling streams, behind a quantile embedding', () => {
    const options = { convolutions: minAtarConvolutions, hidden: [128] };
    const kinds = (spec: NetworkSpec) => spec.layers.map(({ kind }) => kind);
    const shape = [10, 10, 4];
    expect(kinds(cnn({ ...options, layerNorm: true }).build(io(shape, 6)))).toEqual(['conv2d', 'dense', 'layerNorm', 'dense']);
    expect(kinds(cnn({ ...options, noisy: true }).build(io(shape, 6)))).toEqual(['conv2d', 'noisyDense', 'noisyDense']);
    expect(kinds(cnn({ ...options, dueling: true }).build(io(shape, 6)))).toEqual(['conv2d', 'dueling']);
    // The convolutions make the features that are embedded.
    const quantiles = { kind: 'implicitQuantiles' } as const;
    expect(kinds(cnn(options).build(io(shape, 6, { quantiles })))).toEqual(['conv2d', 'implicitQuantiles']);
  });

  it('builds the networks of the papers', () => {
    // 8·8·4·32 + 32, 4·4·32·64 + 64, 3·3·64·64 + 64, 3136·512 + 512, 512·18 + 18.
    const nature = cnn({ convolutions: natureConvolutions, hidden: [512] }).build(io([84, 84, 4], 18));
    expect(planNetwork(nature).map(({ outputShape }) => outputShape)).toEqual([[20, 20, 32], [9, 9, 64], [7, 7, 64], [512], [18]]);
    expect(parameterCount(nature)).toBe(8_224 + 32_832 + 36_928 + 1_606_144 + 9_234);
    const minAtar = cnn({ convolutions: minAtarConvolutions, hidden: [128] }).build(io([10, 10, 4], 6));
    expect(planNetwork(minAtar).map(({ outputShape }) => outputShape)).toEqual([[8, 8, 16], [128], [6]]);
    expect(parameterCount(minAtar)).toBe(592 + 131_200 + 774);
  });

  it('refuses bad options, naming them', () => {
    const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });
    const conv = { filters: 4, kernelSize: 3 };
    expect(() => cnn({ convolutions: [], hidden: [8] })).toThrow(refused('cnn(convolutions)'));
    // @ts-expect-error: not an array
    expect(() => cnn({ convolutions: conv, hidden: [8] })).toThrow(refused('cnn(convolutions)'));
    expect(() => cnn({ convolutions: [conv, { ...conv, filters: 0 }], hidden: [8] })).toThrow(
      refused('cnn(convolutions[1]).filters'),
    );
    expect(() => cnn({ convolutions: [{ ...conv, strides: [1, 0] }], hidden: [8] })).toThrow(
      refused('cnn(convolutions[0]).strides[1]'),
    );
    // @ts-expect-error: unknown
    expect(() => cnn({ convolutions: [{ ...conv, padding: 'full' }], hidden: [8] })).toThrow(
      refused('cnn(convolutions[0]).padding'),
    );
    // @ts-expect-error: misspelt
    expect(() => cnn({ convolutions: [{ ...conv, stride: 2 }], hidden: [8] })).toThrow(refused('cnn(convolutions[0])'));
    // @ts-expect-error: no object
    expect(() => cnn({ convolutions: [null], hidden: [8] })).toThrow(refused('cnn(convolutions[0]).filters'));
    expect(() => cnn({ convolutions: [conv], hidden: [0] })).toThrow(refused('cnn(hidden[0])'));
    expect(() => cnn({ convolutions: [conv], hidden: [8] }).build(io([4], 2))).toThrow(refused('network.layers.0'));
    expect(() => cnn({ convolutions: [conv, conv], hidden: [8] }).build(io([4, 4, 1], 2))).toThrow(refused('network.layers.1'));
  });
});
