import { checkInteger, checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import { DatasetBuilder, type DatasetShape } from '../dataset-builder.ts';
import type { Dataset } from '../dataset.ts';

/** Text in one piece, or in pieces that need not end where lines do; bytes are read as UTF-8. */
export type TextSource = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** What transitions in text do not tell by themselves. */
export interface TextOptions {
  /** A: actions are whole numbers in [0, A − 1]. */
  readonly actionCount: number;
  /** How observations are kept; `uint8` for whole numbers in [0, 255]. Default `float32`. */
  readonly observationType?: 'float32' | 'uint8';
}

/** One transition as a line of text has it, still to be checked. */
export interface TextTransition {
  readonly episode: unknown;
  readonly observation: readonly unknown[];
  readonly action: unknown;
  readonly reward: unknown;
  readonly terminated: unknown;
  readonly truncated: unknown;
  readonly nextObservation: readonly unknown[];
  readonly probability?: unknown;
}

/** One transition as it is written. */
export interface WrittenTransition {
  readonly episode: number;
  readonly observation: ArrayLike<number>;
  readonly action: number;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly nextObservation: ArrayLike<number>;
  readonly probability?: number;
}

/** Puts transitions together to a dataset, line by line, and names line and column of what is wrong. */
export class TransitionTable {
  readonly #function: string;
  readonly #shape: DatasetShape;
  readonly #builder: DatasetBuilder;
  /** The names of the numbers of an observation, for errors. */
  readonly #columnOf: (part: 'observation' | 'nextObservation', i: number) => string;
  #episode: number | undefined;
  #last: Float32Array | undefined;
  #known: boolean | undefined;

  constructor(name: string, shape: DatasetShape, columnOf: (part: 'observation' | 'nextObservation', i: number) => string) {
    this.#function = name;
    this.#shape = shape;
    this.#builder = new DatasetBuilder(shape);
    this.#columnOf = columnOf;
  }

  /** @throws DqnError `invalid-dataset` naming line and column. */
  add(row: TextTransition, line: number): void {
    const refuse = (column: string, expected: string, received: unknown): never => {
      throw invalidText(this.#function, line, column, expected, describe(received));
    };
    const number = (column: string, value: unknown): number => {
      const rounded = typeof value === 'number' ? Math.fround(value) : NaN;
      return Number.isFinite(rounded) ? rounded : refuse(column, 'a finite number', value);
    };
    const flag = (column: string, value: unknown): boolean =>
      typeof value === 'boolean' ? value : refuse(column, 'true or false', value);
    const { actionCount } = this.#shape;
    const { episode, action } = row;
    if (!Number.isSafeInteger(episode)) refuse('episode', 'a whole number', episode);
    if (!Number.isInteger(action) || (action as number) < 0 || (action as number) >= actionCount) {
      refuse('action', `a whole number in [0, ${actionCount - 1}]`, action);
    }
    const reward = number('reward', row.reward);
    const terminated = flag('terminated', row.terminated);
    const truncated = flag('truncated', row.truncated);
    const observation = this.#observation('observation', row.observation, number, refuse);
    const next = this.#observation('nextObservation', row.nextObservation, number, refuse);
    const probability = row.probability === undefined ? undefined : number('probability', row.probability);
    if (probability !== undefined && !(probability > 0 && probability <= 1))
      refuse('probability', 'a number in (0, 1]', row.probability);
    this.#known ??= probability !== undefined;
    if (this.#known !== (probability !== undefined)) refuse('probability', 'one in every line or in none', row.probability);
    this.#follow(episode as number, observation, refuse);
    this.#builder.step({ action: action as number, reward, terminated, truncated, probability }, next);
    this.#last = next;
  }

  dataset(): Dataset {
    return this.#builder.build();
  }

  #observation(
    part: 'observation' | 'nextObservation',
    values: readonly unknown[],
    number: (column: string, value: unknown) => number,
    refuse: (column: string, expected: string, received: unknown) => never,
  ): Float32Array {
    const { observationSize, observationType } = this.#shape;
    if (values.length !== observationSize) refuse(part, `${observationSize} numbers, as many as in the first line`, values);
    return Float32Array.from(values, (value, i) => {
      const column = this.#columnOf(part, i);
      const x = number(column, value);
      const byte = Number.isInteger(x) && x >= 0 && x <= 255;
      return observationType === 'uint8' && !byte ? refuse(column, 'a whole number in [0, 255]', value) : x;
    });
  }

  /** Begins an episode or goes on with it. */
  #follow(
    episode: number,
    observation: Float32Array,
    refuse: (column: string, expected: string, received: unknown) => never,
  ): void {
    const { open } = this.#builder;
    if (episode === this.#episode) {
      if (!open) refuse('episode', `another one than ${episode}, which has ended`, episode);
      const differs = observation.findIndex((x, i) => x !== this.#last?.[i]);
      if (differs < 0) return;
      refuse(
        this.#columnOf('observation', differs),
        `${this.#last?.[differs]}, the next observation of the line before`,
        observation[differs],
      );
    }
    if (open) refuse('episode', `${this.#episode}, which has not ended`, episode);
    if (this.#episode !== undefined && episode < this.#episode)
      refuse('episode', `more than ${this.#episode}, as episodes rise`, episode);
    this.#builder.begin(observation);
    this.#episode = episode;
  }
}

/** @throws DqnError `invalid-option`. */
export function checkTextOptions(where: string, options: TextOptions): void {
  checkNames(`${where}(options)`, options, { actionCount: true, observationType: true });
  const { actionCount, observationType } = options;
  checkInteger(`${where}({ actionCount })`, actionCount, { min: 1 });
  if (observationType === undefined || observationType === 'float32' || observationType === 'uint8') return;
  throw new DqnError({
    code: 'invalid-option',
    where: `${where}({ observationType })`,
    expected: "'float32' or 'uint8'",
    received: describe(observationType),
    remedy: "Leave it out for 'float32'.",
  });
}

/** The error of a line that is wrong. */
export function invalidText(name: string, line: number, column: string | undefined, expected: string, received: string): DqnError {
  return new DqnError({
    code: 'invalid-dataset',
    where: `${name}(line ${line}${column === undefined ? '' : `, column ${column}`})`,
    expected,
    received,
    remedy: 'Mend the line; docs/offline.md says what each column holds.',
  });
}

/** The transitions of a dataset in their order. Observations are views. */
export function* transitionsOf(dataset: Dataset): Generator<WrittenTransition> {
  const { observations, observationSize: size, probabilities } = dataset;
  for (let episode = 0; episode < dataset.episodes; episode++) {
    for (let step = dataset.start(episode); step < dataset.episodeEnds[episode]; step++) {
      const at = (step + episode) * size;
      yield {
        episode,
        observation: observations.subarray(at, at + size),
        action: dataset.actions[step],
        reward: dataset.rewards[step],
        terminated: dataset.terminations[step] === 1,
        truncated: dataset.truncations[step] === 1,
        nextObservation: observations.subarray(at + size, at + 2 * size),
        ...(probabilities && { probability: probabilities[step] }),
      };
    }
  }
}

/**
 * The lines of a text with their numbers, from 1; empty ones are left out. Ends of lines may be those of Windows, and a byte order mark may stand before the first.
 * @throws DqnError `invalid-option` if it is no text.
 */
export async function* linesOf(name: string, text: TextSource): AsyncGenerator<readonly [number, string]> {
  const decoder = new TextDecoder();
  const read = (piece: unknown): string => {
    if (typeof piece === 'string') return piece;
    if (piece instanceof Uint8Array) return decoder.decode(piece, { stream: true });
    throw noText(name, piece);
  };
  let rest = '';
  let line = 0;
  const take = (whole: string): readonly [number, string] => {
    line++;
    return [line, (line === 1 ? whole.replace(/^\uFEFF/, '') : whole).trim()];
  };
  for await (const piece of piecesOf(name, text)) {
    const lines = (rest + read(piece)).split('\n');
    rest = lines.pop() ?? '';
    for (const each of lines) {
      const taken = take(each);
      if (taken[1] !== '') yield taken;
    }
  }
  const last = take(rest);
  if (last[1] !== '') yield last;
}

function piecesOf(name: string, text: TextSource): Exclude<TextSource, string | Uint8Array> {
  if (typeof text === 'string' || text instanceof Uint8Array) return [text];
  if (typeof text === 'object' && text !== null && (Symbol.iterator in text || Symbol.asyncIterator in text)) return text;
  throw noText(name, text);
}

function noText(name: string, received: unknown): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: `${name}(text)`,
    expected: 'a text or its bytes, in one piece or in pieces',
    received: describe(received),
    remedy: "Pass the content of the file, or a stream of it, such as createReadStream(path, 'utf8').",
  });
}

/** A float32 number in as few digits as tell it from all others. */
export function digitsOf(x: number): string {
  if (Object.is(x, -0)) return '-0';
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return String(short);
  }
  return String(Number(x.toPrecision(9)));
}
