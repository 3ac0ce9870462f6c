// The learning study: every preset with its tuned numbers on every task, several seeds each. It trains in processes, keeps each finished run in docs/learning-study.jsonl, and goes on from there
// when it is started again; then writes docs/learning-study.md and its pictures.
//
//   npm run bench:learning                                               5 seeds of everything: days
//   npm run bench:learning -- --tasks CartPole,Acrobot --presets dqn,rainbow --seeds 3 --workers 2 --minutes 30
//   npm run bench:learning -- --report                                   only writes the report of the runs that are there
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { readResults } from '../src/cli/benchmark/result.ts';
import { runBenchmark } from '../src/cli/benchmark/run-benchmark.ts';
import { writeFileAtomic } from '../src/node/index.ts';
import { report } from './study/report.ts';
import { compared, configurationFor, takes, tasks } from './study/tasks.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** The numbers were tuned on the seeds below. */
const FIRST_SEED = 101;

const { values: options } = parseArgs({
  options: {
    tasks: { type: 'string', default: tasks.map(({ name }) => name).join(',') },
    presets: { type: 'string', default: compared.map(({ name }) => name).join(',') },
    seeds: { type: 'string', default: '5' },
    workers: { type: 'string', default: String(availableParallelism()) },
    minutes: { type: 'string', default: 'Infinity' },
    report: { type: 'boolean', default: false },
  },
});

/** The members of a list that are asked for by name; throws where there is none of a name. */
function chosen<T extends { readonly name: string }>(all: readonly T[], names: string): T[] {
  const found = names.split(',').map((name) => all.find((each) => each.name === name) ?? name);
  const unknown = found.find((each) => typeof each === 'string');
  if (unknown !== undefined) throw new Error(`There is no ${unknown}; there are ${all.map(({ name }) => name).join(', ')}.`);
  return found as T[];
}

const results = join(root, 'docs/learning-study.jsonl');
let failures: ReadonlyMap<string, string> = new Map();
if (!options.report) {
  const minutes = Number(options.minutes);
  // As if by Ctrl-C: runs keep a checkpoint, from which they go on.
  const end = minutes === Infinity ? undefined : setTimeout(() => process.kill(process.pid, 'SIGINT'), minutes * 60_000);
  const asked = chosen(compared, options.presets);
  ({ failures } = await runBenchmark({
    tasks: chosen(tasks, options.tasks).flatMap((task) =>
      asked
        .filter((preset) => takes(task, preset))
        .map((preset) => ({ name: task.name, configuration: configurationFor(task, preset) })),
    ),
    seeds: Array.from({ length: Number(options.seeds) }, (_, i) => FIRST_SEED + i),
    workers: Number(options.workers),
    out: join(root, 'runs/learning-study'),
    results,
    command: join(root, 'src/cli/dqn.ts'),
  }));
  clearTimeout(end);
}

const { markdown, pictures } = report(await readResults(results));
const file = join(root, 'docs/learning-study.md');
await writeFileAtomic(
  file,
  new TextEncoder().encode(await format(markdown, { ...(await resolveConfig(file)), parser: 'markdown' })),
);
for (const [piece, svg] of pictures) {
  await writeFileAtomic(join(root, `docs/learning-study-${piece}.svg`), new TextEncoder().encode(svg));
}
for (const [folder, reason] of failures) console.error(`FAILED ${folder}: ${reason}`);
if (failures.size > 0) process.exitCode = 1;
