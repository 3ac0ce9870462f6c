import type { Cell } from '../rendering/grid.ts';
import { ACTIONS, DOWN, FIRE, LEFT, RIGHT, SIZE, UP, isWhole } from './game.ts';
import type { Chance, Game } from './game.ts';
import { MinAtar } from './minatar.ts';
import type { RampingOptions } from './minatar.ts';

// minatar/environments/seaquest.py, version 1.0.15.
const CHANNELS = 10;
const FRONT = 0;
const BACK = 1;
const BULLET = 2;
const TRAIL = 3;
const ENEMY_BULLET = 4;
const FISH = 5;
const ENEMY_SUB = 6;
const OXYGEN = 7;
const DIVERS = 8;
const DIVER = 9;
const LAST = SIZE - 1;
/** Everything but the player and his bullets swims in rows 1 … 8; row 0 is the surface, row 9 shows the gauges. */
const LOWEST = 8;
const FULL_OXYGEN = 200;
const CREW = 6;
const FIRE_INTERVAL = 5;
const DIVER_SPAWN_INTERVAL = 30;
const DIVER_MOVE_INTERVAL = 5;
const ENEMY_FIRE_INTERVAL = 10;
const LAST_LEVEL = 19;
/** Numbers of the state before the five lists: ten values and the lists' lengths. */
const HEAD = 15;
/** Numbers of one thing in a list. */
const FIELDS = 5;

const LOOKS: readonly Cell[] = [
  { color: 'blue', text: '' },
  { color: 'sky', text: '' },
  { color: 'orange', text: '•' },
  { color: 'grey', text: '·' },
  { color: 'red', text: '•' },
  { color: 'green', text: '' },
  { color: 'red', text: '' },
  { color: 'sky', text: 'O' },
  { color: 'gold', text: 'D' },
  { color: 'gold', text: '' },
];

/** Whatever moves sideways; the timers that it does not need stay 0. */
interface Thing {
  x: number;
  readonly y: number;
  readonly right: boolean;
  /** Steps to the next move. */
  moveTimer: number;
  /** Steps to the next bullet. */
  fireTimer: number;
}

/** Every how many steps an enemy comes. */
function spawnInterval(level: number): number {
  return 20 - level;
}

/** Steps that an enemy waits between two moves. */
function moveInterval(level: number): number {
  return Math.max(2, 5 - (level >> 1));
}

/**
 * Steer a submarine, left (1), up (2), right (3), down (4), shoot (5) fish and submarines, and bring divers to the surface before the
 * oxygen is used up: MinAtar's Seaquest, frame for frame.
 *
 * Observation `[10, 10, 10]`, bytes 0 and 1: the submarine's front and back, its bullets, where others come from, enemy bullets, fish, enemy
 * submarines, oxygen gauge, diver gauge, divers. A fish or submarine shot gives reward 1; surfacing with six divers gives a tenth of the oxygen left in
 * per cent, rounded down. Every surfacing takes one diver, makes the oxygen full, and brings enemies more often, nineteen times, and
 * faster, three times. As in the original, surfacing with six takes seven: the count is −1 then. The episode terminates when the player meets an
 * enemy or a bullet, has no oxygen, or surfaces without divers.
 * Source: Young and Tian 2019, with the code of MinAtar 1.0.15.
 */
export class Seaquest extends MinAtar {
  /** @throws DqnError `invalid-option` if an option is not as {@link RampingOptions} says. */
  constructor(options: RampingOptions = {}) {
    super(new SeaquestGame(options.difficultyRamping ?? true), options);
  }
}

