import { expect, test } from 'vitest';
import { trainInWorker } from '../../src/browser/index.ts';
import { loadPolicy } from '../../src/index.ts';
import type { TfjsRecovery } from '../../src/tfjs/index.ts';
import { Matching } from '../support/matching.ts';
import { expectMatched } from '../support/recovery-suite.ts';
import type { Config } from './losing-worker.ts';

test.each(['webgl', 'webgpu'] as const)('a device that is lost in a worker: %s', async (backend) => {
  const told: TfjsRecovery[] = [];
  const words = new BroadcastChannel('recoveries');
  words.addEventListener('message', ({ data }) => told.push(data as TfjsRecovery));
  const worker = new Worker(new URL('./losing-worker.ts', import.meta.url), { type: 'module' });
  const trainer = trainInWorker<Config>(worker, { backend, steps: 120 }, { answerTimeout: 120_000 });
  await trainer.start();
  await trainer.finished;
  const { step, policy } = await trainer.stop();
  expect(step).toBe(120);
  expect(told).toEqual([{ backend, reason: expect.any(String) as string, lostUpdates: expect.any(Number) as number }]);
  await expectMatched(await loadPolicy(policy, new Matching()));
  words.close();
});
