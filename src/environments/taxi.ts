import { checkNames, checkNumber } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { Environment, RenderMode, ResetOptions, ResetResult, StepResult } from '../environment/environment.ts';
import { discrete } from '../environment/spaces.ts';
import { Episode, NO_INFO } from './episode.ts';
import type { MdpTransition } from './finite-mdp.ts';
import { drawOutcome, outcomesByPair } from './outcomes.ts';
import { renderGrid } from './rendering/grid.ts';
import type { Cell } from './rendering/grid.ts';

// gymnasium/envs/toy_text/taxi.py, version 1.4. Between two cells of a row, `|` is a wall.
const STREETS = ['R: | : :G', ' : | : : ', ' : : : : ', ' | : | : ', 'Y| : |B: '];
const SIZE = 5;
const STATES = SIZE * SIZE * 5 * 4;
const ACTIONS = 6;
/** The cells of R, G, Y and B. */
const STANDS = [0, 4, 20, 23];
const STAND_COLORS = ['red', 'green', 'gold', 'sky'] as const;
/** The passenger's place while he is in the taxi. */
const IN_TAXI = 4;

/** Options of {@link Taxi}. */
export interface TaxiOptions {
  /** Chance in [0, 1] that a move goes where it should, and not to one of its two sides, each equally likely; less than 1 in the rain. Default 1. */
  readonly successProbability?: number;
  /** Chance in [0, 1], drawn for every episode, that the passenger changes his destination once. Default 0. */
  readonly fickleProbability?: number;
  /** Whether actions that would change nothing count as impossible: `actionMask`. Default `true`. */
  readonly actionMask?: boolean;
  /** Steps after which an episode is truncated. Default 200. */
  readonly maxEpisodeSteps?: number;
}

/**
 * Fetch a passenger and bring him where he wants to go, on 5 × 5 cells with four stands: down (0), up (1), right (2), left (3), pick up (4), drop off (5).
 * Gymnasium's Taxi-v4; without rain and fickleness also its Taxi-v3.
 *
 * Observation: ((5 · row + column) · 5 + passenger) · 4 + destination, where the stands are R (0), G (1), Y (2) and B (3), and the passenger is at one of them
 * or in the taxi (4): 500 numbers. Every step gives −1; but +20 the one that drops the passenger at his destination, which terminates the episode, and −10 to pick
 * up where he is not, or to drop him where there is no stand or nobody in the taxi. A move against a wall stays. An episode starts in each of the 300
 * states whose passenger waits at a stand that is not his destination equally often, or at `reset({ options: { state: [number] } })`.
 *
 * `actionMask` forbids what would change nothing; with `actionMask: false` there is none. Steps take any action all the same.
 *
 * In the rain a move that no wall stops succeeds with `successProbability`, and goes to its left or right with half of the rest each, or stays where a wall
 * is there. A fickle passenger chooses one of the other three destinations at the first move that succeeds while he is in the taxi; that he will is not observed, and a second number
 * of the state, 1 or 0. Gymnasium's `is_rainy=True` is `successProbability: 0.8`, its `rainy_probability`; its `fickle_passenger=True` is
 * `fickleProbability: 0.3`.
 * Source: Dietterich 2000, sections 3.1 and 7.1.
 */
export class Taxi implements Environment<number, number> {
  readonly observationSpace = discrete(STATES);
  readonly actionSpace = discrete(ACTIONS);
  /**
   * Every outcome of every action in every state, those included that no episode comes to, as Gymnasium's `P`: one for each direction of a slide even where two
   * lead to the same cell. That a passenger changes his destination is not in it.
   */
  readonly transitions: readonly MdpTransition[];
  readonly #episode: Episode;
  readonly #outcomes: readonly (readonly MdpTransition[])[];
  readonly #fickleProbability: number;
  readonly #masked: boolean;
  #state = 0;
  #changesMind = false;

