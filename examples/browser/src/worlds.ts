import {
  Acrobot,
  Asterix,
  Breakout,
  CartPole,
  CliffWalking,
  Freeway,
  GridWorld,
  MountainCar,
  Seaquest,
  SpaceInvaders,
} from '@scope/dqn/environments';
import type { Environment, ResetOptions, ResetResult, RenderMode, State, StepResult } from '@scope/dqn';

/** An environment that answers at once, draws itself and tells its state; what its observations are does not matter here. */
export interface LiveEnvironment extends Environment<unknown, number> {
  reset(options?: ResetOptions): ResetResult<unknown>;
  step(action: number): StepResult<unknown>;
  render(mode: RenderMode): string;
  getState(): State;
  setState(state: State): void;
}

/** What is known of a world made of cells, for a map of its values. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  /** Whether an episode goes on from the cell: it is neither wall nor goal nor pit. */
  readonly isFree: (cell: number) => boolean;
}

/** A world to learn in, to watch and to play. */
export interface World {
  readonly id: string;
  readonly name: string;
  /** What is to be done, as one sentence. */
  readonly task: string;
  readonly create: () => LiveEnvironment;
  /** The name of each action. */
  readonly actions: readonly string[];
  /** The sign of each action, for buttons and labels. */
  readonly signs: readonly string[];
  /** The action of each key, in the order of the buttons. */
  readonly keys: Readonly<Record<string, number>>;
  /** The action while no key is held, at this step; left out where the world waits for a key. */
  readonly idle?: (step: number) => number;
  /** Steps per second for somebody who watches. */
  readonly watchRate: number;
  /** Steps per second for somebody who plays. */
  readonly playRate: number;
  /** Environment steps of a whole run. */
  readonly steps: number;
  /** Steps over which random actions become rare. */
  readonly explorationSteps: number;
  readonly discount: number;
  /** Between which values all returns lie, discounted: the support of a categorical head. */
  readonly values: readonly [number, number];
  /** Rewards summed before a target bootstraps, where an algorithm leaves that open. */
  readonly nStep: number;
  /** The learning rate that suits it. */
  readonly learningRate: number;
  readonly grid?: Grid;
}

const MAP = `
S......G
.##.##..
..X..#..
.#...X..
.#.#..#.
S...S...`;

const CELLS = MAP.replace(/\s/g, '');

const walk = {
  actions: ['up', 'right', 'down', 'left'],
  signs: ['↑', '→', '↓', '←'],
  keys: { ArrowLeft: 3, ArrowUp: 0, ArrowDown: 2, ArrowRight: 1 },
};

/** What MinAtar's games can be told, by their numbers among all six actions. */
const joystick = [
  { action: 'nothing', sign: '·' },
  { action: 'left', sign: '←', key: 'ArrowLeft' },
  { action: 'up', sign: '↑', key: 'ArrowUp' },
  { action: 'right', sign: '→', key: 'ArrowRight' },
  { action: 'down', sign: '↓', key: 'ArrowDown' },
  { action: 'fire', sign: '✶', key: ' ' },
];
const [NOTHING, LEFT, UP, RIGHT, DOWN, FIRE] = joystick;

/** One of MinAtar's games, with the actions that it knows. */
function minAtar(
  about: Pick<World, 'id' | 'name' | 'task' | 'values'>,
  Type: new (options: { actionSet: 'minimal' }) => LiveEnvironment,
  known: readonly (typeof joystick)[number][],
): World {
  return {
    ...about,
    create: () => new Type({ actionSet: 'minimal' }),
    actions: known.map(({ action }) => action),
    signs: known.map(({ sign }) => sign),
    keys: Object.fromEntries(known.flatMap(({ key }, action) => (key === undefined ? [] : [[key, action]]))),
    idle: () => 0,
    watchRate: 15,
    playRate: 8,
    steps: 300_000,
    explorationSteps: 30_000,
    discount: 0.99,
    nStep: 3,
    learningRate: 5e-4,
  };
}

