import type { Environment, ResetOptions, ResetResult, StepResult } from '../../environment/environment.ts';
import type { Space } from '../../environment/spaces.ts';
import type { BridgedVector, RenderedFrame, Versions } from './bridged-vector.ts';

/** One environment in another process: a vector of one that does not reset itself. */
export class BridgedEnvironment<Observation, Action> implements Environment<Observation, Action> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: Space<Action>;
  readonly #vector: BridgedVector<Observation, Action>;

  constructor(vector: BridgedVector<Observation, Action>) {
    this.#vector = vector;
    this.observationSpace = vector.observationSpace;
    this.actionSpace = vector.actionSpace;
  }

  /** What runs on the other side. */
  get versions(): Versions {
    return this.#vector.versions;
  }

  async reset(options?: ResetOptions): Promise<ResetResult<Observation>> {
    const { observations, actionMasks, infos } = await this.#vector.reset({ seed: options?.seed, options: options?.options });
    return { observation: observations[0], actionMask: actionMasks?.[0], info: infos[0] };
  }

  async step(action: Action): Promise<StepResult<Observation>> {
    const { observations, actionMasks, infos, rewards, terminated, truncated } = await this.#vector.step([action]);
    return {
      observation: observations[0],
      actionMask: actionMasks?.[0],
      info: infos[0],
      reward: rewards[0],
      terminated: terminated[0] === 1,
      truncated: truncated[0] === 1,
    };
  }

  /** What the environment shows. */
  frame(): Promise<RenderedFrame> {
    return this.#vector.frame();
  }

  close(): Promise<void> {
    return this.#vector.close();
  }
}
