import { memoryStore, type CheckpointStore } from '../../src/index.ts';

/** A store in memory with some methods replaced. */
export function spoiltStore(spoil: (sound: CheckpointStore) => Partial<CheckpointStore>): CheckpointStore {
  const sound = memoryStore();
  return { ...sound, ...spoil(sound) };
}
