import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environments } from '../../src/cli/environments.ts';
import { presets } from '../../src/cli/presets.ts';
import { buildCommand, type BuiltCommand } from '../support/built-command.ts';

let folder = '';
let dqn: BuiltCommand;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqn-completion-'));
  dqn = await buildCommand(folder);
  await mkdir(join(folder, 'runs/first'), { recursive: true });
  await mkdir(join(folder, 'runs/second'));
  await mkdir(join(folder, 'runs/.hidden'));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a shell is told for these words, the last of which is being written. */
async function completed(...words: string[]): Promise<string[]> {
  const { code, out, err } = await dqn(['complete', '--', ...words]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = out.trimEnd().split('\n');
  // Cobra's directive: what is offered is all there is.
  expect(lines.pop()).toBe(':4');
  return lines.map((line) => line.split('\t')[0]);
}

describe('dqn complete, as shells call it', () => {
  test('offers the commands, and not the one that it is itself', async () => {
    const commands = await completed('');
    expect(commands).toEqual(
      expect.arrayContaining(['train', 'evaluate', 'watch', 'plot', 'export', 'inspect', 'environments', 'presets', 'completion']),
    );
    expect(commands).not.toContain('complete');
    expect(await completed('e')).toEqual(['evaluate', 'export', 'environments']);
    expect(await completed('completion', '')).toEqual(['zsh', 'bash', 'fish', 'powershell']);
  });

  test('offers options, and what may stand behind them', async () => {
    expect(await completed('train', '--learn')).toEqual(['--learning-rate', '--learning-starts', '--learn-period']);
    expect(await completed('train', '--preset', '')).toEqual(presets.map(({ name }) => name));
    expect(await completed('train', 'CartPole-v1', '--preset', 'rain')).toEqual(['rainbow']);
    expect(await completed('evaluate', '--engine=tfjs:w')).toEqual(['tfjs:wasm', 'tfjs:webgpu']);
    expect(await completed('export', 'runs/first', '--format', 's')).toEqual(['safetensors', 'state-dict']);
  });

  test('goes on after a comma with what is not yet named', async () => {
    expect(await completed('benchmark', '--presets', 'rainbow,rain')).toEqual([]);
    expect(await completed('benchmark', '--presets', 'dqn,default,rainb')).toEqual(['dqn,default,rainbow']);
    expect(await completed('benchmark', '--environments=CartPole-v1,Mou')).toEqual(['CartPole-v1,MountainCar-v0']);
  });

  test('offers environments where one is named, and paths where a file or folder is', async () => {
    expect(await completed('train', '')).toEqual(environments.map(({ id }) => id));
    expect(await completed('watch', 'runs/first', 'MinAtar/S')).toEqual(['MinAtar/Seaquest-v1', 'MinAtar/SpaceInvaders-v1']);
    expect(await completed('evaluate', 'runs/')).toEqual(['runs/first', 'runs/second']);
    expect(await completed('plot', 'runs/first', 'runs/s')).toEqual(['runs/second']);
    expect(await completed('train', '--out', 'run')).toEqual(['runs']);
    expect(await completed('inspect', 'nowhere/')).toEqual([]);
  });
});

describe('dqn completion', () => {
  // What readline puts in the place of the word it sees, which begins after a colon or an equals sign.
  test.each([
    ['dqn train Mountain', 'MountainCar-v0'],
    ['dqn train --preset=rainb', 'rainbow'],
    ['dqn evaluate run --engine tfjs:was', 'wasm'],
    ['dqn evaluate run --engine=tfjs:was', 'wasm'],
    ['dqn benchmark --presets dqn,rainb', 'dqn,rainbow'],
    ['dqn evaluate kept/my', String.raw`kept/my\ run`],
    [String.raw`dqn evaluate kept/my\ r`, String.raw`kept/my\ run`],
  ])('prints a script that bash loads, twice too, and which asks the command: %s', async (line, wanted) => {
    const { code, out, err } = await dqn('completion bash');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await writeFile(join(folder, 'completion.bash'), out);
    await mkdir(join(folder, 'kept/my run'), { recursive: true });
    // As readline has them, with what quotes a space.
    const words = line.split(/(?<!\\) /).map((word) => `'${word}'`);
    // `_get_comp_words_by_ref` comes with the package bash-completion, which need not be installed here.
    const script = `
      dqn() { ${JSON.stringify(process.execPath)} built/cli.mjs "$@"; }
      compopt() { :; }
      _get_comp_words_by_ref() { words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur="\${words[cword]}"; prev="\${words[cword-1]}"; }
      source completion.bash
      source completion.bash
      COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
      $(complete -p dqn | sed -E 's/.*-F ([^ ]+).*/\\1/')
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: folder });
    expect({ stdout, stderr }).toEqual({ stdout: `${wanted}\n`, stderr: '' });
  });

  test.each([
    ['zsh', '#compdef dqn'],
    ['fish', 'complete -c dqn'],
    ['powershell', 'Register-ArgumentCompleter'],
  ])('prints a script for %s', async (shell, part) => {
    const { code, out } = await dqn(`completion ${shell}`);
    expect(code).toBe(0);
    expect(out).toContain(part);
    expect(out).toMatch(/dqn complete '?--/);
  });

  test('knows no other shell', async () => {
    const { code, out, err } = await dqn('completion tcsh');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('Allowed choices are bash, zsh, fish, powershell');
  });
});
