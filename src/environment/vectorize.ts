import { checkInteger, checkNames } from '../common/check.ts';
import { deepEqual } from '../common/deep.ts';
import { DqnError, describe } from '../common/errors.ts';
import { type MaybePromise, chain, isPromise } from '../common/maybe-promise.ts';
import type { State } from '../common/state.ts';
import { checkStep } from './check-step.ts';
import type { Environment, Info, ResetOptions, ResetResult, StepResult } from './environment.ts';
import type { Space } from './spaces.ts';

import type {
  AutoresetMode,
  VectorEnvironment,
  VectorOptions,
  VectorResetOptions,
  VectorResetResult,
  VectorStepResult,
} from './vector-environment.ts';

// Where an environment stands.
const UNTOUCHED = 0;
const RUNNING = 1;
const ENDED = 2;

type Masks = (Uint8Array | undefined)[];

/** An array of nothing yet; a plain loop, as `Array.from` takes a microsecond in every step. */
function blank<T>(size: number): (T | undefined)[] {
  const values: (T | undefined)[] = [];
  for (let i = 0; i < size; i++) values.push(undefined);
  return values;
}

/** Leaves masks out where there are none at all. */
function some(masks: Masks): Masks | undefined {
  return masks.some((mask) => mask !== undefined) ? masks : undefined;
}

class Vector<Observation, Action> implements VectorEnvironment<Observation, Action> {
  readonly size: number;
  readonly autoreset: AutoresetMode;
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: Space<Action>;
  readonly getState?: () => State;
  readonly setState?: (state: State) => void;
  readonly #environments: readonly Environment<Observation, Action>[];
  readonly #status: Uint8Array;
  /** The latest observations, masks and infos. */
  readonly #observations: Observation[] = [];
  readonly #masks: Masks;
  readonly #infos: Info[];
  #failed = false;

  constructor(environments: readonly Environment<Observation, Action>[], autoreset: AutoresetMode) {
    this.size = environments.length;
    this.autoreset = autoreset;
    this.observationSpace = environments[0].observationSpace;
    this.actionSpace = environments[0].actionSpace;
    this.#environments = environments;
    this.#status = new Uint8Array(this.size);
    this.#masks = blank(this.size);
    this.#infos = Array.from({ length: this.size }, () => ({}));
    if (environments.every(({ getState }) => getState !== undefined)) this.getState = () => this.#save();
    if (environments.every(({ setState }) => setState !== undefined)) this.setState = (state) => this.#load(state);
  }

  reset(options: VectorResetOptions = {}): MaybePromise<VectorResetResult<Observation>> {
    const { mask, seed } = options;
    // So that the last environment's seed is exact too.
    if (seed !== undefined) checkInteger('VectorEnvironment.reset(seed)', seed, { max: Number.MAX_SAFE_INTEGER - this.size + 1 });
    if (mask !== undefined) this.#checkMask(mask);
    const done = this.#each((i) => {
      this.#infos[i] = {};
      if (mask !== undefined && mask[i] === 0) return undefined;
      const own = seed ?? (this.#status[i] === UNTOUCHED ? 0 : undefined);
      return this.#begin(i, { seed: own === undefined ? undefined : own + i, options: options.options });
    });
    return chain(done, () => {
      this.#failed = false;
      return { observations: this.#observations.slice(), actionMasks: some(this.#masks.slice()), infos: this.#infos.slice() };
    });
  }

  step(actions: readonly Action[]): MaybePromise<VectorStepResult<Observation>> {
    this.#checkStep(actions);
    const { size } = this;
    const finalMasks: Masks = blank(size);
    const last = {
      rewards: new Float64Array(size),
      terminated: new Uint8Array(size),
      truncated: new Uint8Array(size),
      finalObservations: blank<Observation>(size),
      finalInfos: blank<Info>(size),
    };
    const record = (i: number, result: StepResult<Observation>): MaybePromise<void> => {
      checkStep(`environment ${i}: step()`, result);
      const ended = result.terminated || result.truncated;
      last.rewards[i] = result.reward;
      last.terminated[i] = result.terminated ? 1 : 0;
      last.truncated[i] = result.truncated ? 1 : 0;
      if (ended) {
        last.finalObservations[i] = result.observation;
        last.finalInfos[i] = result.info;
        // A copy, as the reset below may write the new episode's mask into the same array.
        finalMasks[i] = result.actionMask?.slice();
        if (this.autoreset === 'same-step') return this.#begin(i);
      }
      this.#keep(i, result, ended ? ENDED : RUNNING);
    };
    const done = this.#each((i) => {
      if (this.#status[i] === ENDED) return this.#begin(i);
      const result = this.#environments[i].step(actions[i]);
      return isPromise(result) ? result.then((value) => record(i, value)) : record(i, result);
    });
    return chain(done, () => ({
      observations: this.#observations.slice(),
      actionMasks: some(this.#masks.slice()),
      infos: this.#infos.slice(),
      ...last,
      finalActionMasks: some(finalMasks),
    }));
  }