/** The rules of {@link Seaquest}. */
export class SeaquestGame implements Game {
  readonly name = 'Seaquest';
  readonly options = { difficultyRamping: true } as const;
  readonly looks = LOOKS;
  readonly minimalActions = ACTIONS.map((_, action) => action);
  readonly expected =
    'the submarine x (0 … 9), y (0 … 8), whether it looks right, with its back on the screen, whether it has surfaced, oxygen (0 … 200, −1 when the ' +
    'episode is over), divers on board (at most 6), steps to the next bullet (0 … 5), enemy (0 … 20), diver (0 … 30), the level (0 … 19); how many ' +
    'bullets, enemy bullets, fish, enemy submarines and divers there are; and for each x (0 … 9), y (0 … 8), whether it goes right, steps to its next ' +
    'move (0 … 5), and to its next bullet (0 … 10)';
  over = false;
  readonly #ramping: boolean;
  #x = 5;
  #y = 0;
  #right = false;
  #surfaced = true;
  #oxygen = FULL_OXYGEN;
  #crew = 0;
  #fireTimer = 0;
  #enemyTimer = spawnInterval(0);
  #diverTimer = DIVER_SPAWN_INTERVAL;
  #level = 0;
  #bullets: Thing[] = [];
  #enemyBullets: Thing[] = [];
  #fish: Thing[] = [];
  #subs: Thing[] = [];
  #divers: Thing[] = [];

  /** @param ramping - whether the level rises. */
  constructor(ramping: boolean) {
    this.#ramping = ramping;
  }

  reset(): void {
    this.load([5, 0, 0, 1, FULL_OXYGEN, 0, 0, spawnInterval(0), DIVER_SPAWN_INTERVAL, 0, 0, 0, 0, 0, 0]);
  }

