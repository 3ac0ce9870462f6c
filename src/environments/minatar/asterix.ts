import type { Cell } from '../rendering/grid.ts';
import { DOWN, LEFT, RIGHT, SIZE, UP, isWhole } from './game.ts';
import type { Chance, Game } from './game.ts';
import { MinAtar } from './minatar.ts';
import type { RampingOptions } from './minatar.ts';

// minatar/environments/asterix.py, version 1.0.15.
const CHANNELS = 4;
const PLAYER = 0;
const ENEMY = 1;
const TRAIL = 2;
const GOLD = 3;
const LAST = SIZE - 1;
/** Slot i is row i + 1; each holds at most one enemy or treasure. */
const SLOTS = 8;
const FREE = -1;
const RAMP_INTERVAL = 100;
const LAST_LEVEL = 9;
/** Numbers of the state before the slots. */
const HEAD = 6;

const LOOKS: readonly Cell[] = [
  { color: 'blue', text: 'A' },
  { color: 'red', text: '' },
  { color: 'grey', text: '·' },
  { color: 'gold', text: '◆' },
];

/** Steps between two spawns. */
function spawnInterval(level: number): number {
  return 10 - level;
}

/** Steps between two moves of what was spawned. */
function moveInterval(level: number): number {
  return Math.max(1, 5 - (level >> 1));
}

/**
 * Catch treasure and avoid enemies that come from both sides: left (1), up (2), right (3), down (4). MinAtar's Asterix, frame for frame.
 *
 * Observation `[10, 10, 4]`, bytes 0 and 1: player, enemies, where enemies and treasure come from, treasure. A treasure gives reward 1. The episode
 * terminates when the player and an enemy meet. Every 102 steps, nine times, spawns become more frequent, and every other time moves too.
 * Source: Young and Tian 2019, with the code of MinAtar 1.0.15.
 */
export class Asterix extends MinAtar {
  /** @throws DqnError `invalid-option` if an option is not as {@link RampingOptions} says. */
  constructor(options: RampingOptions = {}) {
    super(new AsterixGame(options.difficultyRamping ?? true), options);
  }
}

/** The rules of {@link Asterix}. */
export class AsterixGame implements Game {
  readonly name = 'Asterix';
  readonly options = { difficultyRamping: true } as const;
  readonly looks = LOOKS;
  readonly minimalActions = [0, LEFT, UP, RIGHT, DOWN];
  readonly expected =
    'the player x (0 … 9), y (1 … 8), steps to the next spawn (0 … 10), to the next move (0 … 5), to the next level (−1 … 100), the level ' +
    '(0 … 9); eight times x (0 … 9, or −1 for none), whether it goes right, and whether it is treasure';
  over = false;
  readonly #ramping: boolean;
  #x = 5;
  #y = 5;
  #spawnTimer = spawnInterval(0);
  #moveTimer = moveInterval(0);
  #rampTimer = RAMP_INTERVAL;
  #level = 0;
  readonly #slotX = new Int8Array(SLOTS).fill(FREE);
  readonly #slotRight = new Uint8Array(SLOTS);
  readonly #slotGold = new Uint8Array(SLOTS);

  /** @param ramping - whether the level rises. */
  constructor(ramping: boolean) {
    this.#ramping = ramping;
  }

  reset(): void {
    this.#x = 5;
    this.#y = 5;
    this.#spawnTimer = spawnInterval(0);
    this.#moveTimer = moveInterval(0);
    this.#rampTimer = RAMP_INTERVAL;
    this.#level = 0;
    this.#slotX.fill(FREE);
    this.over = false;
  }

