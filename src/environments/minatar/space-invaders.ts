import type { Cell } from '../rendering/grid.ts';
import { FIRE, LEFT, RIGHT, SIZE, isWhole } from './game.ts';
import type { Game } from './game.ts';
import { MinAtar } from './minatar.ts';
import type { RampingOptions } from './minatar.ts';

// minatar/environments/space_invaders.py, version 1.0.15.
const CHANNELS = 6;
const CANNON = 0;
const ALIEN = 1;
const ALIEN_LEFT = 2;
const ALIEN_RIGHT = 3;
const SHOT = 4;
const BOMB = 5;
const LAST = SIZE - 1;
const FULL_ROW = 2 ** SIZE - 1;
const SHOT_INTERVAL = 5;
const BOMB_INTERVAL = 10;
const MOVE_INTERVAL = 12;
const LAST_LEVEL = 6;
/** A wave fills columns 2 … 7 of the uppermost four rows. */
const WAVE = 0b11111100;
const WAVE_ROWS = 4;
/** Numbers of the state before the maps. */
const HEAD = 6;

const LOOKS: readonly Cell[] = [
  { color: 'blue', text: 'A' },
  { color: 'green', text: '' },
  { color: 'green', text: '‹' },
  { color: 'green', text: '›' },
  { color: 'orange', text: '|' },
  { color: 'red', text: '*' },
];

/**
 * Shoot (5) aliens that march sideways and down, and dodge what they drop, left (1) and right (3): MinAtar's Space Invaders, frame for frame.
 *
 * Observation `[10, 10, 6]`, bytes 0 and 1: cannon, aliens, aliens if they march left, aliens if they march right, shots, bombs. An alien gives reward
 * 1. The fewer are left, the faster they march; the next wave starts faster than the last, six times. The episode terminates when a bomb or
 * an alien reaches the cannon, or when aliens in the lowest row have reached the edge. Nothing but stickiness is random.
 * Source: Young and Tian 2019, with the code of MinAtar 1.0.15.
 */
export class SpaceInvaders extends MinAtar {
  /** @throws DqnError `invalid-option` if an option is not as {@link RampingOptions} says. */
  constructor(options: RampingOptions = {}) {
    super(new SpaceInvadersGame(options.difficultyRamping ?? true), options);
  }
}

/** The rules of {@link SpaceInvaders}. Maps are ten rows of bits: bit x of row y is the cell x, y. */
export class SpaceInvadersGame implements Game {
  readonly name = 'SpaceInvaders';
  readonly options = { difficultyRamping: true } as const;
  readonly looks = LOOKS;
  readonly minimalActions = [0, LEFT, RIGHT, FIRE];
  readonly expected =
    'the cannon’s column (0 … 9), steps to the next shot (0 … 5), to the next march (0 … 12), to the next bomb (0 … 10), the direction (±1), the ' +
    'level (0 … 6); ten rows of bits for the aliens, of whom there is one at least, ten for the shots, and ten for the bombs';
  over = false;
  readonly #ramping: boolean;
  #cannon = 5;
  #shotTimer = 0;
  #moveTimer = MOVE_INTERVAL;
  #bombTimer = BOMB_INTERVAL;
  #direction = -1;
  #level = 0;
  readonly #aliens = new Uint16Array(SIZE).fill(WAVE, 0, WAVE_ROWS);
  readonly #shots = new Uint16Array(SIZE);
  readonly #bombs = new Uint16Array(SIZE);

  /** @param ramping - whether the level rises. */
  constructor(ramping: boolean) {
    this.#ramping = ramping;
  }

  reset(): void {
    this.#cannon = 5;
    this.#shotTimer = 0;
    this.#moveTimer = MOVE_INTERVAL;
    this.#bombTimer = BOMB_INTERVAL;
    this.#direction = -1;
    this.#level = 0;
    this.#aliens.fill(0).fill(WAVE, 0, WAVE_ROWS);
    this.#shots.fill(0);
    this.#bombs.fill(0);
    this.over = false;
  }

