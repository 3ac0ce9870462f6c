import { DqnError } from '../common/errors.ts';
import { CategoricalHead } from '../heads/categorical.ts';
import { ExpectedHead } from '../heads/expected.ts';
import { FullyParameterisedQuantileHead } from '../heads/fully-parameterised-quantile.ts';
import { ImplicitQuantileHead } from '../heads/implicit-quantile.ts';
import { QuantileHead } from '../heads/quantile.ts';
import type { ValueHead } from '../heads/value-head.ts';

/** How Q-values follow from the outputs of a network, as data. */
export type ValueReading =
  /** `Q = outputs`, or with `rescaled` `h⁻¹(outputs)`. */
  | { readonly kind: 'expected'; readonly rescaled: boolean }
  /** `Q = Σ_i z_i softmax_i(outputs)`. */
  | { readonly kind: 'categorical'; readonly atoms: Float32Array }
  /** `Q = mean_i outputs_i`. */
  | { readonly kind: 'quantile'; readonly quantiles: number }
  /** `Q = mean_i outputs(τ_i)`, at the fractions that an agent acts by when it does not explore. */
  | { readonly kind: 'implicitQuantile'; readonly fractions: Float32Array }
  /** `Q = Σ_i p_i outputs(τ̂_i)`. */
  | { readonly kind: 'fullyParameterisedQuantile'; readonly fractions: number };

/**
 * How a built-in head reads outputs.
 * @throws DqnError `invalid-option` for a head of a user's own: it is code, and no file can hold it.
 */
export function valueReadingOf(head: ValueHead, where: string): ValueReading {
  // A class derived from one of these is not one of them.
  switch (head.constructor) {
    case ExpectedHead:
      return { kind: 'expected', rescaled: (head as ExpectedHead).settings.rescale };
    case CategoricalHead: {
      const { atoms, vMin, vMax } = (head as CategoricalHead).settings;
      const spacing = (vMax - vMin) / (atoms - 1);
      return { kind: 'categorical', atoms: Float32Array.from({ length: atoms }, (_, i) => vMin + spacing * i) };
    }
    case QuantileHead:
      return { kind: 'quantile', quantiles: head.width };
    case ImplicitQuantileHead: {
      const source = (head as ImplicitQuantileHead).fractions;
      const fractions = new Float32Array(source.counts.act);
      source.draw('act', fractions);
      return { kind: 'implicitQuantile', fractions };
    }
    case FullyParameterisedQuantileHead:
      return { kind: 'fullyParameterisedQuantile', fractions: (head as FullyParameterisedQuantileHead).settings.fractions };
    default:
      throw new DqnError({
        code: 'invalid-option',
        where: `${where}.head`,
        expected: 'a built-in head: expected(), categorical(), quantile(), implicitQuantile() or fullyParameterisedQuantile()',
        received: `a head of your own, ${head.kind}`,
        remedy: 'Distil the policy into one with a built-in head: see distil().',
      });
  }
}

/** The error of a policy that a format cannot hold. */
export function cannotHold(where: string, format: string, what: string, remedy: string): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where,
    expected: `a network that ${format} can hold`,
    received: what,
    remedy,
  });
}
