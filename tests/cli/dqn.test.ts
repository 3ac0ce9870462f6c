import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { tunedNumbers, zoo } from '../../src/cli/zoo.ts';
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

/** Writes a CartPole of which every step takes some milliseconds; its name for the command. */
async function slowPole(milliseconds: number): Promise<string> {
  await writeFile(
    join(folder, `slow-${milliseconds}.mjs`),
    `import { CartPole } from './built/environments.mjs';
     export class Slow extends CartPole {
       async step(action) {
         await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));
         return super.step(action);
       }
     }`,
  );
  return `./slow-${milliseconds}.mjs#Slow`;
}

describe('dqn train', () => {
  test('goes on beyond its end with more steps, as if they had been asked for at once, and with other numbers where these may change', async () => {
    const run = `train cartpole --evaluation-period 300 --checkpoint-period 300 ${small}`;
    expect((await dqn(`${run} --steps 1800 --epsilon 1:0.1:600 --learning-rate 1e-3:1e-4:1200 --out at-once`)).code).toBe(0);
    expect((await dqn(`${run} --steps 1200 --epsilon 1:0.1:50% --learning-rate 1e-3:1e-4 --out longer`)).code).toBe(0);
    expect(await dqn('train --resume --steps 1800 --out longer')).toMatchObject({ code: 0 });
    for (const file of ['policy.safetensors', 'episodes.csv', 'evaluations.csv']) {
      expect(await bytes('longer', file), file).toEqual(await bytes('at-once', file));
    }
    expect(await json('longer/configuration.json')).toMatchObject({
      steps: 1800,
      agent: { epsilon: { from: 1, to: 0.1, steps: 600 } },
    });

    const before = await bytes('longer/configuration.json');
    const refused = await dqn('train --resume --steps 2400 --hidden 8 --out longer');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('network') });
    expect((await dqn('train --resume --steps 2400 --seed 9 --out longer')).err).toContain('begun with another seed');
    expect((await dqn('train --resume --learning-rate 5e-4 --out longer')).err).toContain('begun with another agent');
    expect(await bytes('longer/configuration.json')).toEqual(before);

    expect((await dqn('train --resume --steps 2400 --learning-rate 5e-4 --out longer')).code).toBe(0);
    expect(await json('longer/run.json')).toMatchObject({ step: 2400, agent: { optimizer: { learningRate: 5e-4 } } });
  });

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
    expect(await json('whole/configuration.json')).toMatchObject({
      environment: 'CartPole-v1',
      preset: 'default',
      numbers: 'tuned',
      seed: 3,
    });
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
    await writeFile(join(folder, 'broken/checkpoints/run.000000004000.safetensors'), 'nonsense');
    const { code, err } = await dqn('train --resume --out broken');
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: a damaged checkpoint is passed over: .*run\.000000004000/m);
    expect(await bytes('broken/policy.safetensors')).toEqual(await bytes('whole/policy.safetensors'));
  }, 120_000);

  test('takes a configuration from a file, an environment from a module and options before both', async () => {
    await writeFile(
      join(folder, 'own.mjs'),
      `import { CartPole } from './built/environments.mjs';
       export class Own extends CartPole {}
       export const later = async (options) => new Own(options);`,
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

    expect((await dqn(`train --config file.mjs ./own.mjs#later --actors 1 --out later ${small}`)).code).toBe(0);
    expect(await json('later/run.json')).toMatchObject({ evaluation: { lengths: [7, 7, 7] } });
  });

  test('takes a class whose methods are fields, and refuses in words one that is no environment', async () => {
    await writeFile(
      join(folder, 'fields.mjs'),
      `import { CartPole } from './built/environments.mjs';
       export class Fields {
         pole = new CartPole();
         observationSpace = this.pole.observationSpace;
         actionSpace = this.pole.actionSpace;
         reset = (options) => this.pole.reset(options);
         step = (action) => this.pole.step(action);
       }
       export class Half { reset() {} }`,
    );
    expect((await dqn(`train ./fields.mjs#Fields --steps 100 ${small} --out fields`)).code).toBe(0);
    const { code, err } = await dqn('train ./fields.mjs#Half --steps 100 --out half');
    expect(code).toBe(1);
    expect(err).toBe(
      'error: ./fields.mjs#Half gives no environment: it needs observationSpace, actionSpace, reset() and step().\n',
    );
  });

  test('--actors collects in threads: the same run again, an actor that dies is told of, and a run goes on', async () => {
    const line = `train cartpole --steps 1200 --actors 2 --epsilon ladder ${small}`;
    expect((await dqn(`${line} --out actors`)).code).toBe(0);
    expect((await dqn(`${line} --out again`)).code).toBe(0);
    expect(await bytes('actors/policy.safetensors')).toEqual(await bytes('again/policy.safetensors'));
    const { agent } = (await json('actors/run.json')) as Record<string, Record<string, unknown>>;
    expect(agent).toMatchObject({ explorer: { epsilons: [0.4, expect.closeTo(0.4 ** 8, 12) as number] } });

    await writeFile(
      join(folder, 'dies.mjs'),
      `import { isMainThread } from 'node:worker_threads';
       import { CartPole } from './built/environments.mjs';
       export class Dies extends CartPole {
         #steps = 0;
         reset(options) {
           this.dies ??= !isMainThread && options?.seed === 2;
           return super.reset(options);
         }
         step(action) {
           if (this.dies && ++this.#steps === 500) process.exit(7);
           return super.step(action);
         }
       }`,
    );
    const { code, err } = await dqn(`train ./dies.mjs#Dies --steps 1100 --actors 2 ${small} --out dies`);
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: at step 9\d\d: actor 1 of 2: .*exited with code 7/m);

    const stopped = await dqn(`train cartpole --steps 3000 --actors 2 ${small} --out stopped-actors`, {
      at: 'step 1',
      signal: 'SIGINT',
    });
    expect(stopped.code).toBe(130);
    expect((await dqn('train --resume --actors 3 --out stopped-actors')).err).toContain('begun with another actors');
    expect((await dqn('train --resume --out stopped-actors')).code).toBe(0);
    expect(await json('stopped-actors/run.json')).toMatchObject({ status: 'finished', step: 3_008, resumed: true });
  }, 120_000);
});

