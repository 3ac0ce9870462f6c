import type { Agent } from '../agent/agent.ts';
import { discreteActions } from '../agent/discrete-actions.ts';
import { DqnError, describe } from '../common/errors.ts';
import { chain, isPromise, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import { damagedState, readFields, readList, type StateFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { Environment } from '../environment/environment.ts';
import type { DiscreteSpace } from '../environment/spaces/discrete.ts';
import type { VectorEnvironment, VectorStepResult } from '../environment/vector-environment.ts';
import { callEnvironment } from './call-environment.ts';
import { CollectedRollout } from './collected-rollout.ts';
import type { Collector } from './collector.ts';
import type { TrainEvent } from './events.ts';
import { SingleEnvironment } from './single-environment.ts';
import { Tally } from './tally.ts';

/** The half of the training loop that has steps taken and tells the agent of them. */
export interface Rollout {
  /** Environment steps taken in this run. */
  readonly stepsTaken: number;
  /** Begins new episodes. */
  start(seed: number): Promise<void>;
  /** Has at least one step taken; what happened is appended to `events`. */
  step(events: TrainEvent[]): MaybePromise<void>;
  /** Where the run is. */
  getState(): State;
  /**
   * Goes on from the state of a run's checkpoint, agent included.
   * @throws DqnError `invalid-checkpoint` or `incompatible-checkpoint`.
   */
  resume(state: State): Promise<void>;
}

/**
 * A rollout on an environment, a vector of them, or those of others.
 * @throws DqnError `invalid-environment` if it is none, or has other actions than the agent.
 */
export function rolloutOf<Observation, M extends Timing>(
  agent: Agent<Observation, M>,
  environment: Environment<Observation, number> | VectorEnvironment<Observation, number> | Collector,
): Rollout {
  // Not told by a size or something to collect, which a world may well have.
  if (!('step' in environment)) {
    if (typeof (environment as Partial<Collector>).begin !== 'function') throw noEnvironment(environment);
    return new CollectedRollout(agent, environment);
  }
  const [own, other] = [agent.actionSpace, discreteActions(environment.actionSpace, 'train(environment)')];
  if (other.n !== own.n || other.start !== own.start) throw otherActions(own, other);
  return new VectorRollout(agent, 'autoreset' in environment ? environment : new SingleEnvironment(environment));
}

function noEnvironment(received: unknown): DqnError {
  return new DqnError({
    code: 'invalid-environment',
    where: 'train(agent, environment)',
    expected: 'an environment, a vector of them, or actors',
    received: describe(received),
    remedy: 'Pass an environment, such as new CartPole(), and not its class.',
  });
}

function otherActions(...spaces: [DiscreteSpace, DiscreteSpace]): DqnError {
  const [expected, received] = spaces.map(({ n, start }) => `${start} to ${start + n - 1}`);
  return new DqnError({
    code: 'invalid-environment',
    where: 'train(agent, environment)',
    expected: `the actions that the agent was made for, ${expected}`,
    received,
    remedy: 'Make an agent for this environment by createAgent(environment, …).',
  });
}

/** Steps a vector of environments, which reset themselves in the step that ends an episode, with an agent: the acting half of the training loop. */
class VectorRollout<Observation, M extends Timing> implements Rollout {
  readonly #agent: Agent<Observation, M>;
  readonly #environment: VectorEnvironment<Observation, number>;
  readonly #tally: Tally;
  #observations: readonly Observation[] = [];
  #masks: readonly (Uint8Array | undefined)[] | undefined;

  constructor(agent: Agent<Observation, M>, environment: VectorEnvironment<Observation, number>) {
    this.#agent = agent;
    this.#environment = environment;
    this.#tally = new Tally(environment.size);
  }

  get stepsTaken(): number {
    return this.#tally.steps;
  }

  async start(seed: number): Promise<void> {
    this.#agent.cutEpisodes();
    this.#tally.beginAll();
    const first = await callEnvironment(() => this.#environment.reset({ seed }), 'train: environment.reset()');
    this.#observations = first.observations;
    this.#masks = first.actionMasks;
  }

  /** One step in every environment. */
  step(events: TrainEvent[]): MaybePromise<void> {
    const { size } = this.#environment;
    // A single observation goes the shorter way; both explore in the same way.
    const chosen: MaybePromise<Int32Array | number> =
      size === 1
        ? this.#agent.act(this.#observations[0], { actionMask: this.#masks?.[0] })
        : this.#agent.actBatch(this.#observations, { actionMasks: this.#masks });
    return chain(chosen, (answer) => {
      const actions = typeof answer === 'number' ? [answer] : Array.from(answer);
      const stepped = callEnvironment(() => this.#environment.step(actions), 'train: environment.step()');
      return chain(stepped, (result) => this.#tell(actions, result, events));
    });
  }

  #tell(actions: readonly number[], result: VectorStepResult<Observation>, events: TrainEvent[], from = 0): MaybePromise<void> {
    for (let i = from; i < actions.length; i++) {
      const observing = this.#observe(i, actions[i], result);
      if (isPromise(observing)) {
        return observing.then(() => {
          this.#report(i, actions[i], result, events);
          return this.#tell(actions, result, events, i + 1);
        });
      }
      this.#report(i, actions[i], result, events);
    }
    this.#observations = result.observations;
    this.#masks = result.actionMasks;
  }

  #observe(i: number, action: number, result: VectorStepResult<Observation>): MaybePromise<void> {
    const ended = result.terminated[i] === 1 || result.truncated[i] === 1;
    return this.#agent.observe({
      observation: this.#observations[i],
      action,
      reward: result.rewards[i],
      nextObservation: ended ? (result.finalObservations[i] as Observation) : result.observations[i],
      terminated: result.terminated[i] === 1,
      truncated: result.truncated[i] === 1,
      nextActionMask: (ended ? result.finalActionMasks : result.actionMasks)?.[i],
      stream: i,
    });
  }

  #report(i: number, action: number, result: VectorStepResult<Observation>, events: TrainEvent[]): void {
    const terminated = result.terminated[i] === 1;
    const truncated = result.truncated[i] === 1;
    const { step } = this.#agent;
    this.#tally.report({ step, environment: i, action, reward: result.rewards[i], terminated, truncated }, events);
  }

  /** Clocks, running episodes, and the environments' own state where they tell it. */
  getState(): State {
    // Before its first episode it has no place to go on from: whoever goes on begins one.
    const begun = this.#observations.length > 0;
    const environment = (begun ? this.#environment.getState?.() : undefined) ?? null;
    return {
      ...this.#tally.getState(),
      environment,
      // The elements of every space are numbers, typed arrays, and lists and objects of them.
      observations: environment === null ? null : (this.#observations as readonly State[]),
      masks: environment === null ? null : (this.#masks ?? []).map((mask) => mask ?? null),
    };
  }

  async resume(state: State): Promise<void> {
    const where = 'train({ resume })';
    const whole = readFields(where, state);
    const own = this.#tally.setState(where, whole.rollout);
    const goesOn = own.environment !== null && this.#environment.setState !== undefined;
    if (goesOn) this.#restore(where, own);
    // The agent last: it refuses a bad state as a whole, so that a file whose other half is bad costs nothing learned.
    await this.#agent.setState(whole.agent as State);
    if (!goesOn) await this.start(this.#agent.options.seed + this.stepsTaken);
  }

  #restore(where: string, own: StateFields): void {
    const { size } = this.#environment;
    const masks = readList(where, own, 'masks').map((mask) => (mask instanceof Uint8Array ? mask : undefined));
    // Their type and shape are checked where they are used: by the agent.
    const observations = readList(where, own, 'observations') as readonly Observation[];
    if (observations.length !== size) throw damagedState(`${where}.observations`, `${size} observations`, observations);
    this.#environment.setState?.(own.environment as State);
    this.#masks = masks.length > 0 ? masks : undefined;
    this.#observations = observations;
  }
}
