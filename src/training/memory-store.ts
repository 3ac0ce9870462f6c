import { checkpointStore, type CheckpointStore } from './checkpoint-store.ts';

/** Keeps checkpoints in memory, as long as the program runs: for tests, and where there is no other place. */
export function memoryStore(): CheckpointStore {
  const kept = new Map<string, Uint8Array>();
  return checkpointStore({
    description: 'memoryStore()',
    save: (name, bytes) => void kept.set(name, bytes.slice()),
    load: (name) => {
      const bytes = kept.get(name);
      return bytes && new Uint8Array(bytes);
    },
    list: () => [...kept.keys()],
    delete: (name) => void kept.delete(name),
  });
}
