import { checkInteger, checkNames } from '../common/check.ts';
import { checkNetworkSpec } from './check-spec.ts';
import { convolutionLayers, fittingConvolutions, type Convolution } from './convolutions.ts';
import { checkDenseEnd, checkWidths, denseEnd, endNames, hiddenLayer, type DenseEndOptions } from './dense-end.ts';
import type { NetworkFactory } from './network-factory.ts';
import type { LayerSpec } from './spec.ts';

/** Options of {@link recurrent}: the layers before the memory, the memory, and how the network goes on from it, as in `mlp`. */
export interface RecurrentNetworkOptions extends Omit<DenseEndOptions, 'hidden'> {
  /** Size of the memory: the units of its GRU, at least 1. */
  readonly units: number;
  /** First of all where observations are images `[H, W, C]`; those that these do not fit in get MinAtar's, as in `adaptive`. Default none. */
  readonly convolutions?: readonly Convolution[];
  /** Widths of the hidden layers before the memory, from input to output. Default none. */
  readonly hidden?: readonly number[];
  /** Widths of the hidden layers between the memory and the outputs. Default none. */
  readonly after?: readonly number[];
}

/**
 * A network with a memory, for environments whose observations do not tell their whole state (Hausknecht and Stone 2015): convolutions where there are
 * any, hidden layers as in `mlp`, a gated recurrent unit, then hidden layers and outputs as in `mlp`, dueling streams, noisy layers and quantile
 * embeddings included. Its agent learns from sequences.
 *
 * @example `recurrent({ hidden: [64], units: 64 })`
 * @throws DqnError `invalid-option` on a size that is not a whole number of at least 1, or an unknown name.
 */
export function recurrent(options: RecurrentNetworkOptions): NetworkFactory<true> {
  checkNames('recurrent(options)', options, { ...endNames, units: true, convolutions: true, after: true });
  const { units, convolutions, hidden = [], after = [], ...rest } = options;
  checkInteger('recurrent(units)', units, { min: 1 });
  checkDenseEnd('recurrent', { ...rest, hidden });
  checkWidths('recurrent', 'after', after);
  // Before it is known whether they fit: convolutions that are none are refused for every image.
  if (convolutions) convolutionLayers('recurrent', convolutions, rest);
  const seeing = (shape: readonly number[]): LayerSpec[] =>
    convolutions && shape.length === 3 ? convolutionLayers('recurrent', fittingConvolutions(convolutions, shape), rest) : [];
  const gru: LayerSpec = { kind: 'gru', units };
  return {
    kind: 'recurrent',
    recurrent: true,
    build: (io) =>
      checkNetworkSpec({
        inputShape: [...io.inputShape],
        ...(io.inputScale === undefined ? {} : { inputScale: io.inputScale }),
        layers: [
          ...seeing(io.inputShape),
          ...hidden.flatMap((width) => hiddenLayer(rest, width, false)),
          gru,
          ...denseEnd(io, { ...rest, hidden: after }, 'recurrent', true),
        ],
      }),
  };
}
