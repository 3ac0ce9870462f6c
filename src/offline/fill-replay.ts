import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { NStepAccumulator } from '../replay/n-step.ts';
import type { ReplayBuffer, ReplayLayout } from '../replay/replay-buffer.ts';
import type { Dataset } from './dataset.ts';

/** How {@link fillReplay} makes transitions of steps. */
export interface FillReplayOptions {
  /** γ in [0, 1]. Default 0.99. */
  readonly discount?: number;
  /** Rewards summed before a target bootstraps, n ≥ 1. Default 1. */
  readonly nStep?: number;
  /** `[N + E, A]`: 1 where an action may be taken at an observation of the dataset; targets bootstrap from these alone. Default: all. */
  readonly actionMasks?: Uint8Array;
}

/** The layout of a replay buffer that holds a dataset. */
export function datasetLayout({ observationSize, observations, actionCount }: Dataset): ReplayLayout {
  const observationType = observations instanceof Uint8Array ? 'uint8' : 'float32';
  return { observationSize, observationType, actions: actionCount };
}

/**
 * Adds all steps of a dataset to a replay buffer, in their order, as transitions over n steps. Where the dataset breaks off within an episode it is taken as cut off.
 * @throws DqnError `invalid-option`.
 */
export function fillReplay(replay: ReplayBuffer, dataset: Dataset, options: FillReplayOptions = {}): void {
  checkNames('fillReplay(options)', options, { discount: true, nStep: true, actionMasks: true });
  const discount = checkNumber('fillReplay({ discount })', options.discount ?? 0.99, { min: 0, max: 1 });
  const n = checkInteger('fillReplay({ nStep })', options.nStep ?? 1, { min: 1 });
  const { actionMasks } = options;
  const { actionCount } = dataset;
  const bytes = (dataset.size + dataset.episodes) * actionCount;
  if (actionMasks && actionMasks.length !== bytes) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'fillReplay({ actionMasks })',
      expected: `a Uint8Array(${bytes}), ${actionCount} bytes an observation`,
      received: describe(actionMasks),
      remedy: 'Give a mask for every observation of the dataset, the last ones of its episodes included.',
    });
  }
  const windows = new NStepAccumulator({ n, discount, layout: datasetLayout(dataset) });
  const { observations, observationSize: size, actions, rewards, terminations, truncations, episodeEnds } = dataset;
  const row = (i: number): Float32Array | Uint8Array => observations.subarray(i * size, (i + 1) * size);
  for (let episode = 0; episode < dataset.episodes; episode++) {
    for (let step = dataset.start(episode); step < episodeEnds[episode]; step++) {
      const terminated = terminations[step] === 1;
      const truncated = truncations[step] === 1 || (!terminated && step + 1 === episodeEnds[episode]);
      const [observation, nextObservation] = [row(step + episode), row(step + episode + 1)];
      const taken = {
        stream: 0,
        observation,
        action: actions[step],
        reward: rewards[step],
        terminated,
        truncated,
        nextObservation,
        nextActionMask: actionMasks?.subarray((step + episode + 1) * actionCount, (step + episode + 2) * actionCount),
      };
      windows.push(taken, (transition) => replay.add(transition));
    }
    replay.endEpisode?.(0);
  }
}
