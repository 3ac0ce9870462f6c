import { natureConvolutions, minAtarConvolutions, cnn, type Convolution } from './cnn.ts';
import type { DenseEndOptions } from './dense-end.ts';
import { mlp } from './mlp.ts';
import type { NetworkFactory, NetworkIo } from './network-factory.ts';

/** Options of {@link adaptive}. */
export interface AdaptiveOptions extends Omit<DenseEndOptions, 'hidden'> {
  /** Widths of the hidden layers. Default `[512]` behind convolutions, `[128, 128]` for anything else. */
  readonly hidden?: readonly number[];
  /** For images. Default: those of Nature for images of at least 36 × 36, otherwise those of MinAtar. */
  readonly convolutions?: readonly Convolution[];
}

/** The smallest side that the convolutions of Nature fit in. */
const SMALLEST = 36;

/**
 * A network that suits the observations: convolutions for images `[H, W, C]`, a multilayer perceptron for anything else. What presets use, so
 * that a paper's other numbers can be tried on any environment.
 * @throws DqnError `invalid-option` as {@link cnn} and {@link mlp}.
 */
export function adaptive(options: AdaptiveOptions = {}): NetworkFactory<false> {
  const { convolutions, hidden, ...end } = options;
  const forImages = ({ inputShape: [height, width] }: NetworkIo): readonly Convolution[] =>
    convolutions ?? (Math.min(height, width) >= SMALLEST ? natureConvolutions : minAtarConvolutions);
  return {
    kind: 'adaptive',
    build: (io) => {
      const isImage = io.inputShape.length === 3;
      const factory = isImage
        ? cnn({ ...end, convolutions: forImages(io), hidden: hidden ?? [512] })
        : mlp({ ...end, hidden: hidden ?? [128, 128] });
      return factory.build(io);
    },
  };
}
