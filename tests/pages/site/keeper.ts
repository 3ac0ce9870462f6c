// A page whose functions the test calls: it saves and finds numbers.
import { indexedDbStore } from '../../../src/browser/index.ts';
import { decodeArchive, encodeArchive } from '../../../src/common/archive.ts';
import { DqnError } from '../../../src/index.ts';

const store = indexedDbStore();

const keeper = {
  /** Saves a number in a checkpoint of so many bytes; gives what went wrong. */
  async save(value: number, size: number): Promise<string | undefined> {
    const state = { value, filling: crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536))) };
    const filling = new Uint8Array(size);
    for (let at = 0; at < size; at += state.filling.length) filling.set(state.filling.subarray(0, size - at), at);
    try {
      await store.save('a', encodeArchive({ kind: 'keeper', version: 1, state: { value, filling } }));
      return undefined;
    } catch (error) {
      if (!(error instanceof DqnError)) throw error;
      return `${error.code}: ${error.received}`;
    }
  },
  async find(): Promise<number | undefined> {
    const bytes = await store.load('a');
    return bytes && (decodeArchive(bytes, { kind: 'keeper', version: 1 }) as { readonly value: number }).value;
  },
};

/** What the test calls. */
export type Keeper = typeof keeper;

Object.assign(globalThis, { keeper });
