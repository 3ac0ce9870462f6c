import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from '../configuration/read-configuration.ts';
import type { PartialConfiguration } from '../configuration/schema.ts';
import type { RunFolder } from '../run/run-folder.ts';
import { UserMistake } from '../user-mistake.ts';

/** What is told of `run.json`; it may hold more. */
const reportSchema = z.looseObject({
  status: z.enum(['finished', 'interrupted']),
  step: z.int().min(0),
  best: z.looseObject({ step: z.int(), mean: z.number() }).optional(),
  evaluation: z.looseObject({ episodes: z.int(), mean: z.number(), std: z.number() }).optional(),
  agent: z.record(z.string(), z.json()),
  machine: z.looseObject({ library: z.string() }),
});

type Report = z.infer<typeof reportSchema>;

/** What a run folder holds. */
export interface RunDescription {
  readonly kind: 'run';
  readonly path: string;
  /** `begun` where nothing has come of it yet, or its process has died. */
  readonly status: Report['status'] | 'begun';
  readonly step?: number;
  /** The release of the library that it was run with. */
  readonly library?: string;
  readonly configuration: PartialConfiguration;
  /** All parts of the agent. */
  readonly agent?: Report['agent'];
  readonly best?: Report['best'];
  readonly evaluation?: Report['evaluation'];
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/**
 * Describes a run by its files, checkpoints included.
 *
 * @throws UserMistake where the folder holds no run, or a damaged one.
 */
export async function describeRun(folder: RunFolder): Promise<RunDescription> {
  const configuration = await folder.readConfiguration();
  const { status = 'begun', step, machine, agent, best, evaluation } = folder.has('run.json') ? await readReport(folder) : {};
  const names = (await readdir(folder.path, { recursive: true })).toSorted();
  const found = await Promise.all(names.map(async (name) => ({ name, file: await stat(join(folder.path, name)) })));
  const files = found.filter(({ file }) => file.isFile()).map(({ name, file }) => ({ name, bytes: file.size }));
  return { kind: 'run', path: folder.path, status, step, library: machine?.library, configuration, agent, best, evaluation, files };
}

async function readReport(folder: RunFolder): Promise<Partial<Report>> {
  const path = folder.file('run.json');
  const { data, error } = reportSchema.safeParse(await readJson(path));
  if (data) return data;
  const [{ path: place, message }] = error.issues;
  throw new UserMistake(`${path} is damaged: ${place.join('.') || 'its contents'}: ${message.replace(/^Invalid input: /, '')}.`);
}
