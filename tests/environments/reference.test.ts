import { describe, expect, test } from 'vitest';
import type { State } from '../../src/common/state.ts';
import { Acrobot, CartPole, MountainCar } from '../../src/environments/index.ts';
import acrobotEnergy from '../reference/gymnasium/acrobot-v1.energy.json' with { type: 'json' };
import acrobotRandom from '../reference/gymnasium/acrobot-v1.random.json' with { type: 'json' };
import cartPoleBalance from '../reference/gymnasium/cartpole-v1.balance.json' with { type: 'json' };
import cartPoleRandom from '../reference/gymnasium/cartpole-v1.random.json' with { type: 'json' };
import mountainCarEnergy from '../reference/gymnasium/mountaincar-v0.energy.json' with { type: 'json' };
import mountainCarRandom from '../reference/gymnasium/mountaincar-v0.random.json' with { type: 'json' };
import { world } from './support.ts';

// Recorded with Gymnasium 1.4.0: `env.step(action)` in a loop, and `env.unwrapped.state` after every step.
const recordings = [
  { name: 'CartPole, random', create: () => new CartPole(), recording: cartPoleRandom },
  { name: 'CartPole, balanced', create: () => new CartPole(), recording: cartPoleBalance },
  { name: 'MountainCar, random', create: () => new MountainCar(), recording: mountainCarRandom },
  { name: 'MountainCar, pumped up', create: () => new MountainCar(), recording: mountainCarEnergy },
  { name: 'Acrobot, random', create: () => new Acrobot(), recording: acrobotRandom },
  { name: 'Acrobot, pumped up', create: () => new Acrobot(), recording: acrobotEnergy },
];

function expectClose(values: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(values).toHaveLength(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(values[i] - expected[i])).toBeLessThanOrEqual(tolerance);
}

describe.each(recordings)('$name', ({ create, recording }) => {
  test('from every recorded state one step leads to the recorded next one', () => {
    const environment = create();
    let steps = 0;
    for (const episode of recording.episodes) {
      const { observation } = environment.reset({ options: { state: episode.initialState } });
      expect([...observation]).toEqual(episode.initialObservation);
      const template = environment.getState() as { readonly [key: string]: State };
      for (let i = 0; i < episode.actions.length; i++) {
        environment.setState({ ...template, steps: i, world: i === 0 ? episode.initialState : episode.states[i - 1] });
        const result = environment.step(episode.actions[i]);
        expectClose(world(environment), episode.states[i], 1e-12);
        // Single precision of numbers up to 9π.
        expectClose(result.observation, episode.observations[i], 4e-6);
        expect(result.reward).toBe(episode.rewards[i]);
        expect(result.terminated).toBe(episode.terminated[i]);
        expect(result.truncated).toBe(episode.truncated[i]);
        steps++;
      }
    }
    expect(steps).toBeGreaterThan(100);
  });
});
