import type { Dataset } from '../dataset.ts';
import {
  checkTextOptions,
  digitsOf,
  invalidText,
  linesOf,
  transitionsOf,
  TransitionTable,
  type TextOptions,
  type TextSource,
} from './transition-table.ts';

const FIXED = ['episode', 'action', 'reward', 'terminated', 'truncated'] as const;

/**
 * A dataset as comma-separated values, line by line: a heading, then a transition a line. The columns are `episode`, `observation_0` … `observation_{D−1}`, `action`, `reward`,
 * `terminated`, `truncated` (true or false), `next_observation_0` … `next_observation_{D−1}`, and `probability` where that is known.
 */
export function* encodeCsv(dataset: Dataset): Generator<string, void, void> {
  const { observationSize, probabilities } = dataset;
  const numbered = (name: string) => Array.from({ length: observationSize }, (_, i) => `${name}_${i}`);
  const heading = [
    'episode',
    ...numbered('observation'),
    'action',
    'reward',
    'terminated',
    'truncated',
    ...numbered('next_observation'),
  ];
  yield `${[...heading, ...(probabilities ? ['probability'] : [])].join(',')}\n`;
  for (const { episode, observation, action, reward, terminated, truncated, nextObservation, probability } of transitionsOf(
    dataset,
  )) {
    const cells = [
      episode,
      ...Array.from(observation, digitsOf),
      action,
      digitsOf(reward),
      terminated,
      truncated,
      ...Array.from(nextObservation, digitsOf),
      ...(probability === undefined ? [] : [digitsOf(probability)]),
    ];
    yield `${cells.join(',')}\n`;
  }
}

/**
 * The dataset in comma-separated values, with the columns of {@link encodeCsv} in any order; flags may also be 1 and 0. Episodes follow one another and their numbers rise; within one every observation
 * is the next observation of the line before. All but the last must have an end.
 * @param text - a file's content, as text or bytes, in one piece or in pieces, as from a stream; ends of lines belong to it.
 * @throws DqnError `invalid-dataset` naming line and column: missing or unknown columns, NaN, infinity or what is no number, actions out of range, unsorted or broken episodes; `invalid-option`.
 */
export async function decodeCsv(text: TextSource, options: TextOptions): Promise<Dataset> {
  checkTextOptions('decodeCsv', options);
  let heading: Heading | undefined;
  let table: TransitionTable | undefined;
  for await (const [line, content] of linesOf('decodeCsv', text)) {
    const cells = content.split(',').map((cell) => cell.trim());
    if (!heading || !table) {
      heading = readHeading(cells, line);
      const shape = {
        observationSize: heading.observation.length,
        observationType: options.observationType ?? 'float32',
        ...options,
      } as const;
      table = new TransitionTable(
        'decodeCsv',
        shape,
        (part, i) => `${part === 'observation' ? 'observation' : 'next_observation'}_${i}`,
      );
      continue;
    }
    const { width, at, observation, nextObservation } = heading;
    if (cells.length !== width) throw invalidText('decodeCsv', line, undefined, `${width} cells, one a column`, `${cells.length}`);
    table.add(
      {
        episode: numberOf(cells[at.episode]),
        observation: observation.map((i) => numberOf(cells[i])),
        action: numberOf(cells[at.action]),
        reward: numberOf(cells[at.reward]),
        terminated: flagOf(cells[at.terminated]),
        truncated: flagOf(cells[at.truncated]),
        nextObservation: nextObservation.map((i) => numberOf(cells[i])),
        ...(at.probability === undefined ? {} : { probability: numberOf(cells[at.probability]) }),
      },
      line,
    );
  }
  if (!table) throw invalidText('decodeCsv', 1, undefined, 'a heading', 'no line');
  return table.dataset();
}

/** Where each column stands. */
interface Heading {
  readonly width: number;
  readonly at: Readonly<Record<(typeof FIXED)[number], number>> & { readonly probability?: number };
  readonly observation: readonly number[];
  readonly nextObservation: readonly number[];
}

function readHeading(cells: readonly string[], line: number): Heading {
  const places = new Map(cells.map((name, i) => [name, i]));
  if (places.size !== cells.length) {
    const twice = cells.find((name, i) => cells.indexOf(name) !== i);
    throw invalidText('decodeCsv', line, twice, 'every column once', 'it twice');
  }
  const take = (name: string): number => {
    const place = places.get(name);
    if (place === undefined) throw invalidText('decodeCsv', line, name, 'this column in the heading', 'none');
    places.delete(name);
    return place;
  };
  const at = Object.fromEntries(FIXED.map((name) => [name, take(name)])) as Heading['at'];
  const size = Math.max(1, cells.filter((name) => /^observation_\d+$/.test(name)).length);
  const numbered = (name: string) => Array.from({ length: size }, (_, i) => take(`${name}_${i}`));
  const [observation, nextObservation] = [numbered('observation'), numbered('next_observation')];
  const probability = places.has('probability') ? take('probability') : undefined;
  const [unknown] = places.keys();
  if (unknown !== undefined) throw invalidText('decodeCsv', line, unknown, 'the columns of encodeCsv() alone', 'another');
  return { width: cells.length, at: { ...at, ...(probability !== undefined && { probability }) }, observation, nextObservation };
}

/** The number that a cell spells in decimal, or the cell itself, to be refused. */
function numberOf(cell: string): unknown {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : cell;
}

function flagOf(cell: string): unknown {
  if (/^(true|1)$/i.test(cell)) return true;
  return /^(false|0)$/i.test(cell) ? false : cell;
}
