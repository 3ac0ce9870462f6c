/**
 * What it takes to save and restore a run that holds a million transitions: seconds, bytes on the disk, and how far the memory of the process rises over what it was before.
 *
 *   npx tsx --expose-gc benchmarks/checkpoints.ts
 *
 * Three times each: in parts, as `keepCheckpoints` does, and as one array of bytes. The frames are 84 × 84 × 4 bytes, kept once; 100,000 of them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { box, createAgent, discrete, mlp, train, uniform, type Environment } from '../src/index.ts';
import { CartPole, frameStack } from '../src/environments/index.ts';
import { fileStore } from '../src/node/index.ts';

/** Frames that look like nothing, each another, without an end. */
class Frames implements Environment<Uint8Array, number> {
  readonly observationSpace = box({ shape: [84, 84], low: 0, high: 255, dtype: 'uint8' });
  readonly actionSpace = discrete(4);
  #step = 0;

  reset() {
    return { observation: this.#next(), info: {} };
  }

  step() {
    return { observation: this.#next(), reward: 0, terminated: false, truncated: false, info: {} };
  }

  #next(): Uint8Array {
    this.#step++;
    return Uint8Array.from({ length: 84 * 84 }, (_, i) => Math.imul(this.#step * 7_919 + i, 0x9e3779b1) >>> 24);
  }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);

async function measure<Observation>(name: string, make: () => Environment<Observation, number>, steps: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoints-'));
  const store = fileStore(folder);
  const options = { network: mlp({ hidden: [8] }), replay: uniform({ capacity: steps }), learningStarts: steps + 1 };
  const agent = await createAgent<Observation>(make(), options);
  const run = train(agent, make(), { steps });
  while (!(await run.next()).done);
  for (const how of ['parts', 'bytes'] as const) {
    const rows: string[] = [];
    for (let round = 0; round < 3; round++) {
      globalThis.gc?.();
      const before = process.memoryUsage().rss;
      let highest = before;
      const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 5);
      const began = performance.now();
      await store.save('run', how === 'parts' ? await run.checkpointParts() : await run.checkpoint());
      rows.push(`${((performance.now() - began) / 1000).toFixed(2)} s, ${megabytes(highest - before)} MB more`);
      clearInterval(watch);
    }
    console.log(`${name}, saved as ${how}: ${rows.join('; ')}`);
  }
  const began = performance.now();
  const bytes = await store.load('run');
  if (!bytes) throw new Error('Nothing was saved.');
  const again = train(await createAgent<Observation>(make(), options), make(), { steps: steps + 1, resume: bytes });
  await again.next();
  console.log(`${name}: ${megabytes(bytes.length)} MB, resumed in ${((performance.now() - began) / 1000).toFixed(2)} s`);
  await rm(folder, { recursive: true });
}

await measure('CartPole, 1,000,000 transitions', () => new CartPole(), 1_000_000);
await measure('84 × 84 × 4, 100,000 transitions', () => frameStack(new Frames(), 4, { axis: 'last' }), 100_000);
