import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DqnError, describe } from '../common/errors.ts';

/** Names of temporary files. */
const TEMPORARY = /^\.dqn-[0-9a-f]{16}\.tmp$/;
/** Milliseconds after which one is not being written any more. */
const ABANDONED = 3_600_000;

/**
 * Writes a file so that its name always stands for a whole one: the bytes go to a temporary file beside it, are flushed to the disk, and
 * the temporary file takes the name in one step. Whatever happens meanwhile, a crash or a power cut included, the name
 * gives the old content or the new. Several writers may write the same file: one of them wins. Missing folders are made.
 *
 * @param path - where to; a symbolic link is replaced, not followed.
 * @param content - all of it, or its parts in order.
 * @throws DqnError `file-failed` where the file system refuses (the old file is then as it was, the temporary one is gone),
 * `invalid-option` where the arguments are of other types.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | readonly Uint8Array[] | string): Promise<void> {
  if (typeof path !== 'string' || path === '') throw invalid('path', 'the path of a file', path);
  const parts = Array.isArray(content) ? (content as readonly Uint8Array[]) : [content as Uint8Array | string];
  for (const part of parts) {
    if (typeof part === 'string' || part instanceof Uint8Array) continue;
    throw invalid('content', 'a Uint8Array, an array of them, or a string', part);
  }
  const folder = dirname(path);
  const temporary = join(folder, `.dqn-${randomBytes(8).toString('hex')}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    try {
      await writeThrough(temporary, parts);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (cause) {
    throw new DqnError({
      code: 'file-failed',
      where: `writing ${describe(path)}`,
      expected: 'to write the file',
      received: cause instanceof Error ? cause.message : describe(cause),
      remedy: 'Check the path, its permissions and the space on the disk.',
      cause,
    });
  }
  await flushFolder(folder);
}

/** Removes what {@link writeFileAtomic} left in a folder where its process was killed; what may still be at work is left alone. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(folder, name);
    // Another process may remove it too.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > ABANDONED) await rm(path, { force: true }).catch(() => undefined);
  }
}

async function writeThrough(path: string, parts: readonly (Uint8Array | string)[]): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the new name itself survive a power cut, where folders can be flushed: on Windows and some network drives they cannot. */
async function flushFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file is whole all the same.
  }
}

function invalid(argument: string, expected: string, received: unknown): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: `writeFileAtomic(${argument})`,
    expected,
    received: describe(received),
    remedy: `Pass ${expected}.`,
  });
}
