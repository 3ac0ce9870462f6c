import { checkInteger } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { Random } from '../common/random.ts';
import type { State } from '../common/state.ts';
import type { Info, ResetOptions } from '../environment/environment.ts';

/** The info of environments that have nothing to tell. */
export const NO_INFO: Info = Object.freeze({});

/** What an {@link Episode} must know of its environment. */
interface EpisodeOptions {
  /** The name of the environment's class. */
  readonly name: string;
  /** Whatever two environments must share for a saved state to make sense in both, such as the map. Default: nothing. */
  readonly setup?: string | undefined;
  /** Number of actions: 0 … actions − 1. */
  readonly actions: number;
  /** Steps after which an episode is truncated, at least 1. */
  readonly maxEpisodeSteps: number;
  /** The numbers that are the world's state, as a noun phrase. */
  readonly expected: string;
  /** Whether the numbers are a possible state of the world: one to act in if `running`, perhaps a final one if not. */
  accepts(values: readonly number[], running: boolean): boolean;
}

/**
 * The part of an environment that is the same everywhere: its random stream, whether an episode is running, the count of
 * steps, the time limit, and the saving of all that beside the state of the world.
 */
export class Episode {
  readonly #options: EpisodeOptions;
  readonly #actions: number;
  readonly #limit: number;
  #random = new Random(0);
  #steps = 0;
  #running = false;

  /** @throws DqnError `invalid-option` if `maxEpisodeSteps` is not a whole number of at least 1. */
  constructor(options: EpisodeOptions) {
    this.#options = options;
    this.#actions = options.actions;
    this.#limit = checkInteger(`${options.name}(maxEpisodeSteps)`, options.maxEpisodeSteps, { min: 1 });
  }

  /** The environment's random stream. */
  get random(): Random {
    return this.#random;
  }

  /** Steps taken in this episode. */
  get steps(): number {
    return this.#steps;
  }

  /** Whether a step may be taken. */
  get running(): boolean {
    return this.#running;
  }

  /**
   * Begins an episode, and gives the state that `options.options.state` asks for, if it does.
   * @throws DqnError `invalid-option` if the seed is not finite or the asked state not possible; then nothing has changed.
   */
  start(options: ResetOptions | undefined): readonly number[] | undefined {
    const asked = options?.options?.['state'];
    if (asked !== undefined && !this.#isWorldState(asked, true)) {
      throw new DqnError({
        code: 'invalid-option',
        where: `${this.#options.name}.reset(options.state)`,
        expected: this.#options.expected,
        received: Array.isArray(asked) ? JSON.stringify(asked).slice(0, 80) : describe(asked),
        remedy: 'Leave it out to start as the environment does by itself.',
      });
    }
    if (options?.seed !== undefined) this.#random = new Random(options.seed);
    this.#steps = 0;
    this.#running = true;
    return asked as readonly number[] | undefined;
  }

  /**
   * Whether a step with this action may be taken now: returns, or throws and changes nothing.
   * @throws DqnError `not-reset`, `invalid-action`.
   */
  checkStep(action: number): void {
    if (this.#running && Number.isInteger(action) && action >= 0 && action < this.#actions) return;
    this.#refuse(action);
  }

  /** Counts a step that was taken, ends the episode where it is over, and returns whether the time limit is reached. */
  advance(terminated: boolean): boolean {
    const truncated = ++this.#steps >= this.#limit;
    if (terminated || truncated) this.#running = false;
    return truncated;
  }

  /** Ends the episode, so that only a reset leads on. */
  stop(): void {
    this.#running = false;
  }

  /** The state of the episode together with the world's, whose array is kept, not copied. */
  save(values: readonly number[]): State {
    return {
      environment: this.#identity(),
      random: [...this.#random.state()],
      steps: this.#steps,
      running: this.#running,
      world: values,
    };
  }

  /**
   * Goes on from what {@link Episode.save} gave, and returns the world's state, or throws and changes nothing.
   * @throws DqnError `invalid-checkpoint` if it is none, `incompatible-checkpoint` if it belongs to another environment.
   */
  load(state: State): readonly number[] {
    const { environment, random, steps, running, world } = fields(state);
    const where = `${this.#options.name}.setState(state)`;
    if (typeof environment !== 'string') throw damaged(where, 'an object that getState() gave', state);
    if (environment !== this.#identity()) {
      throw new DqnError({
        code: 'incompatible-checkpoint',
        where,
        expected: `a state of ${JSON.stringify(this.#identity())}`,
        received: describe(environment),
        remedy: 'Build the environment with the same options as the one that was saved.',
      });
    }
    if (typeof steps !== 'number' || !Number.isSafeInteger(steps) || steps < 0) {
      throw damaged(`${where}.steps`, 'a whole number of at least 0', steps);
    }
    if (typeof running !== 'boolean') throw damaged(`${where}.running`, 'true or false', running);
    if (!this.#isWorldState(world, running)) throw damaged(`${where}.world`, this.#options.expected, world);
    const stream = new Random(0);
    stream.restore(random);
    this.#random = stream;
    this.#steps = steps;
    this.#running = running;
    return world;
  }

  #identity(): string {
    const { name, setup } = this.#options;
    return setup === undefined ? name : `${name} ${setup}`;
  }

  #isWorldState(values: unknown, running: boolean): values is readonly number[] {
    // A copy, as every() passes over holes.
    return Array.isArray(values) && Array.from(values).every(Number.isFinite) && this.#options.accepts(values, running);
  }

  #refuse(action: unknown): never {
    const where = `${this.#options.name}.step(action)`;
    if (!this.#running) {
      throw new DqnError({
        code: 'not-reset',
        where,
        expected: 'a running episode',
        received: this.#steps === 0 ? 'a step before reset()' : `a step after the episode ended at step ${this.#steps}`,
        remedy: 'Call reset() first.',
      });
    }
    throw new DqnError({
      code: 'invalid-action',
      where,
      expected: `a whole number in [0, ${this.#actions - 1}]`,
      received: describe(action),
      remedy: 'Choose an action of actionSpace.',
    });
  }
}

function fields(state: State): { readonly [key: string]: State } {
  const plain = typeof state === 'object' && state !== null && !Array.isArray(state) && !ArrayBuffer.isView(state);
  return plain ? (state as { readonly [key: string]: State }) : {};
}

function damaged(where: string, expected: string, received: unknown): DqnError {
  return new DqnError({
    code: 'invalid-checkpoint',
    where,
    expected,
    received: describe(received),
    remedy: 'Pass what getState() gave, unchanged.',
  });
}
