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
  test('prints a script that bash loads, and which asks the command', async () => {
    const { code, out, err } = await dqn('completion bash');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await writeFile(join(folder, 'completion.bash'), out);
    // `_get_comp_words_by_ref` comes with the package bash-completion, which need not be installed here.
    const script = `
      dqn() { ${JSON.stringify(process.execPath)} built/cli.mjs "$@"; }
      compopt() { :; }
      _get_comp_words_by_ref() { words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur="\${words[cword]}"; prev="\${words[cword-1]}"; }
      source completion.bash
      COMP_WORDS=(dqn train Mountain); COMP_CWORD=2
      $(complete -p dqn | sed -E 's/.*-F ([^ ]+).*/\\1/')
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: folder });
    expect(stdout.trim().split(/\s/)[0]).toBe('MountainCar-v0');
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
