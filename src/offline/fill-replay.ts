import { checkInteger, checkNumber } from '../common/check.ts';
import { NStepAccumulator } from '../replay/n-step.ts';
import type { ReplayBuffer, ReplayLayout } from '../replay/replay-buffer.ts';
import type { Dataset } from './dataset.ts';

/** How {@link fillReplay} makes transitions of steps. */
export interface FillReplayOptions {
  /** γ in [0, 1]. Default 0.99. */
  readonly discount?: number;
  /** Rewards summed before a target bootstraps, n ≥ 1. Default 1. */
  readonly nStep?: number;
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
  const discount = checkNumber('fillReplay({ discount })', options.discount ?? 0.99, { min: 0, max: 1 });
  const n = checkInteger('fillReplay({ nStep })', options.nStep ?? 1, { min: 1 });
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
      };
      windows.push(taken, (transition) => replay.add(transition));
    }
    replay.endEpisode?.(0);
  }
}
