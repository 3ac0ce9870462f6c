// A page that tells which checkpoint it finds, then saves larger counts again and again until it is killed.
import { indexedDbStore } from '../../../src/browser/index.ts';
import { decodeArchive, encodeArchive } from '../../../src/common/archive.ts';

/** What the test hears. */
export interface WriterHears {
  /** The count of the checkpoint found, −1 where there is none, and whether all of its numbers are of that count. */
  found(count: number, whole: boolean): Promise<void>;
  saved(count: number): Promise<void>;
}

const { found, saved } = globalThis as unknown as WriterHears;
const store = indexedDbStore();
const bytes = await store.load('latest');
const state = bytes && (decodeArchive(bytes, { kind: 'writer', version: 1 }) as { count: number; values: Float64Array });
let count = state?.count ?? -1;
await found(count, state?.values.every((value) => value === count) ?? true);
for (;;) {
  count++;
  const values = new Float64Array(150_000 + (count % 7) * 50_000).fill(count);
  await store.save('latest', encodeArchive({ kind: 'writer', version: 1, state: { count, values } }));
  void saved(count);
}
