import { afterEach, describe, expect, test, vi } from 'vitest';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import { Bandit, CartPoleSwingUp, Catch, MemoryChain } from '../../src/environments/index.ts';
import bandit from '../reference/bsuite/bandit.json' with { type: 'json' };
import swingUp from '../reference/bsuite/cartpole-swingup.json' with { type: 'json' };
import catches from '../reference/bsuite/catch.json' with { type: 'json' };
import memory from '../reference/bsuite/memory-chain.json' with { type: 'json' };
import { finish, world } from './support.ts';

// Recorded with the classes of google-deepmind/bsuite, commit effafc0: `reset()` and `step(action)` in a loop, with their own variables where those are
// the state. Catch's pictures are the indices of their ones; `last` is `timestep.last()`.

afterEach(() => vi.restoreAllMocks());

function expectClose(values: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(values).toHaveLength(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(values[i] - expected[i])).toBeLessThanOrEqual(tolerance);
}

describe('Catch', () => {
  const lit = (observation: Float32Array): number[] => [...observation.keys()].filter((i) => observation[i] !== 0);

  test.each(catches.episodes.map((episode, i) => ({ i, ...episode })))('follows recorded episode $i', (episode) => {
    const environment = new Catch({ rows: episode.rows, columns: episode.columns });
    vi.spyOn(Random.prototype, 'integer').mockImplementation((n) => {
      expect(n).toBe(episode.columns);
      return episode.ball;
    });
    const { observation } = environment.reset();
    expect(environment.observationSpace.shape).toEqual([episode.rows, episode.columns]);
    expect(lit(observation)).toEqual(episode.lit[0]);
    let regret = 0;
    for (const [i, action] of episode.actions.entries()) {
      const { observation, reward, terminated } = environment.step(action);
      expect(lit(observation)).toEqual(episode.lit[i + 1]);
      expect(Math.max(...observation)).toBe(1);
      expect(reward).toBe(episode.rewards[i]);
      expect(terminated).toBe(episode.last[i] === 1);
      if (terminated) regret += 1 - reward;
    }
    expect(regret).toBe(episode.totalRegret);
  });

  test('the ball falls in every column equally often', () => {
    const environment = new Catch();
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 5000; i++) counts[environment.reset().observation.indexOf(1)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('refuses sizes and states that are impossible', () => {
    for (const rows of [1, 101, 2.5]) expect(() => new Catch({ rows })).toThrow('Catch(rows)');
    for (const columns of [0, 101, NaN]) expect(() => new Catch({ columns })).toThrow('Catch(columns)');
    for (const state of [
      [9, 0, 0],
      [0, 5, 0],
      [0, 0, 5],
      [0, 0],
      [-1, 0, 0],
    ]) {
      expect(() => new Catch().reset({ options: { state } })).toThrow("the ball's row below 10");
    }
    expect(() => new Catch().setState(new Catch({ rows: 9 }).getState())).toThrow('expected a state of "Catch 10 5"');
  });
});

describe('MemoryChain', () => {
  test.each(memory.episodes)('follows the recorded episode of length $length with $bits bits', (episode) => {
    const environment = new MemoryChain({ length: episode.length, bits: episode.bits });
    const state = [0, episode.query, ...episode.context];
    const seen = [environment.reset({ options: { state } }).observation];
    for (const [i, action] of episode.actions.entries()) {
      const { observation, reward, terminated } = environment.step(action);
      seen.push(observation);
      expect(reward).toBe(episode.rewards[i]);
      expect(terminated).toBe(episode.last[i] === 1);
    }
    expect(seen).toHaveLength(episode.observations.length);
    for (const [i, observation] of seen.entries()) {
      expectClose(observation, episode.observations[i], 1e-7);
      expect(environment.observationSpace.contains(observation)).toBe(true);
    }
  });

  test('a reset amid an episode shows what the steps before it showed', () => {
    const environment = new MemoryChain({ length: 3, bits: 2 });
    environment.reset({ options: { state: [0, 1, 1, 0] } });
    for (let time = 1; time <= 3; time++) {
      const { observation } = environment.step(0);
      expect(new MemoryChain({ length: 3, bits: 2 }).reset({ options: { state: [time, 1, 1, 0] } }).observation).toEqual(
        observation,
      );
    }
  });

  test('draws bits and questions independently and evenly', () => {
    const environment = new MemoryChain({ bits: 3 });
    const counts = new Map<string, number>();
    for (let i = 0; i < 4800; i++) {
      environment.reset();
      const key = world(environment).slice(1).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(70);
  });

  test('refuses lengths, bits and states that are impossible', () => {
    for (const length of [0, 10_001, 1.5]) expect(() => new MemoryChain({ length })).toThrow('MemoryChain(length)');
    for (const bits of [0, 1001, NaN]) expect(() => new MemoryChain({ bits })).toThrow('MemoryChain(bits)');
    for (const state of [
      [11, 0, 1],
      [0, 1, 1],
      [0, 0, 2],
      [0, 0],
      [0, 0, 1, 1],
    ]) {
      expect(() => new MemoryChain().reset({ options: { state } })).toThrow('the steps taken, at most 10');
    }
    expect(() => new MemoryChain().setState(new MemoryChain({ length: 9 }).getState())).toThrow('"MemoryChain 10 1"');
  });
});

describe('Bandit', () => {
  test.each(bandit.bandits)('has the rewards of bsuite, in an order of its own', ({ arms, rewards, observation, totalRegret }) => {
    const environment = new Bandit();
    expect(environment.actionSpace.n).toBe(arms);
    const given = Array.from({ length: arms }, (_, arm) => {
      expect([...environment.reset().observation]).toEqual(observation);
      const result = environment.step(arm);
      expect(result).toMatchObject({ terminated: true, truncated: false });
      expect([...result.observation]).toEqual(observation);
      return result.reward;
    });
    expect(given).toEqual(environment.means);
    const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
    expectClose(sorted(given), sorted(rewards), 1e-15);
    expect(given.reduce((sum, reward) => sum + 1 - reward, 0)).toBeCloseTo(totalRegret, 12);
  });

  test('the order depends on its seed alone', () => {
    const orders = Array.from({ length: 40 }, (_, mappingSeed) => new Bandit({ mappingSeed }).means.join());
    expect(new Set(orders).size).toBe(40);
    expect(new Bandit({ mappingSeed: 7, noiseScale: 2 }).means.join()).toBe(orders[7]);
    const best = Array.from({ length: 1100 }, (_, mappingSeed) => new Bandit({ mappingSeed }).means.indexOf(1));
    for (let arm = 0; arm < 11; arm++) expect(Math.abs(best.filter((i) => i === arm).length - 100)).toBeLessThan(50);
  });

  test('the noise has the standard deviation that is asked for', () => {
    const environment = new Bandit({ noiseScale: 3 });
    const noise = Array.from({ length: 10_000 }, (_, i) => {
      environment.reset();
      return environment.step(i % 11).reward - environment.means[i % 11];
    });
    const mean = noise.reduce((sum, x) => sum + x, 0) / noise.length;
    const deviation = Math.sqrt(noise.reduce((sum, x) => sum + (x - mean) ** 2, 0) / noise.length);
    // Five standard errors.
    expect(Math.abs(mean)).toBeLessThan(0.15);
    expect(Math.abs(deviation - 3)).toBeLessThan(0.11);
  });

  test('refuses options out of range', () => {
    for (const arms of [1, 1001, 2.5]) expect(() => new Bandit({ arms })).toThrow('Bandit(arms)');
    for (const noiseScale of [-1, NaN, Infinity]) expect(() => new Bandit({ noiseScale })).toThrow('Bandit(noiseScale)');
    expect(() => new Bandit({ mappingSeed: NaN })).toThrow('Bandit(mappingSeed)');
    expect(() => new Bandit().reset({ options: { state: [1] } })).toThrow('0, or when the episode is over');
    expect(() => new Bandit().setState(new Bandit({ mappingSeed: 1 }).getState())).toThrow('"Bandit 11 0"');
  });
});

describe('CartPoleSwingUp', () => {
  test.each(swingUp.episodes)('from every recorded state with $arguments one step leads to the next one', (episode) => {
    const { height_threshold, x_reward_threshold, move_cost } = episode.arguments as Readonly<Record<string, number>>;
    const environment = new CartPoleSwingUp({
      ...(height_threshold === undefined ? {} : { heightThreshold: height_threshold }),
      ...(x_reward_threshold === undefined ? {} : { positionThreshold: x_reward_threshold }),
      ...(move_cost === undefined ? {} : { moveCost: move_cost }),
    });
    const { observation } = environment.reset({ options: { state: episode.states[0] } });
    expectClose(observation, episode.observations[0], 4e-6);
    const template = environment.getState() as { readonly [key: string]: State };
    for (const [i, action] of episode.actions.entries()) {
      environment.setState({ ...template, world: episode.states[i] });
      const { observation, reward, terminated } = environment.step(action);
      expectClose(world(environment), episode.states[i + 1], 1e-12);
      expectClose(observation, episode.observations[i + 1], 4e-6);
      expect(reward).toBeCloseTo(episode.rewards[i], 12);
      expect(terminated).toBe(episode.last[i] === 1);
    }
  });

  test('ends after as many steps as bsuite, terminated', () => {
    const environment = new CartPoleSwingUp();
    const { start, steps, lastTime } = swingUp.wait;
    environment.reset({ options: { state: start } });
    for (let step = 1; step <= steps; step++) {
      expect(environment.step(1)).toMatchObject({ terminated: step === steps, truncated: false, reward: 0 });
    }
    expect(world(environment)[4]).toBe(lastTime);
  });

  test('starts hanging, at rest but for at most 0.05', () => {
    const environment = new CartPoleSwingUp();
    const low = [Infinity, Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity, -Infinity];
    for (let i = 0; i < 500; i++) {
      environment.reset();
      const [x, xDot, theta, thetaDot, time] = world(environment);
      expect(time).toBe(0);
      for (const [k, value] of [x, xDot, theta - Math.PI, thetaDot].entries()) {
        low[k] = Math.min(low[k], value);
        high[k] = Math.max(high[k], value);
      }
    }
    for (const value of low) expect(Math.abs(value + 0.05)).toBeLessThan(0.002);
    for (const value of high) expect(Math.abs(value - 0.05)).toBeLessThan(0.002);
  });

  test('pushing costs, so that to stay still returns 0 and to run away less', () => {
    const environment = new CartPoleSwingUp({ moveCost: 0.25 });
    environment.reset({ seed: 1 });
    expect(finish(environment, () => 1)).toBe(0);
    environment.reset({ seed: 1 });
    let pushes = 0;
    const sum = finish(environment, () => {
      pushes++;
      return 2;
    });
    expect(sum).toBeCloseTo(-0.25 * pushes, 9);
    expect(pushes).toBeLessThan(200);
  });

  test('refuses options out of range and states that are impossible', () => {
    for (const heightThreshold of [-1.1, 1.1, NaN])
      expect(() => new CartPoleSwingUp({ heightThreshold })).toThrow('(heightThreshold)');
    for (const positionThreshold of [-1, NaN])
      expect(() => new CartPoleSwingUp({ positionThreshold })).toThrow('(positionThreshold)');
    for (const moveCost of [-1, NaN]) expect(() => new CartPoleSwingUp({ moveCost })).toThrow('(moveCost)');
    for (const state of [
      [3.1, 0, 0, 0, 0],
      [0, 1001, 0, 0, 0],
      [0, 0, 0, 0, 10.1],
      [0, 0, 0, 0, -0.1],
      [0, 0, 0, 0],
    ]) {
      expect(() => new CartPoleSwingUp().reset({ options: { state } })).toThrow('position in ±3');
    }
  });
});
