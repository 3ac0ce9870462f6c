import { checkNames } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { checkNetworkSpec } from './check-spec.ts';
import { checkDenseEnd, denseEnd, endNames, type DenseEndOptions } from './dense-end.ts';
import type { NetworkFactory } from './network-factory.ts';
import type { LayerSpec } from './spec.ts';
import { traitsOf } from './traits.ts';

/** Options of {@link sequential}. */
export interface SequentialOptions extends DenseEndOptions {
  /** The layers from the observation to the features: convolutions, residual blocks, anything without memory. */
  readonly features: readonly LayerSpec[];
}

/**
 * A network of layers of your own, followed by the dense end that the value head asks for.
 *
 * @example
 * ```ts
 * import { sequential } from '@scope/dqn';
 *
 * const block = { kind: 'residual', layers: [{ kind: 'layerNorm' }, { kind: 'dense', units: 64, activation: 'relu' }, { kind: 'dense', units: 64 }] } as const;
 * const network = sequential({ features: [{ kind: 'dense', units: 64 }, block, block], hidden: [64], dueling: true });
 * ```
 * @throws DqnError `invalid-option` naming the option or the layer; what depends on the observation's shape is checked when the agent is created.
 */
export function sequential(options: SequentialOptions): NetworkFactory<false> {
  checkNames('sequential(options)', options, { ...endNames, features: true });
  checkDenseEnd('sequential', options);
  const { features } = options;
  return {
    kind: 'sequential',
    build: (io) => {
      const spec = checkNetworkSpec({
        inputShape: [...io.inputShape],
        ...(io.inputScale === undefined ? {} : { inputScale: io.inputScale }),
        layers: [...features, ...denseEnd(io, options, 'sequential', features.length > 0)],
      });
      if (traitsOf(spec).stateSize === 0) return spec;
      throw new DqnError({
        code: 'invalid-option',
        where: 'sequential(features)',
        expected: 'layers without memory',
        received: 'a gru among them',
        remedy: 'Use recurrent(), and a replay of sequences.',
      });
    },
  };
}
