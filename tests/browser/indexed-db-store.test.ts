import { afterEach, describe, expect, test, vi } from 'vitest';
import { indexedDbStore } from '../../src/browser/index.ts';
import { encodeArchive } from '../../src/common/archive.ts';
import { DqnError } from '../../src/index.ts';
import { assertCheckpointStore } from '../../src/testing/index.ts';

const database = 'test';
const bytes = encodeArchive({ kind: 'test', version: 1, state: { values: new Float32Array(1_000) } });

/** Writes behind the store's back. */
function damage(name: string, damaged: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('checkpoints', 'readwrite');
      transaction.objectStore('checkpoints').put(damaged, name);
      transaction.oncomplete = () => {
        opening.result.close();
        resolve();
      };
      transaction.onerror = () => reject(new Error('not written'));
    };
  });
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test('keeps the contract of stores', async () => {
  await assertCheckpointStore(() => indexedDbStore({ database }), { damage, runs: 10 });
});

test('keeps databases apart', async () => {
  await indexedDbStore({ database: 'one' }).save('a', bytes);
  expect(await indexedDbStore({ database: 'two' }).list()).toEqual([]);
  expect(await indexedDbStore({ database: 'one' }).list()).toEqual(['a']);
});

describe('tells', () => {
  test('that there is no IndexedDB', () => {
    vi.stubGlobal('indexedDB', undefined);
    expect(() => indexedDbStore()).toThrow(expect.objectContaining({ code: 'unsupported-platform' }));
  });

  test('that the browser refuses to open it', async () => {
    const cause = new DOMException(
      'A mutation operation was attempted on a database that did not allow mutations.',
      'InvalidStateError',
    );
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw cause;
    });
    await expect(indexedDbStore().list()).rejects.toMatchObject({
      code: 'storage-failed',
      where: expect.stringContaining('list()') as string,
      cause,
    });
  });

  test('that the quota is exceeded, and the old bytes are still there', async () => {
    const store = indexedDbStore({ database });
    await store.save('a', bytes);
    // The browser takes a write and gives the transaction up later.
    const put = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'put')?.value as IDBObjectStore['put'];
    const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value: unknown, key) {
      const request = put.call(this, value, key);
      request.onsuccess = () => this.transaction.abort();
      return request;
    });
    const other = encodeArchive({ kind: 'test', version: 1, state: { values: new Float32Array(1_000).fill(1) } });
    const error: unknown = await store.save('a', other).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DqnError);
    expect(error).toMatchObject({ code: 'storage-failed' });
    full.mockRestore();
    expect(await store.load('a')).toEqual(bytes);
  });

  test('that an option is misspelt', () => {
    expect(() => indexedDbStore({ databse: 'x' } as never)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});
