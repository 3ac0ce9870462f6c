import type { Answer, Timing } from '../common/maybe-promise.ts';

/** How to choose an action. */
export interface ActOptions {
  /** Whether to explore (`true`, while training) or to take the best action (`false`, in evaluation and in use). */
  readonly explore?: boolean;
  /** One byte an action, 1 where it is possible. All are where left out. */
  readonly actionMask?: Uint8Array;
}

/** Anything that acts: an agent, a loaded policy, or a function of your own in an object. */
export interface Policy<Observation, M extends Timing = Timing> {
  /** The action for an observation. */
  act(observation: Observation, options?: ActOptions): Answer<number, M>;
}
