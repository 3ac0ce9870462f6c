import { expect, test } from 'vitest';
import { Freeway, Seaquest, SpaceInvaders } from '../../../src/environments/index.ts';
import { AsterixGame } from '../../../src/environments/minatar/asterix.ts';
import { DOWN, UP } from '../../../src/environments/minatar/game.ts';
import { MinAtar } from '../../../src/environments/minatar/minatar.ts';
import { finish, world } from '../support.ts';

const certain = { stickyActionProbability: 0 };

test('Asterix becomes harder every 102 steps until both intervals are 1', () => {
  // Whatever comes is treasure, in the uppermost free row: nobody dies.
  const environment = new MinAtar(new AsterixGame(true), certain, { float: () => 0.1, integer: () => 0 });
  environment.reset();
  const spawns: Set<number>[] = [];
  const moves: Set<number>[] = [];
  for (let step = 0; step < 1200; step++) {
    const before = world(environment);
    const level = Math.min(9, Math.floor(step / 102));
    expect(before[5], `level before step ${step}`).toBe(level);
    environment.step(0);
    const after = world(environment);
    if (before[2] === 0) (spawns[level] ??= new Set()).add(after[2] + 1);
    if (before[3] === 0) (moves[level] ??= new Set()).add(after[3] + 1);
  }
  expect(spawns.map((set) => [...set])).toEqual([[10], [9], [8], [7], [6], [5], [4], [3], [2], [1]]);
  expect(moves.map((set) => [...set])).toEqual([[5], [5], [4], [4], [3], [3], [2], [2], [1], [1]]);
});

test('Freeway lasts 2501 steps, whatever is done', () => {
  for (const action of [0, UP, DOWN]) {
    const environment = new Freeway(certain);
    environment.reset({ seed: 3 });
    let steps = 0;
    finish(environment, () => {
      steps++;
      return action;
    });
    expect(steps).toBe(2501);
  }
});

/** Seaquest's state below the surface, without lists but for fish and submarines of four and five numbers. */
function dive({ y = 4, crew = 0, level = 0, enemyTimer = 9, fish = [] as readonly number[] }): number[] {
  return [5, y, 1, 0, 200, crew, 0, enemyTimer, 30, level, 0, 0, fish.length / 5, 0, 0, ...fish, 0];
}

test('Seaquest’s enemies come and swim faster with every surfacing, nineteen and three times', () => {
  const moves = [5, 5, 4, 4, 3, 3, ...Array<number>(14).fill(2)];
  for (const [level, move] of moves.entries()) {
    const environment = new Seaquest(certain);
    environment.reset({ options: { state: dive({ level, enemyTimer: 0, fish: [2, 8, 1, 0, 0] }) } });
    environment.step(0);
    const after = world(environment);
    expect(after[7]).toBe(20 - level - 1);
    expect(after.slice(15, 20)).toEqual([3, 8, 1, move, 0]);
    environment.reset({ options: { state: dive({ y: 1, crew: 1, level }) } });
    environment.step(UP);
    expect(world(environment)[9]).toBe(Math.min(19, level + 1));
  }
});

test('surfacing with six divers takes seven, and the next without any is free', () => {
  const environment = new Seaquest(certain);
  environment.reset({ options: { state: dive({ y: 1, crew: 6 }) } });
  expect(environment.step(UP)).toMatchObject({ reward: 10, terminated: false });
  expect(world(environment)[5]).toBe(-1);
  environment.step(DOWN);
  expect(environment.step(UP)).toMatchObject({ reward: 0, terminated: false });
  expect(world(environment)[5]).toBe(-2);
});

test('each number of each thing in Seaquest’s lists has its range', () => {
  const environment = new Seaquest();
  environment.reset();
  const things = [3, 2, 1, 4, 9];
  const good = [...dive({}).slice(0, 10), 1, 1, 1, 1, 1, ...things, ...things, ...things, ...things, ...things, 5];
  environment.reset({ options: { state: good } });
  expect(world(environment)).toEqual(good);
  const limits = [9, 8, 1, 5, 10];
  for (let i = 15; i < 40; i++) {
    const limit = limits[(i - 15) % 5];
    for (const fine of [0, limit]) environment.reset({ options: { state: good.with(i, fine) } });
    for (const bad of [-1, limit + 1, 0.5]) {
      expect(() => environment.reset({ options: { state: good.with(i, bad) } }), `${bad} at ${i}`).toThrow('expected');
    }
  }
  for (let i = 10; i < 15; i++) {
    for (const bad of [0, 2]) expect(() => environment.reset({ options: { state: good.with(i, bad) } })).toThrow('expected');
  }
});

test('Space Invaders’ aliens march every 12 − level steps, and oftener when there are fewer of them', () => {
  for (let level = 0; level <= 6; level++) {
    for (let count = 1; count <= 20; count++) {
      const aliens = Array<number>(10).fill(0);
      for (let i = 0; i < count; i++) aliens[i % 4] |= 4 << Math.floor(i / 4);
      const environment = new SpaceInvaders(certain);
      environment.reset({ options: { state: [9, 0, 0, 9, -1, level, ...aliens, ...Array<number>(20).fill(0), 0] } });
      environment.step(0);
      const after = world(environment);
      expect(after.slice(6, 16)).toEqual(aliens.map((row) => row >> 1));
      expect(after[2]).toBe(Math.min(count, 12 - level) - 1);
    }
  }
});
