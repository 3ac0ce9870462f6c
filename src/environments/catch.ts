import { checkInteger, checkNames } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { box, discrete } from '../environment/spaces.ts';
import type { BoxSpace } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { renderGrid } from './rendering/grid.ts';
import type { Cell } from './rendering/grid.ts';

/** Options of {@link Catch}. */
export interface CatchOptions {
  /** Rows of the board, in [2, 100]. Default 10. */
  readonly rows?: number;
  /** Columns of the board, in [1, 100]. Default 5. */
  readonly columns?: number;
}

/**
 * Move a paddle left (0), not at all (1) or right (2) to catch a falling ball: a test of credit given to actions long before their reward.
 *
 * The ball falls one row a step from the first row, in a column drawn for every episode; the paddle starts in the middle of the last row. When the ball is there the
 * episode terminates, with reward 1 where the paddle is and −1 elsewhere; every other step gives 0.
 * Observation `[rows, columns]`: 1 where ball and paddle are, 0 elsewhere. `reset({ options: { state: [ball's row, ball's column, paddle's column] } })` starts elsewhere.
 * Source: Mnih et al. 2014; as in bsuite's `catch` (Osband et al. 2020).
 */
export class Catch implements Environment<Float32Array, number> {
  readonly observationSpace: BoxSpace<'float32'>;
  readonly actionSpace = discrete(3);
  readonly #episode: Episode;
  readonly #rows: number;
  readonly #columns: number;
  #ballRow = 0;
  #ballColumn = 0;
  #paddle: number;

  /** @throws DqnError `invalid-option` if an option is not as {@link CatchOptions} says. */
  constructor(options: CatchOptions = {}) {
    checkNames('Catch(options)', options, { rows: true, columns: true });
    const { rows = 10, columns = 5 } = options;
    this.#rows = checkInteger('Catch(rows)', rows, { min: 2, max: 100 });
    this.#columns = checkInteger('Catch(columns)', columns, { min: 1, max: 100 });
    this.#paddle = columns >> 1;
    this.observationSpace = box({ low: 0, high: 1, shape: [rows, columns] });
    const inside = (value: number, end: number): boolean => Number.isInteger(value) && value >= 0 && value < end;
    this.#episode = new Episode({
      name: 'Catch',
      setup: `${rows} ${columns}`,
      actions: 3,
      maxEpisodeSteps: Number.MAX_SAFE_INTEGER,
      expected: `the ball's row below ${rows}, not the last while the episode runs, its column and the paddle's below ${columns}`,
      accepts: (values, running) =>
        values.length === 3 &&
        inside(values[0], running ? rows - 1 : rows) &&
        inside(values[1], columns) &&
        inside(values[2], columns),
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<Float32Array> {
    const asked = this.#episode.start(options);
    this.#place(asked ?? [0, this.#episode.random.integer(this.#columns), this.#columns >> 1]);
    return { observation: this.#observe(), info: NO_INFO };
  }

  /** Moves the paddle; the ball falls one row. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<Float32Array> {
    this.#episode.checkStep(action);
    this.#paddle = Math.min(this.#columns - 1, Math.max(0, this.#paddle + action - 1));
    this.#ballRow++;
    const terminated = this.#ballRow === this.#rows - 1;
    const reward = !terminated ? 0 : this.#paddle === this.#ballColumn ? 1 : -1;
    this.#episode.advance(terminated);
    return { observation: this.#observe(), reward, terminated, truncated: false, info: NO_INFO };
  }

  /** The board with the paddle, and the ball as a disc. */
  render(mode: RenderMode): string {
    const paddle = (this.#rows - 1) * this.#columns + this.#paddle;
    return renderGrid(mode, {
      title: 'Catch',
      caption: `step ${this.#episode.steps} · ball in column ${this.#ballColumn}, paddle in column ${this.#paddle}`,
      rows: this.#rows,
      columns: this.#columns,
      agent: this.#ballRow * this.#columns + this.#ballColumn,
      cell: (index): Cell => ({ color: index === paddle ? 'blue' : 'pale', text: '' }),
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: ball, paddle, step count, random stream; and the size, which must agree on loading. */
  getState(): State {
    return this.#episode.save([this.#ballRow, this.#ballColumn, this.#paddle]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#place(this.#episode.load(state));
  }

  #place(values: readonly number[]): void {
    [this.#ballRow, this.#ballColumn, this.#paddle] = values as [number, number, number];
  }

  #observe(): Float32Array {
    const observation = new Float32Array(this.#rows * this.#columns);
    observation[this.#ballRow * this.#columns + this.#ballColumn] = 1;
    observation[(this.#rows - 1) * this.#columns + this.#paddle] = 1;
    return observation;
  }
}
