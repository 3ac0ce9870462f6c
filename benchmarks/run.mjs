// Measures the built package beside PyTorch and TensorFlow.js, in alternating rounds of one run, one thread each.
//
//   npm run bench                            all sections
//   npm run bench -- update act              these sections: update, act, cleanrl, zoo, c51, qrdqn, noisy-dueling, conv, gru, per
//   npm run bench -- zoo --rounds 3          with another number of rounds
//
// `update` and `act` compare hand-written code on nets of three sizes: ours also samples its batch from replay, which the others are spared.
// The sections from `c51` on are the parts beyond plain DQN; see parts.mjs. C51 and QR-DQN are measured only after targets, loss and gradient agreed.
// `cleanrl` and `zoo` are whole training loops on CartPole; see peers/torch/training.py. Gymnasium is not needed: the peer's own CartPole computes as it does.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import * as dqn from '../dist/index.js';
import { CartPole } from '../dist/environments.js';
import { filledAgent } from './filled-agent.mjs';
import { calibrate, format, measureAlternating, table, timeCalls } from './harness.mjs';
import { parts } from './parts.mjs';
import { tfjsPeer } from './peers/tfjs.mjs';
import { torchPeer } from './peers/torch.mjs';

const NETS = [
  { sizes: [4, 64, 64, 2], batch: 32 },
  { sizes: [4, 120, 84, 2], batch: 128 },
  { sizes: [8, 256, 256, 4], batch: 128 },
];
const UPDATE_ROUNDS = 15;
const TRAINING_ROUNDS = 3;

/** One section of short rounds: a row for each net. */
async function compareCalls(what, peers, rounds) {
  const rows = [];
  for (const { sizes, batch } of NETS) {
    const { agent, observation } = await filledAgent({ sizes, batch });
    const call = what === 'update' ? () => agent.learn() : () => agent.act(observation, { explore: false });
    const measures = { ours: (count) => timeCalls(call, count) };
    for (const [name, peer] of Object.entries(peers)) {
      measures[name] = async (count) => (await peer.ask({ what, sizes, batch, count })).ms;
    }
    const calibrated = {};
    for (const [name, measure] of Object.entries(measures)) {
      const count = await calibrate(measure);
      calibrated[name] = () => measure(count);
    }
    const { ours, ...others } = calibrated;
    const results = await measureAlternating({ ours, peers: others, rounds });
    agent.dispose();
    const cells = Object.values(results).map(({ median, ratio }) => cell(what === 'update' ? median : median * 1000, ratio));
    rows.push([
      `${what}, ${sizes.join('→')}${what === 'update' ? `, batch ${batch}` : ''}`,
      what === 'update' ? 'ms' : 'µs',
      ...cells,
    ]);
  }
  return rows;
}

function cell(value, ratio) {
  return ratio === 1 ? format(value) : `${format(value)} (${format(ratio)}×)`;
}

/** CleanRL's dqn.py: milliseconds for one environment step, between two steps of the run. */
async function cleanrl({ seed, start = 10_000, end = 40_000 }) {
  const agent = await dqn.createAgent(new CartPole(), {
    network: dqn.mlp({ hidden: [120, 84] }),
    head: dqn.expected({ loss: 'squared' }),
    bootstrap: dqn.maxQ(),
    replay: dqn.uniform({ capacity: 10_000 }),
    explorer: dqn.epsilonGreedy(dqn.linear(1, 0.05, 250_000)),
    targetUpdater: dqn.hard({ period: 500 }),
    optimizer: dqn.adam({ learningRate: 2.5e-4 }),
    maxGradientNorm: Infinity,
    batchSize: 128,
    learningStarts: 10_000,
    learnPeriod: 10,
    seed,
  });
  let began = 0;
  for await (const event of dqn.train(agent, new CartPole(), { steps: end })) {
    if (event.kind === 'step' && event.step === start) began = performance.now();
  }
  const milliseconds = (performance.now() - began) / (end - start);
  agent.dispose();
  return milliseconds;
}

