// What a replay buffer of stacked frames, as of Atari, takes: bytes, and the time of adding and of drawing batches of 32.
//
//   node benchmarks/frames.mjs                 100,000 transitions of 84×84×4 bytes: 0.7 GB
//   node benchmarks/frames.mjs 20000           another number
import { Random, uniform } from '../dist/index.js';
import { format, median, table } from './harness.mjs';

const capacity = Number(process.argv[2] ?? 100_000);
const SIZE = 84 * 84;
const FRAMES = 4;

/** Frames that differ in some pixels, in one array. */
function play(random, interleaved) {
  let frame = new Uint8Array(SIZE);
  const stack = new Uint8Array(SIZE * FRAMES);
  return () => {
    frame = frame.slice();
    for (let i = 0; i < 60; i++) frame[random.integer(SIZE)] = random.integer(256);
    if (interleaved) {
      stack.copyWithin(0, 1);
      for (let i = 0; i < SIZE; i++) stack[i * FRAMES + FRAMES - 1] = frame[i];
    } else {
      stack.copyWithin(0, SIZE);
      stack.set(frame, SIZE * (FRAMES - 1));
    }
    return stack.slice();
  };
}

const rows = [];
for (const interleaved of [true, false]) {
  const layout = {
    observationSize: SIZE * FRAMES,
    observationType: 'uint8',
    actions: 6,
    stacking: { frames: FRAMES, interleaved },
  };
  const buffer = uniform({ capacity }).create(layout);
  const random = new Random(1);
  const next = play(random, interleaved);
  let observation = next();
  let adding = 0;
  for (let i = 0; i < capacity; i++) {
    const nextObservation = next();
    const began = performance.now();
    buffer.add({ stream: 0, observation, action: 0, reward: 0, discount: 0.99, nextObservation });
    adding += performance.now() - began;
    observation = nextObservation;
  }
  const bytes = buffer.byteLength / capacity;
  const draws = Array.from({ length: 300 }, () => {
    const began = performance.now();
    buffer.sample(32, random);
    return performance.now() - began;
  });
  rows.push([
    interleaved ? '84×84×4' : '4×84×84',
    format(bytes),
    format((bytes * 1e6) / 1e9),
    format((adding / capacity) * 1000),
    format(median(draws)),
  ]);
}
console.log(table(['stacks', 'bytes a transition', 'GB a million', 'add, µs', 'sample 32, ms'], rows));
