import type { Cell } from '../rendering/grid.ts';
import { LEFT, RIGHT, SIZE, isWhole } from './game.ts';
import type { Chance, Game } from './game.ts';
import { MinAtar } from './minatar.ts';
import type { MinAtarOptions } from './minatar.ts';

// minatar/environments/breakout.py, version 1.0.15.
const CHANNELS = 4;
const PADDLE = 0;
const BALL = 1;
const TRAIL = 2;
const BRICK = 3;
const LAST = SIZE - 1;
/** Bricks lie in rows 1, 2 and 3: brick i, from left to right and from above, is bit i. */
const FIRST_BRICK_CELL = SIZE;
const BRICKS = 3 * SIZE;
const ALL_BRICKS = 2 ** BRICKS - 1;

const LOOKS: readonly Cell[] = [
  { color: 'blue', text: '' },
  { color: 'orange', text: '●' },
  { color: 'sky', text: '·' },
  { color: 'red', text: '' },
];

/**
 * Keep a ball in play with a paddle, left (1) and right (3), and break three rows of bricks: MinAtar's Breakout, frame for frame.
 *
 * Observation `[10, 10, 4]`, bytes 0 and 1: paddle, ball, where the ball was, bricks. A brick gives reward 1; when the ball comes down to a screen
 * without bricks, they are all there again. The ball flies diagonally; the side of the paddle that it hits says where it goes. The episode
 * terminates when it passes the paddle. It starts at the left or at the right wall, each equally likely. It never becomes harder.
 * Source: Young and Tian 2019, with the code of MinAtar 1.0.15.
 */
export class Breakout extends MinAtar {
  /** @throws DqnError `invalid-option` if an option is not as {@link MinAtarOptions} says. */
  constructor(options: MinAtarOptions = {}) {
    super(new BreakoutGame(), options);
  }
}

/** The rules of {@link Breakout}. */
export class BreakoutGame implements Game {
  readonly name = 'Breakout';
  readonly looks = LOOKS;
  readonly minimalActions = [0, LEFT, RIGHT];
  readonly expected =
    'the ball x, y (0 … 9, and y 9 only when the episode is over), its direction dx, dy (±1), where it was x, y (0 … 9), the paddle 0 … 9, ' +
    'whether the ball has just struck a brick (0 or 1), and the bricks as 30 bits';
  over = false;
  #x = 0;
  #y = 3;
  #dx = 1;
  #dy = 1;
  #lastX = 0;
  #lastY = 3;
  #paddle = 4;
  /** The ball passes through bricks until it has left them, once it has broken one. */
  #struck = false;
  #bricks = ALL_BRICKS;

  reset(chance: Chance): void {
    const right = chance.integer(2) === 1;
    this.load([right ? LAST : 0, 3, right ? -1 : 1, 1, right ? LAST : 0, 3, 4, 0, ALL_BRICKS]);
  }

  act(action: number): number {
    if (action === LEFT) this.#paddle = Math.max(0, this.#paddle - 1);
    else if (action === RIGHT) this.#paddle = Math.min(LAST, this.#paddle + 1);

    this.#lastX = this.#x;
    this.#lastY = this.#y;
    let x = this.#x + this.#dx;
    let y = this.#y + this.#dy;
    if (x < 0 || x > LAST) {
      x = x < 0 ? 0 : LAST;
      this.#dx = -this.#dx;
    }
    let reward = 0;
    let inBrick = false;
    const brick = y * SIZE + x - FIRST_BRICK_CELL;
    if (y < 0) {
      y = 0;
      this.#dy = 1;
    } else if (brick >= 0 && brick < BRICKS && (this.#bricks >>> brick) & 1) {
      inBrick = true;
      if (!this.#struck) {
        reward = 1;
        this.#struck = true;
        this.#bricks ^= 1 << brick;
        y = this.#lastY;
        this.#dy = -this.#dy;
      }
    } else if (y === LAST) {
      if (this.#bricks === 0) this.#bricks = ALL_BRICKS;
      if (this.#lastX === this.#paddle) {
        this.#dy = -1;
        y = this.#lastY;
      } else if (x === this.#paddle) {
        this.#dx = -this.#dx;
        this.#dy = -1;
        y = this.#lastY;
      } else this.over = true;
    }
    if (!inBrick) this.#struck = false;
    this.#x = x;
    this.#y = y;
    return reward;
  }

  draw(frame: Uint8Array): void {
    frame[(this.#y * SIZE + this.#x) * CHANNELS + BALL] = 1;
    frame[(LAST * SIZE + this.#paddle) * CHANNELS + PADDLE] = 1;
    frame[(this.#lastY * SIZE + this.#lastX) * CHANNELS + TRAIL] = 1;
    let index = FIRST_BRICK_CELL * CHANNELS + BRICK;
    for (let bits = this.#bricks; bits !== 0; bits >>>= 1, index += CHANNELS) frame[index] = bits & 1;
  }

  save(): number[] {
    const struck = this.#struck ? 1 : 0;
    return [this.#x, this.#y, this.#dx, this.#dy, this.#lastX, this.#lastY, this.#paddle, struck, this.#bricks];
  }

  load(values: readonly number[]): void {
    [this.#x, this.#y, this.#dx, this.#dy, this.#lastX, this.#lastY, this.#paddle] = values as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    this.#struck = values[7] === 1;
    this.#bricks = values[8];
    this.over = false;
  }

  accepts(values: readonly number[], running: boolean): boolean {
    const [x, y, dx, dy, lastX, lastY, paddle, struck, bricks] = values;
    return (
      values.length === 9 &&
      [x, lastX, lastY, paddle].every((value) => isWhole(value, 0, LAST)) &&
      isWhole(y, 0, running ? LAST - 1 : LAST) &&
      Math.abs(dx) === 1 &&
      Math.abs(dy) === 1 &&
      isWhole(struck, 0, 1) &&
      isWhole(bricks, 0, ALL_BRICKS)
    );
  }
}
