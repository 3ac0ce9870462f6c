import { DqnError, describe } from '../common/errors.ts';

/** Recorded episodes, column by column: N steps in E episodes. Episode e has one observation more than steps, its last, as in Minari. */
export interface DatasetColumns {
  /** D: numbers in an observation, at least 1. */
  readonly observationSize: number;
  /** A: number of actions, at least 1. */
  readonly actionCount: number;
  /** `[N + E, D]`: step t of episode e (both counted over the whole dataset) was taken at row t + e. */
  readonly observations: Float32Array | Uint8Array;
  /** `[N]`: 0 … A − 1. */
  readonly actions: Int32Array;
  /** `[N]`, finite. */
  readonly rewards: Float32Array;
  /** `[N]`: 1 where the episode ended within the problem; at an episode's last step only. */
  readonly terminations: Uint8Array;
  /** `[N]`: 1 where it was cut off; at an episode's last step only. */
  readonly truncations: Uint8Array;
  /** `[E]`: steps up to the end of each episode, rising to N. A last episode without an end is a fragment. */
  readonly episodeEnds: Int32Array;
  /** `[N]`, in (0, 1]: with what probability the policy that recorded took each action. Left out where that is not known. */
  readonly probabilities?: Float32Array;
}

/** Recorded episodes whose columns have been checked. The arrays are kept, not copied. */
export class Dataset implements DatasetColumns {
  readonly observationSize: number;
  readonly actionCount: number;
  readonly observations: Float32Array | Uint8Array;
  readonly actions: Int32Array;
  readonly rewards: Float32Array;
  readonly terminations: Uint8Array;
  readonly truncations: Uint8Array;
  readonly episodeEnds: Int32Array;
  readonly probabilities?: Float32Array;

  /** @throws DqnError `invalid-dataset` naming the column, the row and what is wrong with it. */
  constructor(columns: DatasetColumns) {
    checkColumns(columns);
    this.observationSize = columns.observationSize;
    this.actionCount = columns.actionCount;
    this.observations = columns.observations;
    this.actions = columns.actions;
    this.rewards = columns.rewards;
    this.terminations = columns.terminations;
    this.truncations = columns.truncations;
    this.episodeEnds = columns.episodeEnds;
    if (columns.probabilities) this.probabilities = columns.probabilities;
  }

  /** N: steps. */
  get size(): number {
    return this.actions.length;
  }

  /** E: episodes, a fragment at the end included. */
  get episodes(): number {
    return this.episodeEnds.length;
  }

  /** The first step of an episode. */
  start(episode: number): number {
    return episode === 0 ? 0 : this.episodeEnds[episode - 1];
  }

  /** Whether an episode was recorded to its end. */
  isComplete(episode: number): boolean {
    const last = this.episodeEnds[episode] - 1;
    return this.terminations[last] === 1 || this.truncations[last] === 1;
  }

  /** The undiscounted returns of the complete episodes. */
  returns(): number[] {
    const returns: number[] = [];
    for (let episode = 0; episode < this.episodes; episode++) {
      if (!this.isComplete(episode)) continue;
      let sum = 0;
      for (let step = this.start(episode); step < this.episodeEnds[episode]; step++) sum += this.rewards[step];
      returns.push(sum);
    }
    return returns;
  }
}

/**
 * Refuses a dataset of nothing.
 * @throws DqnError `invalid-dataset`.
 */
export function refuseEmpty(where: string, { episodes }: Dataset): void {
  if (episodes > 0) return;
  throw new DqnError({
    code: 'invalid-dataset',
    where,
    expected: 'at least one episode',
    received: 'none',
    remedy: 'Record one first.',
  });
}

function checkColumns(columns: DatasetColumns): void {
  const { observationSize, actionCount, observations, actions, rewards, terminations, truncations, episodeEnds, probabilities } =
    columns;
  for (const [name, value] of Object.entries({ observationSize, actionCount })) {
    if (!Number.isSafeInteger(value) || value < 1) refuse(name, 'a whole number of at least 1', value);
  }
  if (!(observations instanceof Float32Array || observations instanceof Uint8Array)) {
    refuse('observations', 'a Float32Array or Uint8Array', observations);
  }
  if (!(actions instanceof Int32Array)) refuse('actions', 'an Int32Array', actions);
  if (!(rewards instanceof Float32Array)) refuse('rewards', 'a Float32Array', rewards);
  if (!(terminations instanceof Uint8Array)) refuse('terminations', 'a Uint8Array', terminations);
  if (!(truncations instanceof Uint8Array)) refuse('truncations', 'a Uint8Array', truncations);
  if (!(episodeEnds instanceof Int32Array)) refuse('episodeEnds', 'an Int32Array', episodeEnds);
  if (probabilities && !(probabilities instanceof Float32Array)) refuse('probabilities', 'a Float32Array', probabilities);
  const size = actions.length;
  for (const [name, { length }] of Object.entries({
    rewards,
    terminations,
    truncations,
    ...(probabilities && { probabilities }),
  })) {
    if (length !== size) refuse(name, `${size} values, one an action`, length);
  }
  let start = 0;
  for (const [episode, end] of episodeEnds.entries()) {
    if (end <= start) refuse(`episodeEnds[${episode}]`, `more than ${start}, as episodes follow one another`, end);
    start = end;
  }
  if (start !== size) refuse('episodeEnds', `a last end of ${size}, the number of steps`, start);
  const rows = size + episodeEnds.length;
  if (observations.length !== rows * observationSize) {
    refuse('observations', `${rows} × ${observationSize} numbers, one row a step and one more an episode`, observations.length);
  }
  checkValues('observations', observations, 'a finite number', Number.isFinite);
  checkValues('actions', actions, `an action in [0, ${actionCount - 1}]`, (action) => action >= 0 && action < actionCount);
  checkValues('rewards', rewards, 'a finite number', Number.isFinite);
  if (probabilities) checkValues('probabilities', probabilities, 'a number in (0, 1]', (p) => p > 0 && p <= 1);
  const lasts = new Set(episodeEnds);
  for (const [name, flags] of Object.entries({ terminations, truncations })) {
    checkValues(name, flags, '0 or 1', (flag) => flag <= 1);
    const early = flags.findIndex((flag, step) => flag === 1 && !lasts.has(step + 1));
    if (early >= 0) refuse(`${name}[${early}]`, '0 within an episode', 1);
  }
  for (const end of episodeEnds.subarray(0, -1)) {
    if (terminations[end - 1] + truncations[end - 1] === 0) {
      refuse(`terminations[${end - 1}]`, '1 here or in truncations, as another episode follows', 0);
    }
  }
}

function checkValues(name: string, values: ArrayLike<number>, expected: string, passes: (value: number) => boolean): void {
  for (let i = 0; i < values.length; i++) if (!passes(values[i])) refuse(`${name}[${i}]`, expected, values[i]);
}

function refuse(column: string, expected: string, received: unknown): never {
  throw new DqnError({
    code: 'invalid-dataset',
    where: `Dataset(${column})`,
    expected,
    received: describe(received),
    remedy: 'Mend the column where it is recorded or read; docs/offline.md says what each holds.',
  });
}
