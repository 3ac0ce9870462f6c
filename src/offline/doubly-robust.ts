import { checkNames, checkNumber } from '../common/check.ts';
import { checkTable } from './action-model.ts';
import { refuseEmpty, type Dataset } from './dataset.ts';
import { checkProbabilities, knownBehavior } from './importance-sampling.ts';

/** What an estimate needs beside the dataset. */
export interface DoublyRobustOptions {
  /** `[N + E, A]`: π(a | s) of the policy to be valued at every observation, as {@link actionProbabilities} gives it. */
  readonly policy: Float32Array;
  /** `[N + E, A]`: what a model takes the policy's action values for, as {@link FittedQEvaluation.qValues} gives them. */
  readonly qValues: Float32Array;
  /** `[N]`: with what probability the policy that recorded took each action, above 0. Default: the dataset's own column. */
  readonly behavior?: ArrayLike<number>;
  /** γ in [0, 1]. Default 1. */
  readonly discount?: number;
}

/**
 * The value of a policy at the start of an episode by importance sampling, of which a model takes away the variance: the mean over the episodes of `V_0`,
 *
 * `V_t = V̂(s_t) + ρ_t (r_t + γ V_{t+1} − Q̂(s_t, a_t))`, `V̂(s) = Σ_a π(a | s) Q̂(s, a)`, `ρ_t = π(a_t | s_t) / π_b(a_t | s_t)`,
 *
 * after the last step 0 where the episode terminated, and V̂ of its last observation where it was cut off (Jiang and Li 2016, "Doubly Robust Off-policy Value Evaluation for Reinforcement Learning", eq. 10). It is unbiased if
 * either the probabilities or the model are right (the model of a cut-off end apart); with a model of zeros it is importance sampling per decision.
 * @throws DqnError `invalid-dataset` without an episode, `invalid-option` on a table of another size, a probability out of range or missing, a value that is not finite, or a misspelt option.
 */
export function doublyRobust(dataset: Dataset, options: DoublyRobustOptions): number {
  checkNames('doublyRobust(options)', options, { policy: true, qValues: true, behavior: true, discount: true });
  const { policy, qValues } = options;
  const discount = checkNumber('doublyRobust({ discount })', options.discount ?? 1, { min: 0, max: 1 });
  const { size, episodes, actionCount, actions, rewards, terminations, episodeEnds } = dataset;
  refuseEmpty('doublyRobust(dataset)', dataset);
  checkTable('doublyRobust({ policy })', policy, dataset);
  checkTable('doublyRobust({ qValues })', qValues, dataset);
  checkProbabilities('doublyRobust', 'policy', policy, policy.length, false);
  for (let i = 0; i < qValues.length; i++) checkNumber(`doublyRobust(qValues[${i}])`, qValues[i]);
  const behavior = knownBehavior('doublyRobust', dataset, options.behavior);
  checkProbabilities('doublyRobust', 'behavior', behavior, size, true);
  const valueAt = (row: number): number => {
    let value = 0;
    for (let i = row * actionCount; i < (row + 1) * actionCount; i++) value += policy[i] * qValues[i];
    return value;
  };
  let sum = 0;
  for (let episode = 0; episode < episodes; episode++) {
    const end = episodeEnds[episode];
    let value = terminations[end - 1] === 1 ? 0 : valueAt(end + episode);
    for (let step = end - 1; step >= dataset.start(episode); step--) {
      const row = step + episode;
      const taken = row * actionCount + actions[step];
      value = valueAt(row) + (policy[taken] / behavior[step]) * (rewards[step] + discount * value - qValues[taken]);
    }
    sum += value;
  }
  return sum / episodes;
}
