import type { Tensor } from '@tensorflow/tfjs-core';
import { type LayerPlan, convolutionGeometry } from '../../networks/plan.ts';
import type { Conv2dSpec } from '../../networks/spec.ts';
import { activate, derive, needsArgument } from './activation.ts';
import type { Foundation } from './foundation.ts';
import { type TfjsLayer, weightsOf } from './layer.ts';
import { affine, concat, fill, gather, lengthOf, reshape, sum } from './ops.ts';

/** Which pixels lie under the filters, and under which filters a pixel lies. */
interface Patches {
  /** H'·W': positions of the filters. */
  readonly positions: number;
  /** kh·kw: pixels under a filter. */
  readonly taps: number;
  /** The pixel of each position and tap `[positions · taps]`; H·W stands for padding. */
  readonly pixels: Int32Array;
  /** The most positions and taps that one pixel has. */
  readonly uses: number;
  /** The positions and taps of each pixel `[H·W · uses]`; positions · taps stands for none. */
  readonly places: Int32Array;
  readonly padded: boolean;
}

function findPatches(spec: Conv2dSpec, [height, width, ...rest]: readonly number[]): Patches {
  const { kernelHeight, kernelWidth, strideY, strideX, outputHeight, outputWidth, paddingTop, paddingLeft } = convolutionGeometry(
    spec,
    [height, width, ...rest],
  );
  const positions = outputHeight * outputWidth;
  const taps = kernelHeight * kernelWidth;
  const pixels = new Int32Array(positions * taps).fill(height * width);
  const placesOf: number[][] = Array.from({ length: height * width }, () => []);
  for (let place = 0; place < pixels.length; place++) {
    const [position, tap] = [Math.floor(place / taps), place % taps];
    const row = Math.floor(position / outputWidth) * strideY + Math.floor(tap / kernelWidth) - paddingTop;
    const column = (position % outputWidth) * strideX + (tap % kernelWidth) - paddingLeft;
    if (row < 0 || row >= height || column < 0 || column >= width) continue;
    pixels[place] = row * width + column;
    placesOf[pixels[place]].push(place);
  }
  const uses = Math.max(...placesOf.map(({ length }) => length), 1);
  const places = new Int32Array(height * width * uses).fill(pixels.length);
  placesOf.forEach((each, pixel) => places.set(each, pixel * uses));
  return { positions, taps, pixels, uses, places, padded: pixels.includes(height * width) };
}

/**
 * `y = activation(x ∗ W + b)`: the patches under the filters form a matrix `[rows · H'·W', kh·kw·C]`, whose product with W `[kh·kw·C, F]` is the image of outputs.
 * Backward, a pixel sums the gradients of all patches that it lies in. Both are gathered, which every backend can.
 */
export function conv2dLayer(foundation: Foundation, { spec, inputShape, parameters }: LayerPlan<Conv2dSpec>): TfjsLayer {
  const [height, width, channels] = inputShape;
  const { activation = 'linear', filters } = spec;
  const { positions, taps, pixels, uses, places, padded } = findPatches(spec, inputShape);
  const { products } = foundation;
  const pixelIndex = foundation.constant(pixels, [pixels.length]);
  const placeIndex = foundation.constant(places, [places.length]);

  /** `[rows, n, C]` with a pixel of zeros behind each row. */
  const withZero = (x: Tensor): Tensor => concat([x, fill([lengthOf(x, 0), 1, channels], 0)], 1);

  return {
    parameters,
    forward(weights, x, pass) {
      const [weight, bias] = weightsOf(weights, parameters);
      const [rows] = x.shape;
      const image = reshape(x, [rows, height * width, channels]);
      const under = gather(padded ? withZero(image) : image, pixelIndex, 1);
      const patches = pass.keep(reshape(under, [rows * positions, taps * channels]));
      const matrix = pass.keep(reshape(weight, [taps * channels, filters]));
      const fused = activation === 'relu';
      const z = affine(patches, matrix, bias, fused ? 'relu' : 'linear');
      const y = fused ? z : activate(activation, z);
      const from = pass.keep(needsArgument(activation) ? z : y);
      return {
        outputs: reshape(y, [rows, positions * filters]),
        backward(dy, wantsInput) {
          const d = derive(activation, from, reshape(dy, [rows * positions, filters]));
          const gradient = products.ofWeight(patches, d);
          if (!wantsInput) return { parameters: gradient, input: undefined };
          const dPatches = reshape(products.ofInput(d, matrix), [rows, positions * taps, channels]);
          const over = gather(withZero(dPatches), placeIndex, 1);
          const sums = sum(reshape(over, [rows * height * width, uses, channels]), 1);
          return { parameters: gradient, input: reshape(sums, [rows, height * width * channels]) };
        },
      };
    },
  };
}
