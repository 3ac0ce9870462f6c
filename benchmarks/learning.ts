// The learning study: trains with the settings of `npm start` over several seeds, two processes at a time, and prints a table.
//
//   npm run bench:learning [-- cartpole=1-10 acrobot=1-5 mountaincar=1-5]
//
// A seed's score is the mean return over 100 greedy episodes of the final network, on starts that training never saw.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createAgent, evaluate, train } from '../src/index.ts';
import { environmentOf, settings } from '../src/cli/settings.ts';

interface Result {
  readonly environment: string;
  readonly seed: number;
  readonly mean: number;
  readonly std: number;
  readonly seconds: number;
}

async function one(environment: string, seed: number): Promise<Result> {
  const { options, steps } = settings[environment];
  const create = await environmentOf(settings[environment]).load();
  const started = performance.now();
  const agent = await createAgent<unknown>(create(), { ...options(steps), seed });
  for await (const _ of train(agent, create(), { steps }));
  const seconds = (performance.now() - started) / 1000;
  const { mean, std } = await evaluate(agent, create(), { episodes: 100, seed: 1_000_000 + seed });
  return { environment, seed, mean, std, seconds };
}

function inChild(environment: string, seed: number): Promise<Result> {
  const arguments_ = ['--import', 'tsx', fileURLToPath(import.meta.url), '--one', environment, String(seed)];
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => resolve(JSON.parse(line) as Result));
    child.on('exit', (code) => code !== 0 && reject(new Error(`${environment} seed ${seed} ended with code ${code}`)));
  });
}

async function study(plan: ReadonlyMap<string, readonly number[]>): Promise<void> {
  const jobs = [...plan].flatMap(([environment, seeds]) => seeds.map((seed) => ({ environment, seed })));
  const results: Result[] = [];
  const worker = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const result = await inChild(job.environment, job.seed);
      console.error(JSON.stringify(result));
      results.push(result);
    }
  };
  await Promise.all([worker(), worker()]);
  console.log(
    '| environment | steps | mean return of each seed, in order | median seed | seconds a run |\n| --- | --- | --- | --- | --- |',
  );
  for (const environment of plan.keys()) {
    const own = results.filter((result) => result.environment === environment).sort((a, b) => a.seed - b.seed);
    const means = own.map((result) => result.mean.toFixed(1)).join(', ');
    const cells = [
      settings[environment].name,
      settings[environment].steps.toLocaleString('en'),
      means,
      median(own.map((result) => result.mean)).toFixed(1),
      median(own.map((result) => result.seconds)).toFixed(0),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

/** `cartpole=11-20` as the environment and its seeds. */
function planned(text: string): [string, number[]] {
  const [environment, first, last] = text.split(/[=-]/);
  if (!Object.hasOwn(settings, environment)) throw new Error(`There is no environment ${environment}.`);
  return [environment, Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i)];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--one') {
  console.log(JSON.stringify(await one(rest[0], Number(rest[1]))));
} else {
  const asked = first === undefined ? ['cartpole=1-10', 'acrobot=1-5', 'mountaincar=1-5'] : [first, ...rest];
  await study(new Map(asked.map(planned)));
}
