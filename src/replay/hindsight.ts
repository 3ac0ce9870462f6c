import { checkInteger, checkNames } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { Random } from '../common/random.ts';
import { checkSame, damagedState, readArray, readCount, readFields, readInteger, readList } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import { checkReward } from '../environment/check-step.ts';
import type { Batch, ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from './replay-buffer.ts';
import type { ReplayPriorities } from './replay-priorities.ts';

/** Which goals the copies of a step get: see {@link hindsight}. */
export type GoalStrategy = 'future' | 'final' | 'episode';

/** How {@link hindsight} relabels. */
export interface HindsightOptions {
  /** k: copies of each step, at least 1. Default 4; 1 for `final`, which has one goal alone. */
  readonly goals?: number;
  /** Which goals the copies get. Default `future`. */
  readonly strategy?: GoalStrategy;
  /** Where in the flat observation the goal is that its state achieves: `[from, to)`. */
  readonly achieved: readonly [from: number, to: number];
  /** Where in the flat observation the goal is that is desired: `[from, to)`, as long as `achieved`. */
  readonly desired: readonly [from: number, to: number];
  /**
   * The reward for a step into a state that achieves `achieved` when `desired` is desired: the environment's own, as a pure function.
   * Both are `[to − from]`, valid during the call alone.
   */
  readonly reward: (achieved: Float32Array, desired: Float32Array) => number;
  /**
   * Whether a step into such a state terminates the episode because of the goal. Left out: goals do not terminate episodes, and a
   * copy may bootstrap where its original may.
   */
  readonly terminates?: (achieved: Float32Array, desired: Float32Array) => boolean;
  /** Draws the goals: the same seed, the same goals. Default 0. */
  readonly seed?: number;
}

interface Checked extends Required<Omit<HindsightOptions, 'terminates'>> {
  readonly terminates: ((achieved: Float32Array, desired: Float32Array) => boolean) | undefined;
}

const known = { goals: true, strategy: true, achieved: true, desired: true, reward: true, terminates: true, seed: true } as const;

/** The steps of the running episode of one environment, in arrays that grow. */
class Episode {
  length = 0;
  observations = new Float32Array();
  nextObservations = new Float32Array();
  actions = new Int32Array();
  discounts = new Float64Array();
  masks = new Uint8Array();
  /** Whether the step came with a mask. */
  masked = new Uint8Array();

  add(transition: Transition, { observationSize, actions }: ReplayLayout): void {
    const t = this.length;
    if (t === this.actions.length) this.#grow(Math.max(16, 2 * t), observationSize, actions);
    this.observations.set(transition.observation, t * observationSize);
    this.nextObservations.set(transition.nextObservation, t * observationSize);
    this.actions[t] = transition.action;
    this.discounts[t] = transition.discount;
    this.masked[t] = transition.nextActionMask === undefined ? 0 : 1;
    if (transition.nextActionMask !== undefined) this.masks.set(transition.nextActionMask, t * actions);
    this.length++;
  }

  getState({ observationSize, actions }: ReplayLayout): { readonly [key: string]: State } {
    const { length } = this;
    return {
      length,
      observations: this.observations.subarray(0, length * observationSize),
      nextObservations: this.nextObservations.subarray(0, length * observationSize),
      actions: this.actions.subarray(0, length),
      discounts: this.discounts.subarray(0, length),
      masks: this.masks.subarray(0, length * actions),
      masked: this.masked.subarray(0, length),
    };
  }

  static read(where: string, state: unknown, { observationSize, actions }: ReplayLayout, longest: number): Episode {
    const fields = readFields(where, state);
    const length = readInteger(where, fields, 'length', 0, longest);
    const episode = new Episode();
    episode.length = length;
    episode.observations = readArray(where, fields, 'observations', Float32Array, length * observationSize).slice();
    episode.nextObservations = readArray(where, fields, 'nextObservations', Float32Array, length * observationSize).slice();
    episode.actions = readArray(where, fields, 'actions', Int32Array, length).slice();
    episode.discounts = readArray(where, fields, 'discounts', Float64Array, length).slice();
    episode.masks = readArray(where, fields, 'masks', Uint8Array, length * actions).slice();
    episode.masked = readArray(where, fields, 'masked', Uint8Array, length).slice();
    const sound: [string, boolean][] = [
      ['observations', episode.observations.every(Number.isFinite)],
      ['nextObservations', episode.nextObservations.every(Number.isFinite)],
      ['actions', episode.actions.every((action) => action >= 0 && action < actions)],
      ['discounts', episode.discounts.every((discount) => discount >= 0 && discount <= 1)],
      ['masked', episode.masked.every((masked) => masked <= 1)],
    ];
    for (const [key, ok] of sound) if (!ok) throw damagedState(`${where}.${key}`, 'numbers in their ranges', fields[key]);
    return episode;
  }

  #grow(steps: number, observationSize: number, actions: number): void {
    const grown = <T extends { set(from: T): void }>(from: T, to: T): T => (to.set(from), to);
    this.observations = grown(this.observations, new Float32Array(steps * observationSize));
    this.nextObservations = grown(this.nextObservations, new Float32Array(steps * observationSize));
    this.actions = grown(this.actions, new Int32Array(steps));
    this.discounts = grown(this.discounts, new Float64Array(steps));
    this.masks = grown(this.masks, new Uint8Array(steps * actions));
    this.masked = grown(this.masked, new Uint8Array(steps));
  }
}

