/**
 * What logging costs: whole training runs on CartPole with the agent's default options, bare and logged with default settings to a CSV file and an event file.
 * Alternating, so that other work on the machine slows both; prints the median time of each and the median over rounds of their ratio.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent, train } from '../src/index.ts';
import { CartPole } from '../src/environments/index.ts';
import { openEventFile, openLogFile } from '../src/node/index.ts';
import { csvLogger, logTraining, runTraining, tensorBoardLogger } from '../src/workbench/index.ts';
import { measureAlternating } from './harness.mjs';

const steps = 6_000;
const folder = mkdtempSync(join(tmpdir(), 'dqn-logging-'));

/** Milliseconds for a run. */
async function bare(): Promise<number> {
  const agent = await createAgent(new CartPole(), { seed: 1 });
  const run = train(agent, new CartPole(), { steps });
  const began = performance.now();
  while (!(await run.next()).done);
  return performance.now() - began;
}

async function logged(): Promise<number> {
  const agent = await createAgent(new CartPole(), { seed: 1 });
  const loggers = [csvLogger(await openLogFile(join(folder, 'log.csv'))), tensorBoardLogger(await openEventFile(folder))];
  const began = performance.now();
  await runTraining(train(agent, new CartPole(), { steps }), [logTraining({ agent, loggers })]);
  return performance.now() - began;
}

const results = await measureAlternating({ ours: bare, peers: { logged }, rounds: 15 });
for (const [name, { median, ratio }] of Object.entries(results)) {
  console.log(
    `${name === 'ours' ? 'bare' : name}: ${median.toFixed(0)} ms for ${steps} steps, ${ratio.toFixed(3)} times the bare run`,
  );
}
rmSync(folder, { recursive: true });
