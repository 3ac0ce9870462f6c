/**
 * Steps per second of CartPole in Python, over the bridge: a single environment and 16 of them, and what Python takes for the same steps alone. Resets and the drawing of
 * random actions are included. `-- --python PATH` names the Python with gymnasium; `-- --stand-in` measures against the tests' stand-in. Medians of rounds of a second.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/common/random.ts';
import { gymnasium, type GymnasiumVectorOptions } from '../src/node/index.ts';

const { values } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, 'stand-in': { type: 'boolean', default: false } },
});
const { python } = values;
if (values['stand-in']) process.env.PYTHONPATH = join(import.meta.dirname, '../tests/support/python/standin');
const ROUNDS = 9;
const ROUND = 1_000; // milliseconds

function report(name: string, rates: number[]): void {
  const sorted = rates.toSorted((a, b) => a - b);
  const [low, median, high] = [sorted[0], sorted[sorted.length >> 1], sorted[sorted.length - 1]].map((rate) =>
    Math.round(rate).toLocaleString('en'),
  );
  console.log(`${name.padEnd(44)} ${median.padStart(9)}   (${low} to ${high})`);
}

async function measure(name: string, step: () => Promise<number>): Promise<void> {
  const rates: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const start = performance.now();
    let steps = 0;
    while (performance.now() - start < ROUND) steps += await step();
    // The first round warms up.
    if (round >= 0) rates.push((steps / (performance.now() - start)) * 1_000);
  }
  report(name, rates);
}

const random = new Random(1);
const single = await gymnasium('CartPole-v1', { python });
console.log(single.versions);
console.log(`${'steps/s'.padEnd(44)} ${'median'.padStart(9)}`);
await single.reset({ seed: 1 });
await measure('one environment', async () => {
  const { terminated, truncated } = await single.step(random.integer(2));
  if (terminated || truncated) await single.reset();
  return 1;
});
await single.close();

type Variant = Pick<GymnasiumVectorOptions, 'vectorization' | 'autoreset'>;
const variants: Readonly<Record<string, Variant>> = {
  '16 environments': {},
  "16 environments, vectorization: 'native'": { vectorization: 'native', autoreset: 'next-step' },
};
for (const [name, options] of Object.entries(variants)) {
  const vector = await gymnasium('CartPole-v1', { python, vector: 16, ...options });
  await vector.reset({ seed: 1 });
  await measure(name, async () => {
    await vector.step(Array.from({ length: 16 }, () => random.integer(2)));
    return 16;
  });
  await vector.close();
}

const alone = `
import json, time, gymnasium
environment = gymnasium.make("CartPole-v1")
environment.reset(seed=1)
rates = []
for _ in range(${ROUNDS + 1}):
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < ${ROUND / 1_000}:
        for i in range(100):
            _, _, terminated, truncated, _ = environment.step(steps * 7 % 3 % 2)
            steps += 1
            if terminated or truncated:
                environment.reset()
    rates.append(steps / (time.perf_counter() - start))
print(json.dumps(rates[1:]))
`;
report('Python alone, one environment', JSON.parse(execFileSync(python, ['-c', alone], { encoding: 'utf8' })) as number[]);
