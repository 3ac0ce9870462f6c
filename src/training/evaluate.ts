import type { Policy } from '../agent/policy.ts';
import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { Breather } from '../common/macrotask.ts';
import { isPromise } from '../common/maybe-promise.ts';
import type { Environment } from '../environment/environment.ts';
import { checkReward } from '../replay/check-transition.ts';
import { throwIfAborted, type AbortSignalLike } from './abort.ts';
import { callEnvironment } from './call-environment.ts';

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
 * @throws DqnError `environment-failed` if the environment throws, `aborted` if the signal is.
 */
export async function evaluate<Observation>(
  policy: Policy<Observation>,
  environment: Environment<Observation, number>,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  checkNames('evaluate(options)', options, { episodes: true, seed: true, signal: true });
  const episodes = checkInteger('evaluate({ episodes })', options.episodes ?? 10, { min: 1 });
  const seed = checkNumber('evaluate({ seed })', options.seed ?? 0);
  const returns: number[] = [];
  const lengths: number[] = [];
  const breather = new Breather();
  for (let episode = 0; episode < episodes; episode++) {
    const started = await callEnvironment(() => environment.reset({ seed: seed + episode }), 'evaluate: environment.reset()');
    let { observation, actionMask } = started;
    let sum = 0;
    let length = 0;
    for (let ended = false; !ended;) {
      throwIfAborted(options.signal, 'evaluate({ signal })');
      const chosen = policy.act(observation, { explore: false, actionMask, first: length === 0 });
      const action = isPromise(chosen) ? await chosen : chosen;
      const answer = callEnvironment(() => environment.step(action), 'evaluate: environment.step()');
      const result = isPromise(answer) ? await answer : answer;
      checkReward('evaluate: environment.step().reward', result.reward);
      ({ observation, actionMask } = result);
      sum += result.reward;
      length++;
      ended = result.terminated || result.truncated;
      if (breather.due) await breather.breathe();
    }
    returns.push(sum);
    lengths.push(length);
  }
  return summarize(returns, lengths);
}

function summarize(returns: readonly number[], lengths: readonly number[]): Evaluation {
  const episodes = returns.length;
  const mean = returns.reduce((sum, value) => sum + value, 0) / episodes;
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / episodes;
  return {
    episodes,
    mean,
    std: Math.sqrt(variance),
    // One by one: the arguments of a call are not as many as episodes may be.
    min: returns.reduce((least, value) => Math.min(least, value)),
    max: returns.reduce((most, value) => Math.max(most, value)),
    meanLength: lengths.reduce((sum, value) => sum + value, 0) / episodes,
    returns,
    lengths,
  };
}
