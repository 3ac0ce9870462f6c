import type { Environment, ResetResult, StepResult } from '../../src/environment/environment.ts';
import { box, discrete } from '../../src/environment/spaces.ts';

/** Two states, two actions: the right action, which the observation names, gives 1, the other 0; eight steps an episode. */
export class Parrot implements Environment<Float32Array, number> {
  readonly observationSpace = box({ low: 0, high: 1, shape: [2] });
  readonly actionSpace = discrete(2);
  #state = 0;
  #steps = 0;

  reset(): ResetResult<Float32Array> {
    this.#steps = 0;
    return { observation: this.#observe(), info: {} };
  }

  step(action: number): StepResult<Float32Array> {
    const reward = action === this.#state ? 1 : 0;
    this.#steps++;
    this.#state = (this.#state + this.#steps) % 2;
    return { observation: this.#observe(), reward, terminated: false, truncated: this.#steps === 8, info: {} };
  }

  #observe(): Float32Array {
    return Float32Array.of(this.#state, 1 - this.#state);
  }
}

/** Answers with promises; otherwise the environment it wraps. */
export function asynchronous<O, A>(inner: Environment<O, A>): Environment<O, A> {
  return {
    observationSpace: inner.observationSpace,
    actionSpace: inner.actionSpace,
    reset: async (options) => inner.reset(options),
    step: async (action) => inner.step(action),
  };
}

/** Three actions of which a mask allows one or two; taking an impossible one throws. The last action is never possible and looks best. */
export class Masked implements Environment<Float32Array, number> {
  readonly observationSpace = box({ low: 0, high: 10, shape: [1] });
  readonly actionSpace = discrete(3);
  #position = 0;

  reset(): ResetResult<Float32Array> {
    this.#position = 0;
    return { observation: Float32Array.of(0), actionMask: this.#mask(), info: {} };
  }

  step(action: number): StepResult<Float32Array> {
    if (this.#mask()[action] !== 1) throw new Error(`impossible action ${action} at ${this.#position}`);
    this.#position++;
    const terminated = this.#position === 5;
    return {
      observation: Float32Array.of(this.#position),
      reward: action === 0 ? 0.5 : 1,
      terminated,
      truncated: false,
      actionMask: this.#mask(),
      info: {},
    };
  }

  #mask(): Uint8Array {
    return Uint8Array.of(1, this.#position % 2, 0);
  }
}