  close(): MaybePromise<void> {
    return this.#each((i) => this.#environments[i].close?.());
  }

  #begin(i: number, options?: ResetOptions): MaybePromise<void> {
    const first = this.#environments[i].reset(options);
    return chain(first, (value) => this.#keep(i, value, RUNNING));
  }

  #keep(i: number, result: ResetResult<Observation>, status: number): void {
    this.#observations[i] = result.observation;
    this.#masks[i] = result.actionMask;
    this.#infos[i] = result.info;
    this.#status[i] = status;
  }

  /** Runs a task for every environment, whatever the others do, and then throws the first failure by index. */
  #each(task: (i: number) => MaybePromise<void>): MaybePromise<void> {
    const failures: { readonly index: number; readonly cause: unknown }[] = [];
    const pending: Promise<void>[] = [];
    for (let index = 0; index < this.size; index++) {
      try {
        const answer = task(index);
        if (isPromise(answer)) pending.push(answer.catch((cause: unknown) => void failures.push({ index, cause })));
      } catch (cause) {
        failures.push({ index, cause });
      }
    }
    const finish = (): void => {
      if (failures.length === 0) return;
      this.#failed = true;
      const { index, cause } = failures.reduce((first, failure) => (failure.index < first.index ? failure : first));
      throw new DqnError({
        code: 'environment-failed',
        where: `environment ${index} of ${this.size}`,
        expected: 'an answer',
        received: cause instanceof Error ? `the error ${describe(cause.message)}` : `the thrown value ${describe(cause)}`,
        remedy: 'See the cause for its origin; reset() makes the vector usable again.',
        cause,
      });
    };
    return pending.length === 0 ? finish() : Promise.all(pending).then(finish);
  }

  #checkMask(mask: Uint8Array): void {
    const where = 'VectorEnvironment.reset(mask)';
    if (this.autoreset !== 'disabled' || !(mask instanceof Uint8Array) || mask.length !== this.size) {
      throw new DqnError({
        code: 'invalid-option',
        where,
        expected:
          this.autoreset === 'disabled' ? `a Uint8Array of length ${this.size}` : "no mask, except with autoreset 'disabled'",
        received: describe(mask),
        remedy: 'Pass 1 where an environment is to be reset and 0 elsewhere, or no mask to reset all.',
      });
    }
    if (this.#failed || this.#status.some((status, i) => status === UNTOUCHED && mask[i] === 0))
      this.#refuse(where, 'environments');
  }

  #checkStep(actions: readonly Action[]): void {
    const where = 'VectorEnvironment.step(actions)';
    if (!Array.isArray(actions) || actions.length !== this.size) {
      throw new DqnError({
        code: 'invalid-action',
        where,
        expected: `an array of ${this.size} actions`,
        received: describe(actions),
        remedy: 'Pass one action for each environment.',
      });
    }
    if (this.#failed || this.#status.includes(UNTOUCHED)) this.#refuse(where, 'environments');
    if (this.autoreset === 'disabled' && this.#status.includes(ENDED)) {
      const ended = Array.from(this.#status.keys()).filter((i) => this.#status[i] === ENDED);
      this.#refuse(where, `environments ${ended.join(', ')}`);
    }
  }

  #refuse(where: string, which: string): never {
    throw new DqnError({
      code: 'not-reset',
      where,
      expected: 'a running episode in every environment',
      received: `${which} that wait for a reset`,
      remedy: 'Call reset(), or with autoreset disabled reset({ mask }) for those that ended.',
    });
  }

  #save(): State {
    const { observationSpace: space } = this;
    // Only a reset by mask gives an observation again.
    const kept = this.autoreset === 'disabled' && !this.#status.includes(UNTOUCHED);
    return {
      kind: 'vector',
      autoreset: this.autoreset,
      failed: this.#failed,
      status: this.#status.slice(),
      masks: kept ? this.#masks.map((mask) => mask?.slice() ?? null) : [],
      observations: kept
        ? this.#observations.map((observation) => {
            const flat = new Float32Array(space.flatSize);
            space.flatten(observation, flat);
            return flat;
          })
        : [],
      environments: this.#environments.map((environment) => environment.getState?.() ?? null),
    };
  }

  #load(state: State): void {
    const saved = (state ?? {}) as { readonly [key: string]: State };
    const { kind, autoreset, failed, status, masks, observations, environments } = saved;
    const { size, observationSpace: space } = this;
    const sound =
      kind === 'vector' &&
      autoreset === this.autoreset &&
      typeof failed === 'boolean' &&
      status instanceof Uint8Array &&
      status.length === size &&
      Array.isArray(environments) &&
      environments.length === size &&
      Array.isArray(masks) &&
      Array.isArray(observations) &&
      masks.length === observations.length &&
      observations.every((flat) => flat instanceof Float32Array && flat.length === space.flatSize);
    if (!sound) {
      throw new DqnError({
        code: 'incompatible-checkpoint',
        where: 'VectorEnvironment.setState(state)',
        expected: `the state of ${size} environments with autoreset '${this.autoreset}'`,
        received: describe(state),
        remedy: 'Pass what getState() gave on a vector built in the same way.',
      });
    }
    this.#failed = true;
    this.#environments.forEach((environment, i) => environment.setState?.(environments[i]));
    this.#failed = failed;
    this.#status.set(status);
    observations.forEach((flat, i) => {
      this.#observations[i] = space.unflatten(flat as Float32Array);
      this.#masks[i] = (masks[i] as Uint8Array | null)?.slice();
    });
  }
}

