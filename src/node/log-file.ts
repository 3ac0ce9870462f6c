import { randomBytes } from 'node:crypto';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { DqnError, describe } from '../common/errors.ts';
import type { Sink } from '../workbench/loggers/logger.ts';

/** A file that a logger appends to. */
export interface LogFile extends Sink<string | Uint8Array> {
  readonly path: string;
  /**
   * Appends. What is written survives the end of the process, however it comes; a power cut may cost the last seconds.
   * @throws DqnError `file-failed`; the file then is as it was before, as far as the disk lets it.
   */
  write(content: string | Uint8Array): Promise<void>;
  /** Flushes to the disk and closes; twice is harmless. */
  close(): Promise<void>;
}

/**
 * Opens a file of lines, CSV or JSON lines, to append to; it and its folders are made where there are none. A last line without an end, which a crash has torn, is cut off.
 *
 * @throws DqnError `file-failed` where the file system refuses, `invalid-option` where the path is none.
 */
export async function openLogFile(path: string): Promise<LogFile> {
  checkPath('openLogFile(path)', path);
  return reach('opening', path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, 'a+');
    try {
      const size = await endOfLines(handle);
      await handle.truncate(size);
      return logFile(path, handle, size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  });
}

/**
 * Opens a new event file for TensorBoard in a folder, which is made where there is none. Its name is one that TensorBoard looks for, and that no other file has.
 *
 * @throws DqnError `file-failed` where the file system refuses, `invalid-option` where the folder is none.
 */
export async function openEventFile(folder: string): Promise<LogFile> {
  checkPath('openEventFile(folder)', folder);
  const seconds = String(Math.floor(Date.now() / 1_000)).padStart(10, '0');
  const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${randomBytes(4).toString('hex')}`);
  return reach('opening', path, async () => {
    await mkdir(folder, { recursive: true });
    return logFile(path, await open(path, 'ax'), 0);
  });
}

/** @param size - of the file now. */
function logFile(path: string, handle: FileHandle, size: number): LogFile {
  let length = size;
  let closing: Promise<void> | undefined;
  /** Writes come one after the other, whoever waits for them. */
  let last: Promise<unknown> = Promise.resolve();
  const queued = (work: () => Promise<void>) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    path,
    get empty() {
      return length === 0;
    },
    write: (content) =>
      queued(() =>
        reach('appending to', path, async () => {
          try {
            await handle.appendFile(content);
          } catch (error) {
            // A line that is there in part would spoil the next one.
            await handle.truncate(length).catch(() => undefined);
            throw error;
          }
          length += Buffer.byteLength(content);
        }),
      ),
    close: () =>
      (closing ??= queued(() =>
        reach('closing', path, async () => {
          try {
            await handle.sync();
          } finally {
            await handle.close();
          }
        }),
      )),
  };
}

/** Where the last whole line ends. */
async function endOfLines(handle: FileHandle): Promise<number> {
  const chunk = Buffer.alloc(65_536);
  for (let end = (await handle.stat()).size; end > 0;) {
    const start = Math.max(0, end - chunk.length);
    await handle.read(chunk, 0, end - start, start);
    const found = chunk.subarray(0, end - start).lastIndexOf('\n');
    if (found >= 0) return start + found + 1;
    end = start;
  }
  return 0;
}

function checkPath(where: string, path: unknown): void {
  if (typeof path === 'string' && path !== '') return;
  throw new DqnError({ code: 'invalid-option', where, expected: 'a path', received: describe(path), remedy: 'Pass a path.' });
}

async function reach<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new DqnError({
      code: 'file-failed',
      where: `${doing} ${describe(path)}`,
      expected: 'the file system to do so',
      received: cause instanceof Error ? cause.message : describe(cause),
      remedy: 'Check the path, its permissions and the space on the disk.',
      cause,
    });
  }
}
