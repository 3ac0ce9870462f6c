import { DqnError, describe } from '../common/errors.ts';
import { checkLayerSpec, checkNetworkSpec } from './check-spec.ts';
import { checkDenseEnd, denseEnd, type DenseEndOptions } from './dense-end.ts';
import type { NetworkFactory } from './network-factory.ts';
import type { Conv2dSpec } from './spec.ts';

/** A convolution of {@link cnn}; where it names no activation or initializer, it has the network's. */
export type Convolution = Omit<Conv2dSpec, 'kind'>;

/** Options of {@link cnn}: the convolutions, and how the network goes on from their features, as in `mlp`. */
export interface CnnOptions extends DenseEndOptions {
  /** From the image to the features, at least one. */
  readonly convolutions: readonly Convolution[];
}

/**
 * The convolutions of Mnih et al. 2015 (Methods, model architecture) for Atari's images of 84 × 84 × 4: 32 filters 8 × 8 in steps of 4, 64 filters
 * 4 × 4 in steps of 2, 64 filters 3 × 3. One hidden layer of 512 units follows them there.
 */
export const natureConvolutions: readonly Convolution[] = [
  { filters: 32, kernelSize: 8, strides: 4 },
  { filters: 64, kernelSize: 4, strides: 2 },
  { filters: 64, kernelSize: 3 },
];

/**
 * The convolutions of van Hasselt, Hessel and Aslanides 2019 (table 2) for the same images and fewer frames: 32 filters 5 × 5 in steps of 5, 64 filters
 * 5 × 5 in steps of 5. One hidden layer of 256 units follows them there.
 */
export const dataEfficientConvolutions: readonly Convolution[] = [
  { filters: 32, kernelSize: 5, strides: 5 },
  { filters: 64, kernelSize: 5, strides: 5 },
];

/**
 * The convolution of Young and Tian 2019 (appendix) for MinAtar's images of 10 × 10 × C: 16 filters 3 × 3. One hidden layer of 128 units follows it
 * there.
 */
export const minAtarConvolutions: readonly Convolution[] = [{ filters: 16, kernelSize: 3 }];

/**
 * A convolutional network for images `[H, W, C]`, channels last: convolutions `activation(x ∗ W + b)`, then hidden layers and outputs as in `mlp`,
 * dueling streams, noisy layers and quantile embeddings included.
 *
 * @example `cnn({ convolutions: natureConvolutions, hidden: [512] })` is the network of Mnih et al. 2015.
 * @throws DqnError `invalid-option` on a size that is not a whole number of at least 1, or an unknown name; when built, on observations that are
 * no images, or too small ones.
 */
export function cnn({ convolutions, ...end }: CnnOptions): NetworkFactory<false> {
  if (!Array.isArray(convolutions) || convolutions.length === 0) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'cnn(convolutions)',
      expected: 'an array of at least one convolution',
      received: describe(convolutions),
      remedy: 'Pass for example [{ filters: 16, kernelSize: 3 }], or use mlp() for a network without.',
    });
  }
  checkDenseEnd('cnn', end);
  const { activation = 'relu', initializer = 'pytorch' } = end;
  const layers = convolutions.map((convolution, i) =>
    checkLayerSpec(`cnn(convolutions[${i}])`, { activation, initializer, ...convolution, kind: 'conv2d' }),
  );
  return {
    kind: 'cnn',
    build: (io) =>
      checkNetworkSpec({
        inputShape: [...io.inputShape],
        ...(io.inputScale === undefined ? {} : { inputScale: io.inputScale }),
        layers: [...layers, ...denseEnd(io, end, 'cnn', true)],
      }),
  };
}
