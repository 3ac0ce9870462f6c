// Lets TensorBoard's own code read the event file of a run, where it is installed: npm run verify:tensorboard. TENSORBOARD_PYTHON names a Python that has it, by default python3.
import { deepEqual, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CartPole } from '../src/environments/index.ts';
import { createAgent, train } from '../src/index.ts';
import { openEventFile } from '../src/node/index.ts';
import {
  type Histogram,
  histogramOf,
  logTraining,
  memoryLogger,
  type MemoryLogger,
  runTraining,
  tensorBoardLogger,
} from '../src/workbench/index.ts';

/** What verify-tensorboard.py prints. */
interface Read {
  readonly version: string;
  readonly events: number;
  /** Steps and values by kind and name. */
  readonly read: Readonly<Record<string, Readonly<Record<string, readonly (readonly [step: number, value: unknown])[]>>>>;
  /** What `tensorboard --inspect` tells. */
  readonly inspected: string;
}

/** A PNG file of one pixel. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Logs a run into an event file, and gives what was logged. */
async function logRun(folder: string): Promise<MemoryLogger> {
  const memory = memoryLogger();
  const events = tensorBoardLogger(await openEventFile(folder));
  await events.image?.(0, 'picture', picture);
  const sparse = { ...histogramOf([2, 2, 4]), limits: [1, 2, 3, 4, 5], counts: [0, 2, 0, 1, 0] };
  for (const logger of [memory, events]) await logger.histogram?.(0, 'sparse', sparse);
  const environment = new CartPole();
  const agent = await createAgent(environment, { seed: 1, learningStarts: 100 });
  const run = train(agent, environment, { steps: 20_000, evaluation: { environment: new CartPole(), period: 5_000, episodes: 2 } });
  const hyperparameters = { environment: 'CartPole – ±2.4 m', seed: 1 };
  const observations = [new CartPole().reset({ seed: 1 }).observation];
  await runTraining(run, [logTraining({ agent, loggers: [memory, events], period: 50, hyperparameters, observations })]);
  agent.dispose();
  return memory;
}

function readBack(folder: string): Read | undefined {
  const python = process.env.TENSORBOARD_PYTHON ?? 'python3';
  const script = fileURLToPath(new URL('verify-tensorboard.py', import.meta.url));
  const { status, stdout, stderr, error } = spawnSync(python, [script, folder], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status === 0) return JSON.parse(stdout) as Read;
  console.error(`${python} could not read the file: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
  console.error('pip install tensorboard, and let TENSORBOARD_PYTHON name the Python that has it.');
  process.exitCode = 1;
  return undefined;
}

function entries<T>(lists: ReadonlyMap<string, readonly T[]>, plain: (entry: T) => unknown): Record<string, unknown> {
  return Object.fromEntries([...lists].map(([name, list]) => [name, list.map(plain)]));
}

/** `[left, right, count]` of each bin, as TensorBoard makes them: those that hold something, and empty ones between them. */
function bins({ min, max, limits, counts }: Histogram): number[][] {
  const first = counts.findIndex((times) => times > 0);
  const last = counts.findLastIndex((times) => times > 0);
  const all = counts.map((times, k) => [k === first ? min : limits[k - 1], k === last ? max : limits[k], times].map(Math.fround));
  return all.slice(first, last + 1);
}

function compare({ series, histograms, texts }: MemoryLogger, { read, inspected }: Read): void {
  const scalars = entries(series, ({ step, value }) => [step, Math.fround(value)]);
  deepEqual(read.scalars, scalars);
  const spreads = entries(histograms, ({ step, histogram }) => [step, bins(histogram)]);
  deepEqual(read.histograms, spreads);
  deepEqual(read.text, Object.fromEntries([...texts].map(([name, text]) => [name, [[0, [text]]]])));
  deepEqual(read.images, { picture: [[0, [1, 1, picture.toString('hex')]]] });
  for (const name of [...series.keys(), ...histograms.keys(), ...texts.keys(), 'picture']) {
    match(inspected, new RegExp(`^   ${name}$`, 'm'));
  }
  match(inspected, /^scalars\n( .*\n)*? {3}outoforder_steps +\[\]$/m);
}

const folder = mkdtempSync(join(tmpdir(), 'dqn-events-'));
try {
  const logged = await logRun(folder);
  const found = readBack(folder);
  if (found) {
    compare(logged, found);
    const kinds = Object.entries(found.read).map(([kind, lists]) => `${Object.keys(lists).length} ${kind}`);
    console.log(`TensorBoard ${found.version} reads all ${found.events} events as they were logged: ${kinds.join(', ')}.`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
