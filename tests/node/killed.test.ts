import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/common/random.ts';

/** How often the process is killed: more often by `npm run test:robust`. */
const KILLS = Number(process.env.KILLS ?? 8);
/** Enough that no life but the last comes to the end. */
const STEPS = 300 * (KILLS + 2);

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dqn-'));
  await build({
    entryPoints: [join(import.meta.dirname, 'killed-child.ts')],
    outfile: join(folder, 'child.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Trains until the end; or is killed so many milliseconds after it has kept so many checkpoints. */
async function live(place: string, kill?: { readonly checkpoints: number; readonly delay: number }): Promise<boolean> {
  const child = spawn(process.execPath, [join(folder, 'child.mjs'), place, String(STEPS)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complaint = '';
  let doomed = false;
  child.stderr.on('data', (text) => (complaint += String(text)));
  child.stdout.on('data', (text) => {
    said += String(text);
    if (doomed || kill === undefined || said.length < kill.checkpoints) return;
    doomed = true;
    setTimeout(() => child.kill('SIGKILL'), kill.delay);
  });
  await once(child, 'close');
  expect(complaint).toBe('');
  return said.endsWith('finished');
}

const checkpointsIn = (place: string): string[] => readdirSync(place).filter((file) => file.endsWith('.safetensors'));

test(
  `a process that is killed ${KILLS} times goes on from a whole checkpoint each time, to the same end to the bit`,
  { timeout: 600_000 },
  async () => {
    const [unbroken, broken] = ['unbroken', 'broken'].map((name) => join(folder, name));
    expect(await live(unbroken)).toBe(true);
    const random = new Random(KILLS);
    let last = '';
    for (let i = 0; i < KILLS; i++) {
      expect(await live(broken, { checkpoints: 1 + random.integer(3), delay: random.uniform(0, 15) })).toBe(false);
      const latest = checkpointsIn(broken).toSorted().at(-1) ?? '';
      expect(latest > last).toBe(true);
      last = latest;
    }
    expect(await live(broken)).toBe(true);
    const files = checkpointsIn(unbroken);
    expect(checkpointsIn(broken)).toEqual(files);
    for (const file of files) expect(readFileSync(join(broken, file)).equals(readFileSync(join(unbroken, file)))).toBe(true);
  },
);
