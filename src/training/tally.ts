import { checkSame, readArray, readCount, readFields, type StateFields } from '../common/read-state.ts';
import type { StepEvent, TrainEvent } from './events.ts';

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

  /** Forgets all running episodes. */
  beginAll(): void {
    this.returns.fill(0);
    this.lengths.fill(0);
  }

  /** Forgets the running episode of an environment. */
  begin(environment: number): void {
    this.returns[environment] = 0;
    this.lengths[environment] = 0;
  }

  /** Counts a step; what there is to tell is appended to `events`. */
  report({ step, environment, action, reward, terminated, truncated }: Omit<StepEvent, 'kind'>, events: TrainEvent[]): void {
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
   * Goes on from a run's checkpoint.
   * @returns the rollout's part of it.
   * @throws DqnError `invalid-checkpoint` or `incompatible-checkpoint`.
   */
  setState(where: string, rollout: unknown): StateFields {
    const own = readFields(`${where}.rollout`, rollout);
    const size = this.returns.length;
    checkSame(`${where}.environments`, own, { size });
    const steps = readCount(where, own, 'stepsTaken');
    const episodes = readCount(where, own, 'episodes');
    const returns = readArray(where, own, 'returns', Float64Array, size);
    const lengths = readArray(where, own, 'lengths', Float64Array, size);
    this.#steps = steps;
    this.#episodes = episodes;
    this.returns.set(returns);
    this.lengths.set(lengths);
    return own;
  }
}
