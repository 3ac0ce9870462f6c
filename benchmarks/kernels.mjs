// The embedded engine's time for one whole TD update (target forward, online forward, Huber loss of the taken actions, backward,
// Adam) and for one forward of a single observation, beside PyTorch on one thread: rounds by turns, medians, ratios.
//
//   node benchmarks/kernels.mjs [--rounds 15] [--library ../dist/index.js] [--python /usr/bin/python3]
//
// PyTorch is left out where that Python has none.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    library: { type: 'string', default: '../dist/index.js' },
    python: { type: 'string', default: 'python3' },
  },
});
const { adam, mlp, Random, wasm } = await import(options.library);

/** Batch size, widths, updates in a round. */
const NETWORKS = {
  '4-120-84-2': { batch: 128, widths: [4, 120, 84, 2], updates: 100 },
  '4-64-64-2': { batch: 32, widths: [4, 64, 64, 2], updates: 500 },
  '8-256-256-4': { batch: 128, widths: [8, 256, 256, 4], updates: 20 },
};
const ACTS = 5_000;

async function createOurs(simd, { batch, widths }) {
  const [inputs] = widths;
  const actions = widths.at(-1);
  const engine = wasm({ simd });
  const spec = mlp({ hidden: widths.slice(1, -1) }).build({ inputShape: [inputs], outputSize: actions });
  await engine.prepare(spec);
  const online = engine.createNetwork(spec, { random: new Random(1), optimizer: adam().spec });
  const target = engine.createNetwork(spec, { random: new Random(1) });
  const random = new Random(2);
  const draw = (length, next) => Float32Array.from({ length }, next);
  const observations = draw(batch * inputs, () => random.float());
  const nextObservations = draw(batch * inputs, () => random.float());
  const rewards = draw(batch, () => random.float());
  const discounts = draw(batch, () => (random.float() < 0.05 ? 0 : 0.99));
  const taken = Int32Array.from({ length: batch }, () => random.integer(actions));
  const targets = new Float32Array(batch);
  const huber = (outputs, gradient, size) => {
    for (let i = 0; i < size; i++) {
      const at = i * actions + taken[i];
      gradient[at] = Math.min(1, Math.max(-1, outputs[at] - targets[i])) / size;
    }
  };
  const updateOptions = { learningRate: 2.5e-4 };
  const best = (q, row) => {
    let most = row * actions;
    for (let j = most + 1; j < (row + 1) * actions; j++) if (q[j] > q[most]) most = j;
    return most;
  };
  const single = observations.slice(0, inputs);
  return {
    update() {
      const next = target.forward(nextObservations, batch);
      for (let i = 0; i < batch; i++) targets[i] = rewards[i] + discounts[i] * next[best(next, i)];
      online.update(observations, batch, huber, updateOptions);
    },
    act: () => best(online.forward(single, 1), 0),
  };
}

async function createTorch() {
  const child = spawn(options.python, [fileURLToPath(new URL('kernels_torch.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { done } = await lines.next();
  if (done) return undefined;
  const measure = async (kind, { batch, widths }, count) => {
    child.stdin.write(`${kind} ${batch} ${widths.join('-')} ${count}\n`);
    return Number((await lines.next()).value);
  };
  return { measure, stop: () => child.kill() };
}

function time(call, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) call();
  return (performance.now() - start) / count;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const torch = await createTorch();
console.log(`Node ${process.version}, ${wasm().description}; ${torch ? 'PyTorch on one thread' : 'no PyTorch'}`);
for (const [name, network] of Object.entries(NETWORKS)) {
  const peers = { auto: await createOurs('auto', network), strict: await createOurs('strict', network) };
  const times = { update: { auto: [], strict: [], torch: [] }, act: { auto: [], strict: [], torch: [] } };
  for (let round = -2; round < Number(options.rounds); round++) {
    const measured = { update: {}, act: {} };
    for (const [peer, { update, act }] of Object.entries(peers)) {
      measured.update[peer] = time(update, network.updates);
      measured.act[peer] = time(act, ACTS);
    }
    if (torch) {
      measured.update.torch = await torch.measure('update', network, Math.ceil(network.updates / 4));
      measured.act.torch = await torch.measure('act', network, 300);
    }
    if (round < 0) continue;
    for (const kind of ['update', 'act']) for (const [peer, value] of Object.entries(measured[kind])) times[kind][peer].push(value);
  }
  for (const kind of ['update', 'act']) {
    const own = median(times[kind].auto);
    const parts = Object.entries(times[kind])
      .filter(([, values]) => values.length > 0)
      .map(
        ([peer, values]) => `${peer} ${(median(values) * 1000).toFixed(1)} µs (auto is ${(own / median(values)).toFixed(2)} of it)`,
      );
    console.log(`${name}, batch ${kind === 'act' ? 1 : network.batch}, ${kind}: ${parts.join(', ')}`);
  }
}
torch?.stop();