/** The RL Zoo's CartPole run, whole: seconds and the greedy return afterwards. */
async function zoo({ seed, steps = 50_000 }) {
  const agent = await dqn.createAgent(new CartPole(), {
    network: dqn.mlp({ hidden: [256, 256] }),
    bootstrap: dqn.maxQ(),
    replay: dqn.uniform({ capacity: 100_000 }),
    explorer: dqn.epsilonGreedy(dqn.linear(1, 0.04, 0.16 * steps)),
    targetUpdater: dqn.hard({ period: 10 }),
    optimizer: dqn.adam({ learningRate: 2.3e-3 }),
    maxGradientNorm: 10,
    batchSize: 64,
    learningStarts: 1_000,
    learnPeriod: 256,
    updatesPerRound: 128,
    seed,
  });
  const began = performance.now();
  const run = dqn.train(agent, new CartPole(), { steps });
  for (let { done } = await run.next(); !done;) ({ done } = await run.next());
  const seconds = (performance.now() - began) / 1000;
  const { mean } = await dqn.evaluate(agent, new CartPole(), { episodes: 20, seed: 1_000_000 + seed });
  agent.dispose();
  return { seconds, meanReturn: mean };
}

/** A measure that takes another seed at each call. */
function withSeeds(measure) {
  let seed = 0;
  return () => measure(++seed);
}

async function compareCleanrl(torch, rounds) {
  const against = async (name, world) => {
    const peers = torch && {
      torch: withSeeds(async (seed) => 1000 / (await torch.ask({ what: 'cleanrl', arguments: [seed, world] })).stepsPerSecond),
    };
    const results = await measureAlternating({ ours: withSeeds((seed) => cleanrl({ seed })), peers, rounds });
    return [name, 'steps/s', ...Object.values(results).map(({ median, ratio }) => cell(1000 / median, ratio))];
  };
  const rows = [await against('CleanRL dqn.py, CartPole, steps 10,000–40,000', 'own')];
  if (torch?.gymnasium) rows.push(await against(`the same, PyTorch stepping Gymnasium ${torch.gymnasium}`, 'gymnasium'));
  return rows;
}

async function compareZoo(torch, rounds) {
  const returns = { ours: [], torch: [] };
  const noting = (name, run) =>
    withSeeds(async (seed) => {
      const { seconds, meanReturn } = await run(seed);
      returns[name].push(meanReturn);
      return seconds;
    });
  const ours = noting('ours', (seed) => zoo({ seed }));
  const peers = torch && { torch: noting('torch', (seed) => torch.ask({ what: 'zoo', arguments: [seed] })) };
  const results = await measureAlternating({ ours, peers, rounds, warmUp: false });
  const cells = Object.values(results).map(({ median, ratio }) => cell(median, ratio));
  const scores = Object.keys(results).map((name) => returns[name].map(format).join(', '));
  return [
    ['RL Zoo, CartPole, 50,000 steps', 's', ...cells],
    ['greedy return after it, a seed each', '', ...scores],
  ];
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string' } } });
const sections = positionals.length > 0 ? positionals : ['update', 'act', 'cleanrl', 'zoo', ...Object.keys(parts)];
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const torch = await torchPeer();
const tfjs = { 'tfjs-wasm': tfjsPeer('wasm'), 'tfjs-cpu': tfjsPeer('cpu') };

const calls = { ...(torch && { torch }), ...tfjs };
const measures = {
  update: () => compareCalls('update', calls, rounds ?? UPDATE_ROUNDS),
  act: () => compareCalls('act', calls, rounds ?? UPDATE_ROUNDS),
  cleanrl: () => compareCleanrl(torch, rounds ?? TRAINING_ROUNDS),
  zoo: () => compareZoo(torch, rounds ?? TRAINING_ROUNDS),
  ...Object.fromEntries(Object.entries(parts).map(([name, measure]) => [name, () => measure(torch, rounds)])),
};
const unknown = sections.find((section) => !Object.hasOwn(measures, section));
if (unknown !== undefined) throw new Error(`There is no section ${unknown}; there are ${Object.keys(measures).join(', ')}.`);
const rows = [];
for (const section of sections) {
  console.error(`${section} …`);
  try {
    rows.push(...(await measures[section]()));
  } catch (error) {
    // What was measured so far is worth keeping.
    console.error(`${section} failed:`, error);
    process.exitCode = 1;
  }
}
torch?.close();
for (const peer of Object.values(tfjs)) await peer.close();

const engine = dqn.wasm();
const names = ['ours', ...(torch ? ['torch'] : []), ...Object.keys(tfjs)];
console.log(
  `${cpus()[0].model}, Node ${process.versions.node}, ${engine.description}; ${Object.values(calls)
    .map(({ description }) => description)
    .join('; ')}.`,
);
console.log('Medians of alternating rounds; in brackets the median over rounds of how many times faster ours was.\n');
console.log(
  table(
    ['', 'unit', ...names],
    rows.map((row) => names.concat('', '').map((_, i) => row[i] ?? '–')),
  ),
);
engine.dispose();
