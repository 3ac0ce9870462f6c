import { checkNames, checkNumber } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { discrete } from '../environment/spaces.ts';
import type { DiscreteSpace } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import { parseMap } from './grid-map.ts';
import { neighbor } from './grid-move.ts';
import { renderGrid } from './rendering/grid.ts';
import type { Cell } from './rendering/grid.ts';

const DEFAULT_MAP = `
...G
.#.X
S...`;

const LOOKS: Readonly<Record<string, Cell>> = {
  '#': { color: 'grey', text: '' },
  G: { color: 'green', text: 'G' },
  X: { color: 'red', text: 'X' },
  S: { color: 'sky', text: 'S' },
  '.': { color: 'pale', text: '' },
};

/** Options of {@link GridWorld}. */
export interface GridWorldOptions {
  /**
   * One line a row, all equally long: `S` start (at least one), `G` goal (at least one), `X` pit, `#` wall, `.` free. Blanks around lines and
   * empty lines are ignored. Default: the 4×3 world below.
   */
  readonly map?: string;
  /** Chance in [0, 1] that a move goes to one of the two sides instead, each equally likely. Default 0.2. */
  readonly slipProbability?: number;
  /** Reward of every step, the last one too. Default −0.04. */
  readonly stepReward?: number;
  /** Added on entering a goal. Default 1. */
  readonly goalReward?: number;
  /** Added on entering a pit. Default −1. */
  readonly pitReward?: number;
  /** Steps after which an episode is truncated. Default 100. */
  readonly maxEpisodeSteps?: number;
}

/**
 * Walk a map to a goal, past walls and pits: up (0), right (1), down (2), left (3).
 *
 * Observation: the cell's number, row · columns + column. A move against a wall or the edge stays. The episode terminates on goals and pits.
 * It starts on an `S`, each equally likely, or at `reset({ options: { state: [cell] } })`. With the defaults it is the 4×3 world of
 * Russell and Norvig, whose optimal utilities without discount are
 * ```text
 * 0.812 0.868 0.918  G
 * 0.762   #   0.660  X
 * 0.705 0.655 0.611 0.388
 * ```
 * Source: Russell and Norvig, Artificial Intelligence: A Modern Approach, section 17.1.
 */
export class GridWorld implements Environment<number, number> {
  readonly observationSpace: DiscreteSpace;
  readonly actionSpace = discrete(4);
  readonly #episode: Episode;
  readonly #cells: string;
  readonly #rows: number;
  readonly #columns: number;
  readonly #starts: readonly number[];
  readonly #slip: number;
  readonly #stepReward: number;
  readonly #goalReward: number;
  readonly #pitReward: number;
  #cell: number;

  /** @throws DqnError `invalid-option` if an option is not as {@link GridWorldOptions} says. */
  constructor(options: GridWorldOptions = {}) {
    checkNames('GridWorld(options)', options, {
      map: true,
      slipProbability: true,
      stepReward: true,
      goalReward: true,
      pitReward: true,
      maxEpisodeSteps: true,
    });
    const {
      map = DEFAULT_MAP,
      slipProbability = 0.2,
      stepReward = -0.04,
      goalReward = 1,
      pitReward = -1,
      maxEpisodeSteps = 100,
    } = options;
    const lines = parseMap(map, {
      where: 'GridWorld(map)',
      letters: ['S', 'G', 'X', '#', '.'],
      needed: ['S', 'G'],
      remedy: 'Draw one line a row with S start, G goal, X pit, # wall and . free.',
    });
    const cells = lines.join('');
    this.#cells = cells;
    this.#rows = lines.length;
    this.#columns = lines[0].length;
    this.#starts = [...cells].flatMap((look, cell) => (look === 'S' ? [cell] : []));
    this.#cell = this.#starts[0];
    this.#slip = checkNumber('GridWorld(slipProbability)', slipProbability, { min: 0, max: 1 });
    this.#stepReward = checkNumber('GridWorld(stepReward)', stepReward);
    this.#goalReward = checkNumber('GridWorld(goalReward)', goalReward);
    this.#pitReward = checkNumber('GridWorld(pitReward)', pitReward);
    this.observationSpace = discrete(cells.length);
    this.#episode = new Episode({
      name: 'GridWorld',
      setup: lines.join('/'),
      actions: 4,
      maxEpisodeSteps,
      expected: 'the number of a cell that is neither wall nor, while the episode runs, goal or pit',
      accepts: (values, running) => {
        const look = cells[values[0]];
        return values.length === 1 && look !== undefined && look !== '#' && !(running && (look === 'G' || look === 'X'));
      },
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<number> {
    const asked = this.#episode.start(options);
    this.#cell = asked === undefined ? this.#starts[this.#episode.random.integer(this.#starts.length)] : asked[0];
    return { observation: this.#cell, info: NO_INFO };
  }

  /** Walks one cell. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<number> {
    this.#episode.checkStep(action);
    const luck = this.#episode.random.float();
    let direction = action;
    if (luck < this.#slip / 2) direction = (action + 3) & 3;
    else if (luck < this.#slip) direction = (action + 1) & 3;
    const next = neighbor(this.#cell, direction, this.#rows, this.#columns);
    if (this.#cells[next] !== '#') this.#cell = next;
    const look = this.#cells[this.#cell];
    const bonus = look === 'G' ? this.#goalReward : look === 'X' ? this.#pitReward : 0;
    const terminated = look === 'G' || look === 'X';
    const truncated = this.#episode.advance(terminated);
    return { observation: this.#cell, reward: this.#stepReward + bonus, terminated, truncated, info: NO_INFO };
  }

  /** The map, and who walks on it. */
  render(mode: RenderMode): string {
    return renderGrid(mode, {
      title: 'GridWorld',
      caption: `step ${this.#episode.steps} · row ${Math.floor(this.#cell / this.#columns)}, column ${this.#cell % this.#columns}`,
      rows: this.#rows,
      columns: this.#columns,
      agent: this.#cell,
      cell: (index) => LOOKS[this.#cells[index]],
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: cell, step count, random stream; and the map, which must agree on loading. */
  getState(): State {
    return this.#episode.save([this.#cell]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#cell = this.#episode.load(state)[0];
  }
}
