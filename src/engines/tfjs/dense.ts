import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerPlan } from '../../networks/plan.ts';
import type { Activation, DenseSpec } from '../../networks/spec.ts';
import { activate, derive, needsArgument } from './activation.ts';
import { type Pass, type Passed, type TfjsLayer, weightsOf } from './layer.ts';
import { affine } from './ops.ts';
import type { Products } from './products.ts';

/**
 * `y = activation(x · W + b)` for weights that are given, `x [rows, K]`, `W [K, N]`, `b [N]`. The gradient of the parameters is that of W and b. W must stay until the
 * pass backward.
 */
export function passDense(
  products: Products,
  activation: Activation,
  x: Tensor,
  [weight, bias]: readonly Tensor[],
  pass: Pass,
): Passed {
  const fused = activation === 'relu';
  const z = affine(x, weight, bias, fused ? 'relu' : 'linear');
  const y = fused ? z : activate(activation, z);
  pass.keep(x);
  const from = pass.keep(needsArgument(activation) ? z : y);
  return {
    outputs: y,
    backward(dy, wantsInput) {
      const d = derive(activation, from, dy);
      return { parameters: products.ofWeight(x, d), input: wantsInput ? products.ofInput(d, weight) : undefined };
    },
  };
}

/** A fully connected layer. */
export function denseLayer(products: Products, { spec, parameters }: LayerPlan<DenseSpec>): TfjsLayer {
  const activation = spec.activation ?? 'linear';
  return { parameters, forward: (weights, x, pass) => passDense(products, activation, x, weightsOf(weights, parameters), pass) };
}
