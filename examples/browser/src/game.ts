import type { LiveEnvironment, World } from './worlds.ts';

/** Milliseconds after the end of a game within which keys that are still held begin no other. */
const REST = 600;

/** A game of somebody who plays a world himself. It begins with the first key. */
export class Game {
  readonly environment: LiveEnvironment;
  readonly #world: World;
  readonly #interval: number;
  readonly #held: number[] = [];
  #observation: unknown;
  #games = 0;
  #steps = 0;
  #return = 0;
  #best = -Infinity;
  #due = 0;
  #stage: 'waiting' | 'playing' | 'over' = 'waiting';
  #endedAt = -Infinity;

  constructor(world: World) {
    this.#world = world;
    this.environment = world.create();
    this.#interval = 1000 / world.playRate;
    this.#reset();
  }

  get stage(): 'waiting' | 'playing' | 'over' {
    return this.#stage;
  }

  /** What an agent would see now. */
  get observation(): unknown {
    return this.#observation;
  }

  /** The sum of rewards so far. */
  get return(): number {
    return this.#return;
  }

  /** The largest return of a whole game; −∞ before the first. */
  get best(): number {
    return this.#best;
  }

  /** A key or button goes down at this time, in milliseconds. */
  press(action: number, now: number): void {
    if (this.#stage === 'over') {
      if (now - this.#endedAt < REST) return;
      this.#reset();
    }
    if (this.#stage === 'waiting') {
      this.#stage = 'playing';
      this.#due = now;
    }
    if (!this.#world.idle) this.#step(action, now);
    else if (!this.#held.includes(action)) this.#held.push(action);
  }

  /** A key or button goes up. */
  release(action: number): void {
    const at = this.#held.indexOf(action);
    if (at >= 0) this.#held.splice(at, 1);
  }

  /** Nothing is held any more, as when the page is left. */
  releaseAll(): void {
    this.#held.length = 0;
  }

  /** Takes the steps that are due at this time. */
  advance(now: number): void {
    const { idle } = this.#world;
    if (!idle) return;
    while (this.#stage === 'playing' && this.#due <= now) {
      // Of several keys the latest counts.
      this.#step(this.#held.at(-1) ?? idle(this.#steps), now);
      this.#due = Math.max(this.#due + this.#interval, now - this.#interval);
    }
  }

  #step(action: number, now: number): void {
    const { observation, reward, terminated, truncated } = this.environment.step(action);
    this.#observation = observation;
    this.#steps++;
    this.#return += reward;
    if (!terminated && !truncated) return;
    this.#stage = 'over';
    this.#endedAt = now;
    this.#best = Math.max(this.#best, this.#return);
  }

  #reset(): void {
    this.#observation = this.environment.reset({ seed: 5_000 + this.#games++ }).observation;
    this.#stage = 'waiting';
    this.#steps = this.#return = 0;
  }
}
