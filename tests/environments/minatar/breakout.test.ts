import { expect, test } from 'vitest';
import { Breakout } from '../../../src/environments/index.ts';
import { world } from '../support.ts';

const ALL = 2 ** 30 - 1;
const brick = (row: number, column: number): number => 1 << ((row - 1) * 10 + column);

/** What one step does to ball x, y, its direction dx, dy, the paddle and the bricks, without stickiness. */
function outcome(
  [x, y, dx, dy]: readonly number[],
  { paddle = 0, struck = 0, bricks = ALL, action = 0 }: { paddle?: number; struck?: number; bricks?: number; action?: number },
) {
  const environment = new Breakout({ stickyActionProbability: 0 });
  environment.reset({ options: { state: [x, y, dx, dy, x, y, paddle, struck, bricks, 0] } });
  const { reward, terminated } = environment.step(action);
  const after = world(environment);
  expect(after.slice(4, 6)).toEqual([x, y]); // the trail
  expect(after[9]).toBe(action);
  return { ball: after.slice(0, 4), paddle: after[6], struck: after[7], bricks: after[8], reward, terminated };
}

const flying = { paddle: 0, struck: 0, bricks: ALL, reward: 0, terminated: false };

test('the ball flies diagonally and is reflected by the walls', () => {
  expect(outcome([4, 6, 1, -1], {})).toEqual({ ...flying, ball: [5, 5, 1, -1] });
  expect(outcome([4, 6, -1, 1], {})).toEqual({ ...flying, ball: [3, 7, -1, 1] });
  expect(outcome([9, 6, 1, -1], {})).toEqual({ ...flying, ball: [9, 5, -1, -1] });
  expect(outcome([0, 6, -1, 1], {})).toEqual({ ...flying, ball: [0, 7, 1, 1] });
  expect(outcome([4, 0, 1, -1], {})).toEqual({ ...flying, ball: [5, 0, 1, 1] });
  expect(outcome([0, 0, -1, -1], {})).toEqual({ ...flying, ball: [0, 0, 1, 1] });
});

test('a brick gives reward 1, is gone, and sends the ball back the way up or down it came', () => {
  const bricks = ALL ^ brick(3, 5);
  expect(outcome([4, 4, 1, -1], {})).toEqual({ ...flying, ball: [5, 4, 1, 1], struck: 1, bricks, reward: 1 });
  // From above, into the first and the last brick.
  expect(outcome([1, 0, -1, 1], {})).toEqual({
    ...flying,
    ball: [0, 0, -1, -1],
    struck: 1,
    bricks: ALL ^ brick(1, 0),
    reward: 1,
  });
  expect(outcome([8, 4, 1, -1], {})).toEqual({ ...flying, ball: [9, 4, 1, 1], struck: 1, bricks: ALL ^ brick(3, 9), reward: 1 });
});

test('a ball that has just struck flies through bricks until it is out of them', () => {
  expect(outcome([4, 4, 1, -1], { struck: 1 })).toEqual({ ...flying, ball: [5, 3, 1, -1], struck: 1 });
  expect(outcome([4, 4, 1, -1], { struck: 1, bricks: ALL ^ brick(3, 5) })).toEqual({
    ...flying,
    ball: [5, 3, 1, -1],
    bricks: ALL ^ brick(3, 5),
  });
  expect(outcome([4, 5, 1, -1], { struck: 1 })).toEqual({ ...flying, ball: [5, 4, 1, -1] });
  expect(outcome([4, 0, 1, -1], { struck: 1 })).toEqual({ ...flying, ball: [5, 0, 1, 1] });
});

test('the paddle sends the ball on where it lies below it, and back where the ball comes from the side', () => {
  expect(outcome([4, 8, 1, 1], { paddle: 4 })).toEqual({ ...flying, paddle: 4, ball: [5, 8, 1, -1] });
  expect(outcome([4, 8, 1, 1], { paddle: 5 })).toEqual({ ...flying, paddle: 5, ball: [5, 8, -1, -1] });
  expect(outcome([4, 8, -1, 1], { paddle: 3 })).toEqual({ ...flying, paddle: 3, ball: [3, 8, 1, -1] });
  expect(outcome([4, 8, 1, 1], { paddle: 3 })).toEqual({ ...flying, paddle: 3, ball: [5, 9, 1, 1], terminated: true });
  expect(outcome([9, 8, 1, 1], { paddle: 9 })).toEqual({ ...flying, paddle: 9, ball: [9, 8, -1, -1] });
});

test('the paddle moves before the ball, and no further than the walls', () => {
  expect(outcome([4, 8, 1, 1], { paddle: 5, action: 1 })).toEqual({ ...flying, paddle: 4, ball: [5, 8, 1, -1] });
  expect(outcome([4, 8, 1, 1], { paddle: 4, action: 3 })).toEqual({ ...flying, paddle: 5, ball: [5, 8, -1, -1] });
  expect(outcome([4, 6, 1, 1], { paddle: 0, action: 1 }).paddle).toBe(0);
  expect(outcome([4, 6, 1, 1], { paddle: 9, action: 3 }).paddle).toBe(9);
  for (const action of [0, 2, 4, 5]) expect(outcome([4, 6, 1, 1], { paddle: 5, action }).paddle).toBe(5);
});

test('the bricks are there again when the ball comes down to a screen without any', () => {
  const last = outcome([4, 4, 1, -1], { bricks: brick(3, 5) });
  expect(last).toEqual({ ...flying, ball: [5, 4, 1, 1], struck: 1, bricks: 0, reward: 1 });
  expect(outcome([4, 7, 1, 1], { bricks: 0 }).bricks).toBe(0);
  expect(outcome([4, 8, 1, 1], { bricks: 0, paddle: 4 }).bricks).toBe(ALL);
  expect(outcome([4, 8, 1, 1], { bricks: 0, paddle: 0 })).toMatchObject({ bricks: ALL, terminated: true });
  expect(outcome([4, 8, 1, 1], { bricks: 1, paddle: 4 }).bricks).toBe(1);
});

test('starts at either wall, equally often', () => {
  const environment = new Breakout();
  environment.reset({ seed: 1 });
  let right = 0;
  for (let i = 0; i < 2000; i++) {
    environment.reset();
    const start = world(environment).slice(0, 9);
    if (start[0] === 9) right++;
    expect(start).toEqual(start[0] === 9 ? [9, 3, -1, 1, 9, 3, 4, 0, ALL] : [0, 3, 1, 1, 0, 3, 4, 0, ALL]);
  }
  expect(Math.abs(right - 1000)).toBeLessThan(112); // five standard deviations
});
