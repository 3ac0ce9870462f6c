// What the parts beyond plain DQN cost, beside PyTorch: sections of run.mjs.
import * as dqn from '../dist/index.js';
import { calibrate, format, measureAlternating, median, timeCalls } from './harness.mjs';

const SIZES = [4, 120, 84, 2];
const BATCH = 128;
const ROUNDS = 15;

/** An agent with a full replay buffer, which `learn` draws from: the peers are spared that. */
async function filledAgent({ shape, actions, batch, transitions = 10_000, ...options }) {
  const problem = {
    observationSpace: dqn.box({ low: -Infinity, high: Infinity, shape }),
    actionSpace: dqn.discrete(actions),
  };
  const agent = await dqn.createAgent(problem, {
    bootstrap: dqn.maxQ(),
    replay: dqn.uniform({ capacity: transitions }),
    optimizer: dqn.adam({ learningRate: 2.5e-4 }),
    maxGradientNorm: Infinity,
    batchSize: batch,
    seed: 1,
    ...options,
  });
  const random = new dqn.Random(1);
  const length = shape.reduce((product, size) => product * size, 1);
  const draw = () => Float32Array.from({ length }, () => random.normal());
  for (let i = 0; i < transitions; i++) {
    const experience = { observation: draw(), action: random.integer(actions), reward: random.normal(), nextObservation: draw() };
    agent.observe({ ...experience, terminated: random.float() < 0.05, truncated: false });
  }
  return agent;
}

/** A row of the table: medians, and how many times faster ours is. */
async function compare(label, unit, ours, peers, rounds, scale = 1) {
  const measures = { ours, ...peers };
  const calibrated = {};
  for (const [name, measure] of Object.entries(measures)) {
    const count = await calibrate(measure);
    calibrated[name] = () => measure(count);
  }
  const { ours: first, ...others } = calibrated;
  const results = await measureAlternating({ ours: first, peers: others, rounds });
  const cells = Object.entries(results).map(([name, { median: cost, ratio }]) =>
    name === 'ours' ? format(cost * scale) : `${format(cost * scale)} (${format(ratio)}×)`,
  );
  return [label, unit, ...cells];
}

/** A measure of the PyTorch peer, or nothing where there is none. */
function torchMeasure(torch, request) {
  return torch && { torch: async (count) => (await torch.ask({ ...request, count })).ms };
}

/**
 * Throws unless PyTorch's targets, loss and gradient are ours on the same numbers: else the timings would compare different things.
 * `options` are the peer's of its head.
 */
async function checkAgreement(torch, head, kind, options) {
  if (torch === undefined) return;
  const [actions, batch] = [3, 16];
  const random = new dqn.Random(7);
  const draw = (length, next) => Float32Array.from({ length }, next);
  const [outputs, following, online] = [1, 1, 1].map(() => draw(batch * actions * head.width, () => 2 * random.normal()));
  // Rewards wide enough that categorical targets are clipped; some bootstrap nothing, some by n steps.
  const rewards = draw(batch, (_, i) => (i < 4 ? 150 * random.normal() : random.normal()));
  const discounts = draw(batch, (_, i) => (i % 5 === 0 ? 0 : i % 5 === 1 ? 0.99 ** 3 : 0.99));
  const taken = Int32Array.from({ length: batch }, () => random.integer(actions));
  const onlineQ = new Float32Array(batch * actions);
  head.qValues(online, batch, actions, onlineQ);
  const nextPolicy = new Float32Array(batch * actions);
  dqn.greedyPolicy(onlineQ, batch, actions, undefined, nextPolicy);
  const empty = new Float32Array(0);
  const targets = new Float32Array(batch * head.targetWidth);
  head.targets({ batch, actions, rewards, discounts, nextOutputs: following, nextPolicy, nextFractions: empty }, targets);
  const out = {
    gradient: new Float32Array(outputs.length),
    losses: new Float32Array(batch),
    tdErrors: new Float32Array(batch),
    estimates: new Float32Array(batch),
  };
  const weights = new Float32Array(batch).fill(1);
  head.loss({ batch, actions, outputs, taken, targets, weights, fractions: empty }, out);
  const plain = (values) => Array.from(values);
  const theirs = await torch.ask({
    what: 'agreement',
    arguments: {
      kind,
      options,
      batch,
      actions,
      outputs: plain(outputs),
      following: plain(following),
      online: plain(online),
      rewards: plain(rewards),
      discounts: plain(discounts),
      taken: plain(taken),
    },
  });
  const loss = out.losses.reduce((sum, value) => sum + value, 0) / batch;
  const differences = {
    // Atoms of a target are probabilities; quantiles of one are as large as returns.
    targets: largestDifference(targets, theirs.targets),
    loss: Math.abs(loss - theirs.loss) / Math.max(1, Math.abs(theirs.loss)),
    gradient: largestDifference(out.gradient, theirs.gradient),
  };
  const words = Object.entries(differences).map(([name, difference]) => `${name} ${difference.toExponential(1)}`);
  console.error(`${kind}: largest differences to PyTorch on the same numbers: ${words.join(', ')}`);
  for (const [name, difference] of Object.entries(differences))
    if (!(difference < 1e-4)) throw new Error(`${kind}: the ${name} differ by ${difference} from PyTorch's.`);
}

