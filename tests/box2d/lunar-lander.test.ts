import { describe, expect, test } from 'vitest';
import { DqnError } from '../../src/common/errors.ts';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import { LunarLander, landByRule } from '../../src/box2d/index.ts';
import { vectorize } from '../../src/environments/index.ts';

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof DqnError) return error.code;
    throw error;
  }
  return undefined;
}

interface Flown {
  readonly total: number;
  readonly last: number;
  readonly observation: Float32Array;
  readonly steps: number;
  readonly truncated: boolean;
}

/** Flies from a reset until the episode ends. */
function fly(environment: LunarLander, choose: (observation: Float32Array, step: number) => number, seed?: number): Flown {
  let { observation } = environment.reset({ seed });
  let total = 0;
  for (let step = 0; ; step++) {
    const { reward, terminated, truncated, ...next } = environment.step(choose(observation, step));
    observation = next.observation;
    total += reward;
    if (terminated || truncated) return { total, last: reward, observation, steps: step + 1, truncated };
  }
}

function meanReturn(
  episodes: number,
  choose: (observation: Float32Array) => number,
): { mean: number; std: number; landed: number } {
  const environment = new LunarLander();
  environment.reset({ seed: 100 });
  const flights = Array.from({ length: episodes }, () => fly(environment, choose));
  const mean = flights.reduce((sum, { total }) => sum + total, 0) / episodes;
  const variance = flights.reduce((sum, { total }) => sum + (total - mean) ** 2, 0) / (episodes - 1);
  return { mean, std: Math.sqrt(variance), landed: flights.filter(({ last }) => last === 100).length };
}

describe('returns', () => {
  // Box2D in C++ over 4000 episodes: mean −183.3 with standard deviation 104.3, and none lands.
  test('of random play are those of the original', () => {
    const random = new Random(4);
    const { mean, std, landed } = meanReturn(100, () => random.integer(4));
    expect(Math.abs(mean + 183)).toBeLessThan(4 * 10.4);
    expect(std).toBeGreaterThan(70);
    expect(std).toBeLessThan(140);
    expect(landed).toBe(0);
  });

  // Box2D in C++ over 4000 episodes: mean 239.0 with standard deviation 100.0, and 3677 land.
  test('of the rule are above 200, and it mostly lands', () => {
    const { mean, landed } = meanReturn(50, landByRule);
    expect(mean).toBeGreaterThan(200);
    expect(mean).toBeLessThan(290);
    expect(landed).toBeGreaterThan(40);
  });
});

describe('an episode', () => {
  test('begins at the top in the middle, thrown somewhere, over a flat pad', () => {
    const environment = new LunarLander();
    const speeds: number[] = [];
    for (let seed = 0; seed < 60; seed++) {
      const { observation } = environment.reset({ seed });
      expect(Math.abs(observation[0])).toBeLessThan(0.02);
      expect(observation[1]).toBeGreaterThan(1.35);
      expect([...observation.subarray(6)]).toEqual([0, 0]);
      speeds.push(observation[2]);
    }
    expect(Math.min(...speeds)).toBeLessThan(-0.5);
    expect(Math.max(...speeds)).toBeGreaterThan(0.5);
  });

  test('ends with -100 where the body meets the ground', () => {
    const { last, observation, steps } = fly(new LunarLander(), () => 0, 1);
    expect(last).toBe(-100);
    expect(Math.abs(observation[0])).toBeLessThan(1);
    expect(steps).toBeLessThan(200);
  });

  test('ends with -100 where the world does', () => {
    // Leans over to one side and fires.
    const { last, observation } = fly(new LunarLander(), ({ 4: angle }) => (angle > -0.6 ? 3 : 2), 2);
    expect(last).toBe(-100);
    expect(Math.abs(observation[0])).toBeGreaterThanOrEqual(1);
  });

  test('ends with 100 at rest on both legs', () => {
    const { last, observation, truncated } = fly(new LunarLander(), landByRule, 1);
    expect(last).toBe(100);
    expect(truncated).toBe(false);
    [0, 0, 0, 0, 1, 1].forEach((value, i) => expect(observation[i + 2]).toBeCloseTo(value, 1));
  });

  test('pays for what comes nearer, and takes fuel: of two equal flights each engine costs its own', () => {
    const shaping = ([x, y, xDot, yDot, angle, , left, right]: Float32Array): number =>
      -100 * Math.hypot(x, y) - 100 * Math.hypot(xDot, yDot) - 100 * Math.abs(angle) + 10 * left + 10 * right;
    for (const [action, fuel] of [0, 0.03, 0.3, 0.03].entries()) {
      const environment = new LunarLander();
      const { observation } = environment.reset({ seed: 5 });
      const next = environment.step(action);
      // Observations are rounded to single precision.
      expect(next.reward).toBeCloseTo(shaping(next.observation) - shaping(observation) - fuel, 3);
    }
  });

  test('side engines turn the lander, the main one lifts it', () => {
    const after = (action: number): Float32Array => {
      const environment = new LunarLander();
      environment.reset({ seed: 6 });
      for (let i = 0; i < 10; i++) environment.step(action);
      return environment.step(action).observation;
    };
    const [none, left, main, right] = [0, 1, 2, 3].map(after);
    expect(left[5]).toBeGreaterThan(none[5] + 0.1);
    expect(right[5]).toBeLessThan(none[5] - 0.1);
    expect(main[3]).toBeGreaterThan(none[3] + 0.1);
  });
});

