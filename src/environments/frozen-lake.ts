import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { Random } from '../common/random.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { discrete } from '../environment/spaces.ts';
import type { DiscreteSpace } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import type { MdpTransition } from './finite-mdp.ts';
import { parseMap } from './grid-map.ts';
import { neighbor } from './grid-move.ts';
import { drawOutcome, outcomesByPair } from './outcomes.ts';
import { renderGrid } from './rendering/grid.ts';
import type { Cell } from './rendering/grid.ts';

// gymnasium/envs/toy_text/frozen_lake.py, version 1.4.
const MAPS: Readonly<Record<string, string>> = {
  '4x4': 'SFFF\nFHFH\nFFFH\nHFFG',
  '8x8': 'SFFFFFFF\nFFFFFFFF\nFFFHFFFF\nFFFFFHFF\nFFFHFFFF\nFHHFFFHF\nFHFFHFHF\nFFFHFFFG',
};

const LOOKS: Readonly<Record<string, Cell>> = {
  S: { color: 'sky', text: 'S' },
  F: { color: 'pale', text: '' },
  H: { color: 'blue', text: 'H' },
  G: { color: 'green', text: 'G' },
};

/** Options of {@link FrozenLake}. */
export interface FrozenLakeOptions {
  /**
   * `'4x4'`, `'8x8'`, or a map of your own, one line a row, all equally long: `S` start (at least one), `G` goal (at least one), `H` hole, `F`
   * frozen. Blanks around lines and empty lines are ignored. {@link randomLake} draws one. Default `'4x4'`.
   */
  readonly map?: string;
  /** Chance in [0, 1] of going where one wants; with 1 the ice is not slippery. Default 1/3. */
  readonly successProbability?: number;
  /** Reward of a step onto the goal. Default 1. */
  readonly goalReward?: number;
  /** Reward of a step into a hole. Default 0. */
  readonly holeReward?: number;
  /** Reward of every other step. Default 0. */
  readonly stepReward?: number;
  /** Steps after which an episode is truncated. Default 100; 200 on the map `'8x8'`. */
  readonly maxEpisodeSteps?: number;
}

/**
 * Cross a frozen lake without falling into a hole: left (0), down (1), right (2), up (3). Gymnasium's FrozenLake-v1 and FrozenLake8x8-v1.
 *
 * Observation: the cell's number, row · columns + column. The ice is slippery: a move goes where it should with `successProbability`, to either
 * side with half of the rest; against the edge it stays. The step onto a goal gives 1, every other one 0. The episode terminates on goals and in holes.
 * It starts on an `S`, each equally likely, or at `reset({ options: { state: [cell] } })`.
 * `is_slippery=False` of Gymnasium is `successProbability: 1` here, its `success_rate` is `successProbability`.
 */
export class FrozenLake implements Environment<number, number> {
  readonly observationSpace: DiscreteSpace;
  readonly actionSpace = discrete(4);
  /**
   * The whole problem, as Gymnasium's `P`: every outcome of every action in every cell, one for each direction of a slip even where two lead to the same
   * cell; impossible ones are left out. Goals and holes lead to themselves, for nothing, and end.
   */
  readonly transitions: readonly MdpTransition[];
  readonly #episode: Episode;
  readonly #outcomes: readonly (readonly MdpTransition[])[];
  readonly #cells: string;
  readonly #rows: number;
  readonly #columns: number;
  readonly #starts: readonly number[];
  #cell: number;

