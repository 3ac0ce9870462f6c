import { afterEach, expect, test } from 'vitest';
import { trainInWorker, type Trainer, type TrainerOptions } from '../../src/browser/index.ts';
import { CartPole } from '../../src/environments/index.ts';
import { DqnError, loadPolicy, train } from '../../src/index.ts';
import { cartPoleRecipe, type Config } from '../support/cart-pole-recipe.ts';

let worker: Worker;
function begin(config: Config, options?: TrainerOptions): Trainer {
  worker = new Worker(new URL('./training-worker.ts', import.meta.url), { type: 'module' });
  return trainInWorker<Config>(worker, config, options);
}
afterEach(() => worker.terminate());

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('a web worker learns what the page would, and the page acts with it', async () => {
  const trainer = begin({ steps: 2_000 });
  const returns: number[] = [];
  trainer.listen((event) => {
    if (event.kind === 'progress') for (const episode of event.episodes) returns.push(episode.return);
  });
  await trainer.start();
  const environment = new CartPole();
  const early = await loadPolicy(await trainer.policy(), environment);
  expect([0, 1]).toContain(early.act(environment.reset({ seed: 1 }).observation));
  await trainer.pause();
  await trainer.resume();
  await trainer.finished;
  const here = await cartPoleRecipe({ steps: 2_000 }, () => {});
  const expected: number[] = [];
  for await (const event of train(here.agent, here.environment, here.options)) {
    if (event.kind === 'episode') expected.push(event.return);
  }
  expect(returns).toEqual(expected);
  expect((await trainer.stop()).policy).toEqual(await here.agent.savePolicy());
});

test('an error in the environment comes over as the DqnError that it is, and what was learned is there', async () => {
  const trainer = begin({ steps: 500, mishap: 'throws' });
  await trainer.start();
  const error = await failure(trainer.finished);
  expect(error).toBeInstanceOf(DqnError);
  expect(error).toMatchObject({ code: 'environment-failed', cause: { name: 'TypeError', message: 'the world ends' } });
  const { checkpoint } = await trainer.stop();
  const again = begin({ steps: 500 }, { resume: checkpoint });
  await again.start();
  await again.finished;
  expect((await again.stop()).step).toBe(500);
});

test('a worker that ends itself is noticed', async () => {
  const trainer = begin({ steps: 1e9, mishap: 'dies' });
  await trainer.start();
  expect(await failure(trainer.finished)).toMatchObject({ code: 'worker-failed' });
  expect(trainer.status).toBe('lost');
  expect(await failure(trainer.policy())).toMatchObject({ code: 'worker-failed' });
});

test('a worker that is ended from elsewhere is noticed', async () => {
  const trainer = begin({ steps: 1e9 });
  await trainer.start();
  worker.terminate();
  expect(await failure(trainer.finished)).toMatchObject({ code: 'worker-failed' });
});

test('a worker that hangs is given up', async () => {
  const trainer = begin({ steps: 500, mishap: 'hangs' }, { answerTimeout: 8_000 });
  await trainer.start();
  let error: unknown;
  while (error === undefined) error = await failure(trainer.policy());
  expect(error).toMatchObject({ code: 'worker-failed', received: 'none' });
  trainer.terminate();
});

test.each([
  ['throws', `throw new SyntaxError('half a module')`, /SyntaxError: half a module/],
  ['cannot be found', undefined, /could not be loaded/],
  ['serves nothing', `onmessage = () => {}`, /none/],
])('a module that %s is told', async (_, code, received) => {
  const url = code === undefined ? '/no-such-worker.js' : URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  worker = new Worker(url, { type: 'module' });
  const error = await failure(trainInWorker(worker, {}, { answerTimeout: 2_000 }).start());
  expect(error).toMatchObject({ code: 'worker-failed', received: expect.stringMatching(received) as string });
});

test('a config that cannot be copied is refused', async () => {
  worker = new Worker(new URL('./training-worker.ts', import.meta.url), { type: 'module' });
  const error = await failure(trainInWorker(worker, { steps: () => 1 }).start());
  expect(error).toMatchObject({ code: 'invalid-option', where: 'trainInWorker(config)' });
});
