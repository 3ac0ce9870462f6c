import { readFile } from 'node:fs/promises';
import { DqnError } from '../../index.ts';
import { readLog, type LoggedScalar, type ReportedRun, type ReportedSetting } from '../../workbench/index.ts';
import { RunFolder } from '../run/run-folder.ts';
import { seedFolders } from '../run/train-seeds.ts';
import { UserMistake } from '../user-mistake.ts';

/** Settings that follow from others, and change what is logged and not what is learned. */
const RECORDING = /^(?:evaluation\.|checkpointPeriod$|logPeriod$)/;

/**
 * Reads the logs of runs, of all seeds where there are several in a folder. Runs that differ in their seed alone are one group, which is named by what differs between groups.
 *
 * @throws UserMistake naming a folder without a run, or without a log.
 */
export async function readRuns(paths: readonly string[]): Promise<ReportedRun[]> {
  const folders = (await Promise.all(paths.map(runFolders))).flat();
  const runs = await Promise.all(folders.map(readRun));
  const rest = runs.map(({ settings }) => Object.entries(settings).filter(([name]) => name !== 'seed'));
  const keys = rest.map((entries) => JSON.stringify(entries));
  const names = namesOf(rest.map((entries) => new Map(entries)));
  // Names may leave out what is long; groups never run together by it.
  const numbered = (i: number): string => {
    const alike = [...new Set(keys.filter((_, k) => names[k] === names[i]))];
    return alike.length > 1 ? `${names[i]} #${alike.indexOf(keys[i]) + 1}` : names[i];
  };
  return runs.map((run, i) => ({ ...run, group: numbered(i) }));
}

type Settings = Readonly<Record<string, ReportedSetting>>;

/** The run in a folder, or those of its seeds. */
async function runFolders(path: string): Promise<RunFolder[]> {
  const folder = new RunFolder(path);
  const seeds = folder.begun ? [] : await seedFolders(path);
  return seeds.length > 0 ? seeds : [folder];
}

async function readRun(folder: RunFolder): Promise<Pick<ReportedRun, 'series'> & { readonly settings: Settings }> {
  const configuration = await folder.readConfiguration();
  const file = folder.file('log.jsonl');
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UserMistake(`${file} cannot be read: ${cause.message}.`, { cause });
  });
  try {
    const series = new Map([...readLog(text).series].map(([name, values]) => [name, settled(values)] as const));
    return { series, settings: Object.fromEntries(flat(configuration, '')) };
  } catch (cause) {
    if (!(cause instanceof DqnError)) throw cause;
    throw new UserMistake(`${file}: ${cause.message}`, { cause });
  }
}

/** The last number of each step, by rising step: a run that was resumed tells some twice. */
function settled(values: readonly LoggedScalar[]): LoggedScalar[] {
  return [...new Map(values.map((each) => [each.step, each])).values()].toSorted((a, b) => a.step - b.step);
}

/** `{ a: { b: 1 } }` as `a.b` and 1; what is no number, word or switch as JSON. */
function flat(value: object, path: string): [string, ReportedSetting][] {
  return Object.entries(value).flatMap(([key, each]: [string, unknown]): [string, ReportedSetting][] => {
    const place = path === '' ? key : `${path}.${key}`;
    if (typeof each === 'object' && each !== null && !Array.isArray(each)) return flat(each, place);
    const isPlain = typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean';
    return [[place, isPlain ? each : JSON.stringify(each)]];
  });
}

/** Each group by what differs; where nothing does, by its environment and preset. */
function namesOf(groups: readonly ReadonlyMap<string, ReportedSetting>[]): string[] {
  const all = [...new Set(groups.flatMap((settings) => [...settings.keys()]))];
  const differing = all.filter((name) => new Set(groups.map((settings) => settings.get(name))).size > 1);
  const telling = differing.filter((name) => !RECORDING.test(name));
  const shown = telling.length > 0 ? telling : differing.length > 0 ? differing : ['environment', 'preset'];
  return groups.map((settings) =>
    shown
      .map((name) => {
        const value = String(settings.get(name) ?? 'of the preset');
        return name === 'environment' || name === 'preset' ? value : `${name.replace(/^agent\./, '')} ${value}`;
      })
      .join(', '),
  );
}
