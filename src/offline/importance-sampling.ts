import { checkNames, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { Dataset } from './dataset.ts';

/** What an estimate by importance sampling needs beside the dataset. */
export interface ImportanceSamplingOptions {
  /** `[N]`: with what probability the policy that recorded took each action, above 0. Default: the dataset's own column. */
  readonly behavior?: ArrayLike<number>;
  /** `[N]`: with what probability the policy to be valued takes it. */
  readonly target: ArrayLike<number>;
  /** γ in [0, 1]. Default 1. */
  readonly discount?: number;
  /**
   * - `ordinary`: the mean of `ρ_e G_e`, ρ being the ratio of the probabilities of the whole episode; unbiased.
   * - `weighted`: `Σ ρ_e G_e / Σ ρ_e`; biased, of far less variance; 0 where all ratios are 0.
   * - `perDecision` (default): the mean of `Σ_t γᵗ ρ_{e,0…t} r_t`; unbiased, of less variance than `ordinary`.
   *
   * In episodes of many hundred steps ρ itself is as good as 0, or beyond all bounds: `weighted` alone compares what is left of them.
   */
  readonly kind?: 'ordinary' | 'weighted' | 'perDecision';
}

/**
 * The value of a policy at the start of an episode, from complete episodes that another one recorded: a fragment at the end is left out, as what it would have brought is not known. Source: Precup, Sutton and Singh 2000, "Eligibility Traces for Off-Policy
 * Policy Evaluation".
 * @throws DqnError `invalid-dataset` without a complete episode, `invalid-option` if a probability is out of range or missing, or another option is, or is misspelt.
 */
export function importanceSampling(dataset: Dataset, options: ImportanceSamplingOptions): number {
  checkNames('importanceSampling(options)', options, { behavior: true, target: true, discount: true, kind: true });
  const { target, kind = 'perDecision' } = options;
  const behavior = knownBehavior('importanceSampling', dataset, options.behavior);
  const discount = checkNumber('importanceSampling({ discount })', options.discount ?? 1, { min: 0, max: 1 });
  if (!['ordinary', 'weighted', 'perDecision'].includes(kind)) {
    refuse('invalid-option', 'kind', "'ordinary', 'weighted' or 'perDecision'", describe(kind));
  }
  checkProbabilities('importanceSampling', 'behavior', behavior, dataset.size, true);
  checkProbabilities('importanceSampling', 'target', target, dataset.size, false);
  // Products of so many factors leave the range of doubles: their logarithms do not.
  const logRatios: number[] = [];
  const returns: number[] = [];
  let decided = 0;
  for (let episode = 0; episode < dataset.episodes; episode++) {
    if (!dataset.isComplete(episode)) continue;
    let logRatio = 0;
    let factor = 1;
    let plain = 0;
    for (let step = dataset.start(episode); step < dataset.episodeEnds[episode]; step++) {
      logRatio += Math.log(target[step]) - Math.log(behavior[step]);
      const reward = factor * dataset.rewards[step];
      plain += reward;
      decided += scaled(logRatio, reward);
      factor *= discount;
    }
    logRatios.push(logRatio);
    returns.push(plain);
  }
  const episodes = returns.length;
  if (episodes === 0) refuse('invalid-dataset', 'dataset', 'at least one complete episode', 'none');
  if (kind === 'perDecision') return decided / episodes;
  if (kind === 'ordinary') return logRatios.reduce((sum, log, e) => sum + scaled(log, returns[e]), 0) / episodes;
  const most = logRatios.reduce((a, b) => Math.max(a, b));
  if (most === -Infinity) return 0;
  let sum = 0;
  let weights = 0;
  for (const [e, log] of logRatios.entries()) {
    // As shares of the largest, which then is 1.
    const weight = Math.exp(log - most);
    weights += weight;
    sum += weight * returns[e];
  }
  return sum / weights;
}

/** `e^log · x`, 0 for x = 0 whatever the factor. */
function scaled(log: number, x: number): number {
  return x === 0 ? 0 : Math.exp(log) * x;
}

/**
 * With what probability the policy that recorded took each action.
 * @throws DqnError `invalid-option` if nobody knows.
 */
export function knownBehavior(where: string, dataset: Dataset, given: ArrayLike<number> | undefined): ArrayLike<number> {
  const behavior = given ?? dataset.probabilities;
  if (behavior) return behavior;
  throw new DqnError({
    code: 'invalid-option',
    where: `${where}(behavior)`,
    expected: 'the probabilities of the actions taken',
    received: 'none, and a dataset without them',
    remedy: 'Pass behavior: recordDataset() keeps them, and a behaviorCloning() estimates them.',
  });
}

/** @throws DqnError `invalid-option` unless there is a probability for every step. */
export function checkProbabilities(where: string, name: string, values: ArrayLike<number>, size: number, positive: boolean): void {
  if (values?.length !== size) {
    throw new DqnError({
      code: 'invalid-option',
      where: `${where}(${name})`,
      expected: `${size} probabilities, one a step`,
      received: describe(values?.length),
      remedy: 'Pass one for every step of the dataset.',
    });
  }
  const range = { min: 0, max: 1, exclusiveMin: positive };
  for (let i = 0; i < size; i++) checkNumber(`${where}(${name}[${i}])`, values[i], range);
}

function refuse(code: 'invalid-option' | 'invalid-dataset', name: string, expected: string, received: string): never {
  throw new DqnError({ code, where: `importanceSampling(${name})`, expected, received, remedy: `Pass ${expected}.` });
}