describe('options', () => {
  test('gravity pulls as told', () => {
    const fall = (gravity: number): number => {
      const environment = new LunarLander({ gravity });
      const first = environment.reset({ seed: 1 }).observation[3];
      return environment.step(0).observation[3] - first;
    };
    // g / 50 steps a second, in units of 7.5 m/s.
    expect(fall(-10)).toBeCloseTo((-10 / 50 / 50) * (20 / 3), 2);
    expect(fall(-2)).toBeCloseTo((-2 / 50 / 50) * (20 / 3), 2);
    expect(fall(-2)).toBeGreaterThan(fall(-10));
  });

  test('wind pushes aside by its power, turbulence turns, and neither does unless enabled', () => {
    const after = (options: ConstructorParameters<typeof LunarLander>[0]): Float32Array => {
      const environment = new LunarLander(options);
      environment.reset({ seed: 3 });
      for (let i = 0; i < 30; i++) environment.step(0);
      return environment.step(0).observation;
    };
    const still = after({});
    expect(after({ windPower: 20, turbulencePower: 2 })).toEqual(still);
    const wind = (windPower: number): number => after({ enableWind: true, windPower, turbulencePower: 0 })[2] - still[2];
    expect(Math.abs(wind(10))).toBeGreaterThan(0.01);
    expect(wind(20) / wind(10)).toBeCloseTo(2, 1);
    const turning = (turbulencePower: number): number => after({ enableWind: true, windPower: 0, turbulencePower })[5] - still[5];
    expect(Math.abs(turning(2))).toBeGreaterThan(0.01);
    expect(after({ enableWind: true, windPower: 0, turbulencePower: 0 })[2]).toBeCloseTo(still[2], 2);
  });

  test.each([
    { gravity: -12 },
    { gravity: 0.1 },
    { gravity: NaN },
    { windPower: -1 },
    { turbulencePower: -0.1 },
    { turbulencePower: Infinity },
    { maxEpisodeSteps: 0 },
  ])('%j is refused', (options) => {
    expect(codeOf(() => new LunarLander(options))).toBe('invalid-option');
  });
});

describe('a saved state', () => {
  /** A state on the ground, where contacts are at work. */
  function standing(): { environment: LunarLander; state: { world: number[] } & Record<string, State> } {
    const environment = new LunarLander();
    let { observation } = environment.reset({ seed: 1 });
    while (observation[6] + observation[7] < 2) observation = environment.step(landByRule(observation)).observation;
    return { environment, state: environment.getState() as never };
  }

  test('amid a landing leads on to the bit', () => {
    const { environment, state } = standing();
    const copy = new LunarLander();
    copy.setState(state);
    for (let step = 0; step < 200; step++) {
      const expected = environment.step(0);
      expect(copy.step(0)).toEqual(expected);
      if (expected.terminated) return;
    }
    expect.unreachable('it comes to rest');
  });

  test('is refused where its actions do not lead to its pose, and changes nothing', () => {
    const { state } = standing();
    const environment = new LunarLander();
    environment.reset({ seed: 9 });
    const before = environment.getState();
    const change = (index: number, by: number): State => ({ ...state, world: state.world.with(index, state.world[index] + by) });
    const wrong: readonly State[] = [
      change(0, 1),
      ...[1, 2, 3, 4, 5, 6].map((index) => change(index, 1e-12)),
      { ...state, world: state.world.with(20, (state.world[20] + 1) % 4) },
      { ...state, world: state.world.with(20, 4) },
      { ...state, world: state.world.slice(0, -1) },
      { ...state, world: state.world.slice(0, 6) },
    ];
    for (const damaged of wrong) expect(codeOf(() => environment.setState(damaged))).toBe('invalid-checkpoint');
    expect(environment.getState()).toEqual(before);
  });

  test('cannot be of a running flight that is over, or go on after its end', () => {
    const environment = new LunarLander();
    fly(environment, () => 0, 1);
    const state = environment.getState() as { world: number[]; running: boolean } & Record<string, State>;
    expect(state.running).toBe(false);
    environment.setState(state);
    expect(codeOf(() => environment.setState({ ...state, running: true }))).toBe('invalid-checkpoint');
    expect(codeOf(() => environment.setState({ ...state, world: [...state.world, 0] }))).toBe('invalid-checkpoint');
  });

  test('is refused under other conditions', () => {
    const { state } = standing();
    for (const options of [{ gravity: -9 }, { enableWind: true }]) {
      expect(codeOf(() => new LunarLander(options).setState(state))).toBe('incompatible-checkpoint');
    }
  });
});

