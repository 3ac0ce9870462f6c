import { DatasetBuilder } from '../dataset-builder.ts';
import type { Dataset } from '../dataset.ts';
import { ColumnReader, isFlag, isFloat, writeColumn } from './hdf5-columns.ts';
import type { Hdf5Group } from './hdf5-package.ts';

/**
 * Reads the flat columns `/observations, actions, rewards, terminals, timeouts`, and `next_observations` and `probabilities` where they are. Without next observations the true last one of an episode is not there: after a
 * terminal it stands for nothing, and the observation before is repeated; a last step that timed out, or that ends the file, is left out, as what came of it is not known, and the episode is cut off before it.
 */
export function readD4rl(file: Hdf5Group, actionCount: number): Dataset {
  const reader = new ColumnReader(file, '');
  const { shape, values } = reader.numbers('observations');
  const [steps] = shape;
  const width = shape.slice(1).reduce((product, n) => product * n, 1);
  const bytes = values instanceof Uint8Array;
  reader.checkObservations('observations', values, bytes);
  const whole = `a whole number in [0, ${actionCount - 1}]`;
  const actions = reader.column('actions', steps, whole, (a) => Number.isInteger(a) && a >= 0 && a < actionCount);
  const rewards = reader.column('rewards', steps, 'a finite number', isFloat);
  const terminals = reader.column('terminals', steps, '0 or 1', isFlag);
  const timeouts = reader.has('timeouts') ? reader.column('timeouts', steps, '0 or 1', isFlag) : undefined;
  const probabilities = reader.has('probabilities')
    ? reader.column('probabilities', steps, 'a number in (0, 1]', (p) => p > 0 && p <= 1)
    : undefined;
  let next: ArrayLike<number> | undefined;
  if (reader.has('next_observations')) {
    const found = reader.numbers('next_observations');
    next = found.values;
    if (found.shape.join() !== shape.join())
      reader.refuse('next_observations', `a shape of [${shape.join(', ')}]`, `[${found.shape.join(', ')}]`);
    reader.checkObservations('next_observations', next, bytes);
  }
  const builder = new DatasetBuilder({
    observationSize: width,
    observationType: bytes ? 'uint8' : 'float32',
    actionCount,
  });
  const rowOf = (of: ArrayLike<number>, t: number) => Array.prototype.slice.call(of, t * width, (t + 1) * width) as number[];
  for (let t = 0; t < steps; t++) {
    const terminated = terminals[t] === 1;
    const truncated = timeouts?.[t] === 1;
    const ends = terminated || truncated || t === steps - 1;
    if (!builder.open) builder.begin(rowOf(values, t));
    if (!next && ends && !terminated) {
      if (truncated) builder.cut();
      continue;
    }
    const after = next ? rowOf(next, t) : rowOf(values, terminated ? t : t + 1);
    const differs = next && !ends ? after.findIndex((x, i) => x !== values[(t + 1) * width + i]) : -1;
    if (differs >= 0)
      reader.refuse(`next_observations[${t}]`, 'the observation of the next row, as the episode goes on', 'another');
    builder.step({ action: actions[t], reward: rewards[t], terminated, truncated, probability: probabilities?.[t] }, after);
  }
  return builder.build();
}

/** Writes the layout that {@link readD4rl} reads, next observations included. */
export function writeD4rl(file: Hdf5Group, dataset: Dataset): void {
  const { size, observationSize: width, observations, probabilities } = dataset;
  const own = observations instanceof Uint8Array ? new Uint8Array(size * width) : new Float32Array(size * width);
  const next = own.slice();
  for (let episode = 0; episode < dataset.episodes; episode++) {
    const [start, end] = [dataset.start(episode), dataset.episodeEnds[episode]];
    const from = (start + episode) * width;
    own.set(observations.subarray(from, from + (end - start) * width), start * width);
    next.set(observations.subarray(from + width, from + (end - start + 1) * width), start * width);
  }
  writeColumn(file, 'observations', own, [size, width]);
  writeColumn(file, 'next_observations', next, [size, width]);
  writeColumn(file, 'actions', dataset.actions, [size]);
  writeColumn(file, 'rewards', dataset.rewards, [size]);
  writeColumn(file, 'terminals', dataset.terminations, [size]);
  writeColumn(file, 'timeouts', dataset.truncations, [size]);
  if (probabilities) writeColumn(file, 'probabilities', probabilities, [size]);
}
