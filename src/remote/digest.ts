import type { EpisodeEvent, UpdateEvent } from '../training/events.ts';
import type { ProgressEvent } from './trainer-events.ts';

/** Sums up what happens between two times that progress is told. */
export class Digest {
  #episodes: EpisodeEvent[] = [];
  #count = 0;
  #loss = 0;
  #meanQ = 0;
  #meanTdError = 0;
  #gradientNorm = 0;
  #learningRate = 0;
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

  update({ loss, meanQ, meanTdError, gradientNorm, learningRate }: UpdateEvent): void {
    this.#count++;
    this.#loss += loss;
    this.#meanQ += meanQ;
    this.#meanTdError += meanTdError;
    this.#gradientNorm += gradientNorm;
    this.#learningRate = learningRate;
  }

  /** The progress since the last time. */
  take(step: number, updates: number): ProgressEvent {
    const n = this.#count;
    const seconds = Math.max(this.age, 1e-3) / 1000;
    const event: ProgressEvent = {
      kind: 'progress',
      step,
      updates,
      stepsPerSecond: (step - this.#sinceStep) / seconds,
      episodes: this.#episodes,
      update:
        n === 0
          ? undefined
          : {
              loss: this.#loss / n,
              meanQ: this.#meanQ / n,
              meanTdError: this.#meanTdError / n,
              gradientNorm: this.#gradientNorm / n,
              learningRate: this.#learningRate,
            },
    };
    this.#episodes = [];
    this.#count = this.#loss = this.#meanQ = this.#meanTdError = this.#gradientNorm = 0;
    this.restart(step);
    return event;
  }

  /** Counts time and steps from now on: after a pause. */
  restart(step: number): void {
    this.#since = performance.now();
    this.#sinceStep = step;
  }
}
