import { expect } from 'vitest';
import { Random } from '../../src/common/random.ts';
import type { Explorer, ExplorerInput } from '../../src/exploration/explorer.ts';

/** What an explorer chooses from, with all that a test does not care for filled in: values of zero, one stream a row, at step 0. */
export function inputOf(given: Pick<ExplorerInput, 'batch' | 'actions'> & Partial<ExplorerInput>): ExplorerInput {
  const { batch, actions } = given;
  return {
    qValues: new Float32Array(batch * actions),
    streams: Int32Array.from({ length: batch }, (_, n) => n),
    observations: new Float32Array(batch),
    observationSize: 1,
    step: 0,
    random: new Random(1),
    ...given,
  };
}

/** The actions that an explorer selects. */
export function select(explorer: Explorer, given: Parameters<typeof inputOf>[0]): number[] {
  const out = new Int32Array(given.batch).fill(-7);
  explorer.select(inputOf(given), out);
  return [...out];
}

const DRAWS = 60_000;

/** How often each action is chosen in one state, as a share. */
export function shares(explorer: Explorer, q: readonly number[], mask?: readonly number[], step = 0): number[] {
  const random = new Random(1);
  const batch = 100;
  const qValues = Float32Array.from({ length: batch * q.length }, (_, i) => q[i % q.length]);
  const masks = mask && Uint8Array.from({ length: batch * q.length }, (_, i) => mask[i % q.length]);
  const out = new Int32Array(batch);
  const counts = q.map(() => 0);
  for (let k = 0; k < DRAWS / batch; k++) {
    explorer.select(inputOf({ batch, actions: q.length, qValues, masks, step, random }), out);
    for (const action of out) counts[action]++;
  }
  return counts.map((count) => count / DRAWS);
}

/** χ² against given probabilities; impossible actions must not occur at all. */
export function expectShares(given: readonly number[], probabilities: readonly number[]): void {
  let chi = 0;
  given.forEach((share, a) => {
    if (probabilities[a] === 0) expect(share).toBe(0);
    else chi += (DRAWS * (share - probabilities[a]) ** 2) / probabilities[a];
  });
  const degrees = probabilities.filter((p) => p > 0).length - 1;
  expect(chi).toBeLessThanOrEqual(degrees + 5 * Math.sqrt(2 * degrees));
}
