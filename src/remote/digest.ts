import type { EpisodeEvent, UpdateEvent } from '../training/events.ts';
import { UpdateTally } from '../training/update-tally.ts';
import type { ProgressEvent } from './trainer-events.ts';

/** Sums up what happens between two times that progress is told. */
export class Digest {
  #episodes: EpisodeEvent[] = [];
  readonly #updates = new UpdateTally();
  #since = performance.now();
  #sinceStep: number;

  /** @param step - environment steps of the agent so far. */
  constructor(step: number) {
    this.#sinceStep = step;
  }

  /** Milliseconds since the last progress. */
  get age(): number {
    return performance.now() - this.#since;
  }

  episode(event: EpisodeEvent): void {
    this.#episodes.push(event);
  }

  update(event: UpdateEvent): void {
    this.#updates.add(event);
  }

  /** The progress since the last time. */
  take(step: number, updates: number): ProgressEvent {
    const seconds = Math.max(this.age, 1e-3) / 1000;
    const event: ProgressEvent = {
      kind: 'progress',
      step,
      updates,
      stepsPerSecond: (step - this.#sinceStep) / seconds,
      episodes: this.#episodes,
      update: this.#updates.take(),
    };
    this.#episodes = [];
    this.restart(step);
    return event;
  }

  /** Counts time and steps from now on: after a pause. */
  restart(step: number): void {
    this.#since = performance.now();
    this.#sinceStep = step;
  }
}
