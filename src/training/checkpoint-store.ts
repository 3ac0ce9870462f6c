import type { MaybePromise } from '../common/maybe-promise.ts';
import { DqnError, describe } from '../common/errors.ts';

/**
 * Where checkpoints and policies are kept by name: files, a browser's database, memory, or a place of your own.
 *
 * A name is of 1–100 lower-case letters, digits, `.`, `_` and `-`, and begins with a letter or digit, so that it can be a file's everywhere.
 * A reader sees the old bytes or the new ones, whole; whatever happens while they are saved, a crash included.
 */
export interface CheckpointStore {
  /**
   * Keeps bytes by a name, in the place of older ones; they may come in parts, in order, as `TrainingRun.checkpointParts` gives them. They are kept when the promise is fulfilled.
   * @throws DqnError `invalid-option` for a bad name, `invalid-checkpoint` for bytes that are not whole, or that of the place; the old ones are kept then.
   */
  save(name: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void>;
  /**
   * The bytes, or nothing where there are none of this name.
   * @throws DqnError `invalid-checkpoint` where they have been damaged, or that of the place.
   */
  load(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** All names, sorted. */
  list(): Promise<readonly string[]>;
  /** Forgets the bytes of a name, if there are any. */
  delete(name: string): Promise<void>;
}

/** What a place for bytes has to do; {@link checkpointStore} does the rest. `save` must replace the old bytes in one step. */
export interface CheckpointPlace {
  /** What it is, for messages: `fileStore("runs")`. */
  readonly description: string;
  /** Keeps bytes by a name, in the place of older ones. */
  save(name: string, bytes: Uint8Array): MaybePromise<void>;
  /** The same for bytes in parts, in order. Where it is left out, they are joined for `save`, for which large ones need their size in memory once more. */
  saveParts?(name: string, parts: readonly Uint8Array[]): MaybePromise<void>;
  /** The bytes, or nothing where there are none of this name. */
  load(name: string): MaybePromise<Uint8Array<ArrayBuffer> | undefined>;
  /** All names, in any order. */
  list(): MaybePromise<readonly string[]>;
  /** Forgets the bytes of a name, if there are any. */
  delete(name: string): MaybePromise<void>;
}

/**
 * Makes a store of a place for bytes: checks names, and the bytes by their checksum when they come and when they go; sorts the list, and tells what the
 * place throws as a `storage-failed` error that says where. A store on a server takes four short functions.
 */
export function checkpointStore(place: CheckpointPlace): CheckpointStore {
  const { description } = place;
  return {
    async save(name, bytes) {
      const where = `${description}.save(${describe(name)})`;
      checkName(where, name);
      await checkBytes(where, bytes, 'Pass what saving an agent, a policy or a run gave.');
      await reach(where, () => savePlaced(place, name, bytes));
    },
    async load(name) {
      const where = `${description}.load(${describe(name)})`;
      checkName(where, name);
      const bytes = await reach(where, () => place.load(name));
      if (bytes) await checkBytes(where, bytes, 'Load an earlier checkpoint, and delete this one.');
      return bytes;
    },
    async list() {
      const names = await reach(`${description}.list()`, () => place.list());
      return names.filter(isName).toSorted();
    },
    async delete(name) {
      const where = `${description}.delete(${describe(name)})`;
      checkName(where, name);
      await reach(where, () => place.delete(name));
    },
  };
}

async function savePlaced(place: CheckpointPlace, name: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
  if (!Array.isArray(bytes)) return place.save(name, bytes as Uint8Array);
  if (place.saveParts) return place.saveParts(name, bytes as readonly Uint8Array[]);
  const { joinParts } = await import('../common/archive.ts');
  return place.save(name, joinParts(bytes as readonly Uint8Array[]));
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && /^[a-z\d][a-z\d._-]{0,99}$/.test(name);
}

/** @throws DqnError `invalid-option`. */
export function checkName(where: string, name: unknown): void {
  if (isName(name)) return;
  throw new DqnError({
    code: 'invalid-option',
    where,
    expected: 'a name of 1–100 lower-case letters, digits, ".", "_" and "-" that begins with a letter or digit',
    received: describe(name),
    remedy: 'Choose another name.',
  });
}

async function checkBytes(where: string, bytes: Uint8Array | readonly Uint8Array[], remedy: string): Promise<void> {
  const { checkArchive } = await import('../common/archive.ts');
  try {
    checkArchive(bytes);
  } catch (cause) {
    if (!(cause instanceof DqnError)) throw cause;
    const { code, expected, received } = cause;
    throw new DqnError({ code, where, expected, received, remedy, cause });
  }
}

async function reach<T>(where: string, call: () => MaybePromise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof DqnError) throw cause;
    throw new DqnError({
      code: 'storage-failed',
      where,
      expected: 'the place to answer',
      received: cause instanceof Error ? `${cause.name}: ${cause.message}` : describe(cause),
      remedy: 'What was kept before is still there: make room or mend the access, then try again.',
      cause,
    });
  }
}
