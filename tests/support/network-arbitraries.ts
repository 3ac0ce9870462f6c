import * as fc from 'fast-check';
import type { Random } from '../../src/common/random.ts';
import type { OptimizerSpec } from '../../src/networks/optimizers.ts';
import { planNetwork, sizeOf } from '../../src/networks/plan.ts';
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

/** Widths of layers within layers. */
const smallWidthArb = fc.oneof(fc.constantFrom(1, 2, 4, 5, 8, 16, 17, 33), fc.integer({ min: 1, max: 20 }));
const optional = <T>(arb: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arb, { nil: undefined });
const sideArb = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })));

/** Layers that need not fit what comes before them or within them yet: see {@link fitLayer}. */
const sketchArb = fc.letrec<{ layer: LayerSpec; stack: LayerSpec[] }>((tie) => {
  const stack = fc.array(tie('layer'), { minLength: 1, maxLength: 2 });
  const record = <Kind extends LayerSpec['kind']>(kind: Kind, fields: Readonly<Record<string, fc.Arbitrary<unknown>>>) =>
    fc
      .record({ kind: fc.constant(kind), ...fields })
      // Left out rather than undefined, as after a trip through JSON.
      .map((layer) => Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)) as unknown as LayerSpec);
  const activation = optional(activationArb);
  const cosines = fc.integer({ min: 1, max: 9 });
  return {
    stack,
    layer: fc.oneof(
      { depthSize: 'small', withCrossShrink: true, maxDepth: 2 },
      record('dense', { units: smallWidthArb, activation }),
      record('layerNorm', { activation, epsilon: fc.constantFrom(0.1, 1) }),
      record('noisyDense', { units: smallWidthArb, activation, noise: optional(fc.constantFrom('factorised', 'independent')) }),
      record('conv2d', {
        filters: fc.integer({ min: 1, max: 9 }),
        kernelSize: sideArb,
        strides: optional(sideArb),
        padding: optional(fc.constantFrom('valid', 'same')),
        activation,
      }),
      record('flatten', {}),
      record('gru', { units: smallWidthArb }),
      record('residual', { layers: stack, activation }),
      record('randomPrior', { layers: stack, prior: stack, scale: optional(fc.constantFrom(0, 0.5, 3)) }),
      record('parallel', { branches: fc.array(fc.oneof(fc.constant([]), stack), { minLength: 1, maxLength: 3 }) }),
      record('dueling', {
        actions: fc.integer({ min: 1, max: 5 }),
        width: optional(fc.integer({ min: 1, max: 4 })),
        value: stack,
        advantage: stack,
        aggregation: optional(fc.constantFrom('mean', 'max')),
      }),
      record('implicitQuantiles', { cosines, activation, layers: stack }),
      record('proposedQuantiles', { fractions: fc.integer({ min: 2, max: 5 }), cosines, activation, layers: stack }),
    ),
  };
});

const QUANTILES: readonly LayerSpec['kind'][] = ['implicitQuantiles', 'proposedQuantiles'];

/** The layers made to fit `inputShape`: what cannot stand here is left out, and a dense layer gives `size` outputs where so many are asked for. */
function fitStack(
  layers: readonly LayerSpec[],
  inputShape: readonly number[],
  kinds: readonly string[],
  size?: number,
): LayerSpec[] {
  const fitted: LayerSpec[] = [];
  let shape = inputShape;
  for (const layer of layers) {
    const [each] = kinds.includes(layer.kind) ? fitLayer(layer, shape, kinds) : [];
    if (!each) continue;
    fitted.push(each);
    shape = planNetwork({ inputShape: shape, layers: [each] })[0].outputShape;
  }
  const found = sizeOf(shape);
  if (fitted.length === 0 || (size !== undefined && found !== size)) fitted.push({ kind: 'dense', units: size ?? 3 });
  return fitted;
}

