import type { Agent } from '../agent/agent.ts';
import { chain, isPromise, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import { checkSame, damagedState, readArray, readCount, readFields, readList } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { Environment } from '../environment/environment.ts';
import type { VectorEnvironment, VectorStepResult } from '../environment/vector-environment.ts';
import { callEnvironment } from './call-environment.ts';
import type { TrainEvent } from './events.ts';
import { SingleEnvironment } from './single-environment.ts';

/** A rollout on an environment or a vector of them. */
export function rolloutOf<Observation, M extends Timing>(
  agent: Agent<Observation, M>,
  environment: Environment<Observation, number> | VectorEnvironment<Observation, number>,
): Rollout<Observation, M> {
  return new Rollout(agent, 'size' in environment ? environment : new SingleEnvironment(environment));
}

/** Steps a vector of environments, which reset themselves in the step that ends an episode, with an agent and tells the agent what happened: the acting half of the training loop. */
export class Rollout<Observation, M extends Timing> {
  readonly #agent: Agent<Observation, M>;
  readonly #environment: VectorEnvironment<Observation, number>;
  readonly #returns: Float64Array;
  readonly #lengths: Float64Array;
  #observations: readonly Observation[] = [];
  #masks: readonly (Uint8Array | undefined)[] | undefined;
  #stepsTaken = 0;
  #episodes = 0;

  constructor(agent: Agent<Observation, M>, environment: VectorEnvironment<Observation, number>) {
    this.#agent = agent;
    this.#environment = environment;
    this.#returns = new Float64Array(environment.size);
    this.#lengths = new Float64Array(environment.size);
  }

  /** Environment steps taken in this run. */
  get stepsTaken(): number {
    return this.#stepsTaken;
  }

  /** Begins new episodes. */
  async start(seed: number): Promise<void> {
    this.#agent.cutEpisodes();
    this.#returns.fill(0);
    this.#lengths.fill(0);
    const first = await callEnvironment(() => this.#environment.reset({ seed }), 'train: environment.reset()');
    this.#observations = first.observations;
    this.#masks = first.actionMasks;
  }

  /** One step in every environment; what happened is appended to `events`. */
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
    const step = this.#agent.step;
    const reward = result.rewards[i];
    const terminated = result.terminated[i] === 1;
    const truncated = result.truncated[i] === 1;
    this.#stepsTaken++;
    this.#returns[i] += reward;
    this.#lengths[i]++;
    events.push({ kind: 'step', step, environment: i, action, reward, terminated, truncated });
    if (!terminated && !truncated) return;
    const episode = ++this.#episodes;
    events.push({
      kind: 'episode',
      step,
      episode,
      environment: i,
      return: this.#returns[i],
      length: this.#lengths[i],
      terminated,
      truncated,
    });
    this.#returns[i] = 0;
    this.#lengths[i] = 0;
  }

  /** Where the run is: clocks, running episodes, and the environments' own state where they tell it. */
  getState(): State {
    const environment = this.#environment.getState?.() ?? null;
    return {
      size: this.#environment.size,
      stepsTaken: this.#stepsTaken,
      episodes: this.#episodes,
      returns: this.#returns.slice(),
      lengths: this.#lengths.slice(),
      environment,
      // The elements of every space are numbers, typed arrays, and lists and objects of them.
      observations: environment === null ? null : (this.#observations as readonly State[]),
      masks: environment === null ? null : (this.#masks ?? []).map((mask) => mask ?? null),
    };
  }

  /**
   * Goes on from the state of a run's checkpoint, agent included.
   * @throws DqnError `invalid-checkpoint` or `incompatible-checkpoint`.
   */
  async resume(state: State): Promise<void> {
    const where = 'train({ resume })';
    const whole = readFields(where, state);
    const own = readFields(`${where}.rollout`, whole.rollout);
    const { size } = this.#environment;
    checkSame(`${where}.environments`, own, { size });
    const stepsTaken = readCount(where, own, 'stepsTaken');
    const episodes = readCount(where, own, 'episodes');
    await this.#agent.setState(whole.agent as State);
    this.#stepsTaken = stepsTaken;
    this.#episodes = episodes;
    if (own.environment === null || !this.#environment.setState) {
      await this.start(this.#agent.options.seed + stepsTaken);
      return;
    }
    const returns = readArray(where, own, 'returns', Float64Array, size);
    const lengths = readArray(where, own, 'lengths', Float64Array, size);
    const masks = readList(where, own, 'masks').map((mask) => (mask instanceof Uint8Array ? mask : undefined));
    // Their type and shape are checked where they are used: by the agent.
    const observations = readList(where, own, 'observations') as readonly Observation[];
    if (observations.length !== size) throw damagedState(`${where}.observations`, `${size} observations`, observations);
    this.#environment.setState(own.environment as State);
    this.#returns.set(returns);
    this.#lengths.set(lengths);
    this.#masks = masks.length > 0 ? masks : undefined;
    this.#observations = observations;
  }
}
