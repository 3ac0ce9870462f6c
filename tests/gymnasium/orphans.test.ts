import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const { process: python } = JSON.parse(String(line)) as { process: number };
    return { child, python };
  }

  test.each(['wait', 'spin'])('no Python outlives a killed Node: %s', async (what) => {
    const { child, python } = await begin(what);
    expect(alive(python)).toBe(true);
    // In the middle of a step that never returns.
    if (what === 'spin') await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGKILL');
    await expect.poll(() => alive(python), { timeout: 60_000 }).toBe(false);
  });

  test('Node ends although an environment is open, and Python with it', async () => {
    const { child, python } = await begin('end');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    await expect.poll(() => alive(python), { timeout: 60_000 }).toBe(false);
  });
});
