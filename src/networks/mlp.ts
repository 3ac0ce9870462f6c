import { checkNames } from '../common/check.ts';
import { checkNetworkSpec } from './check-spec.ts';
import { checkDenseEnd, denseEnd, endNames, type DenseEndOptions } from './dense-end.ts';
import type { NetworkFactory } from './network-factory.ts';

/** Options of {@link mlp}. */
export type MlpOptions = DenseEndOptions;

/**
 * A multilayer perceptron: hidden layers `activation(x · W + b)`, or with `layerNorm`
 * `activation(norm(x · W + b))`, then a linear layer of outputs. With `dueling` the last hidden layer and the outputs exist twice, as two streams;
 * with `noisy` they carry learned noise.
 * @throws DqnError `invalid-option` on a width that is not a whole number of at least 1, or an unknown name.
 */
export function mlp(options: MlpOptions): NetworkFactory<false> {
  checkNames('mlp(options)', options, endNames);
  checkDenseEnd('mlp', options);
  return {
    kind: 'mlp',
    build: (io) =>
      checkNetworkSpec({
        inputShape: [...io.inputShape],
        ...(io.inputScale === undefined ? {} : { inputScale: io.inputScale }),
        layers: denseEnd(io, options, 'mlp', false),
      }),
  };
}
