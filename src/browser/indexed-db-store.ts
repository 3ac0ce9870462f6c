import { checkNames } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { checkpointStore, type CheckpointStore } from '../training/checkpoint-store.ts';

/** Options of {@link indexedDbStore}. */
export interface IndexedDbStoreOptions {
  /** The name of the database. Default `@scope/dqn`. */
  readonly database?: string;
}

const TABLE = 'checkpoints';

/**
 * Keeps checkpoints in the browser's IndexedDB, for the page's origin: they survive a reload, and a crash in the middle of saving leaves the old one. Works on a page
 * and in its workers alike.
 *
 * The browser may clear it when the disk is full, unless `navigator.storage.persist()` was granted. Saving fails with `storage-failed` when the quota is
 * exceeded; its cause is the browser's `QuotaExceededError`.
 *
 * @throws DqnError `unsupported-platform` where there is no IndexedDB, `invalid-option`.
 */
export function indexedDbStore(options: IndexedDbStoreOptions = {}): CheckpointStore {
  checkNames('indexedDbStore(options)', options, { database: true });
  const { database = '@scope/dqn' } = options;
  const factory = globalThis.indexedDB as IDBFactory | undefined;
  if (!factory) {
    throw new DqnError({
      code: 'unsupported-platform',
      where: 'indexedDbStore()',
      expected: 'a browser with IndexedDB',
      received: 'none',
      remedy: 'Leave private mode, or use memoryStore() and let the user download the checkpoints.',
    });
  }
  /** Opens the database for one transaction; an open one would keep other versions of the page from changing it. */
  const within = async <T>(mode: IDBTransactionMode, work: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const db = await open(factory, database);
    try {
      // Strict: what is said to be kept is on the disk.
      const transaction = db.transaction(TABLE, mode, { durability: 'strict' });
      const request = work(transaction.objectStore(TABLE));
      await completed(transaction);
      return request.result;
    } finally {
      db.close();
    }
  };
  return checkpointStore({
    description: `indexedDbStore(${JSON.stringify({ database })})`,
    save: async (name, bytes) => void (await within('readwrite', (table) => table.put(bytes.slice(), name))),
    load: (name) => within('readonly', (table) => table.get(name) as IDBRequest<Uint8Array<ArrayBuffer> | undefined>),
    list: () => within('readonly', (table) => table.getAllKeys() as IDBRequest<string[]>),
    delete: (name) => within('readwrite', (table) => table.delete(name)),
  });
}

function open(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(TABLE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database could not be opened'));
    request.onblocked = () => reject(new Error('the database is held by another page of another version'));
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    // Only now is it known whether what a request wrote is kept.
    transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
  });
}
