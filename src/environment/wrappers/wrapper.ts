import { DqnError, describe } from '../../common/errors.ts';
import { type MaybePromise, isPromise } from '../../common/maybe-promise.ts';
import type { State } from '../../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment.ts';
import type { Space } from '../spaces.ts';

/** What one wrapper adds to an environment. Everything else passes through. */
export interface WrapperLayer<Observation, Action, InnerObservation> {
  /** The name of the factory, for messages and saved states. */
  readonly kind: string;
  readonly observationSpace: Space<Observation>;
  /** Turns the first result of an episode into the wrapper's. */
  begin(first: ResetResult<InnerObservation>, options?: ResetOptions): ResetResult<Observation>;
  /** Turns the result of a step into the wrapper's. */
  advance(result: StepResult<InnerObservation>): StepResult<Observation>;
  /** Starts an episode of the inner environment in its own way. Default: resets it. */
  reset?(options?: ResetOptions): MaybePromise<ResetResult<InnerObservation>>;
  /** Steps the inner environment in its own way. Default: once, with the action given. */
  step?(action: Action): MaybePromise<StepResult<InnerObservation>>;
  /** The wrapper's own state. Left out where it has none. */
  save?(): State;
  /** Checks a saved state of its own and gives what puts it in place; throws `invalid-checkpoint` where it does not fit. */
  load?(state: State): () => void;
}

/** An environment inside a wrapper; optional methods exist where the inner environment has them. */
class WrappedEnvironment<Observation, Action, InnerObservation> implements Environment<Observation, Action> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: Space<Action>;
  readonly render?: (mode: RenderMode) => string;
  readonly close?: () => MaybePromise<void>;
  readonly getState?: () => State;
  readonly setState?: (state: State) => void;
  readonly #inner: Environment<InnerObservation, Action>;
  readonly #layer: WrapperLayer<Observation, Action, InnerObservation>;
  readonly #advance: (result: StepResult<InnerObservation>) => StepResult<Observation>;
  #running = false;

  constructor(inner: Environment<InnerObservation, Action>, layer: WrapperLayer<Observation, Action, InnerObservation>) {
    this.#inner = inner;
    this.#layer = layer;
    this.observationSpace = layer.observationSpace;
    this.actionSpace = inner.actionSpace;
    this.#advance = (raw) => {
      const result = layer.advance(raw);
      this.#running = !result.terminated && !result.truncated;
      return result;
    };
    const { render, close, getState, setState } = inner;
    if (render !== undefined) this.render = (mode) => render.call(inner, mode);
    if (close !== undefined) this.close = () => close.call(inner);
    if (getState !== undefined) this.getState = () => this.#getState(getState.call(inner));
    if (setState !== undefined) this.setState = (state) => this.#setState(state, (part) => setState.call(inner, part));
  }

  reset(options?: ResetOptions): MaybePromise<ResetResult<Observation>> {
    this.#running = false;
    const first = this.#layer.reset === undefined ? this.#inner.reset(options) : this.#layer.reset(options);
    return isPromise(first) ? first.then((value) => this.#begin(value, options)) : this.#begin(first, options);
  }

  #begin(first: ResetResult<InnerObservation>, options?: ResetOptions): ResetResult<Observation> {
    const result = this.#layer.begin(first, options);
    this.#running = true;
    return result;
  }

  step(action: Action): MaybePromise<StepResult<Observation>> {
    if (!this.#running) {
      throw new DqnError({
        code: 'not-reset',
        where: `${this.#layer.kind}(…).step(action)`,
        expected: 'a running episode',
        received: 'a step before reset() or after the end of the episode',
        remedy: 'Call reset() first.',
      });
    }
    const raw = this.#layer.step === undefined ? this.#inner.step(action) : this.#layer.step(action);
    return isPromise(raw) ? raw.then(this.#advance) : this.#advance(raw);
  }

  #getState(inner: State): State {
    return { kind: this.#layer.kind, running: this.#running, own: this.#layer.save?.() ?? null, inner };
  }

  // The wrapper's own part is checked before the inner environment changes, and put in place after it.
  #setState(state: State, setInner: (state: State) => void): void {
    const { kind, running, own, inner } = fields(this.#layer.kind, state);
    if (kind !== this.#layer.kind || typeof running !== 'boolean' || own === undefined || inner === undefined) {
      throw new DqnError({
        code: 'incompatible-checkpoint',
        where: `${this.#layer.kind}(…).setState(state)`,
        expected: `the state of a ${this.#layer.kind} wrapper`,
        received: typeof kind === 'string' ? `that of ${kind}` : describe(state),
        remedy: 'Restore into the same wrappers, in the same order, as when it was saved.',
      });
    }
    const commit = this.#layer.load?.(own);
    setInner(inner);
    commit?.();
    this.#running = running;
  }
}

/** Puts a layer around an environment. It answers at once where the inner environment does. */
export function wrap<Observation, Action, InnerObservation>(
  inner: Environment<InnerObservation, Action>,
  layer: WrapperLayer<Observation, Action, InnerObservation>,
): Environment<Observation, Action> {
  return new WrappedEnvironment(inner, layer);
}

/** The fields of a saved state, each of unknown type. @throws DqnError `invalid-checkpoint` if it is not a plain object. */
export function fields(kind: string, state: State): Readonly<Record<string, State | undefined>> {
  if (typeof state === 'object' && state !== null && !Array.isArray(state) && !ArrayBuffer.isView(state)) {
    return state as Readonly<Record<string, State>>;
  }
  throw damaged(kind, 'an object', state);
}

/** The error for a saved state of a wrapper's own that does not fit. */
export function damaged(kind: string, expected: string, received: unknown): DqnError {
  return new DqnError({
    code: 'invalid-checkpoint',
    where: `${kind}(…).setState(state)`,
    expected,
    received: describe(received),
    remedy: 'Pass what getState() gave on an environment built in the same way.',
  });
}
