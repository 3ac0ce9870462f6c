import { DqnError } from '../../common/errors.ts';
import { loadPart } from '../../common/load-part.ts';
import { type LayerPlan, sizeOf } from '../../networks/plan.ts';
import type { LayerSpec } from '../../networks/spec.ts';
import { stacksOf } from '../../networks/traits.ts';
import { buildDense } from './dense-layer.ts';
import type { Foundation, LayerBuilder, LayerSite, Surroundings } from './layer-builder.ts';
import { endsInRelu } from './activation-codes.ts';
import type { WasmLayer } from './layer.ts';
import type { Runtime } from './runtime.ts';
import { Stack } from './stack.ts';

type Kind = LayerSpec['kind'];

/** A builder called with its own kind of spec alone, which the types do not see. */
type AnyBuilder = LayerBuilder<never>;

/** Where the code of the layers is that not every network has. */
const CHUNKS: Readonly<Record<Exclude<Kind, 'dense' | 'flatten' | 'layersModel'>, () => Promise<AnyBuilder>>> = {
  noisyDense: async () => (await import('./noisy-dense-layer.ts')).buildNoisyDense,
  layerNorm: async () => (await import('./layer-norm-layer.ts')).buildLayerNorm,
  conv2d: async () => (await import('./conv2d-layer.ts')).buildConv2d,
  residual: async () => (await import('./residual-layer.ts')).buildResidual,
  randomPrior: async () => (await import('./random-prior-layer.ts')).buildRandomPrior,
  parallel: async () => (await import('./parallel-layer.ts')).buildParallel,
  dueling: async () => (await import('./dueling-layer.ts')).buildDueling,
  gru: async () => (await import('./gru-layer.ts')).buildGru,
  implicitQuantiles: async () => (await import('./implicit-quantiles-layer.ts')).buildImplicitQuantiles,
  proposedQuantiles: async () => (await import('./proposed-quantiles-layer.ts')).buildProposedQuantiles,
};

/** What has been loaded. */
const builders = new Map<Kind, AnyBuilder>();

/**
 * Loads the code that these layers need.
 * @throws DqnError `file-failed` if it cannot be loaded, `invalid-option` on a layer that this engine does not have.
 */
export async function loadLayers(layers: readonly LayerSpec[]): Promise<void> {
  await Promise.all(
    layers.map(async (layer) => {
      const { kind } = layer;
      if (kind === 'layersModel') refuseLayersModel();
      if (kind !== 'dense' && kind !== 'flatten' && !builders.has(kind)) {
        builders.set(kind, await loadPart(`layers of kind ${kind}`, CHUNKS[kind]));
      }
      await Promise.all(stacksOf(layer).map(loadLayers));
    }),
  );
}

function refuseLayersModel(): never {
  throw new DqnError({
    code: 'invalid-option',
    where: 'Engine.prepare(spec)',
    expected: 'layers that the embedded engine has',
    received: "a model of TensorFlow.js's layers",
    remedy: "Pass engine: await tfjs({ backend }) of '@scope/dqn/tfjs', which has them.",
  });
}

/**
 * The layers of a plan, in memory order.
 * @throws DqnError `not-loaded` if the code of one has not been loaded.
 */
export function buildStack(
  runtime: Runtime,
  plans: readonly LayerPlan[],
  inputSize: number,
  surroundings: Surroundings,
  foundation: Foundation,
): Stack {
  // What only changes shapes needs no layer.
  const real = plans.filter(({ spec }) => spec.kind !== 'flatten');
  const layers = real.map((plan, i) => {
    const size = sizeOf(plan.inputShape);
    const site: LayerSite<LayerSpec> = {
      runtime,
      spec: plan.spec,
      plan,
      inputSize: size,
      foundation,
      first: i === 0 && surroundings.first,
      sparseInput: i === 0 ? surroundings.sparseInput : endsInRelu(real[i - 1].spec),
      last: i === real.length - 1 && surroundings.last,
      whole: i === real.length - 1 && surroundings.whole,
      joined: (wide, last, joint) => buildLayer({ ...site, spec: wide.spec, plan: wide, last, whole: false, joint }),
      within: (stack, around, inputs = size) => buildStack(runtime, stack, inputs, { ...around, whole: false }, foundation),
    };
    return buildLayer(site);
  });
  return new Stack(runtime.kernels, layers, inputSize);
}

function buildLayer(site: LayerSite<LayerSpec>): WasmLayer {
  const { kind } = site.spec;
  const build = kind === 'dense' ? buildDense : builders.get(kind);
  if (build) return build(site as LayerSite<never>);
  throw new DqnError({
    code: 'not-loaded',
    where: 'Engine.createNetwork(spec)',
    expected: 'layers whose code has been loaded',
    received: `one of kind ${kind}`,
    remedy: 'Await engine.prepare(spec) first, as createAgent and loadPolicy do.',
  });
}
