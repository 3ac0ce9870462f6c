import { checkInteger, checkNumber } from '../common/check.ts';
import { checkSame, damagedState, readArray, readFields, readInteger, readList } from '../common/read-state.ts';
import type { State, Stateful } from '../common/state.ts';
import { checkReward } from '../environment/check-step.ts';
import {
  checkAction,
  checkLayout,
  checkMask,
  checkObservation,
  checkSameLayout,
  checkStream,
  layoutState,
} from './check-transition.ts';
import type { ReplayLayout, Transition } from './replay-buffer.ts';

/** What {@link NStepAccumulator} must know. */
export interface NStepOptions {
  /** How many rewards go into a transition, at least 1. */
  readonly n: number;
  /** γ in [0, 1]. */
  readonly discount: number;
  /** What a transition consists of. */
  readonly layout: ReplayLayout;
}

/** One step of one environment. The arrays may be used again by the caller afterwards. */
export interface Step {
  /** Which environment of a vector: 0, 1, … */
  readonly stream: number;
  readonly observation: Float32Array | Uint8Array;
  readonly action: number;
  readonly reward: number;
  /** The true next observation, also at the end of an episode. */
  readonly nextObservation: Float32Array | Uint8Array;
  /** `[A]`: possible actions at `nextObservation`; all where left out. */
  readonly nextActionMask?: Uint8Array;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** Takes a finished transition. It and its arrays are used again: valid during the call alone. */
export type Emit = (transition: Transition) => void;

/** A {@link Transition} to be filled again and again. */
type OpenTransition = { -readonly [K in keyof Transition]: Transition[K] };

/** The last steps of one environment, oldest first, and the observation after them. */
interface Window {
  /** n + 1 observations in a ring. */
  readonly observations: readonly (Float32Array | Uint8Array)[];
  /** Their actions, in the same ring. */
  readonly actions: Int32Array;
  /** Their rewards, in the same ring. */
  readonly rewards: Float64Array;
  /** Possible actions at the observation after the last step. */
  readonly mask: Uint8Array;
  hasMask: boolean;
  /** Where in the ring the oldest step is. */
  head: number;
  /** Steps held: fewer than n between pushes. */
  length: number;
}

/**
 * Turns steps into n-step transitions `(s_t, a_t, Σ_{i<k} γⁱ r_{t+i}, γᵏ, s_{t+k})`, each environment for itself (Sutton 1988; Hessel et al. 2018,
 * "multi-step learning"). `k` is n, and at the end of an episode what is left of it, so that every step leads to one transition. Where the
 * episode terminated the discount is 0; where it was truncated the transition bootstraps from the true last observation. No transition
 * reaches over the end of an episode.
 */
export class NStepAccumulator implements Stateful {
  /** How many rewards go into a transition. */
  readonly n: number;
  /** γ. */
  readonly discount: number;
  /** What a transition consists of. */
  readonly layout: ReplayLayout;
  /** γᵏ for k = 0 … n. */
  readonly #powers: Float64Array;
  /** One a stream, made when the stream first comes; none for n = 1, which waits for nothing. */
  readonly #windows: Window[] = [];
  /** What is emitted, filled anew each time. */
  readonly #out = {} as OpenTransition;

  /** @throws DqnError `invalid-option` if n, the discount or the layout is outside its range. */
  constructor({ n, discount, layout }: NStepOptions) {
    this.n = checkInteger('nStep', n, { min: 1 });
    this.discount = checkNumber('discount', discount, { min: 0, max: 1 });
    checkLayout(layout);
    this.layout = layout;
    this.#powers = new Float64Array(n + 1).fill(1);
    for (let k = 1; k <= n; k++) this.#powers[k] = this.#powers[k - 1] * discount;
  }

  /**
   * Takes a step and emits the transitions that it completes: one as soon as n steps are there, and all that are left when the
   * episode ends. Emits in the order of the steps.
   * @throws DqnError `invalid-option`, `invalid-observation`, `invalid-action` or `invalid-reward` if the step does not fit; then nothing has
   * changed. An error of `emit` is passed on; the transition it refused is lost, at the end of an episode with those after it.
   */
  push(step: Step, emit: Emit): void {
    const { stream, observation, action, reward, nextObservation, nextActionMask, terminated, truncated } = step;
    const { layout, n } = this;
    checkStream('Step.stream', stream);
    checkObservation('Step.observation', layout, observation);
    checkAction('Step.action', layout, action);
    checkReward('Step.reward', reward);
    checkObservation('Step.nextObservation', layout, nextObservation);
    checkMask('Step.nextActionMask', layout, nextActionMask);

    if (n === 1) {
      const out = this.#out;
      out.stream = stream;
      out.observation = observation;
      out.action = action;
      out.reward = reward;
      out.discount = terminated ? 0 : this.discount;
      out.nextObservation = nextObservation;
      out.nextActionMask = nextActionMask;
      emit(out);
      return;
    }

    while (this.#windows.length <= stream) this.#windows.push(createWindow(n, layout));
    const window = this.#windows[stream];
    const slot = (window.head + window.length) % (n + 1);
    copy(observation, window.observations[slot]);
    copy(nextObservation, window.observations[(slot + 1) % (n + 1)]);
    window.actions[slot] = action;
    window.rewards[slot] = reward;
    window.hasMask = nextActionMask !== undefined;
    if (nextActionMask !== undefined) copy(nextActionMask, window.mask);
    window.length++;
    if (terminated || truncated) this.#flush(stream, terminated, emit);
    else if (window.length === n) this.#emitOldest(stream, false, emit);
  }

  /** How many environments have fed it so far, as far as it holds steps for them: none for n = 1. */
  get streams(): number {
    return this.#windows.length;
  }

  /**
   * Ends the running episode of an environment from outside (it failed, or is reset in the middle of an episode) as if its last step had been
   * truncated: emits what is left of it. Does nothing between episodes. An error of `emit` is passed on, and the rest is lost.
   */
  end(stream: number, emit: Emit): void {
    if (stream < this.#windows.length) this.#flush(stream, false, emit);
  }

  getState(): State {
    return {
      ...this.#options(),
      layout: layoutState(this.layout),
      windows: this.#windows.map(({ observations, actions, rewards, mask, hasMask, head, length }) => ({
        observations,
        actions,
        rewards,
        mask,
        hasMask,
        head,
        length,
      })),
    };
  }

