import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alive } from './alive.ts';
import { pythons } from './pythons.ts';

let scratch = '';
let script = '';
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'dqn-orphans-'));
  script = join(scratch, 'orphan.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'orphan.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: script,
  });
  cpSync(join(import.meta.dirname, '../../src/node/bridge/python'), join(scratch, 'python'), { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each(pythons)('with $name', ({ program, path }) => {
  async function begin(what: string) {
    const child = spawn(process.execPath, [script, program, what], {
      env: { ...process.env, PYTHONPATH: path },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, pids: JSON.parse(String(line)) as number[] };
  }

  test.each(['wait', 'spin', 'workers'])('no Python outlives a killed Node, nor what it has started: %s', async (what) => {
    const { child, pids } = await begin(what);
    expect(pids.map(alive)).not.toContain(false);
    // In the middle of a step that never returns.
    if (what !== 'wait') await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGKILL');
    await expect.poll(() => pids.filter(alive), { timeout: 60_000 }).toEqual([]);
  });

  test('Node ends although an environment is open, and Python with it', async () => {
    const { child, pids } = await begin('end');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    await expect.poll(() => pids.filter(alive), { timeout: 60_000 }).toEqual([]);
  });

  test('Node ends at once when all is done, though an environment was closed a moment ago', async () => {
    const { child } = await begin('close');
    expect(Number(await text(child.stdout))).toBeLessThan(700);
  });
});