describe('mistakes get a sentence and code 1', () => {
  test.each([
    ['train CartPool', /no environment CartPool\. Did you mean CartPole\?/],
    ['train CartPole --preset rainbw', /Did you mean rainbow\?/],
    ['train CartPole --stepz 3', /Did you mean --steps\?/],
    ['train --config typo.json', /typo\.json: unknown key agent\.learninRate\. Did you mean learningRate\?/],
    ['train ./none.js#X', /There is no file \.\/none\.js/],
    ['train --resume --out nowhere', /nowhere holds no run/],
    [
      'train CartPole --engine tfjs:cpu --out nowhere',
      /--engine tfjs:cpu: expected the package @tensorflow\/tfjs-core .*npm install/,
    ],
    ['train CartPole --preset rainbow --epsilon 0.1', /rainbow takes no epsilon/],
    ['train CartPole --noise-hold episode', /default takes no noiseHold: it explores by epsilonGreedy/],
    ['presets Catch', /no numbers tuned for Catch: presets have those of their papers, which --json tells\./],
    ['train CartPole --workers 2', /One run has no use for --workers: add --seeds/],
    ['train CartPole --epsilon ladder', /A ladder of ε has a rung for each actor: add --actors\./],
  ])('%s', async (line, message) => {
    await writeFile(join(folder, 'typo.json'), JSON.stringify({ environment: 'CartPole', agent: { learninRate: 1 } }));
    const { code, out, err } = await dqn(line);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at .*\(/);
  });
});

