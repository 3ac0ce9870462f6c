import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DqnError, describe } from '../common/errors.ts';
import { checkpointStore, type CheckpointStore } from '../training/checkpoint-store.ts';
import { readCheckpoint, saveCheckpoint } from './checkpoint-file.ts';
import { removeAbandoned } from './write-file-atomic.ts';

const ENDING = '.safetensors';

/**
 * Keeps checkpoints as files in a folder, one a name, which is made where there is none. A file is written beside the old one and takes its place in one step;
 * what killed processes left half-written is removed an hour later.
 *
 * @throws DqnError `invalid-option` if the folder is not the path of one.
 */
export function fileStore(folder: string): CheckpointStore {
  if (typeof folder !== 'string' || folder === '') {
    throw new DqnError({
      code: 'invalid-option',
      where: 'fileStore(folder)',
      expected: 'the path of a folder',
      received: describe(folder),
      remedy: 'Pass the path of a folder.',
    });
  }
  const pathOf = (name: string) => join(folder, `${name}${ENDING}`);
  let swept: Promise<void> | undefined;
  const save = async (name: string, bytes: Uint8Array | readonly Uint8Array[]) => {
    await saveCheckpoint(pathOf(name), bytes);
    swept ??= removeAbandoned(folder);
    await swept;
  };
  return checkpointStore({
    description: `fileStore(${describe(folder)})`,
    save,
    saveParts: save,
    load: async (name) => {
      try {
        return await readCheckpoint(pathOf(name));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    list: async () => {
      await mkdir(folder, { recursive: true });
      const files = await readdir(folder);
      return files.flatMap((file) => (file.endsWith(ENDING) ? [file.slice(0, -ENDING.length)] : []));
    },
    delete: (name) => rm(pathOf(name), { force: true }),
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof DqnError && (error.cause as { code?: string } | undefined)?.code === 'ENOENT';
}
