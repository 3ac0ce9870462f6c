import { DqnError } from '../common/errors.ts';
import { Dataset } from './dataset.ts';

/**
 * Datasets one behind the other. An episode that breaks off before the end of all is taken as cut off there. Probabilities are kept where all have them.
 * @throws DqnError `invalid-dataset` if there is none, or they differ in the size or type of observations or the number of actions.
 */
export function joinDatasets(datasets: readonly Dataset[]): Dataset {
  const [first] = datasets;
  if (!first) refuse('at least one dataset', 'none');
  const { observationSize, actionCount } = first;
  const type = first.observations instanceof Uint8Array ? Uint8Array : Float32Array;
  for (const dataset of datasets) {
    const same = dataset.observationSize === observationSize && dataset.actionCount === actionCount;
    if (same && dataset.observations instanceof type) continue;
    refuse(
      `${observationSize} numbers an observation in a ${type.name} and ${actionCount} actions, as the first has`,
      `${dataset.observationSize} in a ${dataset.observations.constructor.name} and ${dataset.actionCount}`,
    );
  }
  const size = datasets.reduce((sum, dataset) => sum + dataset.size, 0);
  const episodes = datasets.reduce((sum, dataset) => sum + dataset.episodes, 0);
  const observations = new type((size + episodes) * observationSize);
  const columns = {
    actions: new Int32Array(size),
    rewards: new Float32Array(size),
    terminations: new Uint8Array(size),
    truncations: new Uint8Array(size),
  };
  const known = datasets.every(({ probabilities }) => probabilities);
  const probabilities = known ? new Float32Array(size) : undefined;
  const episodeEnds = new Int32Array(episodes);
  let step = 0;
  let episode = 0;
  for (const dataset of datasets) {
    observations.set(dataset.observations, (step + episode) * observationSize);
    for (const name of ['actions', 'rewards', 'terminations', 'truncations'] as const) columns[name].set(dataset[name], step);
    if (dataset.probabilities) probabilities?.set(dataset.probabilities, step);
    for (const end of dataset.episodeEnds) episodeEnds[episode++] = step + end;
    step += dataset.size;
    if (step > 0 && step < size && columns.terminations[step - 1] === 0) columns.truncations[step - 1] = 1;
  }
  return new Dataset({
    observationSize,
    actionCount,
    observations,
    ...columns,
    episodeEnds,
    ...(probabilities && { probabilities }),
  });
}

function refuse(expected: string, received: string): never {
  throw new DqnError({
    code: 'invalid-dataset',
    where: 'joinDatasets(datasets)',
    expected,
    received,
    remedy: 'Join datasets of the same environment.',
  });
}
