import type { LoadedPolicy } from '@scope/dqn';
import type { LiveEnvironment, World } from './worlds.ts';

/** Milliseconds for which the end of an episode is seen. */
const HOLD = 700;
/** Steps that may be made up for in one frame. */
const MOST = 4;

/** A policy on show: acts in a world of its own at the pace of a spectator. */
export class Show {
  readonly environment: LiveEnvironment;
  readonly #interval: number;
  #observation: unknown;
  #first = true;
  #ended = false;
  #due = 0;
  #episodes = 0;

  constructor(world: World) {
    this.environment = world.create();
    this.#interval = 1000 / world.watchRate;
    this.#reset();
  }

  /** What is seen now. */
  get observation(): unknown {
    return this.#observation;
  }

  /** Takes the steps that are due at this time, in milliseconds. */
  advance(now: number, policy: LoadedPolicy<unknown>): void {
    if (this.#due < now - MOST * this.#interval) this.#due = now;
    while (this.#due <= now) {
      if (this.#ended) this.#reset();
      else this.#step(policy);
      this.#due += this.#ended ? HOLD : this.#interval;
    }
  }

  #step(policy: LoadedPolicy<unknown>): void {
    const action = policy.act(this.#observation, { explore: false, first: this.#first });
    const { observation, terminated, truncated } = this.environment.step(action);
    this.#observation = observation;
    this.#first = false;
    this.#ended = terminated || truncated;
  }

  #reset(): void {
    this.#observation = this.environment.reset({ seed: 1_000 + this.#episodes++ }).observation;
    this.#first = true;
    this.#ended = false;
  }
}
