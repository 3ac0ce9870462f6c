import type { Tensor } from '@tensorflow/tfjs-core';
import { type LayerPlan, convolutionGeometry } from '../../networks/plan.ts';
import type { Conv2dSpec } from '../../networks/spec.ts';
import { activate, derive, needsArgument } from './activation.ts';
import { type TfjsLayer, weightsOf } from './layer.ts';
import { type Padding, convolve, convolveBackward, convolveFused, reshape, slice, sum, transpose } from './ops.ts';

/** Zeros before and behind so many inputs, of which the filters reach `end` with those before. */
function pads(before: number, inputs: number, end: number): [number, number] {
  return [before, Math.max(0, end - before - inputs)];
}

/**
 * `y = activation(x ∗ W + b)`. The gradient of W is a convolution too: of the images, with batch and channels changing places, by ∂L/∂y, whose numbers lie as far
 * apart as the filters step. TensorFlow.js has no kernel of its own for it on every backend.
 */
export function conv2dLayer({ spec, inputShape, parameters }: LayerPlan<Conv2dSpec>): TfjsLayer {
  const [height, width, channels] = inputShape;
  const { activation = 'linear', filters } = spec;
  const { kernelHeight, kernelWidth, strideY, strideX, outputHeight, outputWidth, paddingTop, paddingLeft } = convolutionGeometry(
    spec,
    inputShape,
  );
  const strides: readonly [number, number] = [strideY, strideX];
  const padding: Padding = [
    [0, 0],
    pads(paddingTop, height, (outputHeight - 1) * strideY + kernelHeight),
    pads(paddingLeft, width, (outputWidth - 1) * strideX + kernelWidth),
    [0, 0],
  ];

  /** ∂L/∂W, flat. */
  const weightGradient = (x: Tensor, d: Tensor): Tensor => {
    const once: readonly [number, number] = [1, 1];
    const product = convolve(transpose(x, [3, 1, 2, 0]), transpose(d, [1, 2, 0, 3]), once, padding, strides);
    // Rows and columns that no filter reaches give more than its taps.
    const taps = slice(product, [0, 0, 0, 0], [channels, kernelHeight, kernelWidth, filters]);
    return reshape(transpose(taps, [1, 2, 0, 3]), [kernelHeight * kernelWidth * channels * filters]);
  };

  return {
    parameters,
    forward(weights, x, pass) {
      const [weight, bias] = weightsOf(weights, parameters);
      const [rows] = x.shape;
      const images = pass.keep(reshape(x, [rows, height, width, channels]));
      const fused = activation === 'relu';
      const z = convolveFused(images, weight, bias, strides, padding, fused ? 'relu' : 'linear');
      const y = fused ? z : activate(activation, z);
      const from = pass.keep(needsArgument(activation) ? z : y);
      return {
        outputs: reshape(y, [rows, outputHeight * outputWidth * filters]),
        backward(dy, wantsInput) {
          const d = derive(activation, from, reshape(dy, [rows, outputHeight, outputWidth, filters]));
          const ofBias = reshape(sum(reshape(d, [rows * outputHeight * outputWidth, filters]), 0), [filters]);
          const input = wantsInput
            ? reshape(convolveBackward(d, weight, images.shape, strides, padding), [rows, height * width * channels])
            : undefined;
          return { parameters: [weightGradient(images, d), ofBias], input };
        },
      };
    },
  };
}
