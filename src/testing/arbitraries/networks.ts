import fc from 'fast-check';
import type { Activation, LayerSpec, NetworkSpec } from '../../networks/spec.ts';

/** What {@link networkArb} may be told. */
export interface NetworkArbOptions {
  /** The kinds of layers. Default all three. */
  readonly kinds?: readonly ('dense' | 'layerNorm' | 'dueling')[];
}

/**
 * Small networks of one to four layers: dense ones, normalisations, and dueling streams at the end. Normalisations have a large epsilon: with a small one
 * rounding errors grow without bound where features happen to be nearly equal.
 */
export function networkArb({ kinds = ['dense', 'layerNorm', 'dueling'] }: NetworkArbOptions = {}): fc.Arbitrary<NetworkSpec> {
  const activationArb = fc.constantFrom<Activation>('linear', 'relu', 'leakyRelu', 'elu', 'tanh', 'sigmoid', 'silu');
  const widthArb = fc.integer({ min: 1, max: 9 });
  const denseArb = fc.record({ kind: fc.constant('dense' as const), units: widthArb, activation: activationArb });
  const normArb = fc.record({
    kind: fc.constant('layerNorm' as const),
    activation: activationArb,
    epsilon: fc.constantFrom(0.1, 1),
  });
  const hiddenArb: fc.Arbitrary<LayerSpec> = kinds.includes('layerNorm')
    ? fc.oneof({ weight: 3, arbitrary: denseArb }, normArb)
    : denseArb;
  const duelingArb: fc.Arbitrary<LayerSpec> = fc
    .record({
      actions: fc.integer({ min: 1, max: 3 }),
      width: fc.integer({ min: 1, max: 2 }),
      aggregation: fc.constantFrom('mean' as const, 'max' as const),
      hidden: fc.array(denseArb, { maxLength: 1 }),
    })
    .map(({ actions, width, aggregation, hidden }) => ({
      kind: 'dueling',
      actions,
      width,
      aggregation,
      value: [...hidden, { kind: 'dense', units: width }],
      advantage: [...hidden, { kind: 'dense', units: actions * width }],
    }));
  const lastArb = kinds.includes('dueling') ? fc.oneof<fc.Arbitrary<LayerSpec>[]>(denseArb, duelingArb) : denseArb;
  return fc
    .record({
      inputShape: fc.oneof(
        widthArb.map((width) => [width]),
        fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      ),
      inputScale: fc.constantFrom(1, 0.5, 2),
      hidden: fc.array(hiddenArb, { maxLength: 3 }),
      last: lastArb,
    })
    .map(({ inputShape, inputScale, hidden, last }) => ({ inputShape, inputScale, layers: [...hidden, last] }));
}
