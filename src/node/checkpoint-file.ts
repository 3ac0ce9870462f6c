import { open, type FileHandle } from 'node:fs/promises';
import { DqnError, describe } from '../common/errors.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

/**
 * Saves the bytes of a checkpoint, in one array or in parts, whole or not at all: see {@link writeFileAtomic}.
 *
 * @throws DqnError `file-failed`, `invalid-option`.
 */
export async function saveCheckpoint(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
  await writeFileAtomic(path, bytes);
}

/**
 * Reads the bytes of a checkpoint. They are not looked at: the function that loads them checks them.
 *
 * @throws DqnError `file-failed` where there is no such file or it cannot be read.
 */
export async function readCheckpoint(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const file = await open(path, 'r');
    try {
      return await readWhole(file);
    } finally {
      await file.close();
    }
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

/** The most that is read at once: `readFile` refuses files over 2 GiB. */
const PIECE = 2 ** 28;

async function readWhole(file: FileHandle): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, Math.min(PIECE, size - at));
    // It has become shorter meanwhile; whoever reads the bytes finds that the rest is missing.
    if (bytesRead === 0) return bytes.slice(0, at);
    at += bytesRead;
  }
  return bytes;
}