  /** @throws DqnError `incompatible-checkpoint` if an option differs, `invalid-checkpoint` if the state is not sound. */
  setState(state: State): void {
    const where = 'NStepAccumulator.setState(state)';
    const { n, layout } = this;
    const fields = readFields(where, state);
    checkSame(where, fields, this.#options());
    checkSameLayout(where, fields, layout);
    const list = readList(where, fields, 'windows');
    const windows = list.map((item, i) => readWindow(`${where}.windows[${i}]`, item, n, layout));
    this.#windows.splice(0, this.#windows.length, ...windows);
  }

  #options(): { readonly [key: string]: State } {
    return { n: this.n, discount: this.discount };
  }

  #flush(stream: number, terminated: boolean, emit: Emit): void {
    const window = this.#windows[stream];
    try {
      while (window.length > 0) this.#emitOldest(stream, terminated, emit);
    } finally {
      window.length = 0; // even where `emit` threw: the next step belongs to another episode
    }
  }

  /** Takes the oldest step out of the window and emits its transition over all the steps of the window. */
  #emitOldest(stream: number, terminated: boolean, emit: Emit): void {
    const window = this.#windows[stream];
    const ring = this.n + 1;
    const { head, length } = window;
    let reward = 0;
    for (let i = length - 1; i >= 0; i--) reward = window.rewards[(head + i) % ring] + this.discount * reward;
    const out = this.#out;
    out.stream = stream;
    out.observation = window.observations[head];
    out.action = window.actions[head];
    out.reward = reward;
    out.discount = terminated ? 0 : this.#powers[length];
    out.nextObservation = window.observations[(head + length) % ring];
    out.nextActionMask = window.hasMask ? window.mask : undefined;
    window.head = (head + 1) % ring;
    window.length--;
    emit(out);
  }
}

function createWindow(n: number, { observationSize, observationType, actions }: ReplayLayout): Window {
  const type = observationType === 'float32' ? Float32Array : Uint8Array;
  return {
    observations: Array.from({ length: n + 1 }, () => new type(observationSize)),
    actions: new Int32Array(n + 1),
    rewards: new Float64Array(n + 1),
    mask: new Uint8Array(actions),
    hasMask: false,
    head: 0,
    length: 0,
  };
}

function readWindow(where: string, item: unknown, n: number, layout: ReplayLayout): Window {
  const { observationSize, observationType, actions } = layout;
  const fields = readFields(where, item);
  const list = readList(where, fields, 'observations');
  if (list.length !== n + 1) throw damagedState(`${where}.observations`, `${n + 1} observations`, list);
  const type = observationType === 'float32' ? Float32Array : Uint8Array;
  const observations = list.map((values, i) => {
    const sound = values instanceof type && values.length === observationSize && values.every(Number.isFinite);
    if (!sound) throw damagedState(`${where}.observations[${i}]`, `a ${type.name}(${observationSize}) of finite numbers`, values);
    return values.slice();
  });
  const window = {
    observations,
    actions: readArray(where, fields, 'actions', Int32Array, n + 1).slice(),
    rewards: readArray(where, fields, 'rewards', Float64Array, n + 1).slice(),
    mask: readArray(where, fields, 'mask', Uint8Array, actions).slice(),
    hasMask: fields.hasMask === true,
    head: readInteger(where, fields, 'head', 0, n),
    length: readInteger(where, fields, 'length', 0, n - 1),
  };
  const { hasMask } = fields;
  if (typeof hasMask !== 'boolean') throw damagedState(`${where}.hasMask`, 'whether there is a mask', hasMask);
  if (!window.actions.every((a) => a >= 0 && a < actions))
    throw damagedState(`${where}.actions`, `actions in [0, ${actions - 1}]`, window.actions);
  if (!window.rewards.every(Number.isFinite)) throw damagedState(`${where}.rewards`, 'finite numbers', window.rewards);
  return window;
}

function copy(from: ArrayLike<number>, to: Float32Array | Uint8Array): void {
  for (let i = 0; i < to.length; i++) to[i] = from[i];
}
