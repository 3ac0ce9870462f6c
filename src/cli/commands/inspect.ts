import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import type { State } from '../../index.ts';
import { readCheckpoint } from '../../node/index.ts';
import { readSaved } from '../../workbench/index.ts';
import { describeRun, type RunDescription } from '../inspect/describe-run.ts';
import { describeSaved, type SavedDescription } from '../inspect/describe-saved.ts';
import { printFacts, printTable, short } from '../print.ts';
import { RunFolder } from '../run/run-folder.ts';

/** `dqn inspect` */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Tell what is in a checkpoint, a policy file, a dataset or the folder of a run.')
    .argument('<path>', 'a file or a folder')
    .option('--json', 'print JSON')
    .action(async (path: string, { json }: { json?: boolean }) => {
      const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
      const described = isFolder ? await describeRun(new RunFolder(path)) : await describeFile(path);
      if (json) console.log(JSON.stringify(described, undefined, 2));
      else if ('files' in described) printRun(described);
      else printSaved(described);
    });
}

async function describeFile(path: string): Promise<SavedDescription> {
  const bytes = await readCheckpoint(path);
  return describeSaved(bytes, readSaved(bytes));
}

function printSaved({ kind, version, bytes, facts, parts, network, parameters, tensors }: SavedDescription): void {
  printFacts([
    ['kind', `${kind}, layout ${version}`],
    ['size', `${count(bytes)} bytes`],
    ...Object.entries(facts).map(([name, value]) => [name, words(value)] as const),
    ...Object.entries(parts ?? {}).map(([name, value]) => [name, words(value)] as const),
    ...(network === undefined ? [] : [['network', networkInWords(network)] as const]),
    ...(parameters === undefined ? [] : [['parameters', count(parameters)] as const]),
  ]);
  console.log();
  printTable(
    ['tensor', 'type', 'shape', 'numbers'],
    tensors.map(({ name, type, shape, size }) => [name, type, `[${shape.join(', ')}]`, count(size)]),
  );
}

function printRun({ path, status, step, library, configuration, agent, best, evaluation, files }: RunDescription): void {
  printFacts([
    ['run', path],
    ['status', step === undefined ? status : `${status} at step ${count(step)}`],
    ...(library === undefined ? [] : [['library', library] as const]),
    ...(best === undefined ? [] : [['best', `mean return ${short(best.mean)} at step ${count(best.step)}`] as const]),
    ...(evaluation === undefined
      ? []
      : [
          [
            'final',
            `mean return ${short(evaluation.mean)} ± ${short(evaluation.std)} over ${count(evaluation.episodes)} episodes`,
          ] as const,
        ]),
  ]);
  console.log('\nconfiguration');
  printFacts(flat(configuration));
  if (agent) {
    console.log('\nagent');
    printFacts(flat(agent));
  }
  console.log();
  printTable(
    ['file', 'bytes'],
    files.map(({ name, bytes }) => [name, count(bytes)]),
  );
}

/** `{ a: { b: 1 } }` as `a.b` and 1. */
function flat(value: object, path = ''): (readonly [string, string])[] {
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    const place = path === '' ? key : `${path}.${key}`;
    const isNested = typeof each === 'object' && each !== null && !Array.isArray(each) && Object.keys(each).length > 0;
    return isNested ? flat(each, place) : [[place, words(each)] as const];
  });
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function count(value: number): string {
  return value.toLocaleString('en');
}

/** Layers in their order, each with what it is given: `dense(units 128, activation relu) → …`. */
function networkInWords(network: State): string {
  if (Array.isArray(network)) {
    const isStack = network.every((each: State) => typeof each === 'object' && each !== null && 'kind' in each);
    return isStack ? network.map(networkInWords).join(' → ') : `[${network.map(networkInWords).join(', ')}]`;
  }
  if (typeof network !== 'object' || network === null) return words(network);
  const { kind, layers, inputShape, ...others } = network as Readonly<Record<string, State>>;
  const settings = Object.entries(others).map(([name, value]) => `${name} ${networkInWords(value)}`);
  if (inputShape !== undefined) return `${networkInWords(inputShape)} → ${networkInWords(layers ?? [])}`;
  if (layers !== undefined) settings.push(networkInWords(layers));
  return `${words(kind)}(${settings.join(', ')})`;
}
