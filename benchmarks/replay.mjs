// What replay costs: `add` and `sample(128)` on CartPole-sized observations, over the capacity, and the memory it takes.
// Runs the built package, so build it first; then: node benchmarks/replay.mjs [milliseconds per figure, default 500]
import { Random, uniform } from '../dist/index.js';

const OBSERVATION = 4; // CartPole
const EPISODE = 22; // steps a random policy lasts there, about
const BATCH = 128;
const MILLISECONDS = Number(process.argv[2] ?? 500);

/** The best time of one call over rounds of `calls` calls, in nanoseconds: the least disturbed one. */
function nanoseconds(calls, run) {
  let best = Infinity;
  const end = performance.now() + MILLISECONDS;
  do {
    const start = performance.now();
    run(calls);
    best = Math.min(best, (performance.now() - start) / calls);
  } while (performance.now() < end);
  return best * 1e6;
}

const adder = (buffer, random) => {
  let observation = new Float32Array(OBSERVATION);
  let nextObservation = new Float32Array(OBSERVATION);
  const transition = { stream: 0, observation, action: 0, reward: 1, discount: 0.99, nextObservation };
  let step = 0;
  return (calls) => {
    for (let i = 0; i < calls; i++) {
      if (step === 0) for (let k = 0; k < OBSERVATION; k++) observation[k] = random.float();
      for (let k = 0; k < OBSERVATION; k++) nextObservation[k] = random.float();
      step = (step + 1) % EPISODE;
      transition.observation = observation;
      transition.nextObservation = nextObservation;
      transition.action = i & 1;
      transition.discount = step === 0 ? 0 : 0.99;
      buffer.add(transition);
      [observation, nextObservation] = [nextObservation, observation];
    }
  };
};

console.log('capacity      add/s (filling)  add/s (full)  sample(128) µs      MB');
for (const capacity of [1e4, 3e4, 1e5, 3e5, 1e6]) {
  const random = new Random(1);
  const buffer = uniform({ capacity }).create({
    observationSize: OBSERVATION,
    observationType: 'float32',
    actions: 2,
  });
  const add = adder(buffer, random);
  const start = performance.now();
  add(capacity);
  const filling = (capacity / (performance.now() - start)) * 1e3;
  const full = 1e9 / nanoseconds(10_000, add);
  let sum = 0;
  const sample = nanoseconds(1_000, (calls) => {
    for (let i = 0; i < calls; i++) sum += buffer.sample(BATCH, random).rewards[0];
  });
  if (sum === 0) throw new Error('nothing was sampled');
  const row = [capacity.toExponential(0).padEnd(14), Math.round(filling).toLocaleString('en').padStart(15)];
  row.push(Math.round(full).toLocaleString('en').padStart(14), (sample / 1e3).toFixed(2).padStart(15));
  row.push((buffer.byteLength / 1e6).toFixed(1).padStart(9));
  console.log(row.join(''));
}
