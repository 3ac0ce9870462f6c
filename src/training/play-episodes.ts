import type { Policy } from '../agent/policy.ts';
import { Breather } from '../common/macrotask.ts';
import { isPromise } from '../common/maybe-promise.ts';
import type { Environment } from '../environment/environment.ts';
import { throwIfAborted } from './abort.ts';
import { callEnvironment, stepEnvironment } from './call-environment.ts';
import type { EvaluateOptions, Evaluation } from './evaluate.ts';

/** What {@link evaluate} does, with all of its options. */
export async function playEpisodes<Observation>(
  policy: Policy<Observation>,
  environment: Environment<Observation, number>,
  { episodes, seed, signal }: Required<Pick<EvaluateOptions, 'episodes' | 'seed'>> & Pick<EvaluateOptions, 'signal'>,
): Promise<Evaluation> {
  const returns: number[] = [];
  const lengths: number[] = [];
  const breather = new Breather();
  for (let episode = 0; episode < episodes; episode++) {
    const started = await callEnvironment(() => environment.reset({ seed: seed + episode }), 'evaluate: environment.reset()');
    let { observation, actionMask } = started;
    let sum = 0;
    let length = 0;
    for (let ended = false; !ended;) {
      throwIfAborted(signal, 'evaluate({ signal })');
      const chosen = policy.act(observation, { explore: false, actionMask, first: length === 0 });
      const action = isPromise(chosen) ? await chosen : chosen;
      const stepping = stepEnvironment(environment, action, 'evaluate');
      const result = isPromise(stepping) ? await stepping : stepping;
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
