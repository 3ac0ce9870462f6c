import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ValueHead } from '../../index.ts';
import { readCheckpoint } from '../../node/index.ts';
import { readSaved } from '../../workbench/index.ts';
import { findEnvironment, type AnyEnvironment } from '../environments.ts';
import { RunFolder } from '../run/run-folder.ts';
import { UserMistake } from '../user-mistake.ts';
import { savedHead } from './saved-head.ts';

/** Which policy of a run: that of its best evaluation, or that at its end. */
export const WHICH = ['best', 'final'] as const;
/** See {@link WHICH}. */
export type Which = (typeof WHICH)[number];

/** A policy file, and the environment it is for. */
export interface FoundPolicy {
  /** The path of the file. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** What its outputs mean. */
  readonly head: ValueHead;
  /** Whether its network remembers what came before in an episode. */
  readonly remembers: boolean;
  /** The id of the environment, or the module that it was named by. */
  readonly environment: string;
  /** Makes environments of that kind, each a new one. */
  readonly create: (shown?: boolean) => Promise<AnyEnvironment>;
}

/** Where to look for a policy. */
export interface PolicyPlace {
  /** A run folder, or a policy file. */
  readonly path: string;
  /** Of a run; the best by default, where there is one. */
  readonly which?: Which;
  /** In place of that of the run. */
  readonly environment?: string;
}

/**
 * Reads a policy of a run or from a file, and finds out which environment it is for: by its name, or from the configuration of the run that the file lies in.
 *
 * @throws UserMistake where there is no such policy or no word of an environment; DqnError `file-failed`, `invalid-checkpoint`.
 */
export async function findPolicy({ path, which, environment }: PolicyPlace): Promise<FoundPolicy> {
  const isFolder = await isDirectory(path);
  if (!isFolder && which !== undefined) throw new UserMistake(`${path} is a file: --which chooses among those of a run folder.`);
  const folder = new RunFolder(isFolder ? path : dirname(path));
  const run = isFolder || folder.begun ? await folder.readConfiguration() : undefined;
  const file = isFolder ? policyOfRun(folder, which) : path;
  const bytes = await readCheckpoint(file);
  const { kind, state } = readSaved(bytes);
  if (kind !== 'policy') {
    throw new UserMistake(`${file} holds no policy but what is called ${kind}: \`dqn inspect\` tells what is in it.`);
  }
  const saved = state as Readonly<Partial<Record<string, unknown>>> | null;
  const head = savedHead(file, saved?.head);
  const remembers = String(saved?.network).includes('"kind":"gru"');
  const name = environment ?? run?.environment;
  if (name === undefined) {
    throw new UserMistake(`Which environment is ${path} for? Name it after the file, for example CartPole-v1.`);
  }
  const found = await findEnvironment(name);
  const sameAsRun = run?.environment !== undefined && found.id === (await findEnvironment(run.environment)).id;
  const options = sameAsRun ? run.environmentOptions : undefined;
  return { path: file, bytes, head, remembers, environment: found.id, create: (shown) => found.create(options, shown) };
}

/** The policy file of a run: the one asked for, otherwise the best where there is one. */
function policyOfRun(folder: RunFolder, which: Which | undefined): string {
  const files = { best: folder.file('best.safetensors'), final: folder.file('policy.safetensors') };
  const has = { best: folder.has('best.safetensors'), final: folder.has('policy.safetensors') };
  const chosen = which ?? WHICH.find((each) => has[each]);
  if (chosen !== undefined && has[chosen]) return files[chosen];
  const other = WHICH.find((each) => has[each]);
  throw new UserMistake(
    other === undefined
      ? `The run in ${folder.path} has no policy yet: it has neither been evaluated nor come to its end.`
      : `The run in ${folder.path} has no ${which} policy, only the ${other} one: write --which ${other}.`,
  );
}

/** @throws UserMistake where there is neither a folder nor a file. */
async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UserMistake(`There is no file or folder ${path}.`);
  return found.isDirectory();
}
