import { Dataset } from './dataset.ts';

/** What {@link DatasetBuilder} must know. */
export interface DatasetShape {
  /** D. */
  readonly observationSize: number;
  /** How observations are kept. */
  readonly observationType: 'float32' | 'uint8';
  /** A. */
  readonly actionCount: number;
}

/** One step as {@link DatasetBuilder} takes it. */
export interface BuiltStep {
  /** 0 … A − 1. */
  readonly action: number;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** Where it is known. */
  readonly probability?: number;
}

/** Grows the columns of a dataset, step by step: `begin` with an observation, then `step` with what followed each action. */
export class DatasetBuilder {
  readonly #shape: DatasetShape;
  readonly #observations: Column<Float32Array | Uint8Array>;
  readonly #actions = new Column(new Int32Array(64));
  readonly #rewards = new Column(new Float32Array(64));
  readonly #terminations = new Column(new Uint8Array(64));
  readonly #truncations = new Column(new Uint8Array(64));
  readonly #probabilities = new Column(new Float32Array(64));
  readonly #ends = new Column(new Int32Array(64));
  #known = true;
  /** Where the running episode began, or −1 between episodes. */
  #began = -1;

  constructor(shape: DatasetShape) {
    this.#shape = shape;
    const room = 64 * shape.observationSize;
    this.#observations = new Column(shape.observationType === 'uint8' ? new Uint8Array(room) : new Float32Array(room));
  }

  /** Steps so far. */
  get size(): number {
    return this.#actions.length;
  }

  /** Whether an episode is running. */
  get open(): boolean {
    return this.#began >= 0;
  }

  /** Starts an episode, and cuts the running one off. */
  begin(observation: ArrayLike<number>): void {
    this.cut();
    this.#began = this.size;
    this.#observations.push(observation);
  }

  /** Adds a step of the running episode. */
  step({ action, reward, terminated, truncated, probability }: BuiltStep, next: ArrayLike<number>): void {
    this.#observations.push(next);
    this.#actions.push([action]);
    this.#rewards.push([reward]);
    this.#terminations.push([Number(terminated)]);
    this.#truncations.push([Number(truncated)]);
    if (probability === undefined) this.#known = false;
    this.#probabilities.push([probability ?? 0]);
    if (!terminated && !truncated) return;
    this.#ends.push([this.size]);
    this.#began = -1;
  }

  /** Ends the running episode as cut off; one without a step is forgotten. */
  cut(): void {
    if (!this.open) return;
    if (this.#began === this.size) this.#observations.drop(this.#shape.observationSize);
    else {
      this.#truncations.last(1);
      this.#ends.push([this.size]);
    }
    this.#began = -1;
  }

  /** What there is so far, as a copy; a running episode is its last, without an end. */
  build(): Dataset {
    const { observationSize, actionCount } = this.#shape;
    const started = this.open && this.#began < this.size;
    const observations = this.#observations.values();
    return new Dataset({
      observationSize,
      actionCount,
      // The first observation of an episode without a step belongs to none.
      observations: this.open && !started ? observations.slice(0, -observationSize) : observations,
      actions: this.#actions.values(),
      rewards: this.#rewards.values(),
      terminations: this.#terminations.values(),
      truncations: this.#truncations.values(),
      episodeEnds: started ? withLast(this.#ends.values(), this.size) : this.#ends.values(),
      ...(this.#known && { probabilities: this.#probabilities.values() }),
    });
  }
}

type Numbers = Float32Array | Uint8Array | Int32Array;

/** A typed array that grows. */
class Column<T extends Numbers> {
  #values: T;
  length = 0;

  /** @param room - its type, and how long it is at first. */
  constructor(room: T) {
    this.#values = room;
  }

  push(numbers: ArrayLike<number>): void {
    const end = this.length + numbers.length;
    if (end > this.#values.length) {
      const grown = new (this.#values.constructor as new (length: number) => T)(Math.max(2 * this.#values.length, end));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values.set(numbers, this.length);
    this.length = end;
  }

  drop(count: number): void {
    this.length -= count;
  }

  last(value: number): void {
    this.#values[this.length - 1] = value;
  }

  values(): T {
    return this.#values.slice(0, this.length) as T;
  }
}

function withLast(values: Int32Array, last: number): Int32Array {
  const all = new Int32Array(values.length + 1);
  all.set(values);
  all[values.length] = last;
  return all;
}
