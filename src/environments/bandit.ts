import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { Random } from '../common/random.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { box, discrete } from '../environment/spaces.ts';
import type { DiscreteSpace } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { renderGrid } from './rendering/grid.ts';

/** Options of {@link Bandit}. */
export interface BanditOptions {
  /** Arms, in [2, 1,000]. Default 11. */
  readonly arms?: number;
  /** Standard deviation of normal noise on every reward, at least 0. Default 0. */
  readonly noiseScale?: number;
  /** Decides which arm gives which mean reward. Default 0. */
  readonly mappingSeed?: number;
}

/**
 * Pull one of many arms whose mean rewards are 0, 0.1, … 1 in an order drawn once, from `mappingSeed`: with `noiseScale` a test of learning from noisy rewards.
 *
 * Observation `[1]`: always 1. Every episode terminates after one step. The reward is the arm's mean plus normal noise. Saved states
 * tell the arm pulled plus one, or 0 before.
 * Source: Osband et al. 2020, "Behaviour Suite for Reinforcement Learning": bsuite's `bandit` and `bandit_noise`.
 */
export class Bandit implements Environment<Float32Array, number> {
  readonly observationSpace = box({ low: 0, high: 1, shape: [1] });
  readonly actionSpace: DiscreteSpace;
  /** The mean reward of every arm. */
  readonly means: readonly number[];
  readonly #episode: Episode;
  readonly #noiseScale: number;
  #pulled = 0;

  /** @throws DqnError `invalid-option` if an option is not as {@link BanditOptions} says. */
  constructor(options: BanditOptions = {}) {
    checkNames('Bandit(options)', options, { arms: true, noiseScale: true, mappingSeed: true });
    const { arms = 11, noiseScale = 0, mappingSeed = 0 } = options;
    checkInteger('Bandit(arms)', arms, { min: 2, max: 1_000 });
    this.#noiseScale = checkNumber('Bandit(noiseScale)', noiseScale, { min: 0 });
    this.means = shuffle(arms, new Random(checkNumber('Bandit(mappingSeed)', mappingSeed))).map((rank) => rank / (arms - 1));
    this.actionSpace = discrete(arms);
    this.#episode = new Episode({
      name: 'Bandit',
      setup: `${arms} ${mappingSeed}`,
      actions: arms,
      maxEpisodeSteps: Number.MAX_SAFE_INTEGER,
      expected: `0, or when the episode is over also the arm pulled plus one, at most ${arms}`,
      accepts: (values, running) => {
        const [pulled] = values;
        return values.length === 1 && Number.isInteger(pulled) && pulled >= 0 && pulled <= (running ? 0 : arms);
      },
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    this.#episode.start(options);
    this.#pulled = 0;
    return { observation: Float32Array.of(1), info: NO_INFO };
  }

  /** Pulls an arm. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    this.#pulled = action + 1;
    const noise = this.#noiseScale === 0 ? 0 : this.#noiseScale * this.#episode.random.normal();
    this.#episode.advance(true);
    const reward = this.means[action] + noise;
    return { observation: Float32Array.of(1), reward, terminated: true, truncated: false, info: NO_INFO };
  }

  /** The arms with their mean rewards, and the one that was pulled. */
  render(mode: RenderMode): string {
    const best = this.means.indexOf(1);
    return renderGrid(mode, {
      title: 'Bandit',
      caption: `step ${this.#episode.steps} · ${this.#pulled === 0 ? 'no arm' : `arm ${this.#pulled - 1}`} pulled`,
      rows: 1,
      columns: this.means.length,
      agent: this.#pulled - 1,
      cell: (arm) => ({ color: arm === best ? 'green' : 'pale', text: this.means[arm].toFixed(1) }),
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: the arm pulled, step count, random stream; and arms and mapping, which must agree on loading. */
  getState(): State {
    return this.#episode.save([this.#pulled]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#pulled = this.#episode.load(state)[0];
  }
}

/** 0 … n − 1 in an order drawn among all (Fisher and Yates). */
function shuffle(n: number, random: Random): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