describe('several runs', () => {
  const few = '--steps 300 --final-episodes 3 --workers 2 --json';

  test('dqn train --seeds trains each seed as if it were alone, goes on, and tells their interquartile mean', async () => {
    await dqn(`train cartpole --steps 300 ${small} --seed 5 --out alone`);
    const kept = '--checkpoint-period 100 --keep 3';
    const first = await dqn(`train cartpole ${few} --evaluation-episodes 2 --seeds 2 --seed 4 ${kept} --out seeds`);
    expect(first.code).toBe(0);
    expect(await readdir(join(folder, 'seeds/seed4/checkpoints'))).toHaveLength(3);
    expect(first.err).toMatch(/run 2\/2 \| \S+ mean return [\d.]+/);
    expect(await bytes('seeds/seed5/policy.safetensors')).toEqual(await bytes('alone/policy.safetensors'));
    expect((await dqn(`train cartpole ${few} --seeds 3 --out seeds`)).err).toContain('holds runs already: go on with --resume');
    expect((await dqn('train --resume --steps 299 --seeds 3 --out seeds')).err).toContain('begun with another steps');

    const before = await bytes('seeds/seed4/run.json');
    const { code, out, err } = await dqn(`train --resume --json --seeds 3 --out seeds`);
    expect({ code, lines: err.match(/^run \d.*$/gm) }).toEqual({ code: 0, lines: [expect.stringContaining('seed6')] });
    expect(await bytes('seeds/seed4/run.json')).toEqual(before);
    const report = JSON.parse(out) as { seeds: { seed: number; mean: number }[]; interquartileMean: Record<string, number> };
    expect(report.seeds.map(({ seed }) => seed)).toEqual([4, 5, 6]);
    const means = report.seeds.map(({ mean }) => mean);
    expect(report.interquartileMean.estimate).toBeCloseTo(means.reduce((sum, mean) => sum + mean) / 3, 10);
    expect(report.interquartileMean.low).toBeGreaterThanOrEqual(Math.min(...means));

    await dqn('train --resume --steps 450 --out alone');
    const refused = await dqn('train --resume --steps 450 --learning-rate 0.1 --seeds 3 --out seeds');
    expect(refused.err).toContain('begun with another agent');
    expect((await dqn('train --resume --json --steps 450 --seeds 2 --workers 2 --out seeds')).code).toBe(0);
    expect(await bytes('seeds/seed5/policy.safetensors')).toEqual(await bytes('alone/policy.safetensors'));
    // As if the third had been interrupted before it began with that.
    const longer = await dqn('train --resume --json --seeds 3 --out seeds');
    expect({ code: longer.code, lines: longer.err.match(/^run \d.*$/gm) }).toEqual({
      code: 0,
      lines: [expect.stringContaining('seed6')],
    });
    expect(await json('seeds/seed6/run.json')).toMatchObject({ status: 'finished', step: 450 });
  }, 120_000);

  test('dqn train --seeds takes no runs in its folder for its own, though nobody named the folder', async () => {
    const line = `train cartpole ${few} --evaluation-episodes 2 --seeds 1`;
    expect((await dqn(line)).code).toBe(0);
    const { code, out, err } = await dqn(`${line} --learning-rate 0.5`);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('runs/cartpole-v1-default holds runs already: go on with --resume');
  }, 120_000);

  test('a seed that fails is told and does not stop the others', async () => {
    await writeFile(
      join(folder, 'fails.mjs'),
      `import { CartPole } from './built/environments.mjs';
       export class Fails extends CartPole {
         reset(options) {
           if (options?.seed === 2) throw new Error('no more poles');
           return super.reset(options);
         }
       }`,
    );
    const { code, out } = await dqn(`train ./fails.mjs#Fails ${few} --evaluation-episodes 2 --seeds 2 --out fails`);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      status: 'failed',
      seeds: [
        { seed: 1, mean: expect.any(Number) as number },
        { seed: 2, failure: expect.stringContaining('no more poles') as string },
      ],
    });
  }, 120_000);

  test('Ctrl-C lets every run keep a checkpoint, and the same command goes on with them', async () => {
    const line = 'train cartpole --steps 8000 --final-episodes 3 --evaluation-episodes 2 --seeds 2 --workers 2 --out stopped';
    const child = spawn(process.execPath, [join(folder, 'built/cli.mjs'), ...line.split(' ')], { cwd: folder, stdio: 'ignore' });
    const saved = async (seed: number) =>
      (await readdir(join(folder, `stopped/seed${seed}/checkpoints`)).catch(() => [])).length > 0;
    await vi.waitUntil(async () => (await saved(1)) && (await saved(2)), { timeout: 60_000, interval: 20 });
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(130);
    expect(await json('stopped/seed1/run.json')).toMatchObject({ status: 'interrupted' });
    const again = await dqn('train --resume --json --seeds 2 --out stopped');
    expect(JSON.parse(again.out)).toMatchObject({ status: 'finished', seeds: [{ seed: 1 }, { seed: 2 }] });
    expect(await json('stopped/seed2/run.json')).toMatchObject({ status: 'finished', resumed: true });
  }, 120_000);

  test('a run keeps a checkpoint where the process that began it dies while there is something to tell', async () => {
    const line = `train ${await slowPole(5)} --steps 100 --evaluation-period 1 --evaluation-episodes 2 --out orphan`;
    const child = fork(join(folder, 'built/cli.mjs'), line.split(' '), {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // The first step is told, then it evaluates.
    await once(child, 'message');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(await readdir(join(folder, 'orphan/checkpoints'))).toEqual([expect.stringMatching(/^run\.\d{12}\.safetensors$/)]);
  }, 60_000);

  test('dqn benchmark compares presets, and runs only what has no result', async () => {
    const line = `benchmark --presets default,qr-dqn --seeds 1 ${few} --out bench`;
    const { code, out } = await dqn(line);
    expect(code).toBe(0);
    const lines = async () => (await readFile(join(folder, 'bench/results.jsonl'), 'utf8')).split('\n').filter(Boolean);
    expect((await lines()).map((each) => JSON.parse(each) as unknown)).toEqual(
      expect.arrayContaining([expect.objectContaining({ task: 'CartPole-v1', preset: 'qr-dqn', seed: 1, steps: 300 })]),
    );
    expect(JSON.parse(out)).toMatchObject({ tables: [{ environment: 'CartPole-v1', rows: [{ seeds: 1 }, { seeds: 1 }] }] });
    expect(await readFile(join(folder, 'bench/benchmark.md'), 'utf8')).toMatch(/^\| qr-dqn \| [\d.]+ \[/m);
    // As if a crash had cut the last line off.
    await appendFile(join(folder, 'bench/results.jsonl'), '{"task":"Cart');
    const again = await dqn(line.replace('qr-dqn', 'qr-dqn,munchausen-dqn'));
    expect(again.err.match(/^run \d.*$/gm)).toEqual([expect.stringContaining('munchausen-dqn')]);
    expect(JSON.parse(again.out)).toMatchObject({ tables: [{ rows: [{}, {}, {}] }] });

    // As if a benchmark of more steps had been interrupted.
    const begun = { ...((await json('bench/CartPole-v1/default/seed1/configuration.json')) as object), seed: 2, steps: 400 };
    await mkdir(join(folder, 'bench/CartPole-v1/default/seed2'));
    await writeFile(join(folder, 'bench/CartPole-v1/default/seed2/configuration.json'), JSON.stringify(begun));
    const other = await dqn(line.replace('--seeds 1', '--seeds 2'));
    expect({ code: other.code, out: other.out }).toEqual({ code: 1, out: '' });
    expect(other.err).toMatch(/seed2 was begun with another steps: remove it, or choose another folder\./);
  }, 120_000);
});

describe('dqn tune', () => {
  const space = { 'learningRate.from': { low: 1e-4, high: 1e-2, scale: 'log' }, hidden: { choices: [[8], [16]] } };
  const few = '--steps 270 --final-episodes 3 --workers 1 --json';
  beforeAll(() => writeFile(join(folder, 'space.json'), JSON.stringify(space)));

  test('goes on with a study as if it had not been interrupted, and leaves the best as a configuration', async () => {
    const line = `tune cartpole --space space.json ${few}`;
    const whole = await dqn(`${line} --trials 4 --out tune-a`);
    expect(whole.code).toBe(0);
    const first = await dqn(`${line} --trials 2 --out tune-b`);
    expect(JSON.parse(first.out)).toMatchObject({ status: 'finished', trials: 2 });
    expect((await dqn(`${line} --trials 4 --out tune-b`)).err).toContain('holds a study already: go on with --resume');
    const second = await dqn(`${line} --trials 4 --out tune-b --resume`);
    expect({ ...(JSON.parse(second.out) as object), out: 'tune-a' }).toEqual(JSON.parse(whole.out));
    expect((await dqn(`${line} --trials 5 --seed 2 --out tune-b --resume`)).err).toContain('is of another study');
    const best = (await json('tune-b/best.json')) as { agent: { hidden: number[]; learningRate: object } };
    expect(best.agent).toMatchObject({ hidden: [expect.any(Number)], learningRate: { to: 0, fraction: 1 }, batchSize: 64 });
    expect((await dqn(`train --config tune-b/best.json ${small} --out tuned`)).code).toBe(0);
  }, 120_000);

  test('Ctrl-C in a trial costs it none of its scores', async () => {
    const line = `tune ${await slowPole(1)} --space space.json ${few} --trials 1 --out tune-c`;
    const child = spawn(process.execPath, [join(folder, 'built/cli.mjs'), ...line.split(' ')], { cwd: folder, stdio: 'ignore' });
    const log = () => readFile(join(folder, 'tune-c/trials/1/log.jsonl'), 'utf8').catch(() => '');
    await vi.waitUntil(async () => (await log()).includes('"step":60,'), { timeout: 30_000, interval: 20 });
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect((await dqn(`${line} --resume`)).code).toBe(0);
    const lines = (await readFile(join(folder, 'tune-c/study.jsonl'), 'utf8')).split('\n').filter(Boolean);
    const { state, scores } = JSON.parse(lines.at(-1) as string) as { state: string; scores: [number, number][] };
    expect(state).toBe('finished');
    expect(scores.map(([step]) => step)).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 271]);
  }, 120_000);

  test.each([
    ['{ "lerningRate": { "low": 0, "high": 1 } }', /an agent has no lerningRate\. Did you mean learningRate\?/],
    ['{ "learningRate.too": { "low": 0, "high": 1 } }', /learningRate has no part too/],
    ['{ "vMin": { "low": 0, "high": 1 } }', /the preset default takes no vMin: its head is expected/],
    ['{ "nStep": { "low": 3, "high": 1 } }', /nStep: low must be below high/],
    ['{ "nStep": { "low": 0, "high": 1, "scale": "log" } }', /begins above 0/],
    ['{ "nStep": [1, 2] }', /nStep: expected \{ choices \}/],
    ['{}', /there is no range in it/],
    ['{', /is no JSON/],
  ])('refuses %s', async (text, message) => {
    await writeFile(join(folder, 'wrong.json'), text);
    const { code, err } = await dqn(`tune cartpole --space wrong.json ${few} --out wrong`);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

test('every preset has a use for the numbers that are tuned for it', async () => {
  const paper = JSON.parse((await dqn('presets --json')).out) as { name: string; options: { optimizer: { spec: object } } }[];
  const tuned = JSON.parse((await dqn('presets cartpole --json')).out) as typeof paper;
  expect(tuned).toHaveLength(16);
  for (const { name, options } of tuned) {
    const { learnPeriod = 256, updatesPerRound = 128 } = zoo['CartPole-v1'].presets?.[name] ?? {};
    expect(options, name).toMatchObject({ learnPeriod, updatesPerRound, optimizer: { spec: { kind: 'adam' } } });
  }
  const of = (all: typeof paper, preset: string) => all.find(({ name }) => name === preset)?.options;
  expect(of(paper, 'rainbow')).toMatchObject({
    learningStarts: 20_000,
    head: { settings: { vMin: -10 } },
    replay: { capacity: 1_000_000 },
  });
  expect(of(tuned, 'rainbow')).toMatchObject({
    learningStarts: 1_000,
    head: { settings: { vMin: 0 } },
    replay: { capacity: 50_000 },
  });
});

test('dqn presets tells the numbers tuned for an environment as dqn train takes them', async () => {
  const { out } = await dqn('presets mountaincar');
  expect(out).toMatch(/^Tuned for 120000 steps of MountainCar-v0, as options of dqn train:$/m);
  const flags = /^munchausen-dqn +(.+)$/m.exec(out)?.[1];
  const line = `train MountainCar-v0 --preset munchausen-dqn --numbers paper ${flags}`;
  const { code } = await dqn(`${line} --steps 200 --final-episodes 1 --out told --json`);
  expect(code).toBe(0);
  const { agent } = JSON.parse(await readFile(join(folder, 'told/configuration.json'), 'utf8')) as { agent: object };
  expect(agent).toEqual(tunedNumbers('MountainCar-v0', 'munchausen-dqn'));
});

test('dqn environments and dqn presets list what there is', async () => {
  const [environments, presets] = await Promise.all([dqn('environments --json'), dqn('presets')]);
  expect(JSON.parse(environments.out)).toContainEqual({
    id: 'MinAtar/Breakout-v1',
    description: 'break bricks with a ball',
    observations: '[10, 10, 4]',
    actions: 6,
    tuned: true,
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