/** The worlds of the menu. */
export const worlds: readonly World[] = [
  {
    id: 'cartpole',
    name: 'CartPole',
    task: 'Push the cart left and right so that the pole stays up. Every step upright is worth 1, and 500 steps are the most.',
    create: () => new CartPole(),
    actions: ['left', 'right'],
    signs: ['←', '→'],
    keys: { ArrowLeft: 0, ArrowRight: 1 },
    idle: (step) => step % 2,
    watchRate: 50,
    playRate: 25,
    steps: 40_000,
    explorationSteps: 4_000,
    discount: 0.99,
    nStep: 3,
    values: [0, 100],
    learningRate: 1e-3,
  },
  {
    id: 'gridworld',
    name: 'Grid world',
    task: 'Walk from any S to the goal G, past walls and pits. One move in ten slips to the side.',
    create: () => new GridWorld({ map: MAP, slipProbability: 0.1 }),
    ...walk,
    watchRate: 6,
    playRate: 8,
    steps: 30_000,
    explorationSteps: 5_000,
    discount: 0.97,
    nStep: 1,
    values: [-2, 1],
    learningRate: 1e-3,
    grid: { rows: 6, columns: 8, isFree: (cell) => 'S.'.includes(CELLS[cell]) },
  },
  {
    id: 'cliffwalking',
    name: 'Cliff walking',
    task: 'Walk along the cliff from S to G. Every step costs 1, and to fall costs 100.',
    create: () => new CliffWalking({ maxEpisodeSteps: 200 }),
    ...walk,
    watchRate: 6,
    playRate: 8,
    steps: 30_000,
    explorationSteps: 6_000,
    discount: 0.97,
    nStep: 1,
    values: [-110, 0],
    learningRate: 1e-3,
    grid: { rows: 4, columns: 12, isFree: (cell) => cell <= 36 },
  },
  {
    id: 'mountaincar',
    name: 'Mountain car',
    task: 'Swing the weak car to and fro until it climbs to the flag. Every step costs 1.',
    create: () => new MountainCar(),
    actions: ['left', 'coast', 'right'],
    signs: ['←', '·', '→'],
    keys: { ArrowLeft: 0, ArrowDown: 1, ArrowRight: 2 },
    idle: () => 1,
    watchRate: 40,
    playRate: 30,
    steps: 100_000,
    explorationSteps: 20_000,
    discount: 0.98,
    nStep: 3,
    values: [-50, 0],
    learningRate: 2e-3,
  },
  {
    id: 'acrobot',
    name: 'Acrobot',
    task: 'Turn the elbow so that the arm swings above the line. Every step costs 1.',
    create: () => new Acrobot(),
    actions: ['clockwise', 'none', 'counter-clockwise'],
    signs: ['↻', '·', '↺'],
    keys: { ArrowLeft: 0, ArrowDown: 1, ArrowRight: 2 },
    idle: () => 1,
    watchRate: 15,
    playRate: 10,
    steps: 60_000,
    explorationSteps: 8_000,
    discount: 0.99,
    nStep: 3,
    values: [-100, 0],
    learningRate: 1e-3,
  },
  minAtar(
    {
      id: 'breakout',
      name: 'Breakout',
      task: 'Keep the ball off the ground and break the bricks, one point each.',
      values: [0, 20],
    },
    Breakout,
    [NOTHING, LEFT, RIGHT],
  ),
  minAtar(
    {
      id: 'spaceinvaders',
      name: 'Space Invaders',
      task: 'Shoot the aliens, one point each, before they come down or hit you.',
      values: [0, 50],
    },
    SpaceInvaders,
    [NOTHING, LEFT, RIGHT, FIRE],
  ),
  minAtar(
    {
      id: 'freeway',
      name: 'Freeway',
      task: 'Bring the chicken across the road, past the cars, one point a crossing.',
      values: [0, 10],
    },
    Freeway,
    [NOTHING, UP, DOWN],
  ),
  minAtar(
    { id: 'asterix', name: 'Asterix', task: 'Collect the gold, one point each, and shun the enemies.', values: [0, 20] },
    Asterix,
    [NOTHING, LEFT, UP, RIGHT, DOWN],
  ),
  minAtar(
    {
      id: 'seaquest',
      name: 'Seaquest',
      task: 'Shoot what swims against you, pick up divers, and surface with one before the air runs out.',
      values: [0, 20],
    },
    Seaquest,
    joystick,
  ),
];
