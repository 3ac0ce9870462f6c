import { checkNames } from '../common/check.ts';
import { cnn } from './cnn.ts';
import { fittingConvolutions, natureConvolutions, type Convolution } from './convolutions.ts';
import { endNames, type DenseEndOptions } from './dense-end.ts';
import { mlp } from './mlp.ts';
import type { NetworkFactory } from './network-factory.ts';

/** Options of {@link adaptive}. */
export interface AdaptiveOptions extends Omit<DenseEndOptions, 'hidden'> {
  /** Widths of the hidden layers. Default `[512]` behind convolutions, `[128, 128]` for anything else. */
  readonly hidden?: readonly number[];
  /** For images that they fit in; smaller ones get those of MinAtar. Default: those of Nature, which fit in 36 × 36. */
  readonly convolutions?: readonly Convolution[];
}

/**
 * A network that suits the observations: convolutions for images `[H, W, C]`, a multilayer perceptron for anything else. What presets use, so
 * that a paper's other numbers can be tried on any environment.
 * @throws DqnError `invalid-option` as {@link cnn} and {@link mlp}.
 */
export function adaptive(options: AdaptiveOptions = {}): NetworkFactory<false> {
  checkNames('adaptive(options)', options, { ...endNames, convolutions: true });
  const { convolutions = natureConvolutions, hidden, ...end } = options;
  const forImages = (chosen: readonly Convolution[]) => cnn({ ...end, convolutions: chosen, hidden: hidden ?? [512] });
  return {
    kind: 'adaptive',
    build: (io) => {
      if (io.inputShape.length !== 3) return mlp({ ...end, hidden: hidden ?? [128, 128] }).build(io);
      // Made before it is known whether they fit, so that convolutions that are none are refused for every image.
      const network = forImages(convolutions);
      const fitting = fittingConvolutions(convolutions, io.inputShape);
      return (fitting === convolutions ? network : forImages(fitting)).build(io);
    },
  };
}