function fitLayer(layer: LayerSpec, inputShape: readonly number[], kinds: readonly string[]): LayerSpec[] {
  const within = kinds.filter((kind) => !QUANTILES.includes(kind as LayerSpec['kind']));
  const stack = (layers: readonly LayerSpec[], size?: number) => fitStack(layers, inputShape, within, size);
  switch (layer.kind) {
    case 'conv2d':
      try {
        planNetwork({ inputShape, layers: [layer] });
        return [layer];
      } catch {
        return [];
      }
    case 'residual':
      return [{ ...layer, layers: stack(layer.layers, sizeOf(inputShape)) }];
    case 'randomPrior': {
      const layers = stack(layer.layers);
      const size = sizeOf(planNetwork({ inputShape, layers }).at(-1)?.outputShape ?? inputShape);
      return [{ ...layer, layers, prior: stack(layer.prior, size) }];
    }
    case 'parallel':
      return [{ ...layer, branches: layer.branches.map((branch) => (branch.length === 0 ? [] : stack(branch))) }];
    case 'dueling': {
      const { actions, width = 1 } = layer;
      return [{ ...layer, value: stack(layer.value, width), advantage: stack(layer.advantage, actions * width) }];
    }
    case 'implicitQuantiles':
    case 'proposedQuantiles': {
      const inner = within.filter((kind) => kind !== 'gru');
      return [{ ...layer, layers: fitStack(layer.layers, [sizeOf(inputShape)], inner) }];
    }
    default:
      return [layer];
  }
}

/** Every kind of layer. */
export const LAYER_KINDS: readonly LayerSpec['kind'][] = [
  'dense',
  'noisyDense',
  'layerNorm',
  'conv2d',
  'flatten',
  'residual',
  'randomPrior',
  'parallel',
  'dueling',
  'gru',
  'implicitQuantiles',
  'proposedQuantiles',
];

/** Networks of one to four layers of the given kinds, layers within layers included, on vectors and on small images. */
export function networkSpecOf(kinds: readonly LayerSpec['kind'][]): fc.Arbitrary<NetworkSpec> {
  const sideSize = fc.integer({ min: 1, max: 6 });
  return fc
    .record({
      inputShape: fc.oneof(
        widthArb.map((width) => [width]),
        fc.tuple(sideSize, sideSize, fc.integer({ min: 1, max: 5 })),
      ),
      inputScale: fc.constantFrom(undefined, 0.5, 2),
      layers: fc.array(sketchArb.layer, { minLength: 1, maxLength: 4 }),
    })
    .map(({ inputShape, inputScale, layers }) => {
      const end = layers.findIndex(({ kind }) => QUANTILES.includes(kind) && kinds.includes(kind));
      const used = end < 0 ? layers : layers.slice(0, end + 1);
      return {
        inputShape,
        ...(inputScale === undefined ? {} : { inputScale }),
        layers: fitStack(used, inputShape, kinds),
      };
    });
}

const weightDecay = fc.constantFrom(0, 0.01, 0.3);
/** Every rule, with options that show. */
export const optimizerSpecArb: fc.Arbitrary<OptimizerSpec> = fc.oneof(
  fc.record({ kind: fc.constant('sgd' as const), momentum: fc.constantFrom(0, 0.5, 0.9), weightDecay }),
  fc.record({
    kind: fc.constant('rmsprop' as const),
    decay: fc.constantFrom(0.5, 0.95, 0.99),
    epsilon: fc.constantFrom(1e-2, 1e-5),
    centered: fc.boolean(),
    weightDecay,
  }),
  fc.record({
    kind: fc.constant('adam' as const),
    beta1: fc.constantFrom(0, 0.5, 0.9),
    beta2: fc.constantFrom(0.9, 0.999),
    epsilon: fc.constantFrom(1e-3, 1e-5),
    weightDecay,
    decoupled: fc.boolean(),
  }),
);

/** Normal numbers, some of them zero. */
export function drawNumbers(random: Random, length: number, zeros = 0): Float32Array {
  return Float32Array.from({ length }, () => (random.float() < zeros ? 0 : random.normal()));
}
