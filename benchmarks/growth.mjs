// How cost grows on the embedded engine: an update over width and batch, acting over batch. Replay over capacity is in replay.mjs.
//
//   npm run build && node benchmarks/growth.mjs
import * as dqn from '../dist/index.js';
import { calibrate, format, median, table, timeCalls } from './harness.mjs';

const problem = { observationSpace: dqn.box({ low: -1, high: 1, shape: [8] }), actionSpace: dqn.discrete(4) };
const WIDTHS = [32, 64, 128, 256, 512];
const BATCHES = [8, 32, 128, 512];
const ROUNDS = 9;

async function agentOf(width, batchSize) {
  const agent = await dqn.createAgent(problem, { network: dqn.mlp({ hidden: [width, width] }), batchSize, seed: 1 });
  const random = new dqn.Random(1);
  const observe = () => problem.observationSpace.sample(random);
  for (let i = 0; i < 1_000; i++) {
    const experience = { observation: observe(), action: random.integer(4), reward: random.normal(), nextObservation: observe() };
    agent.observe({ ...experience, terminated: false, truncated: false });
  }
  return { agent, observe };
}

async function timed(call) {
  const measure = (count) => timeCalls(call, count);
  const count = await calibrate(measure, 30);
  return median(Array.from({ length: ROUNDS }, () => measure(count)));
}

const updates = [];
const acts = [];
for (const width of WIDTHS) {
  const row = [`8→${width}→${width}→4`];
  for (const batch of BATCHES) {
    const { agent } = await agentOf(width, batch);
    row.push(format(await timed(() => agent.learn())));
    agent.dispose();
  }
  updates.push(row);
  const { agent, observe } = await agentOf(width, 8);
  const one = observe();
  const actRow = [`8→${width}→${width}→4`, format(1000 * (await timed(() => agent.act(one))))];
  for (const batch of BATCHES) {
    const observations = Array.from({ length: batch }, observe);
    actRow.push(format(1000 * (await timed(() => agent.actBatch(observations)))));
  }
  agent.dispose();
  acts.push(actRow);
}
console.log('Milliseconds for one Double DQN update (three forward passes, one backward, Adam), over batch sizes\n');
console.log(table(['', ...BATCHES.map((batch) => `B = ${batch}`)], updates));
console.log('\nMicroseconds for one act, and for one actBatch of N observations\n');
console.log(table(['', 'act', ...BATCHES.map((batch) => `N = ${batch}`)], acts));
