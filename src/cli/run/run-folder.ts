import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointSeries, type CheckpointSeries } from '../../index.ts';
import { fileStore, writeFileAtomic } from '../../node/index.ts';
import { readConfiguration } from '../configuration/read-configuration.ts';
import type { PartialConfiguration } from '../configuration/schema.ts';
import { decodeEpisodes, encodeEpisodes } from '../episode-log.ts';
import type { CurvePoint } from '../learning-curve.ts';
import { UserMistake } from '../user-mistake.ts';
import type { RunReport } from './train-run.ts';

/** What lies in the folder of a run. */
type RunFile =
  | 'configuration.json'
  | 'run.json'
  | 'episodes.csv'
  | 'evaluations.csv'
  | 'log.csv'
  | 'log.jsonl'
  | 'tensorboard'
  | 'learning-curve.svg'
  | 'best.safetensors'
  | 'policy.safetensors';

/** The files that a run leaves in its folder. */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The path of a file in it. */
  file(name: RunFile): string {
    return join(this.path, name);
  }

  /** Whether there is such a file in it. */
  has(name: RunFile): boolean {
    return existsSync(this.file(name));
  }

  /** Whether a run has begun here. */
  get begun(): boolean {
    return this.has('configuration.json');
  }

  /** Its last checkpoints. */
  checkpoints(keep: number): CheckpointSeries {
    return checkpointSeries({ store: fileStore(join(this.path, 'checkpoints')), name: 'run', keep });
  }

  /** @throws UserMistake where the folder holds no run. */
  readConfiguration(): Promise<PartialConfiguration> {
    if (this.begun) return readConfiguration(this.file('configuration.json'));
    throw new UserMistake(`${this.path} holds no run: it has no configuration.json.`);
  }

  /** Writes an object as JSON, in one step. */
  writeJson(name: 'configuration.json' | 'run.json', value: object): Promise<void> {
    return writeFileAtomic(this.file(name), new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`));
  }

  /** What came of the run; nothing before its end. */
  async readReport(): Promise<RunReport | undefined> {
    const text = await readFile(this.file('run.json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as RunReport);
  }

  /** The points of a file of episodes or evaluations up to a step; none where there is no such file. */
  async readPoints(name: 'episodes.csv' | 'evaluations.csv', upTo = Infinity): Promise<CurvePoint[]> {
    const bytes = await readFile(this.file(name)).catch(() => undefined);
    return bytes ? decodeEpisodes(bytes).filter(({ step }) => step <= upTo) : [];
  }

  /** Writes all points of a run, in one step. */
  writePoints(name: 'episodes.csv' | 'evaluations.csv', points: readonly CurvePoint[]): Promise<void> {
    return writeFileAtomic(this.file(name), encodeEpisodes(points));
  }
}
