import { discreteActions } from '../agent/discrete-actions.ts';
import type { Policy } from '../agent/policy.ts';
import { checkNames, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { MaybePromise } from '../common/maybe-promise.ts';
import type { Environment } from '../environment/environment.ts';
import type { Dataset } from './dataset.ts';

/** Tells with what probability a policy takes each action. {@link BehaviorCloning} is one, {@link actionModel} makes one of a policy; write your own for others. */
export interface ActionModel {
  /**
   * Writes π(a | s) `[B, A]`.
   * @param observations - `[B, D]`, as the columns of a dataset hold them.
   */
  probabilities(observations: Float32Array, batch: number, out: Float32Array): MaybePromise<void>;
}

/** Options of {@link actionModel}. */
export interface ActionModelOptions {
  /** The share of actions taken by chance, all alike, in [0, 1]. Default 0. */
  readonly epsilon?: number;
}

/**
 * A policy that always takes the same action in a state, or every so often another, as probabilities: `π(a | s) = ε / A + (1 − ε) 1{a = policy(s)}`. It is asked without exploring.
 *
 * @param policy - an agent, a loaded policy, or one of your own; without memory.
 * @param environment - where it acts, or anything with its two spaces.
 * @throws DqnError `invalid-option`, `invalid-space`; `invalid-action` when the policy takes an action that is none.
 */
export function actionModel<Observation>(
  policy: Policy<Observation>,
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: ActionModelOptions = {},
): ActionModel {
  checkNames('actionModel(options)', options, { epsilon: true });
  const epsilon = checkNumber('actionModel({ epsilon })', options.epsilon ?? 0, { min: 0, max: 1 });
  const { n, start } = discreteActions(environment.actionSpace, 'actionModel(environment)');
  const { observationSpace } = environment;
  return {
    probabilities: async (observations, batch, out) => {
      out.fill(epsilon / n, 0, batch * n);
      for (let b = 0; b < batch; b++) {
        const observation = observationSpace.unflatten(observations, b * observationSpace.flatSize);
        const action = (await policy.act(observation, { explore: false, first: true })) - start;
        if (!Number.isInteger(action) || action < 0 || action >= n) throw notAnAction(action + start, start, n);
        out[b * n + action] += 1 - epsilon;
      }
    },
  };
}

/** Observations that a model is asked for at a time. */
const CHUNK = 512;

/**
 * What a policy would do at every observation of a dataset: π(a | s) `[N + E, A]`, the last observations of the episodes included.
 * @throws DqnError `invalid-part` if the model gives something else than probabilities that sum to 1; what the model throws.
 */
export async function actionProbabilities(model: ActionModel, dataset: Dataset): Promise<Float32Array> {
  const { observations, observationSize, actionCount } = dataset;
  const rows = dataset.size + dataset.episodes;
  const all = new Float32Array(rows * actionCount);
  for (let from = 0; from < rows; from += CHUNK) {
    const batch = Math.min(CHUNK, rows - from);
    const inputs = Float32Array.from(observations.subarray(from * observationSize, (from + batch) * observationSize));
    await model.probabilities(inputs, batch, all.subarray(from * actionCount, (from + batch) * actionCount));
  }
  for (let row = 0; row < rows; row++) checkDistribution(all.subarray(row * actionCount, (row + 1) * actionCount), row);
  return all;
}

/**
 * Of a table `[N + E, A]` over the observations of a dataset the numbers `[N]` of the actions that were taken.
 * @throws DqnError `invalid-option` on a table of another size.
 */
export function ofTaken(table: Float32Array, dataset: Dataset): Float32Array {
  checkTable('ofTaken(table)', table, dataset);
  const { actions, actionCount, episodeEnds } = dataset;
  const taken = new Float32Array(dataset.size);
  for (let episode = 0; episode < dataset.episodes; episode++) {
    for (let step = dataset.start(episode); step < episodeEnds[episode]; step++) {
      taken[step] = table[(step + episode) * actionCount + actions[step]];
    }
  }
  return taken;
}

/** @throws DqnError `invalid-option` unless there is a number for every action at every observation of the dataset. */
export function checkTable(where: string, table: ArrayLike<number>, { size, episodes, actionCount }: Dataset): void {
  const expected = (size + episodes) * actionCount;
  if (table?.length === expected) return;
  throw new DqnError({
    code: 'invalid-option',
    where,
    expected: `${size + episodes} × ${actionCount} numbers, one an action at every observation of the dataset`,
    received: describe(table),
    remedy: 'Pass what actionProbabilities() gave for this dataset, or a table like it.',
  });
}

/** Sums of float32 numbers are this near to 1. */
const SLACK = 1e-4;

function checkDistribution(row: Float32Array, index: number): void {
  let sum = 0;
  for (const p of row) sum += p >= 0 ? p : NaN;
  if (Math.abs(sum - 1) <= SLACK) return;
  throw new DqnError({
    code: 'invalid-part',
    where: `ActionModel.probabilities(), observation ${index}`,
    expected: 'numbers of at least 0 whose sum is 1',
    received: `[${row.join(', ')}]`,
    remedy: 'Write a probability for every action of every row.',
  });
}

function notAnAction(action: number, start: number, n: number): DqnError {
  return new DqnError({
    code: 'invalid-action',
    where: 'actionModel(policy)',
    expected: `a whole number in [${start}, ${start + n - 1}]`,
    received: describe(action),
    remedy: 'Let act() give an action of the environment.',
  });
}
