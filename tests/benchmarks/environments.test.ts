import { describe, expect, it } from 'vitest';
import { Corridor, NoisyChain } from '../../benchmarks/ablation/environments.ts';
import { assertEnvironment } from '../../src/testing/index.ts';

describe('NoisyChain', () => {
  it('keeps the contract of environments', async () => {
    await assertEnvironment(() => new NoisyChain());
    await assertEnvironment(() => new NoisyChain({ length: 1, gambles: 1 }));
  });

  it('ends with nothing when it is left, from any state', () => {
    const environment = new NoisyChain({ length: 3 });
    for (const state of [0, 1, 2]) {
      environment.reset({ options: { state: [state] } });
      const { observation, reward, terminated } = environment.step(0);
      expect({ observation: [...observation], reward, terminated }).toEqual({
        observation: [0, 0, 0],
        reward: 0,
        terminated: true,
      });
    }
  });

  it('goes one state on with every gamble and terminates after the last', () => {
    const environment = new NoisyChain({ length: 3, gambles: 2, mean: -0.5, std: 0 });
    expect([...environment.reset().observation]).toEqual([1, 0, 0]);
    const steps = [1, 2, 1].map((action) => environment.step(action));
    expect(steps.map(({ observation }) => [...observation])).toEqual([
      [0, 1, 0],
      [0, 0, 1],
      [0, 0, 0],
    ]);
    expect(steps.map(({ terminated }) => terminated)).toEqual([false, false, true]);
    expect(steps.map(({ reward }) => reward)).toEqual([-0.5, -0.5, -0.5]);
  });

  it('draws rewards with the mean and the standard deviation it was given', () => {
    const environment = new NoisyChain({ length: 1, mean: -0.1, std: 2 });
    environment.reset({ seed: 3 });
    const rewards = Array.from({ length: 20_000 }, (_, i) => {
      environment.reset();
      return environment.step(1 + (i % 8)).reward;
    });
    const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
    const variance = rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0) / rewards.length;
    // Four standard errors: 2 / √20,000 · 4 and 2 · 4 / √40,000.
    expect(Math.abs(mean + 0.1)).toBeLessThan(0.06);
    expect(Math.abs(Math.sqrt(variance) - 2)).toBeLessThan(0.04);
  });

  it('refuses impossible options', () => {
    for (const options of [{ length: 0 }, { gambles: 0 }, { mean: 1 }, { std: -1 }])
      expect(() => new NoisyChain(options)).toThrow();
  });
});

describe('Corridor', () => {
  it('keeps the contract of environments', async () => {
    await assertEnvironment(() => new Corridor());
    await assertEnvironment(() => new Corridor({ length: 2 }));
  });

  it('pays 1 at its end, and nothing before', () => {
    const environment = new Corridor({ length: 4 });
    expect([...environment.reset().observation]).toEqual([1, 0, 0, 0]);
    const steps = [0, 1, 0, 1, 1, 1].map((action) => environment.step(action));
    expect(steps.map(({ observation }) => observation.indexOf(1))).toEqual([0, 1, 0, 1, 2, 3]);
    expect(steps.map(({ reward }) => reward)).toEqual([0, 0, 0, 0, 0, 1]);
    expect(steps.map(({ terminated }) => terminated)).toEqual([false, false, false, false, false, true]);
  });

  it('is truncated after four times its length', () => {
    const environment = new Corridor({ length: 3 });
    environment.reset();
    const ends = Array.from({ length: 12 }, () => environment.step(0));
    expect(ends.map(({ truncated }) => truncated)).toEqual([...Array.from({ length: 11 }, () => false), true]);
    expect(ends.some(({ terminated }) => terminated)).toBe(false);
  });

  it('starts where it is asked to, but not at the goal', () => {
    const environment = new Corridor({ length: 5 });
    expect(environment.reset({ options: { state: [3] } }).observation[3]).toBe(1);
    expect(() => environment.reset({ options: { state: [4] } })).toThrow();
    expect(() => new Corridor({ length: 1 })).toThrow();
  });
});
