import { describe } from '../../common/errors.ts';
import { refuseEmpty, type Dataset } from '../dataset.ts';
import {
  checkTextOptions,
  digitsOf,
  invalidText,
  linesOf,
  transitionsOf,
  TransitionTable,
  type TextOptions,
  type TextSource,
  type TextTransition,
} from './transition-table.ts';

/** The keys of a line, and whether they may be left out. */
const KEYS: Readonly<Record<keyof TextTransition, boolean>> = {
  episode: false,
  observation: false,
  action: false,
  reward: false,
  terminated: false,
  truncated: false,
  nextObservation: false,
  probability: true,
};

/**
 * A dataset as lines of JSON, a transition a line: `episode`, `observation`, `action`, `reward`, `terminated`, `truncated`, `nextObservation`, and `probability` where that is known.
 * @throws DqnError (from the lines) `invalid-dataset` without an episode: nothing would tell the size of an observation.
 */
export function* encodeJsonLines(dataset: Dataset): Generator<string, void, void> {
  refuseEmpty('encodeJsonLines(dataset)', dataset);
  const list = (values: ArrayLike<number>) => `[${Array.from(values, digitsOf).join(',')}]`;
  for (const { episode, observation, action, reward, terminated, truncated, nextObservation, probability } of transitionsOf(
    dataset,
  )) {
    const last = probability === undefined ? '' : `,"probability":${digitsOf(probability)}`;
    yield (
      `{"episode":${episode},"observation":${list(observation)},"action":${action},"reward":${digitsOf(reward)},` +
      `"terminated":${terminated},"truncated":${truncated},"nextObservation":${list(nextObservation)}${last}}\n`
    );
  }
}

/**
 * The dataset in lines of JSON, as {@link encodeJsonLines} writes them. Episodes follow one another and their numbers rise; within one every observation is the next observation of the line before. All but the last must have an end.
 * @param text - a file's content, as text or bytes, in one piece or in pieces, as from a stream; ends of lines belong to it.
 * @throws DqnError `invalid-dataset` naming line and key: no JSON, missing or unknown keys, what is no finite number, actions out of range, unsorted or broken episodes; `invalid-option`.
 */
export async function decodeJsonLines(text: TextSource, options: TextOptions): Promise<Dataset> {
  checkTextOptions('decodeJsonLines', options);
  const { observationType = 'float32' } = options;
  let table: TransitionTable | undefined;
  for await (const [line, content] of linesOf('decodeJsonLines', text)) {
    const row = readLine(content, line);
    if (!table) {
      const observationSize = row.observation.length;
      if (observationSize === 0) throw invalidText('decodeJsonLines', line, 'observation', 'at least one number', 'none');
      table = new TransitionTable(
        'decodeJsonLines',
        { ...options, observationSize, observationType },
        (part, i) => `${part}[${i}]`,
      );
    }
    table.add(row, line);
  }
  if (!table) throw invalidText('decodeJsonLines', 1, undefined, 'at least one line', 'none');
  return table.dataset();
}

function readLine(content: string, line: number): TextTransition {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw invalidText('decodeJsonLines', line, undefined, 'JSON', describe(content));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidText('decodeJsonLines', line, undefined, 'an object', describe(value));
  }
  const fields = value as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    if (!Object.hasOwn(KEYS, key))
      throw invalidText('decodeJsonLines', line, key, `${Object.keys(KEYS).join(', ')} alone`, 'another key');
  }
  for (const [key, optional] of Object.entries(KEYS)) {
    if (!optional && fields[key] === undefined) throw invalidText('decodeJsonLines', line, key, 'a value', 'none');
  }
  for (const key of ['observation', 'nextObservation']) {
    if (!Array.isArray(fields[key])) throw invalidText('decodeJsonLines', line, key, 'a list of numbers', describe(fields[key]));
  }
  return fields as unknown as TextTransition;
}
