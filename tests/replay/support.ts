import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import { guarded } from '../support/guarded.ts';
import { fineUniform } from '../../src/replay/proportional.ts';
import type { ReplayBuffer, ReplayLayout, Transition } from '../../src/replay/replay-buffer.ts';

export const simple: ReplayLayout = { observationSize: 1, observationType: 'float32', actions: 3 };

export const transition = (changes: Partial<Transition> = {}): Transition => ({
  stream: 0,
  observation: Float32Array.of(1),
  action: 0,
  reward: 1,
  discount: 0.9,
  nextObservation: Float32Array.of(2),
  ...changes,
});

/** Adds `count` transitions whose observations and rewards tell their numbers. */
export function fill(buffer: ReplayBuffer, count: number, from = 0): void {
  for (let i = from; i < from + count; i++) {
    const [observation, nextObservation] = [i, i + 1].map((value) => guarded(Float32Array.of(value)));
    buffer.add(transition({ observation, nextObservation, reward: i, action: i % 3 }));
  }
}

/** A batch as plain arrays, to compare and to keep. */
export const unpacked = (batch: object): { readonly [key: string]: unknown } =>
  Object.fromEntries(
    Object.entries(batch).map(([key, value]) => [
      key,
      ArrayBuffer.isView(value) ? [...(value as Float32Array)] : (value as unknown),
    ]),
  );

/** The statistic of Pearson's test; about `cells − 1`, with the standard deviation √(2 (cells − 1)), where the counts have these expectations. */
export const chiSquare = (counts: readonly number[], expected: readonly number[]): number =>
  counts.reduce(
    (sum, count, i) => sum + (expected[i] === 0 ? (count === 0 ? 0 : Infinity) : (count - expected[i]) ** 2 / expected[i]),
    0,
  );

/** What the statistic stays below, but for six standard deviations of bad luck. */
export const chiBound = (cells: number): number => cells - 1 + 6 * Math.sqrt(2 * (cells - 1));

/** How often each id from `oldest` on is drawn. */
export function frequencies(buffer: ReplayBuffer, oldest: number, draws: number, batch: number, seed: number): number[] {
  const random = new Random(seed);
  const counts = Array.from({ length: buffer.size }, () => 0);
  for (let i = 0; i < draws; i++) for (const id of buffer.sample(batch, random).ids) counts[id - oldest]++;
  return counts;
}

/** By linear scan: the masses that a stratified or independent draw asks for, and the leaf of each. */
export function scan(values: readonly number[], batch: number, random: Random, stratified = true): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  return Array.from({ length: batch }, (_, b) => {
    const mass = stratified ? ((b + fineUniform(random)) / batch) * total : fineUniform(random) * total;
    let sum = 0;
    return values.findIndex((value) => (sum += value) > mass);
  });
}

export type Fields = { readonly [key: string]: State };

export const saved = (part: { getState(): State }): Fields => structuredClone(part.getState()) as Fields;
