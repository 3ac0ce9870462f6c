import type { Agent } from '../agent/agent.ts';
import { isPromise, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import { readFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { Collector } from './collector.ts';
import type { TrainEvent } from './events.ts';
import type { Rollout } from './rollout.ts';
import { Tally } from './tally.ts';

/** Has others take the steps, and tells the agent of them. */
export class CollectedRollout<Observation, M extends Timing> implements Rollout {
  readonly #agent: Agent<Observation, M>;
  readonly #collector: Collector;
  readonly #tally: Tally;

  constructor(agent: Agent<Observation, M>, collector: Collector) {
    this.#agent = agent;
    this.#collector = collector;
    this.#tally = new Tally(collector.size);
  }

  get stepsTaken(): number {
    return this.#tally.steps;
  }

  async start(seed: number): Promise<void> {
    this.#agent.cutEpisodes();
    this.#tally.beginAll();
    await this.#collector.begin(this.#agent, seed);
  }

  async step(events: TrainEvent[]): Promise<void> {
    for (const collected of await this.#collector.collect(this.#agent)) {
      if (collected.kind === 'problem') {
        events.push({ ...collected, step: this.#agent.step });
        continue;
      }
      const { stream, action, reward, terminated, truncated } = collected.experience;
      // An actor that has died leaves an episode without an end.
      if (collected.first && this.#tally.lengths[stream] > 0) {
        this.#agent.cutEpisodes(stream);
        this.#tally.begin(stream);
      }
      const observing: MaybePromise<void> = this.#agent.observe(collected.experience);
      if (isPromise(observing)) await observing;
      this.#tally.report({ step: this.#agent.step, environment: stream, action, reward, terminated, truncated }, events);
    }
  }

  getState(): State {
    return { ...this.#tally.getState(), environment: null, observations: null, masks: null };
  }

  /** The actors begin new episodes. */
  async resume(state: State): Promise<void> {
    const where = 'train({ resume })';
    const whole = readFields(where, state);
    this.#tally.setState(where, whole.rollout);
    await this.#agent.setState(whole.agent as State);
    await this.start(this.#agent.options.seed + this.stepsTaken);
  }
}
