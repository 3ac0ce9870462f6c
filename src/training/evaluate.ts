import type { Policy } from '../agent/policy.ts';
import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { loadPart } from '../common/load-part.ts';
import type { Environment } from '../environment/environment.ts';
import type { AbortSignalLike } from './abort.ts';

/** How to evaluate. */
export interface EvaluateOptions {
  /** Episodes to play. Default 10. */
  readonly episodes?: number;
  /** Episode i is reset with `seed + i`, so that two policies meet the same starts. Default 0. */
  readonly seed?: number;
  /** Stops it with an `aborted` error. */
  readonly signal?: AbortSignalLike;
}

/** The returns of an evaluation. */
export interface Evaluation {
  /** Number of episodes. */
  readonly episodes: number;
  /** Mean return. */
  readonly mean: number;
  /** Standard deviation of the returns (of the population: divided by the number of episodes). */
  readonly std: number;
  /** Smallest return. */
  readonly min: number;
  /** Largest return. */
  readonly max: number;
  /** Mean length in steps. */
  readonly meanLength: number;
  /** The return of each episode: the undiscounted sum of its rewards. */
  readonly returns: readonly number[];
  /** The length of each episode in steps. */
  readonly lengths: readonly number[];
}

/**
 * Plays whole episodes without exploring and tells their returns. Changes nothing in an agent, its random streams included.
 * Use an environment of its own, not the one that is being trained on.
 *
 * @throws DqnError `environment-failed` if the environment throws, `invalid-environment` or `invalid-reward` if it breaks its contract, `aborted` if the signal is.
 */
export async function evaluate<Observation>(
  policy: Policy<Observation>,
  environment: Environment<Observation, number>,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  checkNames('evaluate(options)', options, { episodes: true, seed: true, signal: true });
  const episodes = checkInteger('evaluate({ episodes })', options.episodes ?? 10, { min: 1 });
  const seed = checkNumber('evaluate({ seed })', options.seed ?? 0);
  const { playEpisodes } = await loadPart('evaluation', () => import('./play-episodes.ts'));
  return playEpisodes(policy, environment, { ...options, episodes, seed });
}
