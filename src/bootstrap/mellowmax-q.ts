import { maskedArgmax } from '../bellman/greedy.ts';
import { softmaxPolicy } from '../bellman/softmax.ts';
import { checkNumber } from '../common/check.ts';
import type { BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap-rule.ts';

/** What {@link mellowmaxQ} takes. */
export interface MellowmaxQOptions {
  /** ω above 0, in one over the unit of the action values. */
  readonly omega: number;
}

/** See {@link mellowmaxQ}. */
export class MellowmaxQ implements BootstrapRule {
  readonly kind = 'mellowmaxQ';
  /** ω. */
  readonly omega: number;

  /** @throws DqnError `invalid-option` as {@link mellowmaxQ}. */
  constructor({ omega }: MellowmaxQOptions) {
    this.omega = checkNumber('mellowmaxQ(omega)', omega, { min: 0, exclusiveMin: true });
  }

  apply({ batch, actions, targetQ, masks }: BootstrapInput, { policy, bonus }: BootstrapOutput): void {
    softmaxPolicy(targetQ, batch, actions, masks, 1 / this.omega, policy, bonus);
    for (let b = 0; b < batch; b++) bonus[b] = mellowBonus(targetQ, b * actions, actions, masks, this.omega);
  }
}

/**
 * The mellowmax backup `y = r + γ mm_ω(Q⁻(s', ·))`, `mm_ω(Q) = log(mean_a exp(ω Q_a)) / ω` over the n possible actions (Asadi and Littman 2017,
 * section 4). It lies between the mean (ω → 0) and the maximum (ω → ∞; at most log(n) / ω below it), and unlike {@link softmaxQ} it is monotone
 * and a non-expansion. Written as `π = softmax(ω Q)` and the bonus `mm_ω(Q) − Σ_a π Q = (H(π) − log n) / ω`, which is at most 0. Equal values get
 * equal shares.
 * @throws DqnError `invalid-option` if ω is not a finite number above 0.
 */
export function mellowmaxQ(options: MellowmaxQOptions): MellowmaxQ {
  return new MellowmaxQ(options);
}

/**
 * `mm_ω(Q) − Σ_a π Q`, both against the largest value. The entropy's form would lose its digits for small ω, where both of its terms are near log n.
 */
function mellowBonus(qValues: Float32Array, offset: number, actions: number, masks: Uint8Array | undefined, omega: number): number {
  const best = maskedArgmax(qValues, offset, actions, masks);
  if (best < 0) return 0;
  const largest = qValues[offset + best];
  let possible = 0;
  let excess = 0; // Σ (exp(x) − 1)
  let weighted = 0; // Σ exp(x) x
  for (let i = offset; i < offset + actions; i++) {
    if (masks !== undefined && masks[i] === 0) continue;
    const x = omega * (qValues[i] - largest);
    const gap = Math.expm1(x);
    possible++;
    excess += gap;
    if (gap !== -1) weighted += (gap + 1) * x;
  }
  return (Math.log1p(excess / possible) - weighted / (possible + excess)) / omega;
}
