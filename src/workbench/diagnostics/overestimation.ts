import type { Agent } from '../../agent/agent.ts';
import { checkInteger, checkNames, checkNumber } from '../../common/check.ts';
import type { MaybePromise, Timing } from '../../common/maybe-promise.ts';
import type { Environment } from '../../environment/environment.ts';
import { callEnvironment, stepEnvironment } from '../../training/call-environment.ts';

/** What {@link overestimation} needs. */
export interface OverestimationOptions {
  /** Episodes that are played. Default 10. */
  readonly episodes?: number;
  /** Episode i is reset with `seed + i`. Default 0. */
  readonly seed?: number;
}

/** How far an agent's estimates are from what it gets. */
export interface Overestimation {
  /** The mean of `max_a Q(s_t, a)` over all steps. */
  readonly predicted: number;
  /** The mean of `G_t = Σ_k γᵏ r_{t+k}` over all steps. */
  readonly realised: number;
  /** `predicted − realised`: above 0 where the agent believes too much. */
  readonly bias: number;
  /** The root of the mean of `(max_a Q(s_t, a) − G_t)²`. */
  readonly rmse: number;
}

/**
 * Compares an agent's value estimates with the discounted returns that it then gets, playing whole episodes without exploring: the overestimation of van Hasselt et al. (2016, section
 * 4). Where an episode is truncated its rest is valued by the agent itself, `γᵀ max_a Q(s_T, a)`. Changes nothing in the agent. A recurrent agent's
 * estimates are those of an episode's beginning, so that it is not to be measured so. Use an environment of its own, without rewards
 * changed in other ways than in training.
 *
 * @throws DqnError `invalid-option`, `environment-failed` if the environment throws, `invalid-reward`.
 */
export async function overestimation<Observation, M extends Timing>(
  agent: Pick<Agent<Observation, M>, 'act' | 'qValues' | 'options'>,
  environment: Environment<Observation, number>,
  options: OverestimationOptions = {},
): Promise<Overestimation> {
  checkNames('overestimation(options)', options, { episodes: true, seed: true });
  const episodes = checkInteger('overestimation({ episodes })', options.episodes ?? 10, { min: 1 });
  const seed = checkNumber('overestimation({ seed })', options.seed ?? 0);
  const { discount } = agent.options;
  const best = async (observation: Observation, mask: Uint8Array | undefined): Promise<number> => {
    const q = await (agent.qValues(observation) as MaybePromise<Float32Array>);
    return q.reduce((most, value, action) => (mask?.[action] === 0 ? most : Math.max(most, value)), -Infinity);
  };
  let [steps, predicted, realised, squares] = [0, 0, 0, 0];
  for (let episode = 0; episode < episodes; episode++) {
    const estimates: number[] = [];
    const rewards: number[] = [];
    const start = await callEnvironment(() => environment.reset({ seed: seed + episode }), 'overestimation: environment.reset()');
    let { observation, actionMask } = start;
    for (let ended = false, after = 0; !ended;) {
      estimates.push(await best(observation, actionMask));
      const chosen = agent.act(observation, { explore: false, actionMask, first: rewards.length === 0 });
      const action = await (chosen as MaybePromise<number>);
      const result = await stepEnvironment(environment, action, 'overestimation');
      rewards.push(result.reward);
      ({ observation, actionMask } = result);
      ended = result.terminated || result.truncated;
      if (ended && !result.terminated) after = await best(observation, actionMask);
      if (!ended) continue;
      let value = after;
      for (let t = rewards.length - 1; t >= 0; t--) {
        value = rewards[t] + discount * value;
        predicted += estimates[t];
        realised += value;
        squares += (estimates[t] - value) ** 2;
      }
      steps += rewards.length;
    }
  }
  predicted /= steps;
  realised /= steps;
  return { predicted, realised, bias: predicted - realised, rmse: Math.sqrt(squares / steps) };
}
