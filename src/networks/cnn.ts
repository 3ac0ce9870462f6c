import { checkNames } from '../common/check.ts';
import { checkNetworkSpec } from './check-spec.ts';
import { convolutionLayers, type Convolution } from './convolutions.ts';
import { checkDenseEnd, denseEnd, endNames, type DenseEndOptions } from './dense-end.ts';
import type { NetworkFactory } from './network-factory.ts';

/** Options of {@link cnn}: the convolutions, and how the network goes on from their features, as in `mlp`. */
export interface CnnOptions extends DenseEndOptions {
  /** From the image to the features, at least one. */
  readonly convolutions: readonly Convolution[];
}

/**
 * A convolutional network for images `[H, W, C]`, channels last: convolutions `activation(x ∗ W + b)`, then hidden layers and outputs as in `mlp`,
 * dueling streams, noisy layers and quantile embeddings included.
 *
 * @example `cnn({ convolutions: natureConvolutions, hidden: [512] })` is the network of Mnih et al. 2015.
 * @throws DqnError `invalid-option` on a size that is not a whole number of at least 1, or an unknown name; when built, on observations that are
 * no images, or too small ones.
 */
export function cnn(options: CnnOptions): NetworkFactory<false> {
  checkNames('cnn(options)', options, { ...endNames, convolutions: true });
  const { convolutions, ...end } = options;
  checkDenseEnd('cnn', end);
  const layers = convolutionLayers('cnn', convolutions, end);
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
