import { discreteActions } from '../agent/discrete-actions.ts';
import { ObservationCodec } from '../agent/observation-codec.ts';
import type { Policy } from '../agent/policy.ts';
import { checkNames, checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { chain, type MaybePromise } from '../common/maybe-promise.ts';
import type { Environment } from '../environment/environment.ts';
import type { ActionModel } from './action-model.ts';
import type { Dataset } from './dataset.ts';

/** Says which actions may be taken in a state: in the targets of an agent that learns from recorded experience, and when it acts. */
export interface ActionConstraint {
  /** For example `supported`. */
  readonly kind: string;
  /**
   * Writes 1 where an action may be taken and 0 where not, `[B, A]`; at least one a row may.
   * @param observations - `[B, D]`, as the columns of a dataset hold them.
   */
  allow(observations: Float32Array, batch: number, actions: number, out: Uint8Array): MaybePromise<void>;
}

/** Options of {@link supported}. */
export interface SupportedOptions {
  /** τ in [0, 1]: how likely an action must be beside the likeliest one. 0 allows all, 1 the likeliest alone. Default 0.3. */
  readonly threshold?: number;
}

/**
 * The constraint of discrete BCQ: only actions that are likely enough to have been recorded, `π_b(a | s) ≥ τ max_a' π_b(a' | s)` (Fujimoto, Conti, Ghavamzadeh and Pineau 2019,
 * "Benchmarking Batch Deep Reinforcement Learning", eq. 12). With `doubleQ()` the target is `y = r + γ Q⁻(s', argmax_{a allowed} Q(s', a))`.
 *
 * There the model of the behaviour learns beside the values; here it has learned before, as a {@link BehaviorCloning} for example, and stays as it is.
 * @throws DqnError `invalid-option` if τ is outside [0, 1] or its name is misspelt.
 */
export function supported(model: ActionModel, options: SupportedOptions = {}): ActionConstraint {
  checkNames('supported(options)', options, { threshold: true });
  const threshold = checkNumber('supported({ threshold })', options.threshold ?? 0.3, { min: 0, max: 1 });
  return {
    kind: 'supported',
    allow: (observations, batch, actions, out) => {
      // Not kept: another call may come before the model has answered.
      const probabilities = new Float32Array(batch * actions);
      return chain(model.probabilities(observations, batch, probabilities), () => {
        for (let offset = 0, end = batch * actions; offset < end; offset += actions) {
          let most = 0;
          for (let a = 0; a < actions; a++) most = Math.max(most, probabilities[offset + a]);
          for (let a = 0; a < actions; a++) out[offset + a] = probabilities[offset + a] >= threshold * most ? 1 : 0;
        }
      });
    },
  };
}

/**
 * A policy that takes allowed actions alone: of those it prefers the same as before. Where none of the possible ones is allowed, all possible ones are.
 * @param policy - an agent or a loaded policy, or one of your own that minds `actionMask`.
 * @param environment - where it acts, or anything with its two spaces.
 * @throws DqnError `invalid-space`; `invalid-observation` when it acts.
 */
export function constrained<Observation>(
  policy: Policy<Observation>,
  constraint: ActionConstraint,
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
): Policy<Observation> {
  const { n } = discreteActions(environment.actionSpace, 'constrained(environment)');
  const codec = new ObservationCodec(environment.observationSpace);
  return {
    act: (observation, options) => {
      const row = new Float32Array(codec.size);
      const bytes = codec.type === 'uint8' ? new Uint8Array(codec.size) : row;
      codec.encode(observation, bytes, 0, 'act(observation)');
      if (bytes !== row) row.set(bytes);
      const allowed = new Uint8Array(n);
      return chain(constraint.allow(row, 1, n, allowed), () => {
        const possible = options?.actionMask;
        const both = possible ? allowed.map((may, a) => may & possible[a]) : allowed;
        const actionMask = both.includes(1) ? both : possible;
        return policy.act(observation, { ...options, actionMask });
      });
    },
  };
}

/** Observations that a constraint is asked for at a time. */
const CHUNK = 512;

/**
 * What is allowed at every observation of a dataset, `[N + E, A]`.
 * @throws DqnError `invalid-part` if nothing is where a target bootstraps, which would be worth 0 there.
 */
export async function allowedActions(constraint: ActionConstraint, dataset: Dataset): Promise<Uint8Array> {
  const { observations, observationSize, actionCount } = dataset;
  const rows = dataset.size + dataset.episodes;
  const masks = new Uint8Array(rows * actionCount);
  for (let from = 0; from < rows; from += CHUNK) {
    const batch = Math.min(CHUNK, rows - from);
    const inputs = Float32Array.from(observations.subarray(from * observationSize, (from + batch) * observationSize));
    await constraint.allow(inputs, batch, actionCount, masks.subarray(from * actionCount, (from + batch) * actionCount));
  }
  for (let episode = 0; episode < dataset.episodes; episode++) {
    for (let step = dataset.start(episode); step < dataset.episodeEnds[episode]; step++) {
      const row = step + episode + 1;
      const mask = masks.subarray(row * actionCount, (row + 1) * actionCount);
      if (dataset.terminations[step] === 0 && mask.every((may) => may === 0)) throw nothingAllowed(row);
    }
  }
  return masks;
}

function nothingAllowed(row: number): DqnError {
  return new DqnError({
    code: 'invalid-part',
    where: `ActionConstraint.allow(), observation ${row}`,
    expected: 'at least one allowed action',
    received: 'none',
    remedy: 'Write 1 for an action of every row.',
  });
}
