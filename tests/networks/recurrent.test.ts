import { describe, expect, it } from 'vitest';
import type { NetworkIo } from '../../src/networks/network-factory.ts';
import { dataEfficientConvolutions } from '../../src/networks/convolutions.ts';
import { recurrent } from '../../src/networks/recurrent.ts';
import type { LayerSpec } from '../../src/networks/spec.ts';
import { traitsOf } from '../../src/networks/traits.ts';

const io: NetworkIo = { inputShape: [8], actions: 4, width: 1, heads: 1, outputSize: 4 };
const relu = (units: number): LayerSpec => ({ kind: 'dense', units, activation: 'relu', initializer: 'pytorch' });
const linear = (units: number): LayerSpec => ({ kind: 'dense', units, initializer: 'pytorch' });

describe('recurrent', () => {
  it('puts a GRU between hidden layers and a linear layer of outputs', () => {
    const factory = recurrent({ hidden: [64], units: 32 });
    expect([factory.kind, factory.recurrent]).toEqual(['recurrent', true]);
    const spec = factory.build({ ...io, inputScale: 0.5 });
    expect(spec).toEqual({ inputShape: [8], inputScale: 0.5, layers: [relu(64), { kind: 'gru', units: 32 }, linear(4)] });
    expect(traitsOf(spec).stateSize).toBe(32);
  });

  it('needs no hidden layers', () => {
    expect(recurrent({ units: 5 }).build(io).layers).toEqual([{ kind: 'gru', units: 5 }, linear(4)]);
  });

  it('normalises, splits, and makes noisy what mlp would', () => {
    const options = { units: 5, hidden: [7], after: [6], layerNorm: true, activation: 'silu', dueling: true, noisy: true } as const;
    const noisy = (units: number): LayerSpec => ({ kind: 'noisyDense', units });
    const norm: LayerSpec = { kind: 'layerNorm', activation: 'silu' };
    expect(recurrent(options).build(io).layers).toEqual([
      linear(7),
      norm,
      { kind: 'gru', units: 5 },
      { kind: 'dueling', actions: 4, value: [noisy(6), norm, noisy(1)], advantage: [noisy(6), norm, noisy(4)] },
    ]);
  });

  it('embeds quantile fractions behind the memory', () => {
    const spec = recurrent({ units: 5, after: [6] }).build({ ...io, quantiles: { kind: 'implicitQuantiles', cosines: 8 } });
    expect(spec.layers).toEqual([
      { kind: 'gru', units: 5 },
      { kind: 'implicitQuantiles', cosines: 8, layers: [relu(6), linear(4)] },
    ]);
  });

  it('sees images through convolutions that fit, or those of MinAtar, and nothing else', () => {
    const factory = recurrent({ convolutions: dataEfficientConvolutions, hidden: [7], units: 5, initializer: 'glorotUniform' });
    const relus = { activation: 'relu', initializer: 'glorotUniform' } as const;
    const rest: LayerSpec[] = [
      { ...relus, kind: 'dense', units: 7 },
      { kind: 'gru', units: 5 },
      { kind: 'dense', units: 4, initializer: 'glorotUniform' },
    ];
    const layers = (inputShape: number[]) => factory.build({ ...io, inputShape }).layers;
    expect(layers([25, 84, 2])).toEqual([
      ...dataEfficientConvolutions.map((convolution) => ({ ...relus, ...convolution, kind: 'conv2d' })),
      ...rest,
    ]);
    expect(layers([24, 84, 2])).toEqual([{ ...relus, kind: 'conv2d', filters: 16, kernelSize: 3 }, ...rest]);
    expect(layers([8])).toEqual(rest);
    expect(recurrent({ units: 5 }).build({ ...io, inputShape: [25, 84, 2] }).layers).toEqual([
      { kind: 'gru', units: 5 },
      linear(4),
    ]);
  });

  it('refuses bad options, naming them', () => {
    const refused = (where: string) => expect.objectContaining({ code: 'invalid-option', where });
    expect(() => recurrent({ units: 0 })).toThrow(refused('recurrent(units)'));
    expect(() => recurrent({ units: 5, hidden: [8, 0] })).toThrow(refused('recurrent(hidden[1])'));
    expect(() => recurrent({ units: 5, convolutions: [] })).toThrow(refused('recurrent(convolutions)'));
    expect(() => recurrent({ units: 5, convolutions: [{ filters: 8, kernelSize: NaN }] })).toThrow(
      refused('recurrent(convolutions[0]).kernelSize'),
    );
    expect(() => recurrent({ units: 5, after: [1.5] })).toThrow(refused('recurrent(after[0])'));
    // @ts-expect-error: not an array
    expect(() => recurrent({ units: 5, after: 8 })).toThrow(refused('recurrent(after)'));
    // @ts-expect-error: unknown
    expect(() => recurrent({ units: 5, activation: 'gelu' })).toThrow(refused('recurrent(activation)'));
    // @ts-expect-error: misspelt
    expect(() => recurrent({ unit: 5 })).toThrow(refused('recurrent(options)'));
  });
});
