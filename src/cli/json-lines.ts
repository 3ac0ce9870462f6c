import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The values in a file of lines of JSON; a line that a crash cut off is left out. Nothing where there is no such file. */
export async function readJsonLines(path: string): Promise<unknown[] | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  return text?.split('\n').flatMap(parse);
}

/** Adds a value to a file, which is made where there is none. */
export async function appendJsonLine(path: string, value: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // A line break before it too: it may follow a line that was cut off.
  await appendFile(path, `\n${JSON.stringify(value)}\n`);
}

function parse(line: string): unknown[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