type Copy = { -readonly [K in keyof Transition]: Transition[K] } & { observation: Float32Array; nextObservation: Float32Array };

/** A buffer to which every episode is added again as if other goals had been desired; see {@link hindsight}. */
export class HindsightReplay implements ReplayBuffer {
  readonly kind: string;
  /** The buffer that keeps and draws. */
  readonly inner: ReplayBuffer;
  readonly updatePriorities?: (ids: Float64Array, tdErrors: Float32Array) => void;
  readonly #options: Checked;
  readonly #layout: ReplayLayout;
  readonly #random: Random;
  #episodes = new Map<number, Episode>();
  /** γ: the last discount above 0 that came; 0 before. */
  #discount = 0;
  readonly #goal: Float32Array;
  readonly #achieved: Float32Array;
  /** What goes into the inner buffer, filled anew for each copy. */
  readonly #copy: Copy;

  /** @throws DqnError `invalid-option` if the layout is not of float32 numbers, or too small for the goals. */
  constructor(kind: string, inner: ReplaySpec, options: Checked, layout: ReplayLayout) {
    const { achieved, desired } = options;
    if (layout.observationType !== 'float32') {
      throw refused('layout.observationType', "'float32'", layout.observationType, 'Give observations as numbers, not as bytes.');
    }
    checkInteger('ReplayLayout.observationSize', layout.observationSize, { min: Math.max(achieved[1], desired[1]) });
    this.kind = kind;
    this.inner = inner.create(layout);
    if (this.inner.updatePriorities !== undefined) {
      this.updatePriorities = (ids, tdErrors) => this.inner.updatePriorities?.(ids, tdErrors);
    }
    this.#options = options;
    this.#layout = layout;
    this.#random = new Random(options.seed).split('hindsight');
    const width = desired[1] - desired[0];
    this.#goal = new Float32Array(width);
    this.#achieved = new Float32Array(width);
    const { observationSize } = layout;
    this.#copy = { observation: new Float32Array(observationSize), nextObservation: new Float32Array(observationSize) } as Copy;
  }

  get capacity(): number {
    return this.inner.capacity;
  }

  get size(): number {
    return this.inner.size;
  }

  /** The step and its copies. */
  get transitionsPerStep(): number {
    return 1 + this.#options.goals;
  }

  /** Those of the buffer inside. */
  get priorities(): ReplayPriorities | undefined {
    return this.inner.priorities;
  }

