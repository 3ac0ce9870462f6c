import { describe, expect, test } from 'vitest';
import { Flight } from '../../src/box2d/flight.ts';
import { landByRule } from '../../src/box2d/index.ts';
import recording from '../reference/box2d/lunar-lander.json' with { type: 'json' };

/** The stream that the recorded flights were drawn from: x ← 1664525 x + 1013904223 mod 2³². */
function recordedDraws(seed: number): { uniform(low: number, high: number): number; integer(n: number): number } {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
  return { uniform: (low, high) => low + (high - low) * next(), integer: (n) => Math.floor(n * next()) };
}

/** The greatest difference among the numbers with these indices. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>, indices: readonly number[]): number {
  return Math.max(...indices.map((i) => Math.abs(a[i] - b[i])));
}

const ALL = [0, 1, 2, 3, 4, 5, 6, 7];
const LEGS = [6, 7];
/** Place and angle. */
const POSE = [0, 1, 4];

// Recorded from Box2D in C++, which reckons in single precision: before a leg touches the ground the flights differ by rounding alone, and from then on a
// contact may begin one step sooner or later, which changes velocities for that step and leaves the pose close.
describe.each(recording.episodes)('flight $seed by $policy, wind $wind', (episode) => {
  const start = (): Flight =>
    new Flight(recordedDraws(episode.seed), { gravity: -10, wind: episode.wind ? { power: 15, turbulence: 1.5 } : undefined });
  const actions = [...episode.actions].map(Number);
  const touching = [...episode.contacts].findIndex((legs) => legs !== '0');

  test('goes as in Box2D, step for step', () => {
    const flight = start();
    expect(distance(flight.observe(), episode.first, ALL)).toBeLessThan(1e-5);
    actions.forEach((action, step) => {
      expect(flight.over).toBe(false);
      const reward = flight.step(action);
      const observation = flight.observe();
      const before = step < touching - 1;
      if (step % 5 === 4) {
        const recorded = episode.observations[(step - 4) / 5];
        expect(distance(observation, recorded, before ? ALL : POSE)).toBeLessThan(before ? 2e-4 : 0.02);
      }
      if (before) expect(Math.abs(reward - episode.rewards[step])).toBeLessThan(1e-2);
    });
    expect(flight.over).toBe(true);
    expect(distance(flight.observe(), episode.last, POSE)).toBeLessThan(0.02);
  });

  test('pays in all as in Box2D', () => {
    const flight = start();
    const total = actions.reduce((sum, action) => sum + flight.step(action), 0);
    // A leg that touches the ground in another step is paid for there.
    expect(Math.abs(total - episode.rewards.reduce((a, b) => a + b))).toBeLessThan(0.5);
    if (episode.landed) expect(distance(flight.observe(), episode.last, LEGS)).toBe(0);
    expect(episode.rewards.at(-1)).toBe(episode.landed ? 100 : -100);
  });
});

test('the rule chooses as the original does', () => {
  let choices = 0;
  for (const { policy, actions, observations } of recording.episodes.filter((episode) => episode.policy === 'rule')) {
    expect(policy).toBe('rule');
    observations.forEach((observation, i) => {
      const next = actions[5 * i + 5];
      if (next === undefined) return;
      expect(landByRule(observation)).toBe(Number(next));
      choices++;
    });
  }
  expect(choices).toBeGreaterThan(150);
});
