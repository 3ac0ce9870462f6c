import { checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import type { Dataset } from './dataset.ts';

/**
 * SACo, how much of the states and actions a dataset covers: `u(D) / u(reference)`, u being the number of different pairs (s, a). The reference is the
 * set of all that an online agent has met while learning, so values above 1 are possible. Observations are compared number by number: digitise continuous ones first.
 * Source: Schweighofer et al. 2022, "A Dataset Perspective on Offline Reinforcement Learning", eq. 4, with exact counts.
 * @throws DqnError `invalid-dataset` if the reference is empty.
 */
export function stateActionCoverage(dataset: Dataset, reference: Dataset): number {
  const pairs = uniquePairs(reference);
  if (pairs === 0) throw empty('stateActionCoverage(reference)', 'at least one step');
  return uniquePairs(dataset) / pairs;
}

/**
 * TQ, how well the policy behind a dataset plays: `(ḡ(D) − ḡ_random) / (ḡ_online − ḡ_random)`, ḡ being mean returns of complete episodes; 0 is as random, 1 as
 * the best online policy. Source: Schweighofer et al. 2022, eq. 3.
 * @throws DqnError `invalid-dataset` without a complete episode, `invalid-option` if both returns are the same or not finite.
 */
export function trajectoryQuality(dataset: Dataset, randomReturn: number, onlineReturn: number): number {
  const low = checkNumber('trajectoryQuality(randomReturn)', randomReturn);
  const span = checkNumber('trajectoryQuality(onlineReturn)', onlineReturn) - low;
  if (span === 0) checkNumber('trajectoryQuality(onlineReturn)', onlineReturn, { min: low, exclusiveMin: true });
  const returns = dataset.returns();
  if (returns.length === 0) throw empty('trajectoryQuality(dataset)', 'at least one complete episode');
  return (returns.reduce((sum, value) => sum + value, 0) / returns.length - low) / span;
}

function uniquePairs({ observations, observationSize, actions, episodeEnds }: Dataset): number {
  const seen = new Set<string>();
  let episode = 0;
  for (const [step, action] of actions.entries()) {
    if (step === episodeEnds[episode]) episode++;
    const at = (step + episode) * observationSize;
    seen.add(`${action}:${observations.subarray(at, at + observationSize).join()}`);
  }
  return seen.size;
}

function empty(where: string, expected: string): DqnError {
  return new DqnError({ code: 'invalid-dataset', where, expected, received: 'none', remedy: 'Record more.' });
}
