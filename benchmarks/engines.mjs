// Measures a whole update of an agent on the engines that answer at once, beside the same update as one writes it by hand in TensorFlow.js
// (tf.sequential and optimizer.minimize), in alternating rounds of one run, one thread each. Ours samples its batch from replay, which the other is spared.
//
//   npm run bench:engines                                      the embedded engine, TensorFlow.js on wasm
//   npm run bench:engines -- --rounds 5 --backend cpu          with another number of rounds, on another backend
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import * as dqn from '../dist/index.js';
import { tfjs } from '../dist/tfjs.js';
import { filledAgent } from './filled-agent.mjs';
import { calibrate, format, measureAlternating, table, timeCalls } from './harness.mjs';
import { tfjsPeer } from './peers/tfjs.mjs';

const NETS = [
  { sizes: [4, 64, 64, 2], batch: 32 },
  { sizes: [4, 120, 84, 2], batch: 128 },
  { sizes: [8, 256, 256, 4], batch: 128 },
];

const { values } = parseArgs({ options: { rounds: { type: 'string' }, backend: { type: 'string' } } });
const { backend = 'wasm' } = values;
const engines = { embedded: dqn.wasm(), [`tfjs ${backend}`]: await tfjs({ backend }) };
const byHand = tfjsPeer(backend);
const rows = [];
for (const { sizes, batch } of NETS) {
  const measures = { ours: async (count) => (await byHand.ask({ what: 'update', sizes, batch, count })).ms };
  const agents = [];
  for (const [name, engine] of Object.entries(engines)) {
    const { agent } = await filledAgent({ sizes, batch, engine });
    agents.push(agent);
    measures[name] = (count) => timeCalls(() => agent.learn(), count);
  }
  const calibrated = {};
  for (const [name, measure] of Object.entries(measures)) {
    const count = await calibrate(measure);
    calibrated[name] = () => measure(count);
  }
  const { ours, ...peers } = calibrated;
  const results = await measureAlternating({ ours, peers, rounds: Number(values.rounds ?? 15) });
  for (const agent of agents) agent.dispose();
  const cells = Object.values(results).map(({ median, ratio }) => `${format(median)} (${format(ratio)}×)`);
  rows.push([`${sizes.join('→')}, batch ${batch}`, ...cells]);
}
await byHand.close();
console.log(
  `${cpus()[0].model}, Node ${process.versions.node}; ${Object.values(engines)
    .map(({ description }) => description)
    .join('; ')}.`,
);
console.log(
  'Milliseconds for an update: medians of alternating rounds; in brackets the median over rounds of the share of the time by hand.\n',
);
console.log(table(['', `by hand, ${backend}`, ...Object.keys(engines)], rows));