test('flights side by side are those flown alone', async () => {
  const vector = vectorize(() => new LunarLander(), 3);
  const alone = [0, 1, 2].map(() => new LunarLander());
  const firsts = alone.map((environment, i) => environment.reset({ seed: 7 + i }).observation);
  expect((await vector.reset({ seed: 7 })).observations).toEqual(firsts);
  const random = new Random(1);
  for (let step = 0; step < 150; step++) {
    const actions = alone.map(() => random.integer(4));
    const { observations, finalObservations } = await vector.step(actions);
    alone.forEach((environment, i) => {
      const { observation, terminated } = environment.step(actions[i]);
      if (terminated) expect(finalObservations[i]).toEqual(observation);
      expect(observations[i]).toEqual(terminated ? environment.reset().observation : observation);
    });
  }
});

test('the lander is drawn where it is, between the flags', () => {
  const environment = new LunarLander();
  const { observation } = environment.reset({ seed: 1 });
  const polygons = (): number[][] =>
    [...environment.render('svg').matchAll(/<polygon points="([^"]+)"/g)].map(([, points]) => points.split(/[ ,]/).map(Number));
  // The ground, two flags, two legs, and the lander.
  expect(polygons()).toHaveLength(6);
  const flags = polygons().slice(1, 3);
  expect(flags.map((flag) => flag[0])).toEqual([240, 360]);
  const lander = polygons().at(-1)!;
  const middle = (lander[4] + lander[6]) / 2;
  expect((middle - 300) / 300).toBeCloseTo(observation[0], 1);
  const { observation: landed } = fly(environment, landByRule, 1);
  expect(landed[6] + landed[7]).toBe(2);
  const lowest = Math.max(
    ...polygons()
      .slice(3)
      .flat()
      .filter((_, i) => i % 2 === 1),
  );
  // The pad is at a quarter of the height, less what the original's smoothing takes away: 0.99 of it.
  expect(lowest).toBeGreaterThan(400 - 0.99 * 100 - 3);
  expect(lowest).toBeLessThan(400 - 0.99 * 100 + 3);
  expect(environment.render('ansi')).toMatch(/LunarLander · step \d+ · -?[\d.]+ m beside and [\d.]+ m above the pad · 0\.0 m\/s/);
});

describe('the rule', () => {
  test.each([
    { state: 'falls fast', observation: [0, 1, 0, -1.5, 0, 0, 0, 0], action: 2 },
    { state: 'hangs in peace', observation: [0, 0, 0, 0, 0, 0, 0, 0], action: 0 },
    { state: 'leans to the left', observation: [0, 1, 0, 0, 0.5, 0, 0, 0], action: 3 },
    { state: 'leans to the right', observation: [0, 1, 0, 0, -0.5, 0, 0, 0], action: 1 },
    { state: 'turns to the left', observation: [0, 1, 0, 0, 0, 0.2, 0, 0], action: 3 },
    { state: 'stands and leans', observation: [0, 0, 0, 0, 0.5, 0, 1, 0], action: 0 },
    { state: 'stands and still falls', observation: [0, 0, 0, -0.2, 0.5, 0, 0, 1], action: 2 },
    // Turns at most to 0.4 radians, however far off it is: 0.5 · 0.4 − 0.2 = 0.
    { state: 'is far to the right', observation: [0.9, 1, 1, 0, 0, 0.2, 0, 0], action: 0 },
  ])('fires $action where the lander $state', ({ observation, action }) => {
    expect(landByRule(observation)).toBe(action);
  });
});
