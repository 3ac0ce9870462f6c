// What prioritized replay costs: drawing 32 transitions and updating their priorities, over the capacity, the buffer being full of CartPole-sized
// observations. Runs the built package, so build it first; then: node benchmarks/prioritized.mjs [milliseconds per figure, default 500]
import { linear, prioritized, Random, rankPrioritized } from '../dist/index.js';
import { bestDecile, median } from './harness.mjs';

const OBSERVATION = 4; // CartPole
const BATCH = 32;
const CAPACITIES = [1e3, 1e4, 1e5, 1e6];
const MILLISECONDS = Number(process.argv[2] ?? 500);

function filled(spec, random) {
  const buffer = spec.create({ observationSize: OBSERVATION, observationType: 'float32', actions: 2 });
  let observation = new Float32Array(OBSERVATION);
  let nextObservation = new Float32Array(OBSERVATION);
  for (let i = 0; i < spec.capacity; i++) {
    for (let k = 0; k < OBSERVATION; k++) nextObservation[k] = random.float();
    buffer.add({ stream: 0, observation, action: i & 1, reward: 1, discount: 0.99, nextObservation });
    [observation, nextObservation] = [nextObservation, observation];
  }
  // Every transition has a priority of its own, as after a while of learning.
  const ids = new Float64Array(1);
  const error = new Float32Array(1);
  for (ids[0] = 0; ids[0] < spec.capacity; ids[0]++) {
    error[0] = random.normal();
    buffer.updatePriorities(ids, error);
  }
  return buffer;
}

/** Rounds of 200 calls each: microseconds of sample, of updatePriorities, and of both in turns. */
function measure(spec) {
  const random = new Random(1);
  const buffer = filled(spec, random);
  const errors = Array.from({ length: 64 }, () => Float32Array.from({ length: BATCH }, () => random.normal()));
  const ids = Array.from({ length: 200 }, () => new Float64Array(BATCH));
  const rounds = { sample: [], update: [], both: [] };
  const end = performance.now() + MILLISECONDS;
  for (let round = 0; performance.now() < end || round < 10; round++) {
    // Alternating, as in training; the sums touched by an update are brought up to date by the next sample.
    const start = performance.now();
    for (let i = 0; i < 200; i++) buffer.updatePriorities(buffer.sample(BATCH, random, i).ids, errors[i & 63]);
    const middle = performance.now();
    for (let i = 0; i < 200; i++) ids[i].set(buffer.sample(BATCH, random, i).ids);
    const sampled = performance.now();
    for (let i = 0; i < 200; i++) buffer.updatePriorities(ids[i], errors[i & 63]);
    const updated = performance.now();
    if (round < 3) continue; // still warming up
    rounds.both.push((middle - start) * 5);
    rounds.sample.push((sampled - middle) * 5);
    rounds.update.push((updated - sampled) * 5);
  }
  return rounds;
}

const kinds = {
  prioritized: (capacity) => prioritized({ capacity, importanceExponent: linear(0.4, 1, 1e6) }),
  rankPrioritized: (capacity) => rankPrioritized({ capacity, importanceExponent: linear(0.4, 1, 1e6) }),
};
console.log(`Medians in µs: ${BATCH} sampled, ${BATCH} updated, and both in turns as in training, with the best decile`);
for (const [kind, spec] of Object.entries(kinds)) {
  for (const slots of CAPACITIES) {
    const { sample, update, both } = measure(spec(slots));
    const figures = { sample: median(sample), update: median(update), both: median(both), both_best: bestDecile(both) };
    const text = Object.entries(figures).map(([name, value]) => `${name}=${value.toFixed(2)}`);
    console.log(`replay kind=${kind} slots=${slots} batch=${BATCH} ${text.join(' ')}`);
  }
}
