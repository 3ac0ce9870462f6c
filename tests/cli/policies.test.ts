import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  categorical,
  createAgent,
  mlp,
  quantile,
  implicitQuantile,
  fullyParameterisedQuantile,
  type ValueHead,
} from '../../src/index.ts';
import { CartPole } from '../../src/environments/index.ts';
import { saveCheckpoint } from '../../src/node/index.ts';
import { buildCommand, type BuiltCommand } from '../support/built-command.ts';

/** What one run has left is looked at by every command here. */
let folder = '';
let dqn: BuiltCommand;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqn-policies-'));
  dqn = await buildCommand(folder);
  await writeFile(
    join(folder, 'own.mjs'),
    `import { CartPole } from './built/environments.mjs';
     export class Own extends CartPole {}`,
  );
  const configuration = {
    environment: './own.mjs#Own',
    environmentOptions: { maxEpisodeSteps: 30 },
    preset: 'default',
    steps: 600,
    seed: 3,
    agent: { hidden: [8], learningStarts: 100, batchSize: 8, replayCapacity: 400 },
    evaluation: { period: 200, episodes: 2, finalEpisodes: 4 },
  };
  await writeFile(join(folder, 'run.json'), JSON.stringify(configuration));
  const { code, err } = await dqn('train --config run.json --out run');
  expect({ code, error: /error.*/.exec(err)?.[0] }).toEqual({ code: 0 });
  await mkdir(join(folder, 'begun'));
  await copyFile(join(folder, 'run/configuration.json'), join(folder, 'begun/configuration.json'));
  await copyFile(join(folder, 'run/best.safetensors'), join(folder, 'alone.safetensors'));
  await saveCheckpoint(join(folder, 'damaged.safetensors'), (await readFile(join(folder, 'alone.safetensors'))).subarray(0, -8));
  await saveCheckpoint(
    join(folder, 'foreign.bin'),
    new TextEncoder().encode('something else, long enough to have a header of its own'),
  );
  for (const [name, head] of Object.entries(heads)) {
    const agent = await createAgent(new CartPole(), { head, network: mlp({ hidden: [4] }), seed: 1 });
    await saveCheckpoint(join(folder, `${name}.safetensors`), await agent.savePolicy());
    agent.dispose();
  }
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const heads: Readonly<Record<string, ValueHead>> = {
  categorical: categorical({ atoms: 5, vMin: 0, vMax: 30 }),
  quantile: quantile({ quantiles: 4 }),
  implicit: implicitQuantile(),
  fully: fullyParameterisedQuantile({ fractions: 4 }),
  own: Object.assign(quantile({ quantiles: 4 }), { kind: 'mine' }) as ValueHead,
};

const json = async (path: string) => JSON.parse(await readFile(join(folder, path), 'utf8')) as Record<string, unknown>;

/** Every mistake gets its sentence and no more. */
async function expectMistake(line: string, message: RegExp): Promise<void> {
  const { code, out, err } = await dqn(line);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(message);
  expect(err).not.toMatch(/\n\s+at .*\(/);
}

describe('dqn evaluate', () => {
  test('gives the returns that the run itself gave at its end, on the environment of its configuration with its options', async () => {
    const { evaluation } = await json('run/run.json');
    const { code, out } = await dqn('evaluate run --which final --seed 1000003 --episodes 4 --json');
    expect(code).toBe(0);
    const report = JSON.parse(out) as Record<'mean' | 'median', number> & {
      returns: number[];
      interval: Record<'low' | 'high', number>;
    };
    expect(report).toMatchObject({
      ...(evaluation as object),
      policy: 'run/policy.safetensors',
      environment: './own.mjs#Own',
      interval: { confidence: 0.95, estimate: report.mean },
    });
    const [, second, third] = report.returns.toSorted((a, b) => a - b);
    expect(report.median).toBe((second + third) / 2);
    expect(report.interval.low).toBeLessThanOrEqual(report.mean);
    expect(report.interval.high).toBeGreaterThanOrEqual(report.mean);
    expect(Math.max(...report.returns)).toBeLessThanOrEqual(30);
  });

  test('prints the same in words, for the best policy where none is asked for', async () => {
    const { out, err } = await dqn('evaluate run --episodes 3');
    const { mean, std, median } = JSON.parse((await dqn('evaluate run --which best --episodes 3 --json')).out) as Record<
      string,
      number
    >;
    expect(err).toBe('');
    expect(out).not.toContain('\u001b');
    expect(out).toContain('run/best.safetensors on ./own.mjs#Own, 3 episodes\n');
    expect(out).toContain(`mean ${Number(mean.toPrecision(5))} ± ${Number(std.toPrecision(5))}, 95 % interval`);
    expect(out).toContain(`median ${Number(median.toPrecision(5))},`);
  });

  test('takes a file with any head of the library, and the environment by its name', async () => {
    for (const name of ['alone', 'categorical', 'quantile', 'implicit', 'fully']) {
      const { code, out } = await dqn(`evaluate ${name}.safetensors cartpole --episodes 2 --json`);
      expect(code, name).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ environment: 'CartPole-v1', episodes: 2 });
    }
  });

  test.each([
    ['evaluate alone.safetensors', /Which environment is alone\.safetensors for\? Name it after the file/],
    ['evaluate nowhere', /There is no file or folder nowhere/],
    ['evaluate built', /built holds no run/],
    ['evaluate begun', /has no policy yet/],
    ['evaluate run/best.safetensors --which best', /--which chooses among those of a run folder/],
    ['evaluate run mountaincar', /number of actions: expected 3 but received 2/],
    ['evaluate run/checkpoints/run.000000000600.safetensors cartpole', /holds no policy but what is called training/],
    ['evaluate damaged.safetensors cartpole', /expected \d+ bytes but received only the first \d+/],
    ['evaluate foreign.bin cartpole', /received those of another kind of file/],
    ['evaluate own.safetensors cartpole', /own\.safetensors has a head of its own \(mine of width 4/],
    ['evaluate run --engine wazm', /There is no engine wams.*Did you mean wasm\?/],
    ['evaluate run --episodes 0', /Expected a whole number of at least 1/],
  ])('%s', expectMistake);
});
