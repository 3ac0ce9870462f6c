import { describe, expect, test } from 'vitest';
import { DqnError } from '../../../src/common/errors.ts';
import { Breakout } from '../../../src/environments/index.ts';
import type { MinAtarOptions } from '../../../src/environments/index.ts';
import { BreakoutGame } from '../../../src/environments/minatar/breakout.ts';
import { Frames } from '../../../src/environments/minatar/frames.ts';
import type { Game } from '../../../src/environments/minatar/game.ts';
import { world } from '../support.ts';

const games: readonly { readonly game: Game; readonly minimal: readonly number[]; create(options?: MinAtarOptions): Breakout }[] = [
  { game: new BreakoutGame(), minimal: [0, 1, 3], create: (options) => new Breakout(options) },
];

/** The action that was carried out last. */
function carriedOut(environment: Breakout): number {
  return world(environment).at(-1)!;
}

describe.each(games)('$game.name', ({ minimal, create }) => {
  test('a step carries out the previous action with the chance given, and remembers what it carried out', () => {
    const environment = create({ stickyActionProbability: 0.3 });
    environment.reset({ seed: 5 });
    let previous = 0;
    let kept = 0;
    const steps = 4000;
    for (let i = 0; i < steps; i++) {
      const action = (previous + 1 + (i % 5)) % 6;
      const { terminated } = environment.step(action);
      if (carriedOut(environment) === previous) kept++;
      else expect(carriedOut(environment)).toBe(action);
      previous = carriedOut(environment);
      if (terminated) environment.reset();
    }
    // Five standard deviations.
    expect(Math.abs(kept - 0.3 * steps)).toBeLessThan(5 * Math.sqrt(steps * 0.3 * 0.7));
  });

  test('with chance 0 every action is carried out, with chance 1 none', () => {
    for (const stickyActionProbability of [0, 1]) {
      const environment = create({ stickyActionProbability });
      environment.reset();
      for (const action of [5, 4, 3]) {
        environment.step(action);
        expect(carriedOut(environment)).toBe(stickyActionProbability === 0 ? action : 0);
      }
    }
  });

  test('the previous action survives a reset, but not one with a seed', () => {
    const environment = create({ stickyActionProbability: 0 });
    environment.reset({ seed: 1 });
    environment.step(5);
    environment.reset();
    expect(carriedOut(environment)).toBe(5);
    environment.reset({ seed: 1 });
    expect(carriedOut(environment)).toBe(0);
  });

  test('actions are all six, or those that the game knows', () => {
    expect(create().actionSpace.n).toBe(6);
    const environment = create({ actionSet: 'minimal', stickyActionProbability: 0 });
    expect(environment.actionSpace.n).toBe(minimal.length);
    for (const [action, meaning] of minimal.entries()) {
      environment.reset();
      environment.step(action);
      expect(carriedOut(environment)).toBe(meaning);
    }
    environment.reset();
    expect(() => environment.step(minimal.length)).toThrow('expected a whole number in [0, ');
  });

  test('actions that are not in the minimal set do what no-op does', () => {
    const [environment, other] = [create({ stickyActionProbability: 0 }), create({ stickyActionProbability: 0 })];
    for (const action of [0, 1, 2, 3, 4, 5]) {
      environment.reset({ seed: 3 });
      other.reset({ seed: 3 });
      // Some games do not let the player move at once.
      for (let i = 0; i < 4; i++) environment.step(0);
      for (let i = 0; i < 4; i++) other.step(0);
      environment.step(action);
      other.step(0);
      const alike = JSON.stringify(world(environment).slice(0, -1)) === JSON.stringify(world(other).slice(0, -1));
      expect(alike).toBe(action === 0 || !minimal.includes(action));
    }
  });

  test('options out of range are refused', () => {
    for (const options of [{ stickyActionProbability: -0.1 }, { stickyActionProbability: NaN }, { actionSet: 'all' as 'full' }]) {
      expect(() => create(options)).toThrow(DqnError);
    }
  });

  test('numbers that are no state of the game are refused one by one', () => {
    const environment = create();
    environment.reset({ seed: 1 });
    const good = world(environment);
    for (let i = 0; i < good.length; i++) {
      for (const bad of [-1000, 0.5, 2 ** 40]) {
        const state = good.with(i, bad);
        expect(() => environment.reset({ options: { state } }), `${bad} at ${i}`).toThrow('reset(options.state): expected');
      }
    }
    expect(() => environment.reset({ options: { state: good.slice(1) } })).toThrow('reset(options.state): expected');
    environment.reset({ options: { state: good } });
    expect(world(environment)).toEqual(good);
  });
});

test('frames are zeros that nobody else has', () => {
  const frames = new Frames(5);
  const all = Array.from({ length: 100 }, () => {
    const frame = frames.next();
    expect([...frame]).toEqual([0, 0, 0, 0, 0]);
    frame.fill(1);
    return frame;
  });
  expect(all.every((frame) => frame.length === 5)).toBe(true);
  for (const [i, frame] of all.entries()) frame.fill(i);
  for (const [i, frame] of all.entries()) expect([...frame]).toEqual([i, i, i, i, i]);
});
