import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { CartPole, Taxi } from '../../src/environments/index.ts';
import { alive } from './alive.ts';
import { pythons, type Python } from './pythons.ts';

const bridge = join(import.meta.dirname, '../../src/node/bridge');
const player = join(import.meta.dirname, '../support/python/worlds/play_environment.py');
let scratch = '';
let server = '';
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'dqn-environments-'));
  server = join(scratch, 'serve-environment.js');
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }');
  await build({
    entryPoints: {
      'serve-environment': join(bridge, 'serve-environment.ts'),
      worlds: join(import.meta.dirname, '../support/bridge-worlds.ts'),
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outdir: scratch,
  });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

type Call = readonly [name: string, ...args: unknown[]];

function start({ program, path }: Python, calls: readonly Call[], options: object = {}): ChildProcess {
  const child = spawn(program, [player], {
    cwd: scratch,
    env: { ...process.env, PYTHONPATH: path },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(JSON.stringify({ folder: join(bridge, 'python'), server, calls, options }));
  return child;
}

async function playWith(python: Python, calls: readonly Call[], options: object = {}): Promise<unknown[]> {
  const child = start(python, calls, options);
  const [out, errors] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  const line = out.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('[')) throw new Error(`${out}${errors}`);
  return JSON.parse(line) as unknown[];
}

describe.each(pythons)('with $name', (python) => {
  it('plays the episodes that we play', async () => {
    const own = new CartPole();
    const actions = Array.from({ length: 30 }, (_, i) => (i === 3 ? 0 : 1));
    const calls: Call[] = [['make', './worlds.js#CartPole'], ['reset', 5], ...actions.map((action): Call => ['step', action])];
    const [spaces, first, ...steps] = await playWith(python, [...calls, ['close']]);
    expect(spaces).toEqual([expect.stringMatching(/^Box\(.*4,.*float32/), expect.stringMatching(/^Discrete\(2/)]);
    expect(first).toEqual([[...own.reset({ seed: 5 }).observation], {}]);
    for (const [i, action] of actions.entries()) {
      const { observation, reward, terminated, truncated } = own.step(action);
      expect(steps[i]).toEqual([[...observation], reward, terminated, truncated, {}]);
      if (!terminated) continue;
      expect(steps[i + 1]).toMatchObject({ code: 'not-reset' });
      return;
    }
    throw new Error('The pole never fell.');
  });

  it('passes seeds, options, masks, infos, keyword arguments and pictures', async () => {
    const state = [0.01, 0.02, 0.03, 0.04];
    const told = await playWith(
      python,
      [
        ['make', './worlds.js#CartPole', { maxEpisodeSteps: 1 }, 'ansi'],
        ['reset', null, { state }],
        ['render'],
        ['step', 0],
        ['make', './worlds.js#Taxi'],
        ['reset', 3],
        ['make', './worlds.js#CartPole', {}, 'svg'],
        ['reset', null],
        ['reset', null],
        ['render'],
      ],
      {},
    );
    const cartPole = new CartPole({ maxEpisodeSteps: 1 });
    cartPole.reset({ options: { state } });
    expect(told[1]).toEqual([state.map(Math.fround), {}]);
    expect(told[2]).toBe(cartPole.render('ansi'));
    expect(told[3]).toMatchObject([expect.anything(), 1, false, true, {}]);
    const { observation, actionMask, info } = new Taxi().reset({ seed: 3 });
    expect(told[5]).toEqual([observation, { ...info, action_mask: [...(actionMask ?? [])] }]);
    expect(told[7]).not.toEqual(told[8]);
    expect(told[9]).toMatch(/^<svg/);
  });

  it('takes and gives elements of all spaces', async () => {
    const action = {
      floats: [-1, 7],
      bytes: [
        [9, 8],
        [7, 6],
      ],
      number: 1,
      choices: [0, 3],
      switches: [0, 0, 1],
    };
    const told = await playWith(python, [
      ['make', './worlds.js#Mirror'],
      ['reset', 1],
      ['step', action],
      ['step', { ...action, floats: [3, 0] }],
      ['step', { ...action, number: 0.5 }],
      ['step', { ...action, bytes: [1, 2] }],
      ['step', { floats: [0, 0] }],
    ]);
    const first = {
      floats: [0.5, Math.fround(1e30)],
      bytes: [
        [0, 1],
        [254, 255],
      ],
      number: -1,
      choices: [2, 3],
      switches: [1, 0, 1],
      pair: [1, [0.25]],
    };
    expect(told[1]).toEqual([first, { note: 'begun', nested: [1, { two: 2 }] }]);
    expect(told[2]).toEqual([{ ...first, ...action }, 0.1, false, true, {}]);
    expect(told[3]).toMatchObject({ code: 'invalid-action', message: expect.stringContaining('floats') });
    for (const i of [4, 5, 6]) expect(told[i]).toMatchObject({ code: 'invalid-action' });
  });

  it.each([
    ['./worlds.js#Nothing', 'invalid-option', /"CartPole/],
    ['./worlds.js#number', 'invalid-option', /class or function/],
    ['./worlds.js', 'invalid-option', /module#name/],
    ['./nothing.js#CartPole', 'invalid-option', /nothing\.js/],
    ['no-such-package#World', 'invalid-option', /no-such-package/],
  ])('refuses %s', async (id, code, message) => {
    expect(await playWith(python, [['make', id]])).toEqual([{ code, message: expect.stringMatching(message) }]);
  });

  it('tells what is missing', async () => {
    expect(await playWith(python, [['make', './worlds.js#CartPole']], { node: '/no/such/node' })).toEqual([
      { code: 'missing-package', message: expect.stringMatching(/\/no\/such\/node.*install Node/s) },
    ]);
    expect(await playWith(python, [['make', './worlds.js#CartPole', {}, 'rgb_array']])).toMatchObject([{ code: 'invalid-option' }]);
  });

  it('keeps what environments print apart, and tells what they throw with the stack', async () => {
    const told = await playWith(python, [
      ['make', './worlds.js#misbehaving', { how: 'print' }],
      ['reset', 1],
      ['step', 0],
      ['make', './worlds.js#misbehaving', { how: 'throw' }],
      ['reset', 1],
      ['step', 0],
      ['reset', 1],
    ]);
    expect(told[2]).toEqual([[0], 1, false, false, {}]);
    expect(told[5]).toMatchObject({
      code: 'environment-failed',
      message: expect.stringMatching(/RangeError: the world is flat\n\s+at/),
    });
    expect(told[6]).toEqual([[0], {}]);
  });

  it('sends its errors from process to process as they are', async () => {
    const told = await playWith(python, [
      ['make', './worlds.js#misbehaving', { how: 'throw' }],
      ['reset', 1],
      ['send', 0],
      ['reset', 1],
      ['step', 0],
    ]);
    expect(told[2]).toMatchObject({ code: 'environment-failed', message: expect.stringMatching(/the world is flat\n\s+at/) });
    expect(told[2]).toEqual(told[4]);
  });

  it('refuses seeds that Node cannot hold, and goes on', async () => {
    const told = await playWith(python, [
      ['make', './worlds.js#CartPole'],
      ['reset', 2 ** 60],
      ['reset', 1],
      ['step', 0],
    ]);
    expect(told[1]).toEqual({ code: 'invalid-option', message: expect.stringContaining(String(Number.MAX_SAFE_INTEGER)) });
    expect(told[3]).toHaveLength(5);
  });

  it.each(['exit', 'hang', 'never'])('notices the end of Node and starts it anew: %s', async (how) => {
    const calls: Call[] = [
      ['make', './worlds.js#misbehaving', { how }],
      ['reset', 1],
      ['step', 0],
      ['step', 0],
      ['reset', 1],
      ['close'],
    ];
    const told = await playWith(python, calls, { timeout: 6 });
    expect(told[2]).toMatchObject({
      code: 'worker-failed',
      message: expect.stringMatching(how === 'exit' ? /exit code 5/ : /within 6/),
    });
    expect(told[3]).toMatchObject({ code: 'worker-failed' });
    expect(told[4]).toEqual([[0], {}]);
  });

  it('starts Node anew after Ctrl-C in the middle of a call', async () => {
    const calls: Call[] = [
      ['make', './worlds.js#misbehaving', { how: 'never' }],
      ['reset', 1],
      ['interrupt', 0.5],
      ['step', 0],
      ['step', 0],
      ['reset', 1],
    ];
    const told = await playWith(python, calls, { timeout: 6 });
    expect(told[3]).toBe('interrupted');
    expect(told[4]).toMatchObject({ code: 'worker-failed', message: expect.stringContaining('reset()') });
    expect(told[5]).toEqual([[0], {}]);
  });

  it('starts a killed Node anew', async () => {
    const calls: Call[] = [['make', './worlds.js#CartPole'], ['reset', 1], ['kill'], ['step', 0], ['reset', 1], ['step', 0]];
    const told = await playWith(python, calls);
    expect(told[3]).toMatchObject({ code: 'worker-failed' });
    expect(told[4]).toEqual(told[1]);
    expect(told[5]).toHaveLength(5);
  });

  test.each(['idle', 'hang'])('no Node outlives a killed Python: %s', async (how) => {
    const waiting: Call = how === 'idle' ? ['sleep', 60] : ['step', 0];
    const child = start(python, [['make', './worlds.js#misbehaving', { how }], ['reset', 1], ['pid'], waiting]);
    const pid = await new Promise<number>((resolve) => {
      child.stdout?.once('data', (line: Buffer) => resolve((JSON.parse(String(line)) as number[])[2]));
    });
    expect(alive(pid)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => alive(pid), { timeout: 60_000 }).toBe(false);
  });
});
