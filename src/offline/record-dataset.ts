import { discreteActions } from '../agent/discrete-actions.ts';
import type { Policy } from '../agent/policy.ts';
import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { Breather } from '../common/macrotask.ts';
import { Random } from '../common/random.ts';
import type { Environment } from '../environment/environment.ts';
import { noPossibleAction } from '../exploration/greedy.ts';
import { throwIfAborted, type AbortSignalLike } from '../training/abort.ts';
import { callEnvironment } from '../training/call-environment.ts';
import type { ActionModel } from './action-model.ts';
import type { Dataset } from './dataset.ts';
import { Recorder } from './recorder.ts';

/** How much to record, and how to act. */
export interface RecordOptions {
  /** Steps to record; the last episode may be cut short, and is then without an end. Either this or `episodes`. */
  readonly steps?: number;
  /** Whole episodes to record. */
  readonly episodes?: number;
  /** The share of actions taken by chance, all possible ones alike, in [0, 1]. Default 0. */
  readonly epsilon?: number;
  /** Whether the policy explores by itself. Default false. */
  readonly explore?: boolean;
  /** Seeds chance; episode i is reset by a number drawn from it. Default 0. */
  readonly seed?: number;
  /** Stops it with an `aborted` error. */
  readonly signal?: AbortSignalLike;
}

const known: Readonly<Record<keyof RecordOptions, true>> = {
  steps: true,
  episodes: true,
  epsilon: true,
  explore: true,
  seed: true,
  signal: true,
};

/**
 * Lets a policy act, and gives what happened.
 *
 * The probabilities of the actions, which importance sampling needs, are kept where they are known: for `random`, for a policy that does not explore (always the same action but for the share `epsilon`), and
 * for one that explores by probabilities it tells, as an {@link ActionModel} does. An agent that explores does not tell them.
 *
 * @param policy - an agent, a loaded policy, one of your own, or `random`: all possible actions alike.
 * @example
 * ```ts
 * import { CartPole } from '@scope/dqn/environments';
 * import { recordDataset } from '@scope/dqn/offline';
 *
 * const dataset = await recordDataset('random', new CartPole(), { episodes: 10 });
 * ```
 * @throws DqnError `invalid-option`, `invalid-space`, `environment-failed`, `invalid-observation`, `invalid-reward`, `aborted`.
 */
export async function recordDataset<Observation>(
  policy: Policy<Observation> | (Policy<Observation> & ActionModel) | 'random',
  environment: Environment<Observation, number>,
  options: RecordOptions,
): Promise<Dataset> {
  checkNames('recordDataset(options)', options, known);
  const { explore = false, signal } = options;
  if (policy !== 'random' && typeof policy?.act !== 'function') {
    throw new DqnError({
      code: 'invalid-option',
      where: 'recordDataset(policy)',
      expected: "'random' or a policy with act()",
      received: describe(policy),
      remedy: "Pass an agent, a loaded policy, an object with act(), or 'random'.",
    });
  }
  if ((options.steps === undefined) === (options.episodes === undefined)) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'recordDataset({ steps, episodes })',
      expected: 'one of the two',
      received: options.steps === undefined ? 'neither' : 'both',
      remedy: 'Say how many steps or how many episodes to record.',
    });
  }
  const count = { min: 1 };
  const steps = options.steps === undefined ? Infinity : checkInteger('recordDataset({ steps })', options.steps, count);
  const episodes = options.episodes === undefined ? Infinity : checkInteger('recordDataset({ episodes })', options.episodes, count);
  const epsilon = policy === 'random' ? 1 : checkNumber('recordDataset({ epsilon })', options.epsilon ?? 0, { min: 0, max: 1 });
  const random = new Random(checkNumber('recordDataset({ seed })', options.seed ?? 0));
  const { n, start } = discreteActions(environment.actionSpace, 'recordDataset(environment)');
  const { observationSpace } = environment;
  const inner = policy === 'random' ? undefined : policy;
  const model = explore && inner && 'probabilities' in inner ? (inner as ActionModel) : undefined;
  const row = new Float32Array(observationSpace.flatSize);
  const distribution = new Float32Array(n);
  /** π(a | s) of the policy alone, where it is known. */
  const ofPolicy = async (observation: Observation, mask: Uint8Array | undefined, action: number, chosen: number) => {
    if (!explore || !inner) return Number(action === chosen);
    if (!model) return undefined;
    observationSpace.flatten(observation, row);
    await model.probabilities(row, 1, distribution);
    const possible = distribution.reduce((sum, p, a) => sum + (mask === undefined || mask[a] !== 0 ? p : 0), 0);
    return distribution[action - start] / possible;
  };

  const recording = new Recorder(environment);
  const breather = new Breather();
  for (let episode = 0; episode < episodes && recording.steps < steps; episode++) {
    const seed = random.uint32();
    let { observation, actionMask } = await callEnvironment(() => recording.reset({ seed }), 'recordDataset: environment.reset()');
    for (let first = true, ended = false; !ended && recording.steps < steps; first = false) {
      throwIfAborted(signal, 'recordDataset({ signal })');
      const possible = Array.from({ length: n }, (_, a) => a).filter((a) => actionMask === undefined || actionMask[a] !== 0);
      if (possible.length === 0) throw noPossibleAction(0);
      const chosen = inner ? await inner.act(observation, { explore, actionMask, first }) : start;
      const action = random.float() < epsilon ? possible[random.integer(possible.length)] + start : chosen;
      checkAction(action, start, n);
      const own = await ofPolicy(observation, actionMask, action, chosen);
      const probability = own === undefined ? undefined : epsilon / possible.length + (1 - epsilon) * own;
      const result = await callEnvironment(() => recording.step(action, probability), 'recordDataset: environment.step()');
      ({ observation, actionMask } = result);
      ended = result.terminated || result.truncated;
      if (breather.due) await breather.breathe();
    }
  }
  return recording.dataset();
}

function checkAction(action: number, start: number, n: number): void {
  if (Number.isInteger(action) && action >= start && action < start + n) return;
  throw new DqnError({
    code: 'invalid-action',
    where: 'recordDataset(policy)',
    expected: `a whole number in [${start}, ${start + n - 1}]`,
    received: describe(action),
    remedy: 'Let act() give an action of the environment.',
  });
}
