import type { Agent, UpdateReport } from '../agent/agent.ts';
import { ObservationCodec } from '../agent/observation-codec.ts';
import type { Policy } from '../agent/policy.ts';
import { DqnError } from '../common/errors.ts';
import { chain, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import type { State } from '../common/state.ts';
import { allowedActions, constrained, type ActionConstraint } from './action-constraint.ts';
import type { Dataset } from './dataset.ts';
import { fillReplay } from './fill-replay.ts';

/** What one update of any learner tells. An agent's {@link UpdateReport} is one. */
export interface OfflineReport {
  /** Updates so far, this one included. */
  readonly update: number;
  /** Mean loss of the batch. */
  readonly loss: number;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** The learning rate used. */
  readonly learningRate: number;
}

/** Learns from a dataset, update by update: what {@link trainOffline} drives beside agents. Write your own for another algorithm. */
export interface OfflineLearner<R extends OfflineReport = OfflineReport> {
  /** Updates so far. */
  readonly updates: number;
  /**
   * Takes the dataset in, before the first update.
   * @param state - what `getState` gave: goes on from there, or throws and changes nothing.
   */
  start(dataset: Dataset, state?: State): MaybePromise<void>;
  /** One update. */
  learn(): MaybePromise<R>;
  /** Everything that is neither an option nor the dataset. */
  getState(): Promise<State>;
}

/** An agent as a learner: each update moves its clock by a step. */
export class AgentLearner<Observation, M extends Timing> implements OfflineLearner<UpdateReport> {
  /** The agent, kept to the allowed actions. */
  readonly policy: Policy<Observation>;
  readonly #agent: Agent<Observation, M>;
  readonly #constraint: ActionConstraint | undefined;

  constructor(agent: Agent<Observation, M>, constraint: ActionConstraint | undefined) {
    this.#agent = agent;
    this.#constraint = constraint;
    this.policy = constraint ? constrained<Observation>(agent, constraint, agent) : agent;
  }

  get updates(): number {
    return this.#agent.updates;
  }

  async start(dataset: Dataset, state?: State): Promise<void> {
    const { replay, options } = this.#agent;
    checkFit(this.#agent, dataset);
    if ('sequences' in replay)
      refuse('a replay of transitions', replay.kind, 'Use a network without memory and uniform() or prioritized().');
    if (state !== undefined) return this.#agent.setState(state);
    if (replay.size > 0)
      refuse('an agent that remembers nothing', `one with ${replay.size} transitions`, 'Make a new agent, or pass resume.');
    const transitions = dataset.size * (replay.transitionsPerStep ?? 1);
    if (replay.capacity < transitions) {
      refuse(`a replay with room for ${transitions} transitions`, `one of capacity ${replay.capacity}`, 'Raise its capacity.');
    }
    const actionMasks = this.#constraint && (await allowedActions(this.#constraint, dataset));
    const { discount, nStep } = options;
    fillReplay(replay, dataset, { discount, nStep, actionMasks });
  }

  learn(): MaybePromise<UpdateReport> {
    const agent: Agent<Observation, Timing> = this.#agent;
    // Events stay as they are; the next update writes into what the agent has reported.
    return chain(agent.elapse(), () => chain(agent.learn(), (report) => ({ ...report, tdErrors: report.tdErrors.slice() })));
  }

  getState(): Promise<State> {
    return this.#agent.getState();
  }
}

/**
 * Checks that a dataset is of these spaces.
 * @throws DqnError `invalid-dataset`.
 */
export function checkFit<Observation>(
  { observationSpace, actionSpace }: Pick<Agent<Observation, Timing>, 'observationSpace' | 'actionSpace'>,
  { observationSize, observations, actionCount }: Dataset,
): void {
  const { size, type } = new ObservationCodec(observationSpace);
  const found = observations instanceof Uint8Array ? 'uint8' : 'float32';
  const mine = `${size} numbers of ${type} an observation and ${actionSpace.n} actions`;
  const other = `${observationSize} numbers of ${found} and ${actionCount} actions`;
  if (size === observationSize && type === found && actionSpace.n === actionCount) return;
  throw new DqnError({
    code: 'invalid-dataset',
    where: 'trainOffline(learner, dataset)',
    expected: mine,
    received: other,
    remedy: 'Learn from a dataset of the same environment.',
  });
}

function refuse(expected: string, received: string, remedy: string): never {
  throw new DqnError({ code: 'invalid-option', where: 'trainOffline(agent)', expected, received, remedy });
}