  act(action: number): number {
    if (action === FIRE && this.#shotTimer === 0) {
      this.#shots[LAST] |= 1 << this.#cannon;
      this.#shotTimer = SHOT_INTERVAL;
    } else if (action === LEFT) this.#cannon = Math.max(0, this.#cannon - 1);
    else if (action === RIGHT) this.#cannon = Math.min(LAST, this.#cannon + 1);

    this.#shots.copyWithin(0, 1);
    this.#shots[LAST] = 0;
    this.#bombs.copyWithin(1, 0);
    this.#bombs[0] = 0;
    const reached = this.#bombs[LAST] | this.#aliens[LAST];
    if ((reached >> this.#cannon) & 1) this.over = true;
    if (this.#moveTimer === 0) this.#march();
    if (this.#bombTimer === 0) {
      this.#bombTimer = BOMB_INTERVAL;
      this.#drop();
    }
    let reward = 0;
    for (let row = 0; row < SIZE; row++) {
      const hit = this.#aliens[row] & this.#shots[row];
      reward += countBits(hit);
      this.#aliens[row] ^= hit;
      this.#shots[row] ^= hit;
    }
    if (this.#shotTimer > 0) this.#shotTimer--;
    this.#moveTimer--;
    this.#bombTimer--;
    if (this.#aliens.every((row) => row === 0)) {
      if (this.#ramping && this.#level < LAST_LEVEL) this.#level++;
      this.#aliens.fill(WAVE, 0, WAVE_ROWS);
    }
    return reward;
  }

  draw(frame: Uint8Array): void {
    frame[(LAST * SIZE + this.#cannon) * CHANNELS + CANNON] = 1;
    const marching = this.#direction < 0 ? ALIEN_LEFT : ALIEN_RIGHT;
    for (let row = 0, cell = 0; row < SIZE; row++) {
      const [aliens, shots, bombs] = [this.#aliens[row], this.#shots[row], this.#bombs[row]];
      for (let x = 0; x < SIZE; x++, cell += CHANNELS) {
        const alien = (aliens >> x) & 1;
        frame[cell + ALIEN] = alien;
        frame[cell + marching] = alien;
        frame[cell + SHOT] = (shots >> x) & 1;
        frame[cell + BOMB] = (bombs >> x) & 1;
      }
    }
  }

  save(): number[] {
    const head = [this.#cannon, this.#shotTimer, this.#moveTimer, this.#bombTimer, this.#direction, this.#level];
    return [...head, ...this.#aliens, ...this.#shots, ...this.#bombs];
  }

  load(values: readonly number[]): void {
    this.#cannon = values[0];
    this.#shotTimer = values[1];
    this.#moveTimer = values[2];
    this.#bombTimer = values[3];
    this.#direction = values[4];
    this.#level = values[5];
    this.#aliens.set(values.slice(HEAD, HEAD + SIZE));
    this.#shots.set(values.slice(HEAD + SIZE, HEAD + 2 * SIZE));
    this.#bombs.set(values.slice(HEAD + 2 * SIZE));
    this.over = false;
  }

  accepts(values: readonly number[]): boolean {
    const [cannon, shotTimer, moveTimer, bombTimer, direction, level] = values;
    const maps = values.slice(HEAD);
    return (
      values.length === HEAD + 3 * SIZE &&
      isWhole(cannon, 0, LAST) &&
      isWhole(shotTimer, 0, SHOT_INTERVAL) &&
      isWhole(moveTimer, 0, MOVE_INTERVAL) &&
      isWhole(bombTimer, 0, BOMB_INTERVAL) &&
      Math.abs(direction) === 1 &&
      isWhole(level, 0, LAST_LEVEL) &&
      maps.every((row) => isWhole(row, 0, FULL_ROW)) &&
      maps.slice(0, SIZE).some((row) => row > 0)
    );
  }

  /** The aliens march one column, or at the edge one row down, from the lowest row into the uppermost. */
  #march(): void {
    let count = 0;
    for (const row of this.#aliens) count += countBits(row);
    this.#moveTimer = Math.min(count, MOVE_INTERVAL - this.#level);
    const edge = this.#direction < 0 ? 1 : 1 << LAST;
    const lowest = this.#aliens[LAST];
    if (this.#aliens.some((row) => (row & edge) !== 0)) {
      this.#direction = -this.#direction;
      if (lowest !== 0) this.over = true;
      this.#aliens.copyWithin(1, 0);
      this.#aliens[0] = lowest;
    } else {
      for (let row = 0; row < SIZE; row++) {
        this.#aliens[row] = this.#direction < 0 ? this.#aliens[row] >> 1 : this.#aliens[row] << 1;
      }
    }
    if ((this.#aliens[LAST] >> this.#cannon) & 1) this.over = true;
  }

  /** The lowest alien of the column nearest to the cannon, of two the left one, drops a bomb. */
  #drop(): void {
    let columns = 0;
    for (const row of this.#aliens) columns |= row;
    let distance = 0;
    const isColumn = (x: number): boolean => x >= 0 && ((columns >> x) & 1) === 1;
    while (!isColumn(this.#cannon - distance) && !isColumn(this.#cannon + distance)) distance++;
    const column = isColumn(this.#cannon - distance) ? this.#cannon - distance : this.#cannon + distance;
    let row = LAST;
    while (((this.#aliens[row] >> column) & 1) === 0) row--;
    this.#bombs[row] |= 1 << column;
  }
}

function countBits(row: number): number {
  let count = 0;
  for (let bits = row; bits !== 0; bits &= bits - 1) count++;
  return count;
}