  act(action: number, chance: Chance): number {
    if (this.#spawnTimer === 0) {
      this.#spawn(chance);
      this.#spawnTimer = spawnInterval(this.#level);
    }
    if (action === LEFT) this.#x = Math.max(0, this.#x - 1);
    else if (action === RIGHT) this.#x = Math.min(LAST, this.#x + 1);
    else if (action === UP) this.#y = Math.max(1, this.#y - 1);
    else if (action === DOWN) this.#y = Math.min(SLOTS, this.#y + 1);

    // Only what is in the player's row can meet him.
    let reward = this.#meet();
    if (this.#moveTimer === 0) {
      this.#moveTimer = moveInterval(this.#level);
      for (let slot = 0; slot < SLOTS; slot++) {
        if (this.#slotX[slot] === FREE) continue;
        const x = this.#slotX[slot] + (this.#slotRight[slot] === 1 ? 1 : -1);
        this.#slotX[slot] = x >= 0 && x <= LAST ? x : FREE;
      }
      reward += this.#meet();
    }
    this.#spawnTimer--;
    this.#moveTimer--;
    if (this.#ramping && this.#level < LAST_LEVEL) {
      if (this.#rampTimer >= 0) this.#rampTimer--;
      else {
        this.#level++;
        this.#rampTimer = RAMP_INTERVAL;
      }
    }
    return reward;
  }

  draw(frame: Uint8Array): void {
    frame[(this.#y * SIZE + this.#x) * CHANNELS + PLAYER] = 1;
    for (let slot = 0; slot < SLOTS; slot++) {
      const x = this.#slotX[slot];
      if (x === FREE) continue;
      const row = (slot + 1) * SIZE;
      frame[(row + x) * CHANNELS + (this.#slotGold[slot] === 1 ? GOLD : ENEMY)] = 1;
      const behind = this.#slotRight[slot] === 1 ? x - 1 : x + 1;
      if (behind >= 0 && behind <= LAST) frame[(row + behind) * CHANNELS + TRAIL] = 1;
    }
  }

  save(): number[] {
    const values = [this.#x, this.#y, this.#spawnTimer, this.#moveTimer, this.#rampTimer, this.#level];
    for (let slot = 0; slot < SLOTS; slot++) values.push(this.#slotX[slot], this.#slotRight[slot], this.#slotGold[slot]);
    return values;
  }

  load(values: readonly number[]): void {
    this.#x = values[0];
    this.#y = values[1];
    this.#spawnTimer = values[2];
    this.#moveTimer = values[3];
    this.#rampTimer = values[4];
    this.#level = values[5];
    for (let slot = 0; slot < SLOTS; slot++) {
      this.#slotX[slot] = values[HEAD + 3 * slot];
      this.#slotRight[slot] = values[HEAD + 3 * slot + 1];
      this.#slotGold[slot] = values[HEAD + 3 * slot + 2];
    }
    this.over = false;
  }

  accepts(values: readonly number[]): boolean {
    const [x, y, spawnTimer, moveTimer, rampTimer, level] = values;
    return (
      values.length === HEAD + 3 * SLOTS &&
      isWhole(x, 0, LAST) &&
      isWhole(y, 1, SLOTS) &&
      isWhole(spawnTimer, 0, spawnInterval(0)) &&
      isWhole(moveTimer, 0, moveInterval(0)) &&
      isWhole(rampTimer, -1, RAMP_INTERVAL) &&
      isWhole(level, 0, LAST_LEVEL) &&
      values.slice(HEAD).every((value, i) => (i % 3 === 0 ? isWhole(value, FREE, LAST) : isWhole(value, 0, 1)))
    );
  }

  /** An enemy or treasure enters a free row; two draws are made even where there is none. */
  #spawn(chance: Chance): void {
    const right = chance.float() < 1 / 2;
    const gold = chance.float() < 1 / 3;
    let free = 0;
    for (const x of this.#slotX) if (x === FREE) free++;
    if (free === 0) return;
    let left = chance.integer(free);
    let slot = 0;
    while (this.#slotX[slot] !== FREE || left-- > 0) slot++;
    this.#slotX[slot] = right ? 0 : LAST;
    this.#slotRight[slot] = right ? 1 : 0;
    this.#slotGold[slot] = gold ? 1 : 0;
  }

  /** What happens where the player is; gives the reward. */
  #meet(): number {
    const slot = this.#y - 1;
    if (this.#slotX[slot] !== this.#x) return 0;
    if (this.#slotGold[slot] === 1) {
      this.#slotX[slot] = FREE;
      return 1;
    }
    this.over = true;
    return 0;
  }
}
