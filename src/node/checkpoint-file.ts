import { readFile } from 'node:fs/promises';
import { DqnError, describe } from '../common/errors.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

/**
 * Saves the bytes of a checkpoint, whole or not at all: see {@link writeFileAtomic}.
 *
 * @throws DqnError `file-failed`, `invalid-option`.
 */
export async function saveCheckpoint(path: string, bytes: Uint8Array): Promise<void> {
  await writeFileAtomic(path, bytes);
}

/**
 * Reads the bytes of a checkpoint. They are not looked at: the function that loads them checks them.
 *
 * @throws DqnError `file-failed` where there is no such file or it cannot be read.
 */
export async function readCheckpoint(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DqnError({
      code: 'file-failed',
      where: `readCheckpoint(${describe(path)})`,
      expected: 'the file of a checkpoint',
      received: missing ? 'no such file' : cause instanceof Error ? cause.message : describe(cause),
      remedy: missing ? 'Check the path, or save a checkpoint first.' : 'Check the path and its permissions.',
      cause,
    });
  }
}
