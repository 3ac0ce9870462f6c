import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runJobs, type Job } from '../../src/cli/run/run-jobs.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dqn-jobs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('Ctrl-C begins no process for a job whose folder is being made', async () => {
  const command = join(folder, 'train.mjs');
  await writeFile(command, '');
  const ended: Job[] = [];
  const job = { folder: join(folder, 'run'), configuration: { environment: 'CartPole-v1' } };
  const running = runJobs([job], { workers: 1, command, onEnd: (each) => void ended.push(each) });
  process.emit('SIGINT');
  expect(await running).toBe(false);
  expect(ended).toEqual([]);
});
