import { checkInteger, checkNames } from '../common/check.ts';
import type { TrainEvaluation } from './train.ts';

/**
 * Checks what a run is told of evaluating on the way, but for what `evaluate` checks.
 * @throws DqnError `invalid-option`.
 */
export function checkEvaluation(name: string, evaluation: Pick<TrainEvaluation<never>, 'period'>): void {
  checkNames(`${name}({ evaluation })`, evaluation, { environment: true, period: true, episodes: true, seed: true });
  checkInteger(`${name}({ evaluation: { period } })`, evaluation.period, { min: 1 });
}