  act(action: number, chance: Chance): number {
    if (this.#enemyTimer === 0) {
      this.#spawnEnemy(chance);
      this.#enemyTimer = spawnInterval(this.#level);
    }
    if (this.#diverTimer === 0) {
      const right = chance.float() < 1 / 2;
      const y = 1 + chance.integer(LOWEST);
      this.#divers.push({ x: right ? 0 : LAST, y, right, moveTimer: DIVER_MOVE_INTERVAL, fireTimer: 0 });
      this.#diverTimer = DIVER_SPAWN_INTERVAL;
    }
    this.#steer(action);
    let reward = this.#moveBullets();
    this.#moveDivers();
    reward += this.#moveEnemies(this.#subs, true);
    this.#moveEnemyBullets();
    reward += this.#moveEnemies(this.#fish, false);

    if (this.#enemyTimer > 0) this.#enemyTimer--;
    if (this.#diverTimer > 0) this.#diverTimer--;
    if (this.#fireTimer > 0) this.#fireTimer--;
    if (this.#oxygen <= 0) this.over = true;
    if (this.#y > 0) {
      this.#oxygen--;
      this.#surfaced = false;
    } else if (!this.#surfaced) {
      if (this.#crew === 0) this.over = true;
      else reward += this.#surface();
    }
    return reward;
  }

  draw(frame: Uint8Array): void {
    const set = (x: number, y: number, channel: number): void => {
      if (x >= 0 && x <= LAST) frame[(y * SIZE + x) * CHANNELS + channel] = 1;
    };
    set(this.#x, this.#y, FRONT);
    set(this.#right ? this.#x - 1 : this.#x + 1, this.#y, BACK);
    const oxygen = gauge(Math.max(0, this.#oxygen));
    for (let x = 0; x < oxygen; x++) set(x, LAST, OXYGEN);
    for (let x = LAST - this.#crew; x < LAST; x++) set(x, LAST, DIVERS);
    for (const { x, y } of this.#bullets) set(x, y, BULLET);
    for (const { x, y } of this.#enemyBullets) set(x, y, ENEMY_BULLET);
    const drawAll = (things: readonly Thing[], channel: number): void => {
      for (const { x, y, right } of things) {
        set(x, y, channel);
        set(right ? x - 1 : x + 1, y, TRAIL);
      }
    };
    drawAll(this.#fish, FISH);
    drawAll(this.#subs, ENEMY_SUB);
    drawAll(this.#divers, DIVER);
  }

  save(): number[] {
    const lists = [this.#bullets, this.#enemyBullets, this.#fish, this.#subs, this.#divers];
    return [
      this.#x,
      this.#y,
      Number(this.#right),
      Number(this.#surfaced),
      this.#oxygen,
      this.#crew,
      this.#fireTimer,
      this.#enemyTimer,
      this.#diverTimer,
      this.#level,
      ...lists.map(({ length }) => length),
      ...lists.flat().flatMap(({ x, y, right, moveTimer, fireTimer }) => [x, y, Number(right), moveTimer, fireTimer]),
    ];
  }

  load(values: readonly number[]): void {
    this.#x = values[0];
    this.#y = values[1];
    this.#right = values[2] === 1;
    this.#surfaced = values[3] === 1;
    this.#oxygen = values[4];
    this.#crew = values[5];
    this.#fireTimer = values[6];
    this.#enemyTimer = values[7];
    this.#diverTimer = values[8];
    this.#level = values[9];
    let offset = HEAD;
    const take = (length: number): Thing[] =>
      Array.from({ length }, () => {
        const [x, y, right, moveTimer, fireTimer] = values.slice(offset, (offset += FIELDS));
        return { x, y, right: right === 1, moveTimer, fireTimer };
      });
    this.#bullets = take(values[10]);
    this.#enemyBullets = take(values[11]);
    this.#fish = take(values[12]);
    this.#subs = take(values[13]);
    this.#divers = take(values[14]);
    this.over = false;
  }

  accepts(values: readonly number[], running: boolean): boolean {
    const [x, y, right, surfaced, oxygen, crew, fireTimer, enemyTimer, diverTimer, level] = values;
    const lengths = values.slice(10, HEAD);
    const things = values.slice(HEAD);
    /** The largest value of each field of a thing. */
    const limits = [LAST, LOWEST, 1, DIVER_MOVE_INTERVAL, ENEMY_FIRE_INTERVAL];
    return (
      values.length >= HEAD &&
      lengths.every((length) => isWhole(length, 0, things.length)) &&
      things.length === FIELDS * lengths.reduce((sum, length) => sum + length, 0) &&
      things.every((value, i) => isWhole(value, 0, limits[i % FIELDS])) &&
      isWhole(right, 0, 1) &&
      isWhole(x, right, LAST - 1 + right) &&
      isWhole(y, 0, LOWEST) &&
      isWhole(surfaced, 0, 1) &&
      isWhole(oxygen, running ? 0 : -1, FULL_OXYGEN) &&
      isWhole(crew, -1e9, CREW) &&
      isWhole(fireTimer, 0, FIRE_INTERVAL) &&
      isWhole(enemyTimer, 0, spawnInterval(0)) &&
      isWhole(diverTimer, 0, DIVER_SPAWN_INTERVAL) &&
      isWhole(level, 0, LAST_LEVEL)
    );
  }

  /** A fish or, one time in three, a submarine enters, but not against others in its row. */
  #spawnEnemy(chance: Chance): void {
    const right = chance.float() < 1 / 2;
    const isSub = chance.float() < 1 / 3;
    const y = 1 + chance.integer(LOWEST);
    const opposes = (other: Thing): boolean => other.y === y && other.right !== right;
    if (this.#subs.some(opposes) || this.#fish.some(opposes)) return;
    const moveTimer = moveInterval(this.#level);
    const enemy = { x: right ? 0 : LAST, y, right, moveTimer, fireTimer: isSub ? ENEMY_FIRE_INTERVAL : 0 };
    (isSub ? this.#subs : this.#fish).push(enemy);
  }

  #steer(action: number): void {
    if (action === FIRE && this.#fireTimer === 0) {
      this.#bullets.push({ x: this.#x, y: this.#y, right: this.#right, moveTimer: 0, fireTimer: 0 });
      this.#fireTimer = FIRE_INTERVAL;
    } else if (action === LEFT) {
      this.#x = Math.max(0, this.#x - 1);
      this.#right = false;
    } else if (action === RIGHT) {
      this.#x = Math.min(LAST, this.#x + 1);
      this.#right = true;
    } else if (action === UP) this.#y = Math.max(0, this.#y - 1);
    else if (action === DOWN) this.#y = Math.min(LOWEST, this.#y + 1);
  }

  // Lists are gone through from the last thing to the first, and lose the first that equals the one to be lost, as the original's: which of two
  // equals goes decides what is gone through next.

  #moveBullets(): number {
    let reward = 0;
    for (let i = this.#bullets.length - 1; i >= 0; i--) {
      const bullet = this.#bullets[i];
      advance(bullet);
      if (isOutside(bullet)) remove(this.#bullets, bullet);
      else if (this.#hit(bullet)) {
        remove(this.#bullets, bullet);
        reward++;
      }
    }
    return reward;
  }

  /** Takes the first fish that a bullet meets, or else the first submarine, away. */
  #hit(bullet: Thing): boolean {
    for (const targets of [this.#fish, this.#subs]) {
      const target = targets.find((thing) => meets(thing, bullet));
      if (target === undefined) continue;
      remove(targets, target);
      return true;
    }
    return false;
  }

  #moveDivers(): void {
    for (let i = this.#divers.length - 1; i >= 0; i--) {
      const diver = this.#divers[i];
      if (this.#takeAboard(diver)) continue;
      if (diver.moveTimer > 0) {
        diver.moveTimer--;
        continue;
      }
      diver.moveTimer = DIVER_MOVE_INTERVAL;
      advance(diver);
      if (isOutside(diver)) remove(this.#divers, diver);
      else this.#takeAboard(diver);
    }
  }

  #takeAboard(diver: Thing): boolean {
    if (!this.#isHere(diver) || this.#crew >= CREW) return false;
    remove(this.#divers, diver);
    this.#crew++;
    return true;
  }

  /** Moves fish, or submarines, which fire even in the step in which they go. Gives the reward of those that swim into bullets. */
  #moveEnemies(enemies: Thing[], fire: boolean): number {
    let reward = 0;
    for (let i = enemies.length - 1; i >= 0; i--) {
      const enemy = enemies[i];
      if (this.#isHere(enemy)) this.over = true;
      if (enemy.moveTimer > 0) enemy.moveTimer--;
      else {
        enemy.moveTimer = moveInterval(this.#level);
        advance(enemy);
        const bullet = this.#bullets.find((thing) => meets(thing, enemy));
        if (isOutside(enemy)) remove(enemies, enemy);
        else if (this.#isHere(enemy)) this.over = true;
        else if (bullet !== undefined) {
          remove(enemies, enemy);
          remove(this.#bullets, bullet);
          reward++;
        }
      }
      if (!fire) continue;
      if (enemy.fireTimer > 0) enemy.fireTimer--;
      else {
        enemy.fireTimer = ENEMY_FIRE_INTERVAL;
        this.#enemyBullets.push({ x: enemy.x, y: enemy.y, right: enemy.right, moveTimer: 0, fireTimer: 0 });
      }
    }
    return reward;
  }

  #moveEnemyBullets(): void {
    for (let i = this.#enemyBullets.length - 1; i >= 0; i--) {
      const bullet = this.#enemyBullets[i];
      if (this.#isHere(bullet)) this.over = true;
      advance(bullet);
      if (isOutside(bullet)) remove(this.#enemyBullets, bullet);
      else if (this.#isHere(bullet)) this.over = true;
    }
  }

  /** The player comes up with divers; gives the reward. */
  #surface(): number {
    let reward = 0;
    this.#surfaced = true;
    if (this.#crew === CREW) {
      this.#crew = 0;
      reward = gauge(this.#oxygen);
    }
    this.#oxygen = FULL_OXYGEN;
    this.#crew--;
    if (this.#ramping && this.#level < LAST_LEVEL) this.#level++;
    return reward;
  }

  #isHere(thing: Thing): boolean {
    return thing.x === this.#x && thing.y === this.#y;
  }
}

/** Oxygen as whole cells of the gauge. */
function gauge(oxygen: number): number {
  return Math.floor((oxygen * SIZE) / FULL_OXYGEN);
}

function advance(thing: Thing): void {
  thing.x += thing.right ? 1 : -1;
}

function isOutside(thing: Thing): boolean {
  return thing.x < 0 || thing.x > LAST;
}

function meets(a: Thing, b: Thing): boolean {
  return a.x === b.x && a.y === b.y;
}

/** Takes the first thing equal to the given one out of a list that holds it. */
function remove(list: Thing[], { x, y, right, moveTimer, fireTimer }: Thing): void {
  const index = list.findIndex(
    (other) =>
      other.x === x && other.y === y && other.right === right && other.moveTimer === moveTimer && other.fireTimer === fireTimer,
  );
  list.splice(index, 1);
}
