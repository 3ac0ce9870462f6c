import { discreteActions } from '../agent/discrete-actions.ts';
import { ObservationCodec } from '../agent/observation-codec.ts';
import { chain, type MaybePromise } from '../common/maybe-promise.ts';
import { checkStep } from '../environment/check-step.ts';
import type { Environment, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { DatasetBuilder } from './dataset-builder.ts';
import type { Dataset } from './dataset.ts';

/** An environment that takes down all that happens in it; see {@link recorder}. */
export class Recorder<Observation> implements Environment<Observation, number> {
  readonly observationSpace: Environment<Observation, number>['observationSpace'];
  readonly actionSpace: Environment<Observation, number>['actionSpace'];
  readonly #environment: Environment<Observation, number>;
  readonly #codec: ObservationCodec<Observation>;
  readonly #builder: DatasetBuilder;
  readonly #start: number;
  readonly #row: Float32Array | Uint8Array;

  /** @throws DqnError `invalid-space` as {@link recorder}. */
  constructor(environment: Environment<Observation, number>) {
    const { n, start } = discreteActions(environment.actionSpace, 'recorder(environment)');
    this.observationSpace = environment.observationSpace;
    this.actionSpace = environment.actionSpace;
    this.#environment = environment;
    this.#codec = new ObservationCodec(environment.observationSpace);
    this.#start = start;
    this.#row = this.#codec.allocate(1);
    this.#builder = new DatasetBuilder({ observationSize: this.#codec.size, observationType: this.#codec.type, actionCount: n });
  }

  /** Steps taken down so far. */
  get steps(): number {
    return this.#builder.size;
  }

  /** What was taken down so far, as a copy. The running episode is its last, without an end. */
  dataset(): Dataset {
    return this.#builder.build();
  }

  reset(options?: ResetOptions): MaybePromise<ResetResult<Observation>> {
    return chain(this.#environment.reset(options), (result) => {
      this.#builder.begin(this.#encode(result.observation));
      return result;
    });
  }

  /**
   * Takes a step, and takes it down.
   * @param probability - with what probability it was chosen, where that is known.
   */
  step(action: number, probability?: number): MaybePromise<StepResult<Observation>> {
    return chain(this.#environment.step(action), (result) => {
      checkStep('recorder: environment.step()', result);
      const { reward, terminated, truncated } = result;
      const next = this.#encode(result.observation);
      this.#builder.step({ action: action - this.#start, reward, terminated, truncated, probability }, next);
      return result;
    });
  }

  close(): MaybePromise<void> {
    return this.#environment.close?.();
  }

  #encode(observation: Observation): Float32Array | Uint8Array {
    this.#codec.encode(observation, this.#row, 0, 'recorder: observation');
    return this.#row;
  }
}

/**
 * An environment that takes down every step as it passes through: let an agent train in it, and have all that it met. An episode that is reset in its middle is taken as cut off. It does not
 * tell its state, so that a run resumed from a checkpoint begins a new episode.
 *
 * @example
 * ```ts no-run
 * import { createAgent, train } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 * import { recorder } from '@scope/dqn/offline';
 *
 * const environment = recorder(new CartPole());
 * const agent = await createAgent(environment);
 * for await (const event of train(agent, environment, { steps: 10_000 })) if (event.kind === 'episode') console.log(event.return);
 * console.log(environment.dataset().episodes);
 * ```
 * @throws DqnError `invalid-space` if the actions are not discrete; `invalid-observation` or `invalid-reward` when the environment breaks its contract.
 */
export function recorder<Observation>(environment: Environment<Observation, number>): Recorder<Observation> {
  return new Recorder(environment);
}
