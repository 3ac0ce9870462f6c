import type { Cell } from '../rendering/grid.ts';
import { DOWN, SIZE, UP, isWhole } from './game.ts';
import type { Chance, Game } from './game.ts';
import { MinAtar } from './minatar.ts';
import type { MinAtarOptions } from './minatar.ts';

// minatar/environments/freeway.py, version 1.0.15.
const CHANNELS = 7;
const CHICKEN = 0;
const CAR = 1;
/** The channel of cars that move every second step is 2, every third step 3, and so on: cars of pace p wait p steps between two moves. */
const TRAIL = 1;
const LAST = SIZE - 1;
/** Car i drives in row i + 1. */
const CARS = 8;
const SLOWEST = 5;
/** The chicken's column. */
const COLUMN = 4;
/** Steps between two moves of the chicken. */
const MOVE_INTERVAL = 3;
const TIME = 2500;
/** Numbers of the state before the cars. */
const HEAD = 3;

const LOOKS: readonly Cell[] = [
  { color: 'gold', text: 'C' },
  { color: 'red', text: '' },
  ...['1', '2', '3', '4', '5'].map((text): Cell => ({ color: 'grey', text })),
];

/**
 * Bring a chicken across eight lanes of traffic, up (2) and down (4), as often as there is time: MinAtar's Freeway, frame for frame.
 *
 * Observation `[10, 10, 7]`, bytes 0 and 1: chicken, cars, and where the cars come from, one channel for each speed. The chicken moves at most every
 * third step. Reaching the other side gives reward 1, brings it back and draws new speeds; a car that hits it only brings it back. The episode
 * terminates after 2501 steps. It never becomes harder.
 * Source: Young and Tian 2019, with the code of MinAtar 1.0.15.
 */
export class Freeway extends MinAtar {
  /** @throws DqnError `invalid-option` if an option is not as {@link MinAtarOptions} says. */
  constructor(options: MinAtarOptions = {}) {
    super(new FreewayGame(), options);
  }
}

/** The rules of {@link Freeway}. */
export class FreewayGame implements Game {
  readonly name = 'Freeway';
  readonly looks = LOOKS;
  readonly minimalActions = [0, UP, DOWN];
  readonly expected =
    'the chicken’s row (1 … 9), steps until it can move (0 … 3), steps left (0 … 2500, −1 when the episode is over); eight times a car’s column ' +
    '(0 … 9), steps to its next move (0 … 5), and steps between two moves (1 … 5, negative to the left)';
  over = false;
  #row = LAST;
  #moveTimer = MOVE_INTERVAL;
  #time = TIME;
  readonly #carX = new Int8Array(CARS);
  readonly #carTimer = new Int8Array(CARS).fill(1);
  readonly #carPace = new Int8Array(CARS).fill(1);

  reset(chance: Chance): void {
    this.#carX.fill(0);
    this.#drawPaces(chance);
    this.#row = LAST;
    this.#moveTimer = MOVE_INTERVAL;
    this.#time = TIME;
    this.over = false;
  }

  act(action: number, chance: Chance): number {
    if (this.#moveTimer === 0 && (action === UP || action === DOWN)) {
      this.#moveTimer = MOVE_INTERVAL;
      this.#row = action === UP ? this.#row - 1 : Math.min(LAST, this.#row + 1);
    }
    let reward = 0;
    if (this.#row === 0) {
      reward = 1;
      this.#drawPaces(chance);
      this.#row = LAST;
    }
    for (let car = 0; car < CARS; car++) {
      this.#hit(car);
      if (this.#carTimer[car] > 0) {
        this.#carTimer[car]--;
        continue;
      }
      const pace = this.#carPace[car];
      this.#carTimer[car] = Math.abs(pace);
      this.#carX[car] = wrapped(this.#carX[car] + Math.sign(pace));
      this.#hit(car);
    }
    if (this.#moveTimer > 0) this.#moveTimer--;
    this.over = --this.#time < 0;
    return reward;
  }

  draw(frame: Uint8Array): void {
    frame[(this.#row * SIZE + COLUMN) * CHANNELS + CHICKEN] = 1;
    for (let car = 0; car < CARS; car++) {
      const row = (car + 1) * SIZE;
      const pace = this.#carPace[car];
      frame[(row + this.#carX[car]) * CHANNELS + CAR] = 1;
      frame[(row + wrapped(this.#carX[car] - Math.sign(pace))) * CHANNELS + TRAIL + Math.abs(pace)] = 1;
    }
  }

  save(): number[] {
    const values = [this.#row, this.#moveTimer, this.#time];
    for (let car = 0; car < CARS; car++) values.push(this.#carX[car], this.#carTimer[car], this.#carPace[car]);
    return values;
  }

  load(values: readonly number[]): void {
    this.#row = values[0];
    this.#moveTimer = values[1];
    this.#time = values[2];
    for (let car = 0; car < CARS; car++) {
      this.#carX[car] = values[HEAD + 3 * car];
      this.#carTimer[car] = values[HEAD + 3 * car + 1];
      this.#carPace[car] = values[HEAD + 3 * car + 2];
    }
    this.over = false;
  }

  accepts(values: readonly number[], running: boolean): boolean {
    const [row, moveTimer, time] = values;
    return (
      values.length === HEAD + 3 * CARS &&
      isWhole(row, 1, LAST) &&
      isWhole(moveTimer, 0, MOVE_INTERVAL) &&
      isWhole(time, running ? 0 : -1, TIME) &&
      values.slice(HEAD).every((value, i) => {
        if (i % 3 === 0) return isWhole(value, 0, LAST);
        return i % 3 === 1 ? isWhole(value, 0, SLOWEST) : isWhole(Math.abs(value), 1, SLOWEST);
      })
    );
  }

  #drawPaces(chance: Chance): void {
    for (let car = 0; car < CARS; car++) {
      this.#carTimer[car] = 1 + chance.integer(SLOWEST);
      this.#carPace[car] = this.#carTimer[car];
    }
    // A draw of exactly ½ stops a car in the original, which then cannot be drawn; here it goes right.
    for (let car = 0; car < CARS; car++) if (chance.float() < 1 / 2) this.#carPace[car] = -this.#carPace[car];
  }

  /** Brings the chicken back if it is where the car is. */
  #hit(car: number): void {
    if (this.#carX[car] === COLUMN && this.#row === car + 1) this.#row = LAST;
  }
}

/** A column just beyond an edge becomes the one at the other edge. */
function wrapped(x: number): number {
  if (x < 0) return LAST;
  return x > LAST ? 0 : x;
}
