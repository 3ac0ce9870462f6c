import type { Answer, Timing } from '../common/maybe-promise.ts';
import type { State } from '../common/state.ts';
import type { DiscreteSpace, Space } from '../environment/spaces.ts';
import type { QNetwork } from '../networks/q-network.ts';
import type { ReplayBuffer } from '../replay/replay-buffer.ts';
import type { SequenceReplay } from '../replay/sequence-replay.ts';
import type { ResolvedAgentOptions } from './options.ts';
import type { ActOptions, Policy } from './policy.ts';

/** One step of an environment as the agent is told of it. */
export interface Experience<Observation> {
  /** The observation acted on. */
  readonly observation: Observation;
  /** The action taken, whoever chose it. */
  readonly action: number;
  /** Finite. */
  readonly reward: number;
  /** What came next; at the end of an episode its true last observation, never the next episode's first. */
  readonly nextObservation: Observation;
  /** The episode ended within the problem: nothing is bootstrapped. */
  readonly terminated: boolean;
  /** The episode was cut off from outside: the target bootstraps from `nextObservation`. */
  readonly truncated: boolean;
  /** Possible actions at `nextObservation`; all where left out. */
  readonly nextActionMask?: Uint8Array | undefined;
  /** Which environment of a vector it comes from. Default 0. */
  readonly stream?: number;
}

/**
 * What one gradient update did. On an engine that runs whole updates on its device (TensorFlow.js on a GPU, with built-in heads and rules) the numbers arrive while the agent
 * goes on: all but `update` and `learningRate` are those of the update before; the first update waits for its own.
 */
export interface UpdateReport {
  /** Updates so far, this one included. */
  readonly update: number;
  /** Mean of the weighted losses of the batch; of networks that learn side by side, as with `clippedDoubleQ`, their sum. */
  readonly loss: number;
  /** Mean of Q(s, a) over the batch, for the actions taken; of sequences their padding is left out, here and below. */
  readonly meanQ: number;
  /** Largest Q(s, a) of the batch, for the actions taken. */
  readonly maxQ: number;
  /** Mean of |target − estimate| over the batch. */
  readonly meanTdError: number;
  /**
   * `[B]`: target − estimate of each transition, or for a distribution how far it is from its target; over several estimates of a transition the mean of their sizes. |·| is what priorities
   * are made of. To be read before the agent learns again, which may write into it: copy what is to be kept.
   */
  readonly tdErrors: Float32Array;
  /** Global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** The learning rate used. */
  readonly learningRate: number;
}

/** How to choose several actions at once. */
export interface ActBatchOptions {
  /** Whether to explore. Default true. */
  readonly explore?: boolean;
  /** One mask an observation; `undefined` where every action is possible. */
  readonly actionMasks?: readonly (Uint8Array | undefined)[] | undefined;
}

/**
 * A deep Q-learning agent: acts, remembers and learns. It never touches an environment; `train` does, or your own loop.
 * `M` is `'sync'` on the embedded engine: every call answers at once.
 */
export interface Agent<Observation, M extends Timing = 'sync'> extends Policy<Observation, M> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  /** The parts and numbers it was made of. */
  readonly options: ResolvedAgentOptions;
  /** The network that is learning. */
  readonly online: QNetwork<M>;
  /** The network that targets are computed with. */
  readonly target: QNetwork<M>;
  /** What it remembers. */
  readonly replay: ReplayBuffer | SequenceReplay;
  /** Environment steps observed. */
  readonly step: number;
  /** Gradient updates done. */
  readonly updates: number;
  /** Updates that the options call for by now and that are not done yet: call `learn()` as often. */
  readonly updatesDue: number;

  /**
   * The action for an observation; explores unless told otherwise.
   * @throws DqnError `invalid-observation` or, for the mask, `invalid-action`.
   */
  act(observation: Observation, options?: ActOptions): Answer<number, M>;

  /** The actions `[N]` for observations of the environments 0 … N − 1 with one pass of the network; each is explored by draws of its own, but for noise that is drawn for every step, which is theirs together. */
  actBatch(observations: readonly Observation[], options?: ActBatchOptions): Answer<Int32Array, M>;

  /** Q(s, ·) `[A]`, a fresh array; without noise, and for a network with memory as at the beginning of an episode. */
  qValues(observation: Observation): Answer<Float32Array, M>;

  /**
   * Remembers a step and moves the clock: schedules, target updates and `updatesDue` follow.
   * @throws DqnError `invalid-observation`, `invalid-action` or `invalid-reward`; nothing is remembered then.
   */
  observe(experience: Experience<Observation>): Answer<void, M>;

  /**
   * Ends the running episodes as if cut off here, or that of one environment: call it before an environment is reset in the middle of
   * an episode, so that no n-step window spans two.
   * @param stream - the environment's number; left out, all environments met so far.
   * @throws DqnError `invalid-option` if it is no such number.
   */
  cutEpisodes(stream?: number): void;

  /**
   * Moves the clock by a step with nothing to remember, for learning from what is remembered already: schedules and target updates follow, `updatesDue` stays.
   */
  elapse(): Answer<void, M>;

  /**
   * One gradient update on a sampled batch.
   *
   * Where the engine runs whole updates on its device, nothing waits for it: priorities are set when the next update begins, always, however soon the numbers are there. An
   * update that diverged has changed nothing then either, and is told of by the next call, or by its own where it is the first.
   * @throws DqnError `empty-replay` before anything is remembered; `diverged` if the loss is not finite: what was learned is kept.
   */
  learn(): Answer<UpdateReport, M>;

  /**
   * Everything that is not an option: weights, optimiser, replay, clocks, random streams. Arrays in it may be live views, those of a replay of gigabytes among them: copy what you keep while the
   * agent goes on, as {@link Agent.save} does.
   */
  getState(): Promise<State>;

  /**
   * Goes on from a state of an agent made of the same parts, or throws and changes nothing.
   * @throws DqnError `invalid-checkpoint` or `incompatible-checkpoint`.
   */
  setState(state: State): Promise<void>;

  /** {@link Agent.getState} as the bytes of a file, with a version and a checksum. */
  save(): Promise<Uint8Array<ArrayBuffer>>;

  /**
   * Goes on from bytes that `save` gave.
   * @throws DqnError `invalid-checkpoint` if they are damaged or foreign, `incompatible-checkpoint` if they do not fit.
   */
  load(bytes: Uint8Array): Promise<void>;

  /** The online network alone, for use: see {@link loadPolicy}. */
  savePolicy(): Promise<Uint8Array<ArrayBuffer>>;

  /** Frees the networks. */
  dispose(): void;
}
