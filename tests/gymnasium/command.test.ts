import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildCommand, type BuiltCommand } from '../support/built-command.ts';
import { pythons } from './pythons.ts';

let folder = '';
let dqn: BuiltCommand;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqn-gymnasium-command-'));
  dqn = await buildCommand(folder);
  const server = fileURLToPath(new URL('../../src/node/bridge/python/dqn_gymnasium.py', import.meta.url));
  await mkdir(join(folder, 'built/python'));
  await copyFile(server, join(folder, 'built/python/dqn_gymnasium.py'));
  // What draws films.
  await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => void vi.unstubAllEnvs());

const few = '--final-episodes 2 --evaluation-episodes 1';

describe.each(pythons)('dqn with $name', ({ program, path, real }) => {
  const out = real ? 'real' : 'standin';
  beforeEach(async () => {
    // The command takes the python3 of the PATH.
    const bin = join(folder, `${out}-bin`);
    const itself = execFileSync(program, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'python3'), `#!/bin/sh\nexec '${itself}' "$@"\n`);
    await chmod(join(bin, 'python3'), 0o755);
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env.PATH}`);
    vi.stubEnv('PYTHONPATH', path);
  });

  test('trains on CartPole of Python with the numbers of ours, and evaluates what it has learned', async () => {
    const { code, err } = await dqn(`train gymnasium:CartPole-v1 --steps 1500 --out ${out} ${few}`);
    expect(err).not.toContain('error');
    expect(code).toBe(0);
    const configuration = JSON.parse(await readFile(join(folder, out, 'configuration.json'), 'utf8')) as object;
    expect(configuration).toMatchObject({ environment: 'gymnasium:CartPole-v1', numbers: 'tuned', agent: { hidden: [128, 128] } });
    const evaluated = await dqn(`evaluate ${out} --episodes 3 --json`);
    expect(JSON.parse(evaluated.out)).toMatchObject({ environment: 'gymnasium:CartPole-v1', episodes: 3 });
  });

  test('hands options to gymnasium.make, and films what Python shows', async () => {
    const environment = 'gymnasium:bridge_worlds:Pictures-v0';
    await writeFile(
      join(folder, 'pictures.json'),
      JSON.stringify({ environment, environmentOptions: { speed: 2 }, agent: { hidden: [4], learningStarts: 20 } }),
    );
    expect((await dqn(`train --config pictures.json --steps 60 --out ${out}-pictures ${few}`)).err).not.toContain('error');
    expect((await dqn(`watch ${out}-pictures --episodes 1 --out ${out}.gif`)).err).toMatch(/gif: 7 pictures/);
    expect((await readFile(join(folder, `${out}.gif`))).subarray(0, 6).toString()).toBe('GIF89a');
  });

  test('says what Python has not', async () => {
    const { code, err } = await dqn(`train gymnasium:NoSuchWorld-v3 --steps 60 --out none`);
    expect(code).toBe(1);
    expect(err).toMatch(/error: gymnasium\("NoSuchWorld-v3"\): .*NoSuchWorld/);
  });
});