  /** @throws DqnError `invalid-option` if an option is not as {@link TaxiOptions} says. */
  constructor(options: TaxiOptions = {}) {
    checkNames('Taxi(options)', options, {
      successProbability: true,
      fickleProbability: true,
      actionMask: true,
      maxEpisodeSteps: true,
    });
    const { successProbability = 1, fickleProbability = 0, actionMask = true, maxEpisodeSteps = 200 } = options;
    checkNumber('Taxi(successProbability)', successProbability, { min: 0, max: 1 });
    this.#fickleProbability = checkNumber('Taxi(fickleProbability)', fickleProbability, { min: 0, max: 1 });
    this.#masked = actionMask;
    this.transitions = table(successProbability);
    this.#outcomes = outcomesByPair(this.transitions, STATES, ACTIONS);
    const fickle = fickleProbability > 0;
    this.#episode = new Episode({
      name: 'Taxi',
      setup: fickle ? 'with a fickle passenger' : undefined,
      actions: ACTIONS,
      maxEpisodeSteps,
      expected: `a whole number in [0, ${STATES - 1}]${fickle ? ', and 1 or 0: whether the passenger will change his mind' : ''}`,
      accepts: (values) => {
        const [state, mind = 0] = values;
        const inside = Number.isInteger(state) && state >= 0 && state < STATES;
        return values.length === (fickle ? 2 : 1) && inside && (mind === 0 || mind === 1);
      },
    });
  }

  /** Starts an episode. @throws DqnError `invalid-option` on a bad seed or `options.state`. */
  reset(options?: ResetOptions): ResetResult<number> {
    const asked = this.#episode.start(options);
    if (asked === undefined) {
      const { random } = this.#episode;
      const passenger = random.integer(4);
      this.#state = encode(random.integer(SIZE * SIZE), passenger, (passenger + 1 + random.integer(3)) & 3);
      this.#changesMind = this.#fickleProbability > 0 && random.float() < this.#fickleProbability;
    } else this.#place(asked);
    return this.#masked
      ? { observation: this.#state, actionMask: this.#mask(), info: NO_INFO }
      : { observation: this.#state, info: NO_INFO };
  }

  /** Drives one cell, picks up or drops off. @throws DqnError `not-reset`, `invalid-action`. */
  step(action: number): StepResult<number> {
    this.#episode.checkStep(action);
    const { random } = this.#episode;
    const before = this.#state;
    const { nextState, reward, terminated } = drawOutcome(this.#outcomes[before * ACTIONS + action], random);
    this.#state = nextState;
    if (this.#changesMind && passengerOf(before) === IN_TAXI && cellOf(nextState) !== cellOf(before)) {
      this.#changesMind = false;
      const other = random.integer(3);
      const destination = destinationOf(before);
      this.#state += (other < destination ? other : other + 1) - destination;
    }
    const truncated = this.#episode.advance(terminated);
    const observation = this.#state;
    return this.#masked
      ? { observation, reward, terminated, truncated, actionMask: this.#mask(), info: NO_INFO }
      : { observation, reward, terminated, truncated, info: NO_INFO };
  }

  /** The streets with their walls, the taxi, P where the passenger waits and D where he wants to go. */
  render(mode: RenderMode): string {
    const cell = cellOf(this.#state);
    const passenger = passengerOf(this.#state);
    const destination = destinationOf(this.#state);
    return renderGrid(mode, {
      title: 'Taxi',
      caption: `step ${this.#episode.steps} · ${passenger === IN_TAXI ? 'passenger in the taxi' : 'taxi without passenger'}`,
      rows: SIZE,
      columns: 2 * SIZE - 1,
      agent: Math.floor(cell / SIZE) * (2 * SIZE - 1) + 2 * (cell % SIZE),
      cell: (index) => look(Math.floor(index / (2 * SIZE - 1)), index % (2 * SIZE - 1), passenger, destination),
    });
  }

  /** Ends the running episode. */
  close(): void {
    this.#episode.stop();
  }

  /** The whole state: the observation, what the passenger is up to, step count, random stream. */
  getState(): State {
    return this.#episode.save(this.#fickleProbability > 0 ? [this.#state, this.#changesMind ? 1 : 0] : [this.#state]);
  }

  /** Goes on from a saved state. @throws DqnError `invalid-checkpoint`, `incompatible-checkpoint`. */
  setState(state: State): void {
    this.#place(this.#episode.load(state));
  }

  #place([state, mind]: readonly number[]): void {
    this.#state = state;
    this.#changesMind = mind === 1;
  }

  #mask(): Uint8Array {
    return MASKS.slice(this.#state * ACTIONS, (this.#state + 1) * ACTIONS);
  }
}

function encode(cell: number, passenger: number, destination: number): number {
  return (cell * 5 + passenger) * 4 + destination;
}

function cellOf(state: number): number {
  return Math.floor(state / 20);
}

function passengerOf(state: number): number {
  return Math.floor(state / 4) % 5;
}

function destinationOf(state: number): number {
  return state % 4;
}

/** Where a move leads from a cell: down (0), up (1), right (2), left (3); the same cell where a wall or the edge is. */
function drive(cell: number, direction: number): number {
  const row = Math.floor(cell / SIZE);
  const column = cell % SIZE;
  if (direction === 0) return row < SIZE - 1 ? cell + SIZE : cell;
  if (direction === 1) return row > 0 ? cell - SIZE : cell;
  // Outside the text there is no `:` either.
  const side = direction === 2 ? 1 : -1;
  return STREETS[row][2 * column + side] === ':' ? cell + side : cell;
}

/** Bytes `[500, 6]`: 1 where the action changes the state. */
const MASKS = Uint8Array.from({ length: STATES * ACTIONS }, (_, i) => {
  const action = i % ACTIONS;
  const state = Math.floor(i / ACTIONS);
  const cell = cellOf(state);
  const passenger = passengerOf(state);
  if (action < 4) return drive(cell, action) === cell ? 0 : 1;
  if (action === 4) return passenger < IN_TAXI && STANDS[passenger] === cell ? 1 : 0;
  return passenger === IN_TAXI && STANDS.includes(cell) ? 1 : 0;
});

/** The directions to the left and to the right of down, up, right and left. */
const SIDES = [
  [2, 3],
  [3, 2],
  [1, 0],
  [0, 1],
];

function table(success: number): readonly MdpTransition[] {
  const transitions: MdpTransition[] = [];
  const slide = (1 - success) / 2;
  for (let state = 0; state < STATES; state++) {
    const cell = cellOf(state);
    const destination = destinationOf(state);
    for (let action = 0; action < 4; action++) {
      const ahead = drive(cell, action);
      for (const direction of [action, ...SIDES[action]]) {
        const probability = direction === action ? success : slide;
        // What a wall stops does not slide.
        const next = ahead === cell ? cell : drive(cell, direction);
        const nextState = encode(next, passengerOf(state), destination);
        if (probability > 0) transitions.push({ state, action, probability, nextState, reward: -1, terminated: false });
      }
    }
    const outcome = { state, probability: 1, nextState: state, reward: -10, terminated: false };
    const canPickUp = MASKS[state * ACTIONS + 4] === 1;
    transitions.push({
      ...outcome,
      action: 4,
      ...(canPickUp ? { nextState: encode(cell, IN_TAXI, destination), reward: -1 } : {}),
    });
    if (MASKS[state * ACTIONS + 5] === 0) transitions.push({ ...outcome, action: 5 });
    else {
      const stand = STANDS.indexOf(cell);
      const terminated = stand === destination;
      const nextState = encode(cell, stand, destination);
      transitions.push({ ...outcome, action: 5, nextState, reward: terminated ? 20 : -1, terminated });
    }
  }
  return transitions;
}

/** How the picture looks at a row and a column of {@link STREETS}. */
function look(row: number, column: number, passenger: number, destination: number): Cell {
  const between = STREETS[row][column];
  if (column % 2 === 1) return { color: between === '|' ? 'ink' : 'pale', text: '' };
  const stand = STANDS.indexOf(row * SIZE + column / 2);
  if (stand === -1) return { color: 'pale', text: '' };
  const text = stand === destination ? 'D' : between;
  return { color: STAND_COLORS[stand], text: stand === passenger ? 'P' : text };
}
