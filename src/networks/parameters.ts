import type { NetworkSpec } from './spec.ts';

/** A parameter of a network: its name and shape. */
export interface ParameterInfo {
  /** For example `layers.0.weight`. */
  readonly name: string;
  /** For example `[K, N]`. */
  readonly shape: readonly number[];
}

/** Numbers in one observation. */
export function inputSizeOf(spec: NetworkSpec): number {
  return spec.inputShape.reduce((product, size) => product * size, 1);
}

/**
 * The parameters of each layer, in order: a dense layer i has `layers.i.weight` `[K, N]` and `layers.i.bias` `[N]`,
 * a layer normalisation `layers.i.gain` `[N]` and `layers.i.offset` `[N]`.
 */
export function parametersOf(spec: NetworkSpec): ParameterInfo[][] {
  let width = inputSizeOf(spec);
  return spec.layers.map((layer, i) => {
    const inputs = width;
    if (layer.kind === 'layerNorm') {
      return [
        { name: `layers.${i}.gain`, shape: [inputs] },
        { name: `layers.${i}.offset`, shape: [inputs] },
      ];
    }
    width = layer.units;
    return [
      { name: `layers.${i}.weight`, shape: [inputs, width] },
      { name: `layers.${i}.bias`, shape: [width] },
    ];
  });
}
