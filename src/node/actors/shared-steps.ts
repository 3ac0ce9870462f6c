/** The shape of what is shared. */
export interface SharedStepsLayout {
  readonly observationSize: number;
  readonly observationType: 'float32' | 'uint8';
  readonly actions: number;
  /** Steps that there is room for, a power of two. */
  readonly capacity: number;
}

/** The flags of a step. */
export const FIRST = 1;
export const TERMINATED = 2;
export const TRUNCATED = 4;
export const MASKED = 8;

/** The words that both threads watch: steps that the actor may have taken, steps that it has taken, whether it is to end, and whether the learner sleeps until there is a step. */
const GRANTED = 0;
const TAKEN = 1;
const ENDED = 2;
const WATCHED = 3;
const CONTROLS = 4;

/**
 * Steps of one actor in memory that two threads share: a ring that the actor writes and the learner reads. The actor takes no more steps than the learner has granted, and the learner grants
 * only room that it has read, so neither waits for a lock. Counts are modulo 2³², step n lies at n modulo the capacity.
 */
export class SharedSteps {
  readonly layout: SharedStepsLayout;
  readonly buffer: SharedArrayBuffer;
  readonly observations: Float32Array | Uint8Array;
  readonly nextObservations: Float32Array | Uint8Array;
  readonly rewards: Float64Array;
  readonly actions: Int32Array;
  readonly flags: Uint8Array;
  /** `[capacity, A]`: possible next actions, where the flags say `MASKED`. */
  readonly masks: Uint8Array;
  readonly #control: Int32Array;

  /** @param buffer - that of the other thread; left out, a new one. */
  constructor(layout: SharedStepsLayout, buffer?: SharedArrayBuffer) {
    const { observationSize, observationType, actions, capacity } = layout;
    const numbers = capacity * observationSize;
    const bytes = numbers * (observationType === 'uint8' ? 1 : 4);
    // From the widest elements to the narrowest, so that all lie at multiples of their size.
    const ends: number[] = [];
    for (const part of [capacity * 8, (CONTROLS + capacity) * 4, 2 * bytes, capacity * (1 + actions)]) {
      ends.push((ends.at(-1) ?? 0) + part);
    }
    this.layout = layout;
    this.buffer = buffer ?? new SharedArrayBuffer(ends[3]);
    this.rewards = new Float64Array(this.buffer, 0, capacity);
    this.#control = new Int32Array(this.buffer, ends[0], CONTROLS);
    this.actions = new Int32Array(this.buffer, ends[0] + CONTROLS * 4, capacity);
    const observationsAt = (offset: number) =>
      observationType === 'uint8' ? new Uint8Array(this.buffer, offset, numbers) : new Float32Array(this.buffer, offset, numbers);
    this.observations = observationsAt(ends[1]);
    this.nextObservations = observationsAt(ends[1] + bytes);
    this.flags = new Uint8Array(this.buffer, ends[2], capacity);
    this.masks = new Uint8Array(this.buffer, ends[2] + capacity, capacity * actions);
  }

  /** Where a step lies. */
  slot(step: number): number {
    return step & (this.layout.capacity - 1);
  }

  /** Steps taken, modulo 2³². */
  get taken(): number {
    return Atomics.load(this.#control, TAKEN) >>> 0;
  }

  /** Steps granted and not taken. */
  get open(): number {
    return (Atomics.load(this.#control, GRANTED) - Atomics.load(this.#control, TAKEN)) >>> 0;
  }

  /** Lets the actor take more steps. */
  grant(steps: number): void {
    Atomics.add(this.#control, GRANTED, steps);
    Atomics.notify(this.#control, GRANTED);
  }

  /** Counts the step that has been written. */
  take(): void {
    Atomics.add(this.#control, TAKEN, 1);
  }

  /** Blocks the thread until a step is granted. @returns whether one is; otherwise the actor is to end. */
  waitForGrant(): boolean {
    for (;;) {
      const granted = Atomics.load(this.#control, GRANTED);
      if (Atomics.load(this.#control, ENDED) === 1) return false;
      if (granted !== Atomics.load(this.#control, TAKEN)) return true;
      Atomics.wait(this.#control, GRANTED, granted);
    }
  }

  /** Tells the actor to end. */
  end(): void {
    Atomics.store(this.#control, ENDED, 1);
    // A change that wakes it: it looks whether it is to end before it looks for a grant.
    this.grant(1);
  }

  /** Whether the learner sleeps until there is a step. */
  get watched(): boolean {
    return Atomics.load(this.#control, WATCHED) === 1;
  }

  set watched(watched: boolean) {
    Atomics.store(this.#control, WATCHED, watched ? 1 : 0);
  }
}
