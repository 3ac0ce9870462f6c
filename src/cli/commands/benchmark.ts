import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { writeFileAtomic } from '../../node/index.ts';
import { readResults } from '../benchmark/result.ts';
import { runBenchmark } from '../benchmark/run-benchmark.ts';
import { benchmarkRows, markdownTable } from '../benchmark/tables.ts';
import { findEnvironment } from '../environments.ts';
import { names, wholeNumber } from '../parse.ts';
import { presets as allPresets } from '../presets.ts';
import { INTERRUPTED } from '../interrupted.ts';
import { tunedFor } from '../zoo.ts';

interface BenchmarkFlags {
  readonly environments: readonly string[];
  readonly presets: readonly string[];
  readonly seeds: number;
  readonly seed: number;
  readonly steps?: number;
  readonly finalEpisodes: number;
  readonly workers: number;
  readonly out: string;
  readonly json?: boolean;
}

/** `dqn benchmark` */
export function benchmarkCommand(): Command {
  return new Command('benchmark')
    .description('Train presets on environments with several seeds each, and compare them.')
    .option('--environments <ids>', 'ids, or modules and their exports', names, ['CartPole-v1'])
    .option('--presets <names>', 'names (dqn presets), or all', names, ['default', 'dqn', 'rainbow'])
    .option('--seeds <count>', 'runs of each', wholeNumber(1), 5)
    .option('-s, --seed <number>', 'the first seed', wholeNumber(0), 1)
    .option('-n, --steps <count>', 'environment steps of each run (default: what the tuned numbers take)', wholeNumber(1))
    .option('--final-episodes <count>', 'episodes of the final evaluation', wholeNumber(1), 100)
    .option('--workers <count>', 'runs at a time', wholeNumber(1), availableParallelism())
    .option('-o, --out <folder>', 'where the files go; what has a result there is not run again', 'runs/benchmark')
    .option('--json', 'print the results as JSON')
    .action(async (flags: BenchmarkFlags) => {
      const report = await benchmark(flags);
      if (flags.json) console.log(JSON.stringify(report));
      else print(report);
      if (report.failures.length > 0) process.exitCode = 1;
      if (report.status === 'interrupted') process.exitCode = INTERRUPTED;
    });
}

async function benchmark(flags: BenchmarkFlags) {
  const { seeds, seed, steps, workers, out } = flags;
  const environments: string[] = [];
  for (const name of flags.environments) environments.push((await findEnvironment(name)).id);
  const presets = flags.presets.includes('all') ? allPresets.map(({ name }) => name) : flags.presets;
  const evaluation = { finalEpisodes: flags.finalEpisodes };
  const tasks = environments.flatMap((environment) =>
    presets.map((preset) => ({ name: environment, configuration: { environment, preset, steps, evaluation } })),
  );
  const results = join(out, 'results.jsonl');
  const allSeeds = Array.from({ length: seeds }, (_, i) => seed + i);
  const { interrupted, failures } = await runBenchmark({ tasks, seeds: allSeeds, workers, out, results });
  const all = await readResults(results);
  const own = all.filter((result) => environments.includes(result.task) && presets.includes(result.preset));
  const tables = environments.map((environment) => ({
    environment,
    rows: benchmarkRows(
      own.filter(({ task }) => task === environment),
      tunedFor(environment)?.solved,
    ),
  }));
  const text = tables.map(({ environment, rows }) => `## ${environment}\n\n${markdownTable(rows)}\n`).join('\n');
  await writeFileAtomic(join(out, 'benchmark.md'), new TextEncoder().encode(text));
  return {
    status: interrupted ? 'interrupted' : 'finished',
    out,
    tables,
    failures: [...failures].map(([folder, reason]) => ({ folder, reason })),
  };
}

function print({ status, out, tables, failures }: Awaited<ReturnType<typeof benchmark>>): void {
  for (const { environment, rows } of tables) {
    console.log(`${environment}\n`);
    console.log(`${markdownTable(rows)}\n`);
  }
  for (const { folder, reason } of failures) console.error(`error: ${folder} failed: ${reason}`);
  console.log(status === 'interrupted' ? 'Stopped. The same command goes on.' : `Results and runs are in ${out}`);
}
