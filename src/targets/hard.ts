import { checkInteger } from '../common/check.ts';
import type { MaybePromise } from '../common/maybe-promise.ts';
import type { TargetContext, TargetUpdater } from './target-updater.ts';

/** When {@link hard} copies. */
export interface HardOptions {
  /** Environment steps between copies, at least 1. */
  readonly period: number;
}

/** See {@link hard}. */
export class HardUpdater implements TargetUpdater {
  readonly kind = 'hard';
  /** Environment steps between copies. */
  readonly period: number;

  /** @throws DqnError `invalid-option` as {@link hard}. */
  constructor({ period }: HardOptions) {
    this.period = checkInteger('hard(period)', period, { min: 1 });
  }

  afterStep({ online, target, step }: TargetContext): MaybePromise<void> {
    return step % this.period === 0 ? target.copyFrom(online) : undefined;
  }
}

/**
 * Copies the online network into the target network, `θ⁻ ← θ`, after every `period` environment steps (Mnih et al. 2015, algorithm 1,
 * where the period counts updates).
 * @throws DqnError `invalid-option` if the period is not a whole number of at least 1.
 */
export function hard(options: HardOptions): HardUpdater {
  return new HardUpdater(options);
}
