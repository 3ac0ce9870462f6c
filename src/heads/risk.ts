import { checkNumber } from '../common/check.ts';
import { normalCdf, normalQuantile } from '../common/normal-distribution.ts';

/**
 * A distorted expectation: acting by `Q_β(s, a) = ∫ F⁻¹(β(τ)) dτ` in place of the mean return (Dabney et al. 2018b, eq. 2). Write your own as
 * `{ kind, distort }`.
 */
export interface RiskMeasure {
  /** For example `cvar`. */
  readonly kind: string;
  /** β(τ): a fraction in [0, 1] for one in [0, 1], increasing. Below τ it stresses bad returns (risk-averse), above it good ones. */
  distort(fraction: number): number;
}

/** The measures' one option. */
export interface RiskOptions {
  /** η: how far from neutral; see the measure. */
  readonly eta: number;
}

/** The mean of all returns: `β(τ) = τ`. */
export function neutral(): RiskMeasure {
  return { kind: 'neutral', distort: (fraction) => fraction };
}

/**
 * Conditional value at risk: the mean of the worst share η of returns, `β(τ) = η τ` (Chow and Ghavamzadeh 2014; Dabney et al. 2018b, section 3).
 * @param options - η in (0, 1]; 1 is neutral, less is more risk-averse.
 * @throws DqnError `invalid-option` if η is not in that range.
 */
export function cvar({ eta }: RiskOptions): RiskMeasure {
  checkNumber('cvar(eta)', eta, { min: 0, exclusiveMin: true, max: 1 });
  return { kind: 'cvar', distort: (fraction) => eta * fraction };
}

/**
 * Wang's transform `β(τ) = Φ(Φ⁻¹(τ) + η)` with Φ the standard normal distribution function (Wang 2000; Dabney et al. 2018b, section 3).
 * @param options - η: 0 is neutral, below risk-averse, above risk-seeking.
 * @throws DqnError `invalid-option` if η is not finite.
 */
export function wang({ eta }: RiskOptions): RiskMeasure {
  checkNumber('wang(eta)', eta);
  return { kind: 'wang', distort: (fraction) => normalCdf(normalQuantile(fraction) + eta) };
}

/**
 * The weighting of cumulative prospect theory, as people were found to act: `β(τ) = τ^η / (τ^η + (1 − τ)^η)^(1/η)`, risk-averse where τ is small and
 * risk-seeking where it is large (Tversky and Kahneman 1992; Dabney et al. 2018b, section 3).
 * @param options - η in [0.3, 1]; 1 is neutral, 0.71 fits people. Below about 0.28 β does not increase.
 * @throws DqnError `invalid-option` if η is not in that range.
 */
export function cpw({ eta }: RiskOptions): RiskMeasure {
  checkNumber('cpw(eta)', eta, { min: 0.3, max: 1 });
  return {
    kind: 'cpw',
    distort: (fraction) => {
      const low = fraction ** eta;
      return low / (low + (1 - fraction) ** eta) ** (1 / eta);
    },
  };
}

/**
 * A power: `β(τ) = τ^(1/(1+η))` for η ≥ 0, `1 − (1 − τ)^(1/(1−η))` below (Dabney et al. 2018b, section 3).
 * @param options - η: 0 is neutral, below risk-averse, above risk-seeking.
 * @throws DqnError `invalid-option` if η is not finite.
 */
export function power({ eta }: RiskOptions): RiskMeasure {
  const exponent = 1 / (1 + Math.abs(checkNumber('power(eta)', eta)));
  return { kind: 'power', distort: (fraction) => (eta < 0 ? 1 - (1 - fraction) ** exponent : fraction ** exponent) };
}
