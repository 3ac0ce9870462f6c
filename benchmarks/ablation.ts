// The ablation study: what each part is worth in small worlds. Trains in two processes, keeps every finished run in a file, and goes on from there when
// it is started again; then writes docs/ablation.md and docs/ablation.svg.
//
//   npm run bench:ablation                                     15 seeds of everything
//   npm run bench:ablation -- --seeds 5 --worlds Acrobot,DeepSea
//   npm run bench:ablation -- --report                         only writes the report of the runs that are there
//
// Runs count only as long as the library and the study are as they were: their sources' hash stands with each run.
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { createAgent, wasm } from '../src/index.ts';
import { writeFileAtomic } from '../src/node/index.ts';
import { agentOptions, configurations, type Configuration } from './ablation/configurations.ts';
import { report } from './ablation/report.ts';
import { run, type Job, type Result } from './ablation/run.ts';
import { studies } from './ablation/studies.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const PROCESSES = 2;
/** The difficulty of the worlds was set on the seeds below. */
const FIRST_SEED = 101;

/** What the file of results holds, one JSON object a line: finished runs, and how long each start of the study took. */
type Line = ({ readonly result: Result } | { readonly seconds: number }) & { readonly sources: string };

/** What a worker answers to a job. */
type Answer = { readonly result: Result } | { readonly failure: string };

/** A hash of all code that the figures depend on. */
function hashSources(): string {
  const hash = createHash('sha256');
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('cli'))
    .map((file) => join('src', file));
  const own = ['configurations.ts', 'environments.ts', 'run.ts', 'studies.ts'].map((file) => join('benchmarks/ablation', file));
  for (const file of [...files, ...own].sort()) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 12);
}

/** All whole lines; a line that a crash cut off is left out. */
function readLines(path: string): Line[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Line];
      } catch {
        return [];
      }
    });
}

const keyOf = ({ study, configuration, seed }: Job) => `${study}|${configuration}|${seed}`;

/** The configurations that the library can build; what it cannot is named now, not after an hour of training, and in the report is missing. */
async function possibleConfigurations(): Promise<readonly Configuration[]> {
  const possible: Configuration[] = [];
  for (const configuration of configurations) {
    try {
      for (const study of studies) (await createAgent(study.create(), agentOptions(study, configuration, 1))).dispose();
      possible.push(configuration);
    } catch (error) {
      console.error(`Left out: ${configuration.name}, as ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return possible;
}

/** Everything to run, a seed after the other: a study that is cut short has fewer seeds of everything. */
function plan(seeds: number, worlds: readonly string[], possible: readonly Configuration[]): Job[] {
  return Array.from({ length: seeds }, (_, i) => FIRST_SEED + i).flatMap((seed) =>
    worlds.flatMap((study) => possible.map(({ name }) => ({ study, configuration: name, seed }))),
  );
}

/** Runs the jobs in worker processes; `done` gets each answer. */
async function runAll(jobs: readonly Job[], done: (job: Job, answer: Answer) => void): Promise<void> {
  const waiting = [...jobs];
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const child = fork(fileURLToPath(import.meta.url), ['--worker'], { execArgv: ['--import', 'tsx'] });
      let current: Job | undefined;
      const next = () => {
        current = waiting.shift();
        if (current === undefined) child.disconnect();
        else child.send(current);
      };
      child.on('message', (answer: Answer) => {
        if (current !== undefined) done(current, answer);
        next();
      });
      child.on('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`A worker ended with code ${code} in ${JSON.stringify(current)}.`));
      });
      next();
    });
  await Promise.all(Array.from({ length: Math.min(PROCESSES, jobs.length) }, work));
}

/** The other end of {@link runAll}. */
function serve(): void {
  process.on('message', (job: Job) => {
    run(job)
      .then((result): Answer => ({ result }))
      .catch((error: unknown): Answer => ({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }))
      .then((answer) => process.send?.(answer))
      .catch(() => process.exit(1));
  });
}

async function trainAll(path: string, seeds: number, worlds: readonly string[]): Promise<number> {
  const sources = hashSources();
  const jobs = plan(seeds, worlds, await possibleConfigurations());
  const known = new Set(
    readLines(path).flatMap((line) => (line.sources === sources && 'result' in line ? [keyOf(line.result)] : [])),
  );
  const open = jobs.filter((job) => !known.has(keyOf(job)));
  console.error(`${jobs.length} runs, ${jobs.length - open.length} of them there already.`);
  mkdirSync(dirname(path), { recursive: true });
  const keep = (line: Line) => appendFileSync(path, `${JSON.stringify(line)}\n`);
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  let finished = 0;
  let failures = 0;
  await runAll(open, (job, answer) => {
    finished++;
    const left = (elapsed() / finished) * (open.length - finished);
    const progress = `${finished}/${open.length} | ETA ${Math.floor(left / 60)} min ${Math.round(left % 60)} s | ${keyOf(job)}`;
    if ('failure' in answer) {
      failures++;
      console.error(`${progress} | FAILED ${answer.failure}`);
    } else {
      keep({ sources, result: answer.result });
      const metrics = Object.entries(answer.result.metrics).map(([key, value]) => `${key} ${Number(value.toPrecision(3))}`);
      console.error(`${progress} | ${metrics.join(', ')} | ${answer.result.seconds.toFixed(1)} s`);
    }
  });
  keep({ sources, seconds: elapsed() });
  return failures;
}

/** Writes the report of the runs that were made last. */
async function writeReport(path: string, command: string): Promise<void> {
  const lines = readLines(path);
  const sources = lines.at(-1)?.sources;
  const own = lines.filter((line) => line.sources === sources);
  // A run that was made twice, by two starts at a time, counts once.
  const results = new Map(own.flatMap((line) => ('result' in line ? [[keyOf(line.result), line.result]] : [])));
  if (results.size === 0) throw new Error(`There are no runs in ${path}.`);
  const wallSeconds = own.reduce((sum, line) => sum + ('seconds' in line ? line.seconds : 0), 0);
  const engine = wasm();
  const machine = `${cpus()[0].model}, Node ${process.versions.node}, ${engine.description}`;
  engine.dispose();
  const { markdown, svg } = report([...results.values()], { command, machine, wallSeconds });
  const file = join(root, 'docs/ablation.md');
  await writeFileAtomic(file, await format(markdown, { ...(await resolveConfig(file)), parser: 'markdown' }));
  await writeFileAtomic(join(root, 'docs/ablation.svg'), svg);
  console.error(`Wrote docs/ablation.md and docs/ablation.svg from ${results.size} runs.`);
}

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '15' },
    worlds: { type: 'string', default: studies.map(({ name }) => name).join(',') },
    results: { type: 'string', default: 'runs/ablation.jsonl' },
    report: { type: 'boolean', default: false },
    worker: { type: 'boolean', default: false },
  },
});
if (options.worker) serve();
else {
  const worlds = options.worlds.split(',');
  const seeds = Number(options.seeds);
  for (const world of worlds)
    if (!studies.some(({ name }) => name === world))
      throw new Error(`There is no world ${world}; there are ${studies.map(({ name }) => name).join(', ')}.`);
  if (!Number.isInteger(seeds) || seeds < 1) throw new Error(`--seeds must be a whole number of at least 1, not ${options.seeds}.`);
  const failures = options.report ? 0 : await trainAll(options.results, seeds, worlds);
  await writeReport(options.results, `npm run bench:ablation${options.seeds === '15' ? '' : ` -- --seeds ${seeds}`}`);
  if (failures > 0) {
    console.error(`${failures} runs failed and are not in the report.`);
    process.exitCode = 1;
  }
}