function largestDifference(ours, theirs) {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} numbers, but ${theirs.length} of PyTorch`);
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]) / Math.max(1, Math.abs(theirs[i]))), 0);
}

/** Whole updates of a distributional head, without and with Double's choice of the next action. */
async function distributional(torch, rounds, { name, head, kind, options }) {
  await checkAgreement(torch, head, kind, options);
  const [inputs, ...hidden] = SIZES;
  const actions = hidden.pop();
  const rows = [];
  for (const double of [false, true]) {
    const bootstrap = double ? dqn.doubleQ() : dqn.maxQ();
    const agent = await filledAgent({ shape: [inputs], actions, batch: BATCH, network: dqn.mlp({ hidden }), head, bootstrap });
    const request = { what: 'part', kind: 'distributional', arguments: { kind, options, sizes: SIZES, batch: BATCH, double } };
    const label = `update, ${name}${double ? ', Double' : ''}, ${inputs}→${hidden.join('→')}→${actions}×${head.width}, batch ${BATCH}`;
    rows.push(await compare(label, 'ms', (count) => timeCalls(() => agent.learn(), count), torchMeasure(torch, request), rounds));
    agent.dispose();
  }
  return rows;
}

const c51 = (torch, rounds = ROUNDS) =>
  distributional(torch, rounds, {
    name: 'C51',
    head: dqn.categorical({ atoms: 101, vMin: -100, vMax: 100 }),
    kind: 'categorical',
    options: { atoms: 101, low: -100, high: 100 },
  });

const qrdqn = (torch, rounds = ROUNDS) =>
  distributional(torch, rounds, {
    name: 'QR-DQN',
    head: dqn.quantile({ quantiles: 50 }),
    kind: 'quantile',
    options: { quantiles: 50 },
  });

/** Ours alone: what noisy layers and dueling streams cost, each and together, beside the plain update. */
async function noisyDueling(_, rounds = ROUNDS) {
  const [inputs, ...hidden] = SIZES;
  const actions = hidden.pop();
  const create = (network, explorer) =>
    filledAgent({
      shape: [inputs],
      actions,
      batch: BATCH,
      network: dqn.mlp({ hidden, ...network }),
      ...(explorer && { explorer }),
    });
  const agents = {
    ours: await create({}),
    dueling: await create({ dueling: true }),
    noisy: await create({ noisy: true }, dqn.noisyGreedy()),
    both: await create({ dueling: true, noisy: true }, dqn.noisyGreedy()),
  };
  const measures = {};
  for (const [name, agent] of Object.entries(agents)) {
    const measure = (count) => timeCalls(() => agent.learn(), count);
    const count = await calibrate(measure);
    measures[name] = () => measure(count);
  }
  const { ours, ...peers } = measures;
  const results = await measureAlternating({ ours, peers, rounds });
  for (const agent of Object.values(agents)) agent.dispose();
  return [
    ['update, plain, of the same sizes', 'ms', format(results.ours.median)],
    ...['dueling', 'noisy', 'both'].map((name) => [
      `update, ${name === 'both' ? 'noisy and dueling' : name} (times the plain one)`,
      'ms',
      `${format(results[name].median)} (${format(results[name].ratio)} × plain)`,
    ]),
  ];
}

/** MinAtar's network. */
async function conv(torch, rounds = ROUNDS) {
  const network = dqn.cnn({ convolutions: [{ filters: 16, kernelSize: 3 }], hidden: [128] });
  const [batch, actions] = [32, 6];
  const agent = await filledAgent({ shape: [10, 10, 4], actions, batch, network, transitions: 2_000 });
  const request = { what: 'part', kind: 'conv', arguments: { batch, actions } };
  const label = `update, 10×10×4, 16 filters 3×3, 128, ${actions}, batch ${batch}`;
  const row = await compare(label, 'ms', (count) => timeCalls(() => agent.learn(), count), torchMeasure(torch, request), rounds);
  agent.dispose();
  return [row];
}

/** A recurrent update on sequences, network against network: nothing is sampled on either side. */
async function gru(torch, rounds = ROUNDS) {
  const [sequences, steps, inputs, units, actions] = [32, 20, 8, 64, 4];
  const engine = dqn.wasm();
  const spec = {
    inputShape: [inputs],
    layers: [
      { kind: 'dense', units, activation: 'relu' },
      { kind: 'gru', units },
      { kind: 'dense', units: actions },
    ],
  };
  await engine.prepare(spec);
  const online = engine.createNetwork(spec, { random: new dqn.Random(1), optimizer: dqn.adam().spec });
  const target = engine.createNetwork(spec, { random: new dqn.Random(1) });
  const batch = sequences * steps;
  const random = new dqn.Random(2);
  const draw = (length, next) => Float32Array.from({ length }, next);
  const observations = draw(batch * inputs, () => random.normal());
  const following = draw(batch * inputs, () => random.normal());
  const rewards = draw(batch, () => random.normal());
  const discounts = draw(batch, () => (random.float() < 0.05 ? 0 : 0.99));
  const taken = Int32Array.from({ length: batch }, () => random.integer(actions));
  const head = dqn.expected();
  const rule = dqn.maxQ();
  const nextPolicy = new Float32Array(batch * actions);
  const targets = new Float32Array(batch);
  const weights = new Float32Array(batch).fill(1);
  const losses = new Float32Array(batch);
  const tdErrors = new Float32Array(batch);
  const estimates = new Float32Array(batch);
  const empty = new Float32Array(0);
  const gradientOf = (outputs, gradient) =>
    head.loss({ batch, actions, outputs, taken, targets, weights, fractions: empty }, { gradient, losses, tdErrors, estimates });
  const decision = {
    policy: nextPolicy,
    bonus: new Float32Array(batch),
    rewardBonus: new Float32Array(batch),
    sources: new Int32Array(batch),
  };
  const update = () => {
    const nextOutputs = target.forward(following, batch, { steps });
    rule.apply({ batch, actions, heads: 1, targetQ: nextOutputs, onlineQ: empty, currentQ: empty, taken, step: 0 }, decision);
    head.targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy, nextFractions: empty }, targets);
    online.update(observations, batch, gradientOf, { learningRate: 2.5e-4, steps });
  };
  const request = { what: 'part', kind: 'gru', arguments: { sequences, steps, inputs, units, actions } };
  const label = `update, ${inputs}→${units}→GRU ${units}→${actions}, ${sequences} sequences × ${steps} steps`;
  const row = await compare(label, 'ms', (count) => timeCalls(update, count), torchMeasure(torch, request), rounds);
  engine.dispose();
  return [row];
}

/** Prioritized replay: drawing 32 transitions of a full buffer, and telling their errors. The peer is numpy in Python. */
async function per(torch, rounds = ROUNDS) {
  const [observationSize, batch] = [4, 32];
  const rows = [];
  for (const capacity of [1e3, 1e4, 1e5, 1e6]) {
    const replay = dqn.prioritized({ capacity, priorityExponent: 0.6, importanceExponent: 0.4 }).create({
      observationSize,
      observationType: 'float32',
      actions: 2,
    });
    const random = new dqn.Random(1);
    const draw = () => Float32Array.from({ length: observationSize }, () => random.normal());
    let observation = draw();
    for (let i = 0; i < capacity; i++) {
      const nextObservation = draw();
      replay.add({ stream: 0, observation, action: i & 1, reward: 1, discount: 0.99, nextObservation });
      observation = nextObservation;
    }
    // Priorities as different as in the peer's tree.
    const every = Float64Array.from({ length: capacity }, (_, i) => i);
    replay.updatePriorities(
      every,
      Float32Array.from(every, () => random.float()),
    );
    const errors = Float32Array.from({ length: batch }, () => random.float());
    // A clock around every call would cost as much as the call: ours is timed in loops, sampling alone and the two together.
    const sample = (count) => timeCalls(() => replay.sample(batch, random), count);
    const both = (count) => timeCalls(() => replay.updatePriorities(replay.sample(batch, random).ids, errors), count);
    const times = { sample: [], both: [] };
    const ask =
      torch &&
      ((count) => torch.ask({ what: 'prioritized', arguments: { capacity, batch, observation_size: observationSize }, count }));
    const theirs = { sample: [], update: [], ms: [] };
    const counts = { sample: await calibrate(sample), both: await calibrate(both) };
    await ask?.(20);
    for (let round = 0; round < rounds; round++) {
      times.sample.push(sample(counts.sample));
      times.both.push(both(counts.both));
      const answer = await ask?.(50);
      for (const key of Object.keys(answer ?? {})) theirs[key].push(answer[key]);
    }
    const microseconds = (values) => format(median(values) * 1000);
    const ratio = (mine, other) => format(median(other.map((value, i) => value / mine[i])));
    const updating = times.both.map((value, i) => value - times.sample[i]);
    const line = (what, mine, other) => [
      `prioritized replay of ${format(capacity)}, ${what}`,
      'µs',
      microseconds(mine),
      ...(torch ? [`${microseconds(other)} (${ratio(mine, other)}×)`] : []),
    ];
    rows.push(
      line(`sample ${batch}`, times.sample, theirs.sample),
      line(`update ${batch}`, updating, theirs.update),
      line('both', times.both, theirs.ms),
    );
  }
  return rows;
}

/** By the names that run.mjs takes; each gives rows for its table, with a column for ours and one for PyTorch. */
export const parts = { c51, qrdqn, 'noisy-dueling': noisyDueling, conv, gru, per };
