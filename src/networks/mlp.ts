import { checkInteger } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { checkActivation, checkInitializer, checkNetworkSpec } from './check-spec.ts';
import type { NetworkFactory } from './network-factory.ts';
import type { Activation, Initializer, LayerSpec } from './spec.ts';

/** Options of {@link mlp}. */
export interface MlpOptions {
  /** Widths of the hidden layers, from input to output; none for a linear network. */
  readonly hidden: readonly number[];
  /** Of the hidden layers. Default `relu`. */
  readonly activation?: Activation;
  /** Whether each hidden layer normalises its features before its activation. Default false. */
  readonly layerNorm?: boolean;
  /** Of every dense layer. Default `pytorch`. */
  readonly initializer?: Initializer;
}

/**
 * A multilayer perceptron: hidden layers `activation(x · W + b)`, or with `layerNorm`
 * `activation(norm(x · W + b))`, then a linear layer of outputs.
 * @throws DqnError `invalid-option` on a width that is not a whole number of at least 1, or an unknown name.
 */
export function mlp({ hidden, activation = 'relu', layerNorm = false, initializer = 'pytorch' }: MlpOptions): NetworkFactory {
  if (!Array.isArray(hidden)) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'mlp(hidden)',
      expected: 'an array of widths',
      received: describe(hidden),
      remedy: 'Pass for example [128, 128], or [] for a linear network.',
    });
  }
  const layers: LayerSpec[] = [];
  hidden.forEach((width, i) => {
    const units = checkInteger(`mlp(hidden[${i}])`, width, { min: 1 });
    if (layerNorm) layers.push({ kind: 'dense', units, initializer }, { kind: 'layerNorm', activation });
    else layers.push({ kind: 'dense', units, activation, initializer });
  });
  checkActivation('mlp(activation)', activation);
  checkInitializer('mlp(initializer)', initializer);
  return {
    kind: 'mlp',
    build: ({ inputShape, inputScale, outputSize }) =>
      checkNetworkSpec({
        inputShape: [...inputShape],
        ...(inputScale === undefined ? {} : { inputScale }),
        layers: [...layers, { kind: 'dense', units: outputSize, initializer }],
      }),
  };
}