function checkAlike<Observation, Action>(environments: readonly Environment<Observation, Action>[]): void {
  const [first] = environments;
  environments.forEach((environment, i) => {
    if (i > 0 && environments.indexOf(environment) < i) {
      throw new DqnError({
        code: 'invalid-environment',
        where: `vectorize(factories) at ${i}`,
        expected: 'a new environment from every call',
        received: 'one that was given before',
        remedy: 'Build the environment inside the factory.',
      });
    }
    for (const space of ['observationSpace', 'actionSpace'] as const) {
      if (deepEqual(environment[space], first[space])) continue;
      throw new DqnError({
        code: 'invalid-space',
        where: `vectorize(factories) at ${i}`,
        expected: `the ${space} of environment 0`,
        received: 'another one',
        remedy: 'Put only environments with equal spaces into one vector.',
      });
    }
  });
}

/**
 * Builds several environments and steps them together: `vectorize(() => new CartPole(), 8)`, or one factory for each. A single factory is told the
 * index of the environment.
 *
 * @throws DqnError `invalid-option` if the size or mode is out of range or an option misspelt, `invalid-space` if the environments' spaces differ,
 * `invalid-environment` if two factories give the same object.
 */
export function vectorize<Observation, Action>(
  factory: (index: number) => Environment<Observation, Action>,
  size: number,
  options?: VectorOptions,
): VectorEnvironment<Observation, Action>;
export function vectorize<Observation, Action>(
  factories: readonly (() => Environment<Observation, Action>)[],
  options?: VectorOptions,
): VectorEnvironment<Observation, Action>;
export function vectorize<Observation, Action>(
  factories: ((index: number) => Environment<Observation, Action>) | readonly (() => Environment<Observation, Action>)[],
  sizeOrOptions?: number | VectorOptions,
  optionsAfterSize?: VectorOptions,
): VectorEnvironment<Observation, Action> {
  const one = typeof factories === 'function';
  const size = checkInteger('vectorize(size)', one ? sizeOrOptions : factories.length, { min: 1 });
  const options = (one ? optionsAfterSize : (sizeOrOptions as VectorOptions | undefined)) ?? {};
  checkNames('vectorize(options)', options, { autoreset: true });
  const { autoreset = 'same-step' } = options;
  if (!['same-step', 'next-step', 'disabled'].includes(autoreset)) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'vectorize(autoreset)',
      expected: "'same-step', 'next-step' or 'disabled'",
      received: describe(autoreset),
      remedy: "Leave it out for 'same-step'.",
    });
  }
  const environments = Array.from({ length: size }, (_, i) => (one ? factories(i) : factories[i]()));
  checkAlike(environments);
  return new Vector(environments, autoreset);
}
