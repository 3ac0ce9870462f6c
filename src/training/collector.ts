import type { Agent, Experience } from '../agent/agent.ts';
import type { DqnError } from '../common/errors.ts';
import type { Timing } from '../common/maybe-promise.ts';

/** A step that an actor took. */
export interface CollectedStep<Observation> {
  readonly kind: 'step';
  /** Whether it begins an episode. */
  readonly first: boolean;
  /** Its `stream` is the number of the actor. */
  readonly experience: Experience<Observation> & { readonly stream: number };
}

/** Something went wrong that does not stop the run: an actor died and another one has taken its place. */
export interface CollectorProblem {
  readonly kind: 'problem';
  readonly error: DqnError;
}

/** Others that act and step environments while the agent learns, for `train` to learn from: see `startActors` of `@scope/dqn/node`. */
export interface Collector {
  /** How many act. */
  readonly size: number;
  /**
   * Begins new episodes with the agent's weights.
   * @throws DqnError `invalid-option` if what they act with is not made as the agent is, `worker-failed`.
   */
  begin<Observation, M extends Timing>(agent: Agent<Observation, M>, seed: number): Promise<void>;
  /**
   * Gives them the agent's weights, and takes what they have collected: at least one step. The observations are valid until the next call.
   * @throws DqnError `worker-failed`, `environment-failed`.
   */
  collect<Observation, M extends Timing>(
    agent: Agent<Observation, M>,
  ): Promise<readonly (CollectedStep<Observation> | CollectorProblem)[]>;
}
