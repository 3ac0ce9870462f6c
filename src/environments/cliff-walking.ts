import { checkNames } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { discrete } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { neighbor } from './grid-move.ts';
import { renderGrid } from './rendering/grid.ts';
import type { Cell } from './rendering/grid.ts';

const ROWS = 4;
const COLUMNS = 12;
const START = 36;
const GOAL = 47;

/** Options of {@link CliffWalking}. */
export interface CliffWalkingOptions {
  /** Steps after which an episode is truncated. Default 1000: a policy that walks in circles would never end otherwise. */
  readonly maxEpisodeSteps?: number;
}

/**
 * Walk along a cliff from the lower left to the lower right of 4 × 12 cells: up (0), right (1), down (2), left (3), as
 * Gymnasium's CliffWalking-v1, except that there no time limit is set.
 *
 * Observation: the cell's number, 12 · row + column. Every step gives reward −1; stepping off the cliff (cells 37 … 46) gives −100 and
 * leads back to the start, cell 36. The episode terminates on cell 47. The shortest way has 13 steps. Nothing is random.
 * `reset({ options: { state: [cell] } })` starts elsewhere.
 * Source: Sutton and Barto 2018, example 6.6.
 */
export class CliffWalking implements Environment<number, number> {
  readonly observationSpace = discrete(ROWS * COLUMNS);
  readonly actionSpace = discrete(4);
  readonly #episode: Episode;
  #cell = START;

  /** @throws DqnError `invalid-option` if `maxEpisodeSteps` is not a whole number of at least 1 or a name is misspelt. */
  constructor(options: CliffWalkingOptions = {}) {
    checkNames('CliffWalking(options)', options, { maxEpisodeSteps: true });
    const { maxEpisodeSteps = 1000 } = options;
    this.#episode = new Episode({
      name: 'CliffWalking',
      actions: 4,
      maxEpisodeSteps,
      expected: 'the number of a cell beside the cliff: 0 … 36, or 47 when the episode is over',
      accepts: (values, running) =>
        values.length === 1 &&
        Number.isInteger(values[0]) &&
        values[0] >= 0 &&
        (values[0] <= START || (values[0] === GOAL && !running)),
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<number> {
    const asked = this.#episode.start(options);
    this.#cell = asked === undefined ? START : asked[0];
    return { observation: this.#cell, info: NO_INFO };
  }

  /** Walks one cell. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<number> {
    this.#episode.checkStep(action);
    const next = neighbor(this.#cell, action, ROWS, COLUMNS);
    const fell = next > START && next < GOAL;
    this.#cell = fell ? START : next;
    const terminated = next === GOAL;
    const truncated = this.#episode.advance(terminated);
    return { observation: this.#cell, reward: fell ? -100 : -1, terminated, truncated, info: NO_INFO };
  }

  /** The cliff, and who walks along it. */
  render(mode: RenderMode): string {
    return renderGrid(mode, {
      title: 'CliffWalking',
      caption: `step ${this.#episode.steps} · row ${Math.floor(this.#cell / COLUMNS)}, column ${this.#cell % COLUMNS}`,
      rows: ROWS,
      columns: COLUMNS,
      agent: this.#cell,
      cell: look,
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: cell, step count, random stream. */
  getState(): State {
    return this.#episode.save([this.#cell]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#cell = this.#episode.load(state)[0];
  }
}

function look(cell: number): Cell {
  if (cell === GOAL) return { color: 'green', text: 'G' };
  if (cell === START) return { color: 'sky', text: 'S' };
  return cell > START ? { color: 'red', text: 'X' } : { color: 'pale', text: '' };
}
