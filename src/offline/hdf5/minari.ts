import { DatasetBuilder } from '../dataset-builder.ts';
import { refuseEmpty, type Dataset } from '../dataset.ts';
import { ColumnReader, invalidFile, isFlag, isFloat, writeColumn } from './hdf5-columns.ts';
import type { Hdf5Group } from './hdf5-package.ts';

const GROUP = /^episode_(\d+)$/;

/** The groups of Minari's episodes, in the order of their numbers. */
export function minariEpisodes(file: Hdf5Group): string[] {
  const numberOf = (name: string) => Number(GROUP.exec(name)?.[1]);
  return file
    .keys()
    .filter((name) => GROUP.test(name))
    .sort((a, b) => numberOf(a) - numberOf(b));
}

/** Reads `/episode_k/{observations, actions, rewards, terminations, truncations}`, and `probabilities` where all have them. */
export function readMinari(file: Hdf5Group, actionCount: number): Dataset {
  let builder: DatasetBuilder | undefined;
  let observationSize = 0;
  let bytes = false;
  for (const name of minariEpisodes(file)) {
    const reader = new ColumnReader(file.get(name) as Hdf5Group, `/${name}`);
    const { shape, values } = reader.numbers('observations');
    const width = shape.slice(1).reduce((product, n) => product * n, 1);
    const steps = shape[0] - 1;
    if (!builder) {
      observationSize = width;
      bytes = values instanceof Uint8Array;
      builder = new DatasetBuilder({ observationSize, observationType: bytes ? 'uint8' : 'float32', actionCount });
    }
    if (width !== observationSize || !(steps >= 1)) {
      reader.refuse('observations', `a shape of [steps + 1, ${observationSize}] with at least one step`, `[${shape.join(', ')}]`);
    }
    reader.checkObservations('observations', values, bytes);
    const whole = `a whole number in [0, ${actionCount - 1}]`;
    const actions = reader.column('actions', steps, whole, (a) => Number.isInteger(a) && a >= 0 && a < actionCount);
    const rewards = reader.column('rewards', steps, 'a finite number', isFloat);
    const terminations = reader.column('terminations', steps, '0 or 1', isFlag);
    const truncations = reader.column('truncations', steps, '0 or 1', isFlag);
    const probabilities = reader.has('probabilities')
      ? reader.column('probabilities', steps, 'a number in (0, 1]', (p) => p > 0 && p <= 1)
      : undefined;
    const row = (t: number) => Array.prototype.slice.call(values, t * width, (t + 1) * width) as number[];
    if (builder.open) throw invalidFile(`/${name}`, 'an end of the episode before it', 'one without');
    builder.begin(row(0));
    for (let t = 0; t < steps; t++) {
      const [terminated, truncated] = [terminations[t] === 1, truncations[t] === 1];
      if ((terminated || truncated) && t < steps - 1) {
        reader.refuse(`${terminated ? 'terminations' : 'truncations'}[${t}]`, '0 within an episode', '1');
      }
      builder.step({ action: actions[t], reward: rewards[t], terminated, truncated, probability: probabilities?.[t] }, row(t + 1));
    }
  }
  return (builder as DatasetBuilder).build();
}

/**
 * Writes the layout that {@link readMinari} reads, with the attributes `id` and `total_steps` of every episode and the totals of all.
 * @throws DqnError `invalid-dataset` without an episode.
 */
export function writeMinari(file: Hdf5Group, dataset: Dataset): void {
  refuseEmpty('encodeHdf5(dataset)', dataset);
  const { observationSize: size, probabilities, observations } = dataset;
  file.create_attribute('total_episodes', dataset.episodes, null, '<q');
  file.create_attribute('total_steps', dataset.size, null, '<q');
  for (let episode = 0; episode < dataset.episodes; episode++) {
    const [start, end] = [dataset.start(episode), dataset.episodeEnds[episode]];
    const steps = end - start;
    const group = file.create_group(`episode_${episode}`);
    group.create_attribute('id', episode, null, '<q');
    group.create_attribute('total_steps', steps, null, '<q');
    const rows = observations.subarray((start + episode) * size, (end + episode + 1) * size);
    writeColumn(group, 'observations', rows, [steps + 1, size]);
    for (const name of ['actions', 'rewards', 'terminations', 'truncations'] as const) {
      writeColumn(group, name, dataset[name].subarray(start, end), [steps]);
    }
    if (probabilities) writeColumn(group, 'probabilities', probabilities.subarray(start, end), [steps]);
  }
}
