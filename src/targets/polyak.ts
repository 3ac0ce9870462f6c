import { checkNumber } from '../common/check.ts';
import type { MaybePromise } from '../common/maybe-promise.ts';
import type { TargetContext, TargetUpdater } from './target-updater.ts';

/** How fast {@link polyak} follows. */
export interface PolyakOptions {
  /** The share of the online network in each blend, in (0, 1]. */
  readonly tau: number;
}

/** See {@link polyak}. */
export class PolyakUpdater implements TargetUpdater {
  readonly kind = 'polyak';
  readonly blends = true;
  /** The share of the online network in each blend. */
  readonly tau: number;

  /** @throws DqnError `invalid-option` as {@link polyak}. */
  constructor({ tau }: PolyakOptions) {
    this.tau = checkNumber('polyak(tau)', tau, { min: 0, max: 1, exclusiveMin: true });
  }

  afterUpdate({ online, target }: TargetContext): MaybePromise<void> {
    return target.blendFrom(online, this.tau);
  }
}

/**
 * Lets the target network follow the online one slowly, `θ⁻ ← (1 − tau) θ⁻ + tau θ`, after every gradient update (Lillicrap et al. 2016,
 * algorithm 1).
 * @throws DqnError `invalid-option` if tau is not in (0, 1].
 */
export function polyak(options: PolyakOptions): PolyakUpdater {
  return new PolyakUpdater(options);
}
