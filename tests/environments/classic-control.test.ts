import { describe, expect, test } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { Acrobot, CartPole, MountainCar } from '../../src/environments/index.ts';
import type { FullEnvironment } from './support.ts';
import { finish, world } from './support.ts';

/** Least, mean and greatest first state over many resets, number by number. */
function starts(environment: FullEnvironment): { least: number[]; mean: number[]; greatest: number[] } {
  const drawn = Array.from({ length: 4000 }, () => {
    environment.reset();
    return world(environment);
  });
  const columns = drawn[0].map((_, i) => drawn.map((values) => values[i]));
  return {
    least: columns.map((values) => Math.min(...values)),
    mean: columns.map((values) => values.reduce((a, b) => a + b) / values.length),
    greatest: columns.map((values) => Math.max(...values)),
  };
}

function expectUniform(numbers: ReturnType<typeof starts>, index: number, low: number, high: number): void {
  const slack = (high - low) / 100;
  expect(numbers.least[index]).toBeGreaterThanOrEqual(low);
  expect(numbers.least[index]).toBeLessThan(low + slack);
  expect(numbers.greatest[index]).toBeLessThanOrEqual(high);
  expect(numbers.greatest[index]).toBeGreaterThan(high - slack);
  // Five standard errors of the mean of 4000 uniform draws.
  expect(Math.abs(numbers.mean[index] - (low + high) / 2)).toBeLessThan(((high - low) / Math.sqrt(12 * 4000)) * 5);
}

/** Returns of episodes with random actions. */
function randomReturns(environment: FullEnvironment, episodes: number): number[] {
  const random = new Random(11);
  return Array.from({ length: episodes }, () => {
    environment.reset();
    return finish(environment, () => random.integer(environment.actionSpace.n));
  });
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;

describe('CartPole', () => {
  test('starts within ±0.05', () => {
    const numbers = starts(new CartPole());
    for (let i = 0; i < 4; i++) expectUniform(numbers, i, -0.05, 0.05);
  });

  test('terminates beyond 2.4 m and 12°, not on them, with reward 1', () => {
    const environment = new CartPole();
    const limit = (12 * 2 * Math.PI) / 360;
    const cases: [number[], boolean][] = [
      [[2.4, 0, 0, 0], false],
      [[-2.4, 0, 0, 0], false],
      [[2.4, 1e-3, 0, 0], true],
      [[-2.4, -1e-3, 0, 0], true],
      [[0, 0, limit, 0], false],
      [[0, 0, -limit, 0], false],
      [[0, 0, limit, 1e-3], true],
      [[0, 0, -limit, -1e-3], true],
    ];
    for (const [state, terminated] of cases) {
      environment.reset({ options: { state } });
      expect(environment.step(1)).toMatchObject({ terminated, truncated: false, reward: 1 });
    }
  });

  test('a random policy balances for about 22 steps', () => {
    const returns = randomReturns(new CartPole(), 2000);
    expect(mean(returns)).toBeGreaterThan(20.5);
    expect(mean(returns)).toBeLessThan(24);
    expect(Math.min(...returns)).toBeGreaterThanOrEqual(8);
  });

  test('mirrored states and actions lead to mirrored states', () => {
    const [a, b] = [new CartPole(), new CartPole()];
    a.reset({ options: { state: [0.1, -0.2, 0.05, 0.3] } });
    b.reset({ options: { state: [-0.1, 0.2, -0.05, -0.3] } });
    for (const action of [0, 1, 1, 0, 0, 1]) {
      a.step(action);
      b.step(1 - action);
      expect(world(b)).toEqual(world(a).map((value) => -value));
    }
  });
});

describe('MountainCar', () => {
  test('starts at rest within [-0.6, -0.4)', () => {
    const numbers = starts(new MountainCar());
    expectUniform(numbers, 0, -0.6, -0.4);
    expect([numbers.least[1], numbers.greatest[1]]).toEqual([0, 0]);
  });

  test('the left wall stops the car, the speed is bounded, and the goal terminates', () => {
    const environment = new MountainCar();
    environment.reset({ options: { state: [-1.19, -0.07] } });
    expect(environment.step(0)).toMatchObject({ reward: -1, terminated: false });
    expect(world(environment)).toEqual([-1.2, 0]);
    environment.reset({ options: { state: [-0.9, 0.07] } });
    environment.step(2);
    expect(world(environment)).toEqual([-0.9 + 0.07, 0.07]);
    environment.reset({ options: { state: [0.45, 0.06] } });
    expect(environment.step(2)).toMatchObject({ reward: -1, terminated: true, truncated: false });
    environment.reset({ options: { state: [0.59, 0.07] } });
    environment.step(2);
    expect(world(environment)[0]).toBe(0.6);
    // Rolling back over the goal is not reaching it.
    environment.reset({ options: { state: [0.59, -0.01] } });
    expect(environment.step(0).terminated).toBe(false);
  });

  test('a random policy does not get out', () => {
    expect(randomReturns(new MountainCar(), 50)).toEqual(Array.from({ length: 50 }, () => -200));
  });

  test('pushing along the velocity does', () => {
    const environment = new MountainCar();
    let { observation } = environment.reset({ seed: 1 });
    let steps = 0;
    for (;;) {
      const result = environment.step(observation[1] < 0 ? 0 : 2);
      observation = result.observation;
      steps++;
      if (result.terminated) break;
      expect(result.truncated).toBe(false);
    }
    expect(steps).toBeLessThan(140);
  });
});

describe('Acrobot', () => {
  test('starts within ±0.1, in single precision', () => {
    const environment = new Acrobot();
    const numbers = starts(environment);
    for (let i = 0; i < 4; i++) expectUniform(numbers, i, -Math.fround(0.1), Math.fround(0.1));
    expect(world(environment).map(Math.fround)).toEqual(world(environment));
  });

  test('angles are wrapped and velocities bounded, from any state', () => {
    const environment = new Acrobot();
    const bounds = [Math.PI, Math.PI, 4 * Math.PI, 9 * Math.PI];
    const random = new Random(2);
    const reached = [0, 0, 0, 0];
    for (let i = 0; i < 3000; i++) {
      environment.reset({ options: { state: bounds.map((bound) => random.uniform(-bound, bound)) } });
      environment.step(random.integer(3));
      world(environment).forEach((value, k) => {
        expect(Math.abs(value)).toBeLessThanOrEqual(bounds[k]);
        reached[k] = Math.max(reached[k], Math.abs(value));
      });
    }
    // Fast arms run into both bounds.
    expect(reached.slice(2)).toEqual(bounds.slice(2));
  });

  test('upright is the goal, with reward 0', () => {
    const environment = new Acrobot();
    environment.reset({ options: { state: [Math.PI, 0, 0, 0] } });
    expect(environment.step(1)).toMatchObject({ reward: 0, terminated: true });
    environment.reset({ options: { state: [0, 0, 0, 0] } });
    expect(environment.step(1)).toMatchObject({ reward: -1, terminated: false });
    // Hanging at rest without torque is an equilibrium.
    for (const value of world(environment)) expect(Math.abs(value)).toBeLessThan(1e-12);
  });

  test('a random policy seldom gets up', () => {
    const returns = randomReturns(new Acrobot(), 60);
    expect(mean(returns)).toBeLessThan(-450);
    expect(Math.min(...returns)).toBe(-500);
  });
});
