import { type LayerPlan, sizeOf } from '../../networks/plan.ts';
import type { LayerSpec } from '../../networks/spec.ts';
import { conv2dLayer } from './conv2d.ts';
import { denseLayer } from './dense.ts';
import { duelingLayer } from './dueling.ts';
import type { Foundation } from './foundation.ts';
import { gruLayer } from './gru.ts';
import { implicitQuantilesLayer } from './implicit-quantiles.ts';
import type { TfjsLayer } from './layer.ts';
import { layerNormLayer } from './layer-norm.ts';
import { noisyDenseLayer } from './noisy-dense.ts';
import { parallelLayer } from './parallel.ts';
import { proposedQuantilesLayer } from './proposed-quantiles.ts';
import { layersModelLayer } from './layers-model/layer.ts';
import { quantileEmbedding } from './quantile-embedding.ts';
import { randomPriorLayer } from './random-prior.ts';
import { residualLayer } from './residual.ts';
import { stackLayers } from './stack.ts';

/** The layers of a plan. */
export function buildStack(foundation: Foundation, plans: readonly LayerPlan[]): TfjsLayer {
  // What only changes shapes needs no layer: rows are flat.
  const real = plans.filter(({ spec }) => spec.kind !== 'flatten');
  return stackLayers(real.map((plan) => buildLayer(foundation, plan)));
}

function buildLayer(foundation: Foundation, plan: LayerPlan): TfjsLayer {
  const { spec, parameters, stacks } = plan;
  const { products } = foundation;
  const of = <Spec extends LayerSpec>(_: Spec): LayerPlan<Spec> => plan as LayerPlan<Spec>;
  const within = (i: number): TfjsLayer => buildStack(foundation, stacks[i]);
  switch (spec.kind) {
    case 'dense':
      return denseLayer(products, of(spec));
    case 'noisyDense':
      return noisyDenseLayer(products, of(spec));
    case 'layerNorm':
      return layerNormLayer(of(spec));
    case 'conv2d':
      return conv2dLayer(of(spec));
    case 'residual':
      return residualLayer(spec, within(0));
    case 'randomPrior':
      return randomPriorLayer(spec, within(0), within(1));
    case 'parallel':
      return parallelLayer(stacks.map((_, i) => within(i)));
    case 'dueling':
      return duelingLayer(spec, within(0), within(1));
    case 'gru':
      return gruLayer(products, of(spec), foundation.takeState(spec.units));
    case 'implicitQuantiles':
      return implicitQuantilesLayer(quantileEmbedding(foundation, spec, parameters), within(0));
    case 'proposedQuantiles':
      return proposedQuantilesLayer(foundation, of(spec), quantileEmbedding(foundation, spec, parameters.slice(0, 2)), within(0));
    case 'layersModel':
      return layersModelLayer(foundation, of(spec));
    case 'flatten':
      throw new Error('A flatten layer has nothing to build.');
  }
}

/** The share of the learning rate that Yang et al. 2019 give the proposal, nearly. */
const DEFAULT_PROPOSAL_RATE = 1e-4;

/**
 * What the learning rate of every parameter is multiplied by, in the order of `parametersOf`; nothing where all learn at one rate.
 */
export function learningRateFactors(plans: readonly LayerPlan[]): Float32Array | undefined {
  const factors = plans.flatMap(factorsOf);
  if (factors.every(({ factor }) => factor === 1)) return undefined;
  return Float32Array.from(factors.flatMap(({ size, factor }) => Array.from({ length: size }, () => factor)));
}

function factorsOf({ spec, parameters, stacks }: LayerPlan): { size: number; factor: number }[] {
  const factor = (i: number): number => {
    if (spec.kind === 'proposedQuantiles' && i >= 2) return spec.proposalRate ?? DEFAULT_PROPOSAL_RATE;
    return spec.kind === 'layersModel' && spec.weights[i].trainable === false ? 0 : 1;
  };
  const own = parameters.map(({ shape }, i) => ({ size: sizeOf(shape), factor: factor(i) }));
  const within = stacks.map((stack) => stack.flatMap(factorsOf));
  if (spec.kind === 'randomPrior') within[1] = within[1].map((each) => ({ ...each, factor: 0 }));
  return [...own, ...within.flat()];
}
