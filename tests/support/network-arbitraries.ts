import * as fc from 'fast-check';
import type { Random } from '../../src/common/random.ts';
import type { Activation, LayerSpec, NetworkSpec } from '../../src/networks/spec.ts';

export const ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'leakyRelu', 'elu', 'tanh', 'sigmoid', 'silu'];
/** Widths around the sizes that kernels work in, and anything else up to 70. */
export const widthArb = fc.oneof(
  fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 31, 32, 33, 48, 49, 63, 64, 65),
  fc.integer({ min: 1, max: 70 }),
);

/** Batch sizes around the sizes that kernels work in. */
export const batchArb = fc.oneof(fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9), fc.integer({ min: 1, max: 40 }));

const activationArb = fc.constantFrom(...ACTIVATIONS);

const layerArb: fc.Arbitrary<LayerSpec> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('dense' as const), units: widthArb, activation: activationArb }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('layerNorm' as const),
      activation: activationArb,
      epsilon: fc.constantFrom(0.1, 1),
    }),
  },
);

/**
 * Networks of one to four layers in any order. Normalisations have a large epsilon: with a small one rounding errors grow without bound
 * where features happen to be nearly equal.
 */
export const networkSpecArb: fc.Arbitrary<NetworkSpec> = fc.record(
  {
    inputShape: fc.oneof(
      widthArb.map((width) => [width]),
      fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 })),
    ),
    inputScale: fc.constantFrom(1, 0.5, 2),
    layers: fc.array(layerArb, { minLength: 1, maxLength: 4 }),
  },
  { requiredKeys: ['inputShape', 'layers'] },
);

/** Normal numbers, some of them zero. */
export function drawNumbers(random: Random, length: number, zeros = 0): Float32Array {
  return Float32Array.from({ length }, () => (random.float() < zeros ? 0 : random.normal()));
}
