import { isDeepStrictEqual } from 'node:util';
import type { PartialConfiguration } from '../configuration/schema.ts';
import { appendJsonLine, readJsonLines } from '../json-lines.ts';
import { UserMistake } from '../user-mistake.ts';
import type { Place, SamplerName } from './sampler.ts';
import type { SearchSpace } from './search-space.ts';

/** What is searched, and how: the first line of a study's file. */
export interface StudyHeader {
  readonly configuration: PartialConfiguration;
  readonly space: SearchSpace;
  readonly sampler: SamplerName;
  readonly halving: boolean;
}

/** A trial: a line of a study's file when it begins, and another one when it ends. */
export interface Trial {
  readonly number: number;
  readonly place: Place;
  readonly state: 'running' | 'finished' | 'stopped' | 'failed';
  /** The mean returns of its evaluations, by step; the last of a finished trial is its final one. */
  readonly scores: readonly (readonly [step: number, mean: number])[];
  /** Why it failed. */
  readonly reason?: string;
}

/** Trials that have ended and can be compared, the best first: those that came further before those that were stopped, then by their last score. */
export function ranked(trials: readonly Trial[]): Trial[] {
  const last = ({ scores }: Trial) => scores.at(-1) ?? [0, -Infinity];
  return trials
    .filter(({ state, scores }) => (state === 'finished' || state === 'stopped') && scores.length > 0)
    .sort((a, b) => last(b)[0] - last(a)[0] || last(b)[1] - last(a)[1] || a.number - b.number);
}

/** The file of a study: lines of JSON. */
export class StudyFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * All trials, each as its last line tells it; the file is begun where there is none.
   *
   * @throws UserMistake where the file is of another study.
   */
  async open(header: StudyHeader): Promise<Trial[]> {
    const values = await readJsonLines(this.#path);
    if (!values) {
      await appendJsonLine(this.#path, header);
      return [];
    }
    const [first, ...lines] = values;
    if (!isDeepStrictEqual(first, JSON.parse(JSON.stringify(header)))) {
      throw new UserMistake(`${this.#path} is of another study: ask for the same again, or choose another --out.`);
    }
    const trials = new Map((lines as Trial[]).map((trial) => [trial.number, trial]));
    return [...trials.values()].sort((a, b) => a.number - b.number);
  }

  /** Adds a trial as it is now. */
  add(trial: Trial): Promise<void> {
    return appendJsonLine(this.#path, trial);
  }
}
