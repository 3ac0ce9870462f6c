import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build } from 'vite';
import { decodeArchive, encodeArchive } from '../../src/common/archive.ts';
import { DqnError } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import { readCheckpoint, saveCheckpoint, writeFileAtomic } from '../../src/node/index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dqn-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function refusal(promise: Promise<unknown>): Promise<DqnError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DqnError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('saveCheckpoint and readCheckpoint', () => {
  it('write, replace and read, and leave nothing else behind', async () => {
    const path = join(folder, 'agent.dqn');
    for (const state of [[1], new Float32Array(100_000), []]) {
      const bytes = encodeArchive({ kind: 'agent', version: 1, state });
      await saveCheckpoint(path, bytes);
      const back = await readCheckpoint(path);
      expect(back.constructor).toBe(Uint8Array);
      expect(Buffer.compare(back, bytes)).toBe(0);
      expect(readdirSync(folder)).toEqual(['agent.dqn']);
    }
  });

  it('write views, empty contents and texts', async () => {
    const path = join(folder, 'file');
    await writeFileAtomic(path, new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
    expect([...readFileSync(path)]).toEqual([2, 3]);
    await writeFileAtomic(path, new Uint8Array(0));
    expect(statSync(path).size).toBe(0);
    await writeFileAtomic(path, 'Größe');
    expect(readFileSync(path, 'utf8')).toBe('Größe');
    await writeFileAtomic(path, [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    for (const wrong of [undefined, [undefined], [Uint8Array.of(1), 7]]) {
      await expect(writeFileAtomic(path, wrong as never)).rejects.toMatchObject({ code: 'invalid-option' });
    }
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
  });

  it('make missing folders', async () => {
    const path = join(folder, 'a', 'b', 'agent.dqn');
    await saveCheckpoint(path, new Uint8Array([1]));
    expect([...(await readCheckpoint(path))]).toEqual([1]);
  });

  it('replace a symbolic link and leave the file it pointed to', async () => {
    writeFileSync(join(folder, 'old'), 'old');
    symlinkSync('old', join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    expect(readFileSync(join(folder, 'old'), 'utf8')).toBe('old');
    expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('new');
  });

  it('say that a file is missing', async () => {
    const error = await refusal(readCheckpoint(join(folder, 'none.dqn')));
    expect(error.code).toBe('file-failed');
    expect(error.message).toMatch(/none\.dqn.*no such file.*save a checkpoint first/);
    expect(error.cause).toMatchObject({ code: 'ENOENT' });
  });

  it('say that a file cannot be read', async () => {
    const error = await refusal(readCheckpoint(folder));
    expect(error.code).toBe('file-failed');
    expect(error.message).toContain('EISDIR');
  });

  it('clean up where the name cannot be taken', async () => {
    mkdirSync(join(folder, 'taken', 'inside'), { recursive: true });
    const error = await refusal(writeFileAtomic(join(folder, 'taken'), 'x'));
    expect(error.code).toBe('file-failed');
    expect(error.cause).toBeInstanceOf(Error);
    expect(readdirSync(folder)).toEqual(['taken']);
  });

  it('say that a folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    const error = await refusal(writeFileAtomic(join(folder, 'file', 'below'), 'x'));
    expect(error.code).toBe('file-failed');
    expect(error.message).toContain('file/below');
  });

  it('refuse arguments of other types', async () => {
    for (const call of [
      () => writeFileAtomic('', 'x'),
      () => writeFileAtomic(7 as never, 'x'),
      () => saveCheckpoint('x', [1] as never),
    ]) {
      expect((await refusal(call())).code).toBe('invalid-option');
    }
    expect(existsSync('x')).toBe(false);
  });

  it('let many writers write one file', async () => {
    const path = join(folder, 'file');
    const contents = Array.from({ length: 30 }, (_, i) => String.fromCharCode(65 + i).repeat(1 + i * 1000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    expect(contents).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('a process that is killed while it writes', () => {
  const ROUNDS = 20;

  it(`leaves a whole file each of ${ROUNDS} times`, async () => {
    await build({
      configFile: false,
      logLevel: 'silent',
      build: { ssr: join(import.meta.dirname, 'endless-writer.ts'), outDir: folder, emptyOutDir: false, minify: false },
    });
    const writer = join(folder, readdirSync(folder).find((name) => name.startsWith('endless-writer')) ?? '');
    const path = join(folder, 'saved', 'agent.dqn');
    const random = new Random(1);
    let latest = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(process.execPath, [writer, path, String(latest)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const closed = new Promise((resolve) => child.once('close', resolve));
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, random.integer(40)));
      child.kill('SIGKILL');
      await closed;
      const saved = decodeArchive(await readCheckpoint(path), { kind: 'writer', version: 1 }) as {
        count: number;
        values: Float64Array;
      };
      expect(saved.values.every((value) => value === saved.count)).toBe(true);
      expect(saved.count).toBeGreaterThan(latest);
      latest = saved.count;
    }
  });
});
