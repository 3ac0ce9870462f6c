import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildCommand } from '../support/built-command.ts';

for (const shell of ['zsh', 'fish']) {
  if (spawnSync(shell, ['-c', 'true']).status !== 0) throw new Error(`These tests need ${shell} (apt-get install ${shell}).`);
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqn-shells-'));
  const dqn = await buildCommand(folder);
  for (const name of ['runs/first', 'runs/sec ond', 'bin']) await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, 'bin/dqn'), `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'built/cli.mjs')}' "$@"\n`, {
    mode: 0o755,
  });
  for (const shell of ['bash', 'zsh', 'fish'])
    await writeFile(join(folder, `completion.${shell}`), (await dqn(`completion ${shell}`)).out);
  await writeFile(join(folder, 'setup.zsh'), SETUP_ZSH);
  await writeFile(join(folder, 'type.zsh'), TYPE_ZSH);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(program: string, ...words: string[]): Promise<string> {
  const env = { ...process.env, HOME: folder, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
  return (await promisify(execFile)(program, words, { cwd: folder, env, timeout: 50_000 })).stdout;
}

describe('fish', () => {
  /** What it offers at the end of a line. */
  async function offered(line: string): Promise<string[]> {
    const out = await run('fish', '--no-config', '-c', 'source completion.fish; complete -C $argv[1]', '--', line);
    return out.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0]]));
  }

  test.each([
    ['dqn tr', ['train']],
    ['dqn train Mountain', ['MountainCar-v0']],
    ['dqn train --preset rainb', ['rainbow']],
    ['dqn evaluate runs/first --engine=tfjs:w', ['--engine=tfjs:wasm', '--engine=tfjs:webgpu']],
    ['dqn benchmark --presets dqn,rainb', ['dqn,rainbow']],
    ['dqn evaluate runs/', ['runs/first', 'runs/sec ond']],
  ])('completes %s', async (line, words) => expect(await offered(line)).toEqual(words));
});

/** Tells the line as it is after Tab, without its own echo. */
const SETUP_ZSH = `
PROMPT=''
autoload -Uz compinit && compinit -u -D
source ./completion.zsh
complete-and-tell() { zle complete-word; print -r -- "<<$BUFFER>>"; exit }
zle -N complete-and-tell
bindkey '^I' complete-and-tell
print ready
`;
/** Types a line and Tab in a zsh on a terminal of its own. */
const TYPE_ZSH = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'source ./setup.zsh'
zpty -r -m shell said '*ready*'
zpty -w -n shell "$1"$'\\t'
zpty -r -m shell said '*<<*>>*'
print -r -- \${\${said##*<<}%%>>*}
`;

describe('zsh', () => {
  test.each([
    ['dqn tr', 'dqn train '],
    ['dqn train Mountain', 'dqn train MountainCar-v0 '],
    ['dqn train --preset=rainb', 'dqn train --preset=rainbow '],
    ['dqn evaluate runs/first --engine tfjs:was', 'dqn evaluate runs/first --engine tfjs:wasm '],
    ['dqn evaluate runs/first --engine=tfjs:was', 'dqn evaluate runs/first --engine=tfjs:wasm '],
    ['dqn benchmark --presets dqn,rainb', 'dqn benchmark --presets dqn,rainbow '],
    ['dqn evaluate runs/f', 'dqn evaluate runs/first '],
    ['dqn evaluate runs/s', 'dqn evaluate runs/sec\\ ond '],
  ])('completes %s', async (line, wanted) => expect(await run('zsh', '-f', 'type.zsh', line)).toBe(`${wanted}\n`));
});
