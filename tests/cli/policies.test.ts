import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web/wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  categorical,
  createAgent,
  loadPolicy,
  mlp,
  quantile,
  implicitQuantile,
  fullyParameterisedQuantile,
  type ValueHead,
} from '../../src/index.ts';
import { encodeArchive } from '../../src/common/archive.ts';
import { CartPole } from '../../src/environments/index.ts';
import { decodeSafetensors, exportPolicy, fromStateDict, readPolicy } from '../../src/export/index.ts';
import { saveCheckpoint } from '../../src/node/index.ts';
import { Dataset, encodeDataset } from '../../src/offline/index.ts';
import { buildCommand, type BuiltCommand } from '../support/built-command.ts';
import { checkXml } from '../support/check-xml.ts';

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

const bytes = (path: string) => readFile(join(folder, path));
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
    ['evaluate run --engine wazm', /There is no engine wazm.*Did you mean wasm\?/],
    ['evaluate run --episodes 0', /Expected a whole number of at least 1/],
  ])('%s', expectMistake);
});

describe('dqn inspect', () => {
  const inspected = async (path: string) => JSON.parse((await dqn(`inspect ${path} --json`)).out) as Record<string, unknown>;

  test('tells the network, the head and the tensors of a policy', async () => {
    expect(await inspected('categorical.safetensors')).toMatchObject({
      kind: 'policy',
      version: 2,
      bytes: (await readFile(join(folder, 'categorical.safetensors'))).length,
      facts: { head: 'categorical of width 5, {"atoms":5,"vMin":0,"vMax":30}', actions: 2, heads: 1 },
      network: {
        inputShape: [4],
        layers: [
          { kind: 'dense', units: 4 },
          { kind: 'dense', units: 10 },
        ],
      },
      parameters: 4 * 4 + 4 + 4 * 10 + 10,
      tensors: [
        { name: '/weights/layers.0.weight', shape: [4, 4], type: 'Float32', size: 16 },
        { name: '/weights/layers.0.bias', shape: [4], type: 'Float32', size: 4 },
        { name: '/weights/layers.1.weight', shape: [4, 10], type: 'Float32', size: 40 },
        { name: '/weights/layers.1.bias', shape: [10], type: 'Float32', size: 10 },
      ],
    });
    const { out, err } = await dqn('inspect categorical.safetensors');
    expect(err).toBe('');
    expect(out).toMatch(/^network +\[4\] → dense\(units 4, activation relu.*\) → dense\(units 10/m);
    expect(out).toMatch(/^parameters +70$/m);
  });

  test('tells step, parts and tensors of a checkpoint', async () => {
    const checkpoint = await inspected('run/checkpoints/run.000000000600.safetensors');
    expect(checkpoint).toMatchObject({
      kind: 'training',
      facts: { step: 600, updates: 501 },
      parts: { optimizer: 'adam', replay: 'uniform, capacity 400', nStep: 1, discount: 0.99 },
      parameters: 4 * 8 + 8 + 8 * 2 + 2,
    });
    expect(checkpoint.tensors).toContainEqual({
      name: '/agent/optimizer/layers.0.weight.m',
      shape: [4, 8],
      type: 'Float32',
      size: 32,
    });
  });

  test('tells configuration, parts, results and files of a run, and what is there of one that has only begun', async () => {
    const { agent, best, evaluation, machine } = await json('run/run.json');
    expect(await inspected('run')).toMatchObject({
      kind: 'run',
      status: 'finished',
      step: 600,
      library: (machine as { library: string }).library,
      configuration: await json('run/configuration.json'),
      agent,
      best,
      evaluation,
      files: expect.arrayContaining([
        { name: 'run.json', bytes: (await readFile(join(folder, 'run/run.json'))).length },
      ]) as unknown,
    });
    expect(await inspected('begun')).toMatchObject({ status: 'begun', files: [{ name: 'configuration.json' }] });
    const { out } = await dqn('inspect run');
    expect(out).toMatch(/^status +finished at step 600$/m);
    expect(out).toMatch(/^optimizer\.spec\.kind +adam$/m);
  });

  test('tells the size of a dataset', async () => {
    const dataset = new Dataset({
      observationSize: 1,
      actionCount: 2,
      observations: Float32Array.of(0, 1, 2, 0, 1),
      actions: Int32Array.of(1, 1, 0),
      rewards: Float32Array.of(0, 1, 2),
      terminations: Uint8Array.of(0, 1, 0),
      truncations: Uint8Array.of(0, 0, 1),
      episodeEnds: Int32Array.of(2, 3),
    });
    await saveCheckpoint(join(folder, 'dataset.safetensors'), encodeDataset(dataset));
    expect(await inspected('dataset.safetensors')).toMatchObject({
      kind: 'dataset',
      facts: { steps: 3, episodes: 2, meanReturn: 1.5, observationSize: 1, actionCount: 2 },
    });
  });

  test('believes nothing: shapes that do not fit, names that would steer the terminal, kinds of the future', async () => {
    const state = { list: [{ name: 'huge\u001b[2J', shape: [1e9, 1e9], values: new Float32Array(2) }], note: 'a\u0007b' };
    await saveCheckpoint(join(folder, 'odd.safetensors'), encodeArchive({ kind: 'future\u001b[1m', version: 9, state }));
    const { code, out } = await dqn('inspect odd.safetensors');
    expect(code).toBe(0);
    expect(out).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(out).toMatch(/^kind +future\\x1b\[1m, layout 9$/m);
    expect(out).toMatch(/^\/list\/0\/values +Float32 +\[2\] +2$/m);
  });

  test.each([
    ['inspect nowhere', /received no such file/],
    ['inspect built', /built holds no run/],
    ['inspect damaged.safetensors', /expected \d+ bytes but received only the first \d+/],
    ['inspect foreign.bin', /expected the bytes of a checkpoint of this library but received those of another kind of file/],
    ['inspect torn', /torn\/run\.json is damaged: status: /],
  ])('%s', async (line, message) => {
    await mkdir(join(folder, 'torn'), { recursive: true });
    await copyFile(join(folder, 'run/configuration.json'), join(folder, 'torn/configuration.json'));
    await writeFile(join(folder, 'torn/run.json'), '{}');
    await expectMistake(line, message);
  });
});

describe('dqn watch', () => {
  test('prints the pictures one after another, with Q-values and without escape codes, where there is no terminal', async () => {
    const { code, out } = await dqn('watch run --which final --seed 5 --max-steps 4');
    expect(code).toBe(0);
    expect(out).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(out.match(/^CartPole · step \d+ · /gm)).toHaveLength(5);
    expect(out.match(/^▶ Q\([01]\) +-?\d+\.\d{3}/gm)).toHaveLength(4);
    expect(out).toContain('episode 1  step 4  return 4  cut off\n');
    expect(out).toMatch(/\nEpisode 1: return 4 in 4 steps \(cut off\)\n$/);
  });

  test('plays the episodes that evaluate plays', async () => {
    const { returns } = JSON.parse((await dqn('evaluate run --seed 9 --episodes 2 --json')).out) as { returns: number[] };
    const { out } = await dqn('watch run --seed 9 --episodes 2 --fps 1000');
    for (const [i, value] of returns.entries()) expect(out).toContain(`Episode ${i + 1}: return ${value} in ${value} steps`);
  });

  test('writes one animated SVG that is well-formed and shows each picture in its turn', async () => {
    const { code, out, err } = await dqn('watch run --out film.svg --fps 10 --max-steps 5');
    expect(code).toBe(0);
    expect(out).toBe('Episode 1: return 5 in 5 steps (cut off)\n');
    expect(err).toContain('film.svg: 6 pictures');
    const svg = await readFile(join(folder, 'film.svg'), 'utf8');
    expect(checkXml(svg).filter((name) => name === 'g')).toHaveLength(6);
    expect(Array.from(svg.matchAll(/animation-delay:([\d.]+)s/g), ([, delay]) => Number(delay))).toEqual([
      0, 0.1, 0.2, 0.3, 0.4, 0.5,
    ]);
    for (let step = 0; step <= 5; step++) expect(svg.match(new RegExp(`CartPole · step ${step} `, 'g'))).toHaveLength(1);
    // 6 tenths of a second and 1 s of the last picture.
    expect(svg).toContain('animation:f 1.6000s step-end infinite');
    expect(svg).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
  });

  test('ends with code 130 at Ctrl-C', async () => {
    const { code, out } = await dqn('watch run --episodes 100000', { at: 'episode 2 ', signal: 'SIGINT', on: 'out' });
    expect(code).toBe(130);
    expect(out).not.toContain('Episode 1: ');
  });

  test.each([
    ['watch run --out film.mp4', /film\.mp4: expected a name that ends in \.svg or \.gif but received \.mp4/],
    ['watch run --fps 0', /Expected a number above 0/],
    ['watch alone.safetensors ./blind.mjs#Blind', /\.\/blind\.mjs#Blind cannot be watched: it has no render\('ansi'\)/],
    ['watch alone.safetensors ./blind.mjs#Failing', /received an error it threw: no more ink/],
  ])('%s', async (line, message) => {
    await writeFile(
      join(folder, 'blind.mjs'),
      `import { CartPole } from './built/environments.mjs';
       export class Blind extends CartPole { render = undefined; }
       export class Failing extends CartPole { render() { throw new TypeError('no more ink'); } }`,
    );
    await expectMistake(line, message);
  });
});

describe('dqn export', () => {
  const policy = async () => loadPolicy(await bytes('run/best.safetensors'), new CartPole());
  const observation = Float32Array.of(0.1, -0.2, 0.03, 0.4);

  test('writes a program that tells the Q-values of the policy, and one of 8 bits', async () => {
    expect((await dqn('export run --out whole.mjs')).out).toMatch(/^whole\.mjs {2}[\d,]+ bytes\n$/);
    const { out } = await dqn('export run --format program --weights 8 --out made/small.txt --json');
    const size = (await bytes('made/small.txt')).length;
    expect(JSON.parse(out)).toEqual({
      policy: 'run/best.safetensors',
      format: 'program',
      files: [{ name: 'made/small.txt', bytes: size }],
    });
    const own = readPolicy(await bytes('run/best.safetensors'), new CartPole());
    expect((await bytes('made/small.txt')).toString()).toBe(exportPolicy(own, { bits: 8 }).source);
    const program = (await import(join(folder, 'whole.mjs'))) as { qValues: (observation: Float32Array) => Float64Array };
    const wanted = (await policy()).qValues(observation);
    Array.from(program.qValues(observation), (value, a) => expect(value).toBeCloseTo(wanted[a], 4));
  });

  test('writes an ONNX model that ONNX Runtime runs', async () => {
    expect((await dqn('export run --out policy.onnx')).code).toBe(0);
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(await bytes('policy.onnx'));
    const { q } = await session.run({ observation: new ort.Tensor('float32', observation, [1, 4]) });
    const wanted = (await policy()).qValues(observation);
    Array.from(q.data as Float32Array, (value, a) => expect(value).toBeCloseTo(wanted[a], 4));
  });

  test('writes weights with the names of this library and of others', async () => {
    expect((await dqn('export run --out weights.safetensors')).code).toBe(0);
    const own = readPolicy(await bytes('run/best.safetensors'), new CartPole());
    expect(decodeSafetensors(await bytes('weights.safetensors'))).toEqual(own.weights);
    for (const [layout, name] of [
      ['sb3', 'stable-baselines3'],
      ['cleanrl', 'cleanrl'],
    ] as const) {
      expect((await dqn(`export run --format state-dict --layout ${layout} --out ${layout}.safetensors`)).code).toBe(0);
      const tensors = decodeSafetensors(await bytes(`${layout}.safetensors`));
      expect(
        fromStateDict(
          { ...own, weights: own.weights.map((each) => ({ ...each, values: new Float32Array(each.values.length) })) },
          tensors,
          { layout: name },
        ).weights,
      ).toEqual(own.weights);
    }
  });

  test('writes the two files of a LayersModel, which name one another', async () => {
    const { out } = await dqn('export run --which final --out model/model.json --json');
    expect((JSON.parse(out) as { files: { name: string }[] }).files.map(({ name }) => name)).toEqual([
      'model/weights.bin',
      'model/model.json',
    ]);
    const { weightsManifest } = (await json('model/model.json')) as { weightsManifest: { paths: string[] }[] };
    expect(weightsManifest[0].paths).toEqual(['weights.bin']);
    expect(await bytes('model/weights.bin')).toHaveLength(4 * (4 * 8 + 8 + 8 * 2 + 2));
  });

  test.each([
    ['export run', /required option '-o, --out <file>' not specified/],
    ['export run --out policy.dat', /Which format is policy\.dat\? Write --format onnx\|/],
    ['export run --out a.onnx --weights 8', /--weights 8 is for programs: onnx holds numbers in single precision/],
    ['export run --out a.safetensors --format state-dict', /Whose state-dict\? Write --layout sb3\|cleanrl/],
    ['export run --out a.onnx --layout sb3', /--layout is for state-dict, not for onnx/],
    ['export run --out a.onnx --format onxx', /Allowed choices are onnx/],
    ['export fully.safetensors cartpole --out a.mjs', /exportPolicy\(policy\).*expected a network that .* can hold/],
    [
      'export categorical.safetensors cartpole --out a.dat --format state-dict --layout sb3',
      /expected .* but received .*categorical/,
    ],
    ['export run --out run/run.json/a.onnx', /expected to write the file/],
  ])('%s', expectMistake);
});
