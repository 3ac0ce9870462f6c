import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { buildCommand, type BuiltCommand } from '../support/built-command.ts';
import { documentedCommands, withHelp } from '../support/help-texts.ts';

let folder = '';
let dqn: BuiltCommand;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqn-command-'));
  dqn = await buildCommand(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const small = '--final-episodes 3 --evaluation-episodes 2';
const bytes = (...path: string[]) => readFile(join(folder, ...path));
const json = async (...path: string[]) => JSON.parse(await readFile(join(folder, ...path), 'utf8')) as unknown;

describe('dqn train', () => {
  test('leaves the files it promises, and goes on after Ctrl-C and SIGKILL as if nothing had happened', async () => {
    const run = `train cartpole --steps 4000 --seed 3 ${small}`;
    const whole = await dqn(`${run} --out whole --json`);
    expect(whole.code).toBe(0);
    // Standard output holds the result alone, without colour.
    const report = JSON.parse(whole.out) as { status: string; step: number; evaluation: { returns: number[] } };
    expect(report).toMatchObject({ status: 'finished', step: 4000 });
    expect(report.evaluation.returns).toHaveLength(3);
    expect(whole.err).toContain('step 2000/4000');
    expect(whole.err).not.toContain('\u001b');
    expect((await readdir(join(folder, 'whole'))).sort()).toEqual([
      'best.safetensors',
      'checkpoints',
      'configuration.json',
      'episodes.csv',
      'evaluations.csv',
      'learning-curve.svg',
      'log.csv',
      'log.jsonl',
      'policy.safetensors',
      'run.json',
      'tensorboard',
    ]);
    expect(await readdir(join(folder, 'whole/checkpoints'))).toEqual([
      'run.000000003600.safetensors',
      'run.000000004000.safetensors',
    ]);
    expect(await json('whole/configuration.json')).toMatchObject({ environment: 'CartPole-v1', preset: 'tuned', seed: 3 });
    expect(await json('whole/run.json')).toMatchObject({ agent: { nStep: 5, bootstrap: { kind: 'doubleQ' } } });

    const first = await dqn(`${run} --out broken`, { at: 'step 1200/4000', signal: 'SIGINT' });
    expect(first.code).toBe(130);
    expect(first.out).toMatch(/Stopped at step \d+\. Go on with: {2}dqn train --resume --out broken/);
    await dqn('train --resume --out broken', { at: 'step 2800/4000', signal: 'SIGKILL' });
    // As if it had died between the points and their checkpoint.
    await appendFile(join(folder, 'broken/episodes.csv'), '3999,7\n');
    await appendFile(join(folder, 'broken/evaluations.csv'), '3999,700\n');
    expect((await dqn('train --resume --out broken')).code).toBe(0);
    for (const file of ['policy.safetensors', 'best.safetensors', 'episodes.csv', 'evaluations.csv', 'learning-curve.svg']) {
      expect(await bytes('broken', file), file).toEqual(await bytes('whole', file));
    }
    expect((await dqn('train --resume --steps 9 --out broken')).err).toContain('begun with another steps');
  }, 120_000);

  test('takes a configuration from a file, an environment from a module and options before both', async () => {
    await writeFile(
      join(folder, 'own.mjs'),
      `import { CartPole } from './built/environments.mjs';
       export class Own extends CartPole {}`,
    );
    const configuration = {
      environment: './own.mjs#Own',
      environmentOptions: { maxEpisodeSteps: 7 },
      preset: 'rainbow',
      steps: 400,
      agent: { hidden: [8], vMin: 0, vMax: 50, replayCapacity: 300, learningStarts: 100, batchSize: 4 },
    };
    await writeFile(join(folder, 'file.mjs'), `export const configuration = ${JSON.stringify(configuration)};`);
    const { code, err } = await dqn(`train --config file.mjs --batch-size 5 --learning-rate 1e-3:0:400 --out own ${small}`);
    expect(err).not.toContain('error');
    expect(code).toBe(0);
    const { agent, evaluation } = (await json('own/run.json')) as Record<string, Record<string, unknown>>;
    expect(agent).toMatchObject({
      batchSize: 5,
      head: { settings: { atoms: 51, vMin: 0, vMax: 50 } },
      replay: { kind: 'prioritized', capacity: 300 },
      optimizer: { spec: { kind: 'adam', epsilon: 1.5e-4 }, learningRate: { kind: 'linear', from: 1e-3, to: 0, steps: 400 } },
    });
    expect(evaluation.lengths).toEqual([7, 7, 7]);
  });
});

describe('mistakes get a sentence and code 1', () => {
  test.each([
    ['train CartPool', /no environment CartPool\. Did you mean CartPole\?/],
    ['train CartPole --preset rainbw', /Did you mean rainbow\?/],
    ['train CartPole --stepz 3', /Did you mean --steps\?/],
    ['train --config typo.json', /typo\.json: unknown key agent\.learninRate\. Did you mean learningRate\?/],
    ['train ./none.js#X', /There is no file \.\/none\.js/],
    ['train --resume --out nowhere', /nowhere holds no run/],
    ['train CartPole --preset rainbow --epsilon 0.1', /rainbow takes no epsilon/],
  ])('%s', async (line, message) => {
    await writeFile(join(folder, 'typo.json'), JSON.stringify({ environment: 'CartPole', agent: { learninRate: 1 } }));
    const { code, out, err } = await dqn(line);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at .*\(/);
  });
});

test('dqn environments and dqn presets list what there is', async () => {
  const [environments, presets] = await Promise.all([dqn('environments --json'), dqn('presets')]);
  expect(JSON.parse(environments.out)).toContainEqual({
    id: 'MinAtar/Breakout-v1',
    description: 'break bricks with a ball',
    observations: '[10, 10, 4]',
    actions: 6,
    tuned: false,
  });
  expect(JSON.parse(environments.out)).toContainEqual({
    id: 'LunarLander-v3',
    description: 'land a rocket between two flags',
    observations: '[8]',
    actions: 4,
    tuned: true,
  });
  expect(presets.out).toMatch(/^rainbow +Rainbow \(Hessel et al\. 2018\)$/m);
});

test('the documents show the help of every command as it is', async () => {
  const document = await readFile(fileURLToPath(new URL('../../docs/command-line.md', import.meta.url)), 'utf8');
  expect(documentedCommands(document).sort()).toEqual(
    program()
      .createHelp()
      .visibleCommands(program())
      .filter((command) => command.name() !== 'help')
      .map((command) => command.name())
      .sort(),
  );
  expect(document, 'run npm run docs:help').toBe(withHelp(document));
});
