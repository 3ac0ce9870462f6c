import { DqnError } from '../../src/common/errors.ts';
import type { MaybePromise } from '../../src/common/maybe-promise.ts';
import { Random } from '../../src/common/random.ts';
import type { State } from '../../src/common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../../src/environment/environment.ts';
import { box, discrete } from '../../src/environment/spaces.ts';

/** A random walk on [−limit, limit] that keeps its contract: observation [position, steps], ends at ±limit. */
export class Walk implements Environment<Float32Array, number> {
  readonly observationSpace = box({ low: [-10, 0], high: [10, Infinity] });
  readonly actionSpace = discrete(3, { start: -1 });
  readonly limit: number;
  readonly masked: boolean;
  closed = 0;
  #random = new Random(0);
  #position = 0;
  #steps = 0;
  #running = false;

  constructor({ limit = 3, masked = false } = {}) {
    this.limit = limit;
    this.masked = masked;
  }

  #see(): { observation: Float32Array; actionMask?: Uint8Array; info: { position: number } } {
    return {
      observation: Float32Array.of(this.#position, this.#steps),
      // At an even position, standing still is impossible.
      ...(this.masked ? { actionMask: Uint8Array.of(1, Math.abs(this.#position % 2), 1) } : {}),
      info: { position: this.#position },
    };
  }

  reset(options: ResetOptions = {}): ResetResult<Float32Array> {
    if (options.seed !== undefined) this.#random = new Random(options.seed);
    this.#position = this.#random.integer(3) - 1;
    this.#steps = 0;
    this.#running = true;
    return this.#see();
  }

  step(action: number): StepResult<Float32Array> {
    if (!this.#running) {
      throw new DqnError({ code: 'not-reset', where: 'Walk.step', expected: 'a reset', received: 'none', remedy: 'Reset.' });
    }
    if (!this.actionSpace.contains(action)) {
      throw new DqnError({
        code: 'invalid-action',
        where: 'Walk.step',
        expected: '-1, 0, 1',
        received: String(action),
        remedy: '.',
      });
    }
    this.#position += action + (this.#random.integer(4) === 0 ? 1 : 0);
    this.#steps++;
    const terminated = Math.abs(this.#position) >= this.limit;
    this.#running = !terminated;
    return { reward: this.#position + 0.25, terminated, truncated: false, ...this.#see() };
  }

  render(mode: RenderMode): string {
    return `${mode} ${this.#position}`;
  }

  close(): void {
    this.closed++;
  }

  getState(): State {
    return { random: this.#random.state(), position: this.#position, steps: this.#steps, running: this.#running };
  }

  setState(state: State): void {
    const { random, position, steps, running } = state as { random: State; position: number; steps: number; running: boolean };
    this.#random.restore(random);
    this.#position = position;
    this.#steps = steps;
    this.#running = running;
  }
}

/** Answers with a script: per episode the rewards of its steps; the observation is the number of the call, everywhere. */
export class Script implements Environment<Float32Array, number> {
  readonly observationSpace = box({ low: -Infinity, high: Infinity, shape: [2] });
  readonly actionSpace = discrete(4);
  readonly rewards: readonly number[];
  readonly end: 'terminated' | 'truncated';
  readonly actions: number[] = [];
  readonly seeds: (number | undefined)[] = [];
  masks: (Uint8Array | undefined)[] = [];
  calls = 0;
  at = 0;

  constructor(rewards: readonly number[], end: 'terminated' | 'truncated' = 'terminated') {
    this.rewards = rewards;
    this.end = end;
  }

  reset(options: ResetOptions = {}): ResetResult<Float32Array> {
    this.seeds.push(options.seed);
    this.at = 0;
    this.calls++;
    return {
      observation: Float32Array.of(this.calls, -this.calls),
      actionMask: this.masks[this.calls],
      info: { reset: this.calls },
    };
  }

  step(action: number): StepResult<Float32Array> {
    this.actions.push(action);
    const last = this.at === this.rewards.length - 1;
    const reward = this.rewards[this.at++];
    this.calls++;
    return {
      observation: Float32Array.of(this.calls, -this.calls),
      reward,
      terminated: last && this.end === 'terminated',
      truncated: last && this.end === 'truncated',
      actionMask: this.masks[this.calls],
      info: { step: this.calls },
    };
  }
}

/** The same environment, answering later. */
export function later<O, A>(inner: Environment<O, A>): Environment<O, A> {
  const { getState, setState } = inner;
  const wait = async <T>(answer: () => MaybePromise<T>): Promise<T> => {
    await Promise.resolve();
    return answer();
  };
  return {
    observationSpace: inner.observationSpace,
    actionSpace: inner.actionSpace,
    reset: (options) => wait(() => inner.reset(options)),
    step: (action) => wait(() => inner.step(action)),
    ...(getState && setState ? { getState: () => getState.call(inner), setState: (state) => setState.call(inner, state) } : {}),
  };
}

/** The value of an answer that must be there at once. */
export function now<T>(answer: MaybePromise<T>): T {
  if (answer instanceof Promise) throw new Error('expected an answer at once');
  return answer;
}
