import type { Environment, StepResult } from '@scope/dqn';
import type { LiveEnvironment } from './worlds.ts';

/** An environment that takes no more than so many steps a second. */
export interface PacedEnvironment extends Environment<unknown, number> {
  /** Steps per second from now on; `Infinity` for no limit. */
  setRate(rate: number): void;
}

/** Timers are late by some milliseconds: steps are taken in bursts of this length. */
const BURST = 12;

/** Slows an environment down, and tells of every step. */
export function paced(
  environment: LiveEnvironment,
  tell: (result: StepResult<unknown>, environment: LiveEnvironment) => void,
): PacedEnvironment {
  let interval = 0;
  let due = 0;
  const take = (action: number) => {
    const result = environment.step(action);
    tell(result, environment);
    return result;
  };
  return {
    observationSpace: environment.observationSpace,
    actionSpace: environment.actionSpace,
    reset: (options) => environment.reset(options),
    getState: () => environment.getState(),
    setState: (state) => environment.setState(state),
    step(action) {
      if (interval === 0) return take(action);
      const now = performance.now();
      // What was missed is not made up for.
      due = Math.max(due + interval, now - BURST);
      const wait = due - now;
      if (wait < BURST) return take(action);
      return new Promise((resolve) => setTimeout(resolve, wait)).then(() => take(action));
    },
    setRate(rate) {
      interval = 1000 / rate;
      due = performance.now();
    },
  };
}
