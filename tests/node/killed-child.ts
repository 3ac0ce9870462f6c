// Trains in a process of its own, from the last checkpoint in a folder on, and keeps checkpoints there often; to be killed at any moment.
import { CartPole } from '../../src/environments/index.ts';
import { checkpointSeries, createAgent, mlp, noisyDqn, prioritized, train, wasm } from '../../src/index.ts';
import { fileStore } from '../../src/node/index.ts';

const [folder, steps] = process.argv.slice(2);
const environment = new CartPole();
const agent = await createAgent(environment, {
  ...noisyDqn(),
  engine: wasm({ simd: 'strict' }),
  network: mlp({ hidden: [16], noisy: true }),
  replay: prioritized({ capacity: 500 }),
  nStep: 3,
  batchSize: 8,
  learningStarts: 50,
  seed: 4,
});
const series = checkpointSeries({ store: fileStore(folder), name: 'run' });
const latest = await series.latest();
// A checkpoint stands under its name when it is whole, and not before.
for (const { message } of latest?.damaged ?? []) console.error(message);
const run = train(agent, environment, { steps: Number(steps), checkpointPeriod: 10, resume: latest?.bytes });
for await (const event of run) {
  if (event.kind !== 'checkpoint') continue;
  await series.save(event.step, event.bytes);
  process.stdout.write('.');
}
await series.save(agent.step, await run.checkpoint());
process.stdout.write('finished');
