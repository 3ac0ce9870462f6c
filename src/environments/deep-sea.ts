import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { Random } from '../common/random.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { box, discrete } from '../environment/spaces.ts';
import type { BoxSpace } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { renderGrid } from './rendering/grid.ts';

/** Options of {@link DeepSea}. */
export interface DeepSeaOptions {
  /** N: rows and columns, in [2, 1000]. Default 10. */
  readonly size?: number;
  /** Decides for every cell which action moves right. Default 0. */
  readonly mappingSeed?: number;
}

/**
 * Dive N rows deep to a treasure at the lower right, where one wrong move of N loses it: a test of deep exploration.
 *
 * Every step sinks one row, and moves one column left or right; which of the two actions moves right in a cell is drawn once, from
 * `mappingSeed`. Moving right costs 0.01 / N, moving left nothing; moving right in the last column gives 1. The episode terminates after N steps.
 * The best return is 0.99; a policy that chooses at random finds the treasure once in 2ᴺ episodes.
 * Observation `[N, N]`: 1 where the diver is, 0 elsewhere; all 0 after the last step. It starts at the upper left, or at
 * `reset({ options: { state: [row, column] } })`.
 * Source: Osband, Aslanides and Cassirer 2018, appendix A; rewards and mapping as in bsuite's deterministic `deep_sea`.
 */
export class DeepSea implements Environment<Float32Array, number> {
  readonly observationSpace: BoxSpace<'float32'>;
  readonly actionSpace = discrete(2);
  readonly #episode: Episode;
  readonly #size: number;
  /** `[N, N]`: the action that moves right. */
  readonly #right: Uint8Array;
  #row = 0;
  #column = 0;

  /** @throws DqnError `invalid-option` if an option is not as {@link DeepSeaOptions} says. */
  constructor(options: DeepSeaOptions = {}) {
    checkNames('DeepSea(options)', options, { size: true, mappingSeed: true });
    const { size = 10, mappingSeed = 0 } = options;
    this.#size = checkInteger('DeepSea(size)', size, { min: 2, max: 1000 });
    const random = new Random(checkNumber('DeepSea(mappingSeed)', mappingSeed));
    this.#right = new Uint8Array(size * size);
    for (let i = 0; i < this.#right.length; i++) this.#right[i] = random.integer(2);
    this.observationSpace = box({ low: 0, high: 1, shape: [size, size] });
    this.#episode = new Episode({
      name: 'DeepSea',
      setup: `${size} ${mappingSeed}`,
      actions: 2,
      maxEpisodeSteps: Number.MAX_SAFE_INTEGER,
      expected: `a row and a column not beyond it, both less than ${size}; row ${size} when the episode is over`,
      accepts: (values, running) => {
        const [row, column] = values;
        if (values.length !== 2 || !Number.isInteger(row) || !Number.isInteger(column) || column < 0) return false;
        return row < size ? column <= row : row === size && column < size && !running;
      },
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    const asked = this.#episode.start(options);
    this.#row = asked === undefined ? 0 : asked[0];
    this.#column = asked === undefined ? 0 : asked[1];
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Sinks one row. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    const size = this.#size;
    let reward = 0;
    if (action === this.#right[this.#row * size + this.#column]) {
      reward = -0.01 / size;
      if (this.#column === size - 1) reward += 1;
      else this.#column++;
    } else if (this.#column > 0) this.#column--;
    this.#row++;
    const terminated = this.#row === size;
    this.#episode.advance(terminated);
    return { observation: this.#observe(), reward, terminated, truncated: false, info: NO_INFO };
  }

  /** The sea, the diver and the treasure; the cells above the diagonal are never reached. */
  render(mode: RenderMode): string {
    const size = this.#size;
    return renderGrid(mode, {
      title: 'DeepSea',
      caption: `step ${this.#episode.steps} · row ${this.#row}, column ${this.#column} of ${size}`,
      rows: size,
      columns: size,
      agent: this.#row < size ? this.#row * size + this.#column : -1,
      cell: (index) => {
        if (index === size * size - 1) return { color: 'gold', text: '◆' };
        return { color: index % size > Math.floor(index / size) ? 'pale' : 'sky', text: '' };
      },
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: row, column, step count, random stream; and size and mapping, which must agree on loading. */
  getState(): State {
    return this.#episode.save([this.#row, this.#column]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    [this.#row, this.#column] = this.#episode.load(state) as [number, number];
  }

  #observe(): Float32Array {
    const observation = new Float32Array(this.#size * this.#size);
    if (this.#row < this.#size) observation[this.#row * this.#size + this.#column] = 1;
    return observation;
  }
}
