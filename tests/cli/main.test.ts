import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeEpisodes } from '../../src/cli/episode-log.ts';
import { loadPolicy } from '../../src/index.ts';
import { CartPole } from '../../src/environments/index.ts';
import { readCheckpoint } from '../../src/node/index.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqn-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly text: string;
}

/**
 * Runs the command; `interruptAt` sends Ctrl-C when the text first shows up in its output.
 * @param first - modules that are loaded before it.
 */
function run(arguments_: readonly string[], interruptAt?: string, first: readonly string[] = []): Promise<Outcome> {
  const options = ['--import', 'tsx', ...first.flatMap((module) => ['--import', module])];
  const child = spawn(process.execPath, [...options, main, ...arguments_], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const listen = (chunk: Buffer) => {
    const before = text;
    text += chunk.toString();
    if (interruptAt && text.includes(interruptAt) && !before.includes(interruptAt)) child.kill('SIGINT');
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}

describe('a whole run', () => {
  test('trains, reports progress, evaluates, and leaves a curve, the episodes and a policy that loads', async () => {
    const out = join(folder, 'whole');
    const { code, text } = await run(['--steps', '3000', '--episodes', '5', '--seed', '4', '--out', out]);
    expect(code).toBe(0);
    expect(text).toMatch(/step 1500\/3000 \| [\d,]+ steps\/s \| ETA \d+ s \| return [\d.]+ \| ε 0\.\d+/);
    expect(text).toMatch(/Evaluation over 5 episodes: mean [\d.]+ ± [\d.]+ \(min \d+, max \d+\)/);
    expect((await readdir(out)).sort()).toEqual(['episodes.csv', 'learning-curve.svg', 'policy.safetensors']);
    const svg = await readFile(join(out, 'learning-curve.svg'), 'utf8');
    expect(svg).toMatch(/^<svg [^]*CartPole-v1[^]*<path d="M[\d.,LM]+"[^]*<\/svg>$/);
    expect(svg).not.toContain('NaN');
    const environment = new CartPole();
    const policy = await loadPolicy(await readCheckpoint(join(out, 'policy.safetensors')), environment);
    expect([0, 1]).toContain(policy.act(environment.reset({ seed: 1 }).observation));
  });

  test('Ctrl-C keeps a checkpoint, and --resume ends as the unbroken run does, to the bit', async () => {
    const common = ['--steps', '6000', '--episodes', '1', '--seed', '2', '--environment', 'MountainCar-v0'];
    const [unbroken, broken] = [join(folder, 'unbroken'), join(folder, 'broken')];
    await run([...common, '--out', unbroken]);
    const first = await run([...common, '--out', broken], 'step 2400/6000');
    expect(first.code).toBe(130);
    expect(first.text).toMatch(
      /Stopped at step \d+\. Go on with: .*--environment mountaincar --seed 2 --steps 6000 --out .* --resume/,
    );
    const second = await run([...common, '--out', broken, '--resume']);
    expect(second.code).toBe(0);
    for (const file of ['policy.safetensors', 'episodes.csv', 'learning-curve.svg']) {
      expect(await readFile(join(broken, file))).toEqual(await readFile(join(unbroken, file)));
    }
  });

  test('Ctrl-C in the step that ends an episode does not lose the episode', async () => {
    const environments = pathToFileURL(join(main, '../../environments/index.ts')).href;
    const interrupts = join(folder, 'interrupts.mjs');
    await writeFile(
      interrupts,
      `import { CartPole } from '${environments}';
       const { step } = CartPole.prototype;
       let ends = 0;
       CartPole.prototype.step = function (action) {
         const result = step.call(this, action);
         if (result.terminated && ++ends === 3) process.emit('SIGINT');
         return result;
       };`,
    );
    const out = join(folder, 'ended');
    expect((await run(['--steps', '3000', '--out', out], undefined, [pathToFileURL(interrupts).href])).code).toBe(130);
    expect(decodeEpisodes(await readFile(join(out, 'episodes.csv')))).toHaveLength(3);
  });
});

describe('mistakes get a sentence and code 1', () => {
  test.each([
    [['--environment', 'pendulum'], /Expected one of cartpole, acrobot, mountaincar, lunarlander/],
    [['--environment', 'cartpool'], /Did you mean cartpole\?/],
    [['--steps', '0'], /Expected a whole number of at least 1/],
    [['--seed', 'x'], /Expected a whole number of at least 0/],
    [['--epsiodes', '3'], /Did you mean --episodes\?/],
    [['--resume', '--out', '/nowhere/at/all'], /checkpoint/],
  ])('%o', async (arguments_, message) => {
    const { code, text } = await run(arguments_);
    expect(code).toBe(1);
    expect(text).toMatch(message);
    expect(text).not.toMatch(/\n\s+at .*\(/);
  });
});