  /** @throws DqnError `invalid-option` if an option is not as {@link FrozenLakeOptions} says. */
  constructor(options: FrozenLakeOptions = {}) {
    checkNames('FrozenLake(options)', options, {
      map: true,
      successProbability: true,
      goalReward: true,
      holeReward: true,
      stepReward: true,
      maxEpisodeSteps: true,
    });
    const { map = '4x4', successProbability = 1 / 3, goalReward = 1, holeReward = 0, stepReward = 0 } = options;
    const lines = parseMap(Object.hasOwn(MAPS, map) ? MAPS[map] : map, {
      where: 'FrozenLake(map)',
      letters: ['S', 'F', 'H', 'G'],
      needed: ['S', 'G'],
      remedy: "Pass '4x4', '8x8', or one line a row with S start, F frozen, H hole and G goal.",
    });
    const cells = lines.join('');
    checkNumber('FrozenLake(successProbability)', successProbability, { min: 0, max: 1 });
    const rewards: Readonly<Record<string, number>> = {
      G: checkNumber('FrozenLake(goalReward)', goalReward),
      H: checkNumber('FrozenLake(holeReward)', holeReward),
      F: checkNumber('FrozenLake(stepReward)', stepReward),
      S: stepReward,
    };
    this.#cells = cells;
    this.#rows = lines.length;
    this.#columns = lines[0].length;
    this.#starts = [...cells].flatMap((letter, cell) => (letter === 'S' ? [cell] : []));
    this.#cell = this.#starts[0];
    this.observationSpace = discrete(cells.length);
    this.transitions = table(cells, this.#rows, this.#columns, successProbability, rewards);
    this.#outcomes = outcomesByPair(this.transitions, cells.length, 4);
    this.#episode = new Episode({
      name: 'FrozenLake',
      setup: lines.join('/'),
      actions: 4,
      maxEpisodeSteps: options.maxEpisodeSteps ?? (map === '8x8' ? 200 : 100),
      expected: 'the number of a cell, neither goal nor hole while the episode runs',
      accepts: (values, running) => {
        const letter = cells[values[0]];
        return values.length === 1 && letter !== undefined && !(running && isEnd(letter));
      },
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<number> {
    const asked = this.#episode.start(options);
    this.#cell = asked === undefined ? this.#starts[this.#episode.random.integer(this.#starts.length)] : asked[0];
    return { observation: this.#cell, info: NO_INFO };
  }

  /** Walks or slips one cell. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<number> {
    this.#episode.checkStep(action);
    const { nextState, reward, terminated } = drawOutcome(this.#outcomes[this.#cell * 4 + action], this.#episode.random);
    this.#cell = nextState;
    const truncated = this.#episode.advance(terminated);
    return { observation: nextState, reward, terminated, truncated, info: NO_INFO };
  }

  /** The lake, and who walks on it. */
  render(mode: RenderMode): string {
    return renderGrid(mode, {
      title: 'FrozenLake',
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

function isEnd(letter: string): boolean {
  return letter === 'G' || letter === 'H';
}

function table(
  cells: string,
  rows: number,
  columns: number,
  success: number,
  rewards: Readonly<Record<string, number>>,
): readonly MdpTransition[] {
  const transitions: MdpTransition[] = [];
  const slip = (1 - success) / 2;
  for (let state = 0; state < cells.length; state++) {
    for (let action = 0; action < 4; action++) {
      if (isEnd(cells[state])) {
        transitions.push({ state, action, probability: 1, nextState: state, reward: 0, terminated: true });
        continue;
      }
      for (const turn of [3, 0, 1]) {
        const probability = turn === 0 ? success : slip;
        // The directions of `neighbor` run the other way round.
        const nextState = neighbor(state, 3 - ((action + turn) & 3), rows, columns);
        const letter = cells[nextState];
        if (probability > 0) {
          transitions.push({ state, action, probability, nextState, reward: rewards[letter], terminated: isEnd(letter) });
        }
      }
    }
  }
  return transitions;
}

/** Options of {@link randomLake}. */
export interface RandomLakeOptions {
  /** Rows and columns, in [2, 100]. Default 8. */
  readonly size?: number;
  /** Chance in (0, 1] that a cell is frozen, and no hole. Default 0.8. */
  readonly frozenProbability?: number;
  /** Decides the map. Default 0. */
  readonly seed?: number;
}

/** How many maps are drawn in search of one with a way; with the defaults more than nine in ten have one. */
const TRIES = 10_000;

/**
 * A random map for {@link FrozenLake} with the start at the upper left and the goal at the lower right, drawn again until a way leads there: Gymnasium's
 * `generate_random_map`, with the library's own random numbers.
 *
 * @throws DqnError `invalid-option` if an option is out of range or misspelt, or if none of 10,000 maps has a way.
 */
export function randomLake(options: RandomLakeOptions = {}): string {
  checkNames('randomLake(options)', options, { size: true, frozenProbability: true, seed: true });
  const { size = 8, frozenProbability = 0.8, seed = 0 } = options;
  checkInteger('randomLake(size)', size, { min: 2, max: 100 });
  checkNumber('randomLake(frozenProbability)', frozenProbability, { min: 0, max: 1, exclusiveMin: true });
  const random = new Random(checkNumber('randomLake(seed)', seed));
  for (let tries = 0; tries < TRIES; tries++) {
    const cells = Array.from({ length: size * size }, (): string => (random.float() < frozenProbability ? 'F' : 'H'));
    cells[0] = 'S';
    cells[cells.length - 1] = 'G';
    if (!hasWay(cells, size)) continue;
    return Array.from({ length: size }, (_, row) => cells.slice(row * size, (row + 1) * size).join('')).join('\n');
  }
  throw new DqnError({
    code: 'invalid-option',
    where: 'randomLake(frozenProbability)',
    expected: `a chance with which one of ${TRIES} maps of size ${size} has a way`,
    received: String(frozenProbability),
    remedy: 'Raise frozenProbability, or lower size.',
  });
}

/** Whether a way leads from the first cell to the last without a hole. */
function hasWay(cells: readonly string[], size: number): boolean {
  const reached = new Set([0]);
  for (const cell of reached) {
    for (let direction = 0; direction < 4; direction++) {
      const next = neighbor(cell, direction, size, size);
      if (cells[next] !== 'H') reached.add(next);
    }
  }
  return reached.has(cells.length - 1);
}
