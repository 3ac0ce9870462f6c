import { chain, type MaybePromise } from '../common/maybe-promise.ts';
import type { State } from '../common/state.ts';
import { checkStep } from '../environment/check-step.ts';
import type { Environment, ResetResult } from '../environment/environment.ts';
import type {
  VectorEnvironment,
  VectorResetOptions,
  VectorResetResult,
  VectorStepResult,
} from '../environment/vector-environment.ts';

/**
 * An environment as a vector of one that resets itself in the step that ends an episode: what the training loop steps. It does what
 * `vectorize(() => environment, 1)` does, without what only larger vectors need.
 */
export class SingleEnvironment<Observation> implements VectorEnvironment<Observation, number> {
  readonly size = 1;
  readonly autoreset = 'same-step';
  readonly observationSpace: Environment<Observation, number>['observationSpace'];
  readonly actionSpace: Environment<Observation, number>['actionSpace'];
  readonly getState?: () => State;
  readonly setState?: (state: State) => void;
  readonly #environment: Environment<Observation, number>;

  constructor(environment: Environment<Observation, number>) {
    this.#environment = environment;
    this.observationSpace = environment.observationSpace;
    this.actionSpace = environment.actionSpace;
    const { getState, setState } = environment;
    if (!getState || !setState) return;
    this.getState = () => getState.call(environment);
    this.setState = (state) => setState.call(environment, state);
  }

  reset(options?: VectorResetOptions): MaybePromise<VectorResetResult<Observation>> {
    return chain(this.#environment.reset(options), first);
  }

  step([action]: readonly number[]): MaybePromise<VectorStepResult<Observation>> {
    return chain(this.#environment.step(action), (result) => {
      checkStep('train: environment.step()', result);
      const { observation, actionMask, info, reward, terminated, truncated } = result;
      // Not `of`, which takes ten times as long.
      const told = { rewards: new Float64Array(1), terminated: new Uint8Array(1), truncated: new Uint8Array(1) };
      told.rewards[0] = reward;
      if (terminated) told.terminated[0] = 1;
      if (truncated) told.truncated[0] = 1;
      if (!terminated && !truncated) {
        return {
          ...first(result),
          ...told,
          finalObservations: [undefined],
          finalActionMasks: [undefined],
          finalInfos: [undefined],
        };
      }
      const last = { ...told, finalObservations: [observation], finalActionMasks: [actionMask], finalInfos: [info] };
      return chain(this.#environment.reset(), (next) => ({ ...first(next), ...last }));
    });
  }

  close(): MaybePromise<void> {
    return this.#environment.close?.();
  }
}

function first<Observation>({ observation, actionMask, info }: ResetResult<Observation>): VectorResetResult<Observation> {
  return { observations: [observation], actionMasks: [actionMask], infos: [info] };
}