  /**
   * Copies a single step in, as it is. An episode that gets as long as the capacity is relabelled as if it ended there.
   * @throws DqnError as the inner buffer; then nothing has changed. What `reward` throws is passed on.
   */
  add(transition: Transition): void {
    this.inner.add(transition);
    const { stream, discount } = transition;
    let episode = this.#episodes.get(stream);
    if (episode === undefined) this.#episodes.set(stream, (episode = new Episode()));
    episode.add(transition, this.#layout);
    if (discount > 0) this.#discount = discount;
    if (episode.length === this.capacity) this.#relabel(stream, episode);
  }

  sample(batchSize: number, random: Random, step?: number): Batch {
    return this.inner.sample(batchSize, random, step);
  }

  /**
   * Adds the relabelled copies of the episode.
   * @throws DqnError `invalid-reward` if `reward` gives no finite number. Then, and where `reward` or `terminates` throws, copies that came before stay and the rest is lost.
   */
  endEpisode(stream: number): void {
    const episode = this.#episodes.get(stream);
    if (episode !== undefined) this.#relabel(stream, episode);
    this.inner.endEpisode?.(stream);
  }

  getState(): State {
    return {
      kind: this.kind,
      ...this.#compared(),
      random: [...this.#random.state()],
      discount: this.#discount,
      episodes: [...this.#episodes].map(([stream, episode]) => ({ stream, ...episode.getState(this.#layout) })),
      inner: this.inner.getState(),
    };
  }

  /** @throws DqnError `incompatible-checkpoint` if an option that can be saved differs, `invalid-checkpoint` if the state is not sound. */
  setState(state: State): void {
    const where = 'HindsightReplay.setState(state)';
    const fields = readFields(where, state);
    checkSame(where, fields, { kind: this.kind, ...this.#compared() });
    new Random(this.#options.seed).restore(fields.random); // refuses a bad state now
    const { discount } = fields;
    if (!(typeof discount === 'number' && discount >= 0 && discount <= 1)) {
      throw damagedState(`${where}.discount`, 'a number in [0, 1]', discount);
    }
    const episodes = new Map<number, Episode>();
    readList(where, fields, 'episodes').forEach((item, i) => {
      const path = `${where}.episodes[${i}]`;
      const stream = readCount(path, readFields(path, item), 'stream');
      if (episodes.has(stream)) throw damagedState(`${path}.stream`, 'every stream once', stream);
      episodes.set(stream, Episode.read(path, item, this.#layout, this.capacity - 1));
    });
    this.inner.setState(fields.inner as State); // last: it is all or nothing by itself
    this.#random.restore(fields.random);
    this.#discount = discount;
    this.#episodes = episodes;
  }

  /** The options that a state can hold, as plain values. */
  #compared(): { readonly [key: string]: State } {
    const { goals, strategy, achieved, desired } = this.#options;
    return { goals, strategy, achieved: achieved.join(), desired: desired.join() };
  }

  #relabel(stream: number, episode: Episode): void {
    const { length } = episode;
    const { goals, strategy } = this.#options;
    try {
      for (let t = 0; t < length; t++) {
        for (let k = 0; k < goals; k++) {
          let from = length - 1;
          if (strategy === 'future') from = t + this.#random.integer(length - t);
          else if (strategy === 'episode') from = this.#random.integer(length);
          this.#addCopy(stream, episode, t, from);
        }
      }
    } finally {
      episode.length = 0; // even where something threw: the next step belongs to another episode
    }
  }

  /** Adds step t with the goal that the step `from` achieved. */
  #addCopy(stream: number, episode: Episode, t: number, from: number): void {
    const { achieved, desired, reward, terminates } = this.#options;
    const { observationSize, actions } = this.#layout;
    const copy = this.#copy;
    const { observation, nextObservation } = copy;
    const now = t * observationSize;
    const goal = this.#goal;
    read(episode.observations, now, observation);
    read(episode.nextObservations, now, nextObservation);
    let discount = episode.discounts[t];
    if (terminates !== undefined && discount === 0) {
      // Did the goal end the episode? Then it would have gone on with another one.
      read(nextObservation, achieved[0], this.#achieved);
      read(nextObservation, desired[0], goal);
      if (terminates(this.#achieved, goal)) discount = this.#discount;
    }
    read(episode.nextObservations, from * observationSize + achieved[0], goal);
    observation.set(goal, desired[0]);
    nextObservation.set(goal, desired[0]);
    read(nextObservation, achieved[0], this.#achieved);
    copy.stream = stream;
    copy.action = episode.actions[t];
    copy.reward = reward(this.#achieved, goal);
    checkReward('hindsight(reward)', copy.reward);
    read(nextObservation, desired[0], goal); // what was given to `reward` may have been changed
    read(nextObservation, achieved[0], this.#achieved);
    copy.discount = terminates !== undefined && terminates(this.#achieved, goal) ? 0 : discount;
    copy.nextActionMask = episode.masked[t] === 0 ? undefined : episode.masks.subarray(t * actions, (t + 1) * actions);
    this.inner.add(copy);
  }
}

/** A {@link HindsightReplay} still to be built. */
export interface HindsightSpec extends ReplaySpec {
  readonly singleStep: true;
  /** Builds the buffer, once the problem is known. */
  create(layout: ReplayLayout): HindsightReplay;
}

/**
 * Hindsight experience replay (Andrychowicz et al. 2017, algorithm 1), over any buffer: for environments whose observation says which goal is desired and
 * which one its state achieves. Steps are stored as they come; when the episode ends, each step is stored `goals` times more, with another goal for the
 * desired one in both observations, and the reward that it would have brought. Which goals, for step t of an episode of T steps:
 *
 * - `future`: achieved after step j, j uniform over t … T − 1;
 * - `episode`: achieved after step j, j uniform over 0 … T − 1;
 * - `final`: achieved after step T − 1.
 *
 * The discount of a copy is 0 where `terminates` says so for the new goal; where the original terminated because of its own goal, it is γ (the last
 * discount above 0 that came in; 0 before there was one); otherwise that of the original. Masks are copied: they must not depend on the goal. The ranges of
 * `achieved` and `desired` must not overlap. Only for single steps (`nStep: 1`) and float32 observations.
 * @throws DqnError `invalid-option` if an option is outside its range or unknown.
 */
export function hindsight(inner: ReplaySpec, options: HindsightOptions): HindsightSpec {
  if (typeof inner?.create !== 'function')
    throw refused('inner', 'a buffer such as uniform({ capacity })', inner, 'Pass the buffer to wrap.');
  checkNames('hindsight(options)', options, known);
  const { strategy = 'future', achieved, desired, reward, terminates, seed = 0 } = options;
  if (strategy !== 'future' && strategy !== 'final' && strategy !== 'episode') {
    throw refused('strategy', "'future', 'final' or 'episode'", strategy, "Pass 'future'.");
  }
  const { goals = strategy === 'final' ? 1 : 4 } = options;
  checkInteger('hindsight(goals)', goals, strategy === 'final' ? { min: 1, max: 1 } : { min: 1 });
  checkRange('achieved', achieved);
  checkRange('desired', desired);
  if (achieved[1] - achieved[0] !== desired[1] - desired[0]) {
    throw refused(
      'desired',
      `a range of ${achieved[1] - achieved[0]} numbers`,
      `[${desired.join(', ')}]`,
      'Make both ranges equally long.',
    );
  }
  if (achieved[0] < desired[1] && desired[0] < achieved[1]) {
    throw refused(
      'desired',
      'a range beside achieved',
      `[${desired.join(', ')}]`,
      'Keep both goals in the observation, each in its place.',
    );
  }
  if (typeof reward !== 'function') throw refused('reward', 'a function', reward, 'Pass the reward as a function of two goals.');
  if (terminates !== undefined && typeof terminates !== 'function') {
    throw refused('terminates', 'a function', terminates, 'Pass a function of two goals or leave it out.');
  }
  void new Random(seed); // refuses a bad seed now
  const kind = `hindsight(${inner.kind})`;
  const checked: Checked = { goals, strategy, achieved: [...achieved], desired: [...desired], reward, terminates, seed };
  return Object.freeze({
    kind,
    capacity: inner.capacity,
    singleStep: true,
    create: (layout: ReplayLayout) => new HindsightReplay(kind, inner, checked, layout),
  });
}

function checkRange(name: string, range: unknown): void {
  if (!Array.isArray(range) || range.length !== 2) throw refused(name, 'a range [from, to)', range, 'Pass two whole numbers.');
  checkInteger(`hindsight(${name}[0])`, range[0], { min: 0 });
  checkInteger(`hindsight(${name}[1])`, range[1], { min: (range[0] as number) + 1 });
}

function read(from: Float32Array, start: number, to: Float32Array): void {
  to.set(from.subarray(start, start + to.length));
}

function refused(option: string, expected: string, received: unknown, remedy: string): DqnError {
  return new DqnError({ code: 'invalid-option', where: `hindsight(${option})`, expected, received: describe(received), remedy });
}
