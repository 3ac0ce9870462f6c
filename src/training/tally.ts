import { readArray, readCount, type StateFields } from '../common/read-state.ts';
import type { TrainEvent } from './events.ts';

/** How a step ended, for {@link Tally.report}. */
export interface TalliedStep {
  /** Environment steps of the agent so far, this one included. */
  readonly step: number;
  readonly environment: number;
  readonly action: number;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** Counts the steps and episodes of a run, and tells them. */
export class Tally {
  readonly returns: Float64Array;
  readonly lengths: Float64Array;
  #steps = 0;
  #episodes = 0;

  /** @param size - environments. */
  constructor(size: number) {
    this.returns = new Float64Array(size);
    this.lengths = new Float64Array(size);
  }

  /** Environment steps taken in this run. */
  get steps(): number {
    return this.#steps;
  }

  /** Episodes that ended in this run. */
  get episodes(): number {
    return this.#episodes;
  }

  /** Forgets the running episode of an environment. */
  begin(environment: number): void {
    this.returns[environment] = 0;
    this.lengths[environment] = 0;
  }

  /** Counts a step; what there is to tell is appended to `events`. */
  report({ step, environment, action, reward, terminated, truncated }: TalliedStep, events: TrainEvent[]): void {
    this.#steps++;
    this.returns[environment] += reward;
    this.lengths[environment]++;
    events.push({ kind: 'step', step, environment, action, reward, terminated, truncated });
    if (!terminated && !truncated) return;
    events.push({
      kind: 'episode',
      step,
      episode: ++this.#episodes,
      environment,
      return: this.returns[environment],
      length: this.lengths[environment],
      terminated,
      truncated,
    });
    this.begin(environment);
  }

  /** Where the run is, as fields of a checkpoint. */
  getState() {
    return {
      size: this.returns.length,
      stepsTaken: this.#steps,
      episodes: this.#episodes,
      returns: this.returns.slice(),
      lengths: this.lengths.slice(),
    };
  }

  /**
   * Reads the fields of {@link Tally.getState}, to go on from them when the function it gives is called.
   * @throws DqnError `invalid-checkpoint`.
   */
  reading(where: string, own: StateFields): () => void {
    const steps = readCount(where, own, 'stepsTaken');
    const episodes = readCount(where, own, 'episodes');
    const returns = readArray(where, own, 'returns', Float64Array, this.returns.length);
    const lengths = readArray(where, own, 'lengths', Float64Array, this.lengths.length);
    return () => {
      this.#steps = steps;
      this.#episodes = episodes;
      this.returns.set(returns);
      this.lengths.set(lengths);
    };
  }
}
