import { DqnError } from '../common/errors.ts';
import type { Random } from '../common/random.ts';
import type { Dataset } from './dataset.ts';

/** Steps drawn from a dataset. The arrays are used again for the next draw. */
export interface DrawnSteps {
  /** `[B, D]`. */
  readonly observations: Float32Array;
  /** `[B]`. */
  readonly actions: Int32Array;
  /** `[B]`: which step of the dataset. */
  readonly steps: Int32Array;
  /** `[B]`: the row of its observation. */
  readonly rows: Int32Array;
}

/** Draws steps of a dataset with equal probability and replacement. */
export class StepSampler {
  readonly dataset: Dataset;
  readonly #rowOf: Int32Array;
  readonly #drawn: DrawnSteps;

  /** @throws DqnError `invalid-dataset` if there is none. */
  constructor(dataset: Dataset, batch: number) {
    if (dataset.size === 0) {
      throw new DqnError({
        code: 'invalid-dataset',
        where: 'trainOffline(learner, dataset)',
        expected: 'at least one step',
        received: 'none',
        remedy: 'Record something first.',
      });
    }
    this.dataset = dataset;
    this.#rowOf = new Int32Array(dataset.size);
    for (let episode = 0; episode < dataset.episodes; episode++) {
      for (let step = dataset.start(episode); step < dataset.episodeEnds[episode]; step++) this.#rowOf[step] = step + episode;
    }
    this.#drawn = {
      observations: new Float32Array(batch * dataset.observationSize),
      actions: new Int32Array(batch),
      steps: new Int32Array(batch),
      rows: new Int32Array(batch),
    };
  }

  draw(random: Random): DrawnSteps {
    const { observations, actions, steps, rows } = this.#drawn;
    for (let b = 0; b < steps.length; b++) {
      const step = (steps[b] = random.integer(this.dataset.size));
      rows[b] = this.#rowOf[step];
      actions[b] = this.dataset.actions[step];
    }
    gatherObservations(this.dataset, rows, 0, observations);
    return this.#drawn;
  }
}

/** Copies the observations at `rows[b] + offset` into a batch `[B, D]`. */
export function gatherObservations(dataset: Dataset, rows: Int32Array, offset: number, out: Float32Array): void {
  const { observations, observationSize: size } = dataset;
  for (let b = 0; b < rows.length; b++) {
    const from = (rows[b] + offset) * size;
    for (let i = 0; i < size; i++) out[b * size + i] = observations[from + i];
  }
}
