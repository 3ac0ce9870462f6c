import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { DqnError, train } from '../../src/index.ts';
import { serveTraining, trainInWorker, type TrainerOptions } from '../../src/node/index.ts';
import { cartPoleRecipe, type Config } from '../support/cart-pole-recipe.ts';

let folder = '';
let path = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dqn-'));
  path = join(folder, 'training-worker.mjs');
  const entryPoints = [join(import.meta.dirname, 'training-worker.ts')];
  await build({ entryPoints, bundle: true, format: 'esm', platform: 'node', outfile: path });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let worker: Worker;
function begin(config: Config, options?: TrainerOptions) {
  worker = new Worker(path);
  return trainInWorker<Config>(worker, config, options);
}
afterEach(() => worker.terminate());

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('a worker thread learns what this thread would, while this one stays free', async () => {
  const trainer = begin({ steps: 2_000 });
  await trainer.start();
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  await trainer.finished;
  clearInterval(ticking);
  expect(turns).toBeGreaterThan(0);
  const { agent, environment, options } = await cartPoleRecipe({ steps: 2_000 }, () => {});
  for await (const _ of train(agent, environment, options));
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  const { policy, step } = await trainer.stop();
  expect(step).toBe(2_000);
  expect(policy).toEqual(await agent.savePolicy());
  await exited;
});

test('an error in the environment comes over as the DqnError that it is', async () => {
  const trainer = begin({ steps: 500, mishap: 'throws' });
  await trainer.start();
  const error = await failure(trainer.finished);
  expect(error).toBeInstanceOf(DqnError);
  expect(error).toMatchObject({ code: 'environment-failed', cause: { name: 'TypeError', message: 'the world ends' } });
  expect(await trainer.stop()).toMatchObject({ step: 99 });
});

test('a worker that exits is noticed', async () => {
  const trainer = begin({ steps: 500, mishap: 'dies' });
  await trainer.start();
  expect(await failure(trainer.finished)).toMatchObject({ code: 'worker-failed', received: 'one that exited with code 3' });
  expect(trainer.status).toBe('lost');
});

test('a worker that hangs is given up, and can be ended', async () => {
  const trainer = begin({ steps: 500, mishap: 'hangs' }, { answerTimeout: 8_000 });
  await trainer.start();
  let error: unknown;
  while (error === undefined) error = await failure(trainer.policy());
  expect(error).toMatchObject({ code: 'worker-failed', received: 'none' });
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  trainer.terminate();
  await exited;
});

test('a module that throws, and one that serves nothing, are told apart', async () => {
  const bad = join(folder, 'bad.mjs');
  writeFileSync(bad, `throw new SyntaxError('half a module');`);
  worker = new Worker(bad);
  const trainer = trainInWorker(worker, {});
  expect(await failure(trainer.start())).toMatchObject({
    code: 'worker-failed',
    received: 'an error that nobody caught: SyntaxError: half a module',
  });
  const idle = join(folder, 'idle.mjs');
  writeFileSync(idle, `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {});`);
  worker = new Worker(idle);
  const waiting = trainInWorker(worker, {}, { answerTimeout: 300 });
  expect(await failure(waiting.start())).toMatchObject({ code: 'worker-failed', received: 'none' });
});

test('the main thread cannot serve', () => {
  expect(() => serveTraining({ create: (config: Config) => cartPoleRecipe(config, () => {}) })).toThrow(
    expect.objectContaining({ code: 'unsupported-platform' }),
  );
});
