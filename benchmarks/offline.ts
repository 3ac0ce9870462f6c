// The study of recorded experience: what each algorithm makes of datasets of different coverage and quality. Keeps every dataset and every finished run under runs/offline, and goes on from there
// when it is started again (delete the folder to begin anew); then writes docs/data/offline.json, the table in docs/offline.md and docs/offline.svg.
//
//   npm run bench:offline
//   npm run bench:offline -- --report      only writes table and plot of docs/data/offline.json
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { writeFileAtomic } from '../src/node/index.ts';
import { decodeDataset, encodeDataset, stateActionCoverage, trajectoryQuality, type Dataset } from '../src/offline/index.ts';
import { plot, table, type Results } from './offline/report.ts';
import { algorithms, digitised, learn, record, setNames, worlds, type SetName, type World } from './offline/study.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'runs/offline');
const SEEDS = [1, 2, 3];
const BINS = 20;

/** The datasets of a world, recorded if they are not there yet. */
async function datasetsOf(world: World) {
  const path = (name: string) => join(folder, `${world.name}-${name}`);
  if (!existsSync(path('returns.json'))) {
    const { sets, ...returns } = await record(world);
    for (const name of setNames) writeFileSync(path(`${name}.safetensors`), encodeDataset(sets[name]));
    writeFileSync(path('returns.json'), JSON.stringify(returns));
  }
  const entries = setNames.map((name) => [name, decodeDataset(readFileSync(path(`${name}.safetensors`)))] as const);
  const returns = JSON.parse(readFileSync(path('returns.json'), 'utf8')) as { random: number; online: number; medium: number };
  return { sets: Object.fromEntries(entries) as Record<SetName, Dataset>, returns };
}

function readRuns(path: string): Map<string, number> {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return new Map(
    lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as [string, number]];
      } catch {
        return []; // cut off by a crash
      }
    }),
  );
}

async function study(): Promise<Results> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'runs.jsonl');
  const done = readRuns(path);
  const results: Results['sets'][number][] = [];
  for (const world of worlds) {
    const { sets, returns } = await datasetsOf(world);
    const all = Object.values(sets);
    for (const name of setNames) {
      const scores: Record<string, number[]> = {};
      for (const algorithm of algorithms) {
        scores[algorithm] = [];
        for (const seed of SEEDS) {
          const key = `${world.name}|${name}|${algorithm}|${seed}`;
          let score = done.get(key);
          if (score === undefined) {
            const began = performance.now();
            score = await learn(world, sets[name], algorithm, seed);
            appendFileSync(path, `${JSON.stringify([key, score])}\n`);
            console.error(`${key}: ${score.toFixed(1)} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
          }
          scores[algorithm].push(Math.round(score * 100) / 100);
        }
      }
      const coverage = stateActionCoverage(digitised(sets[name], all, BINS), digitised(sets.replay, all, BINS));
      const quality = trajectoryQuality(sets[name], returns.random, returns.online);
      results.push({ world: world.name, set: name, saco: round(coverage), tq: round(quality), scores });
    }
    results.forEach((result) => {
      if (result.world === world.name) Object.assign(result, { random: round(returns.random), online: round(returns.online) });
    });
  }
  return { bins: BINS, sets: results };
}

const round = (x: number) => Math.round(x * 1000) / 1000;

/** Puts text between the marks of a document. */
async function writeReport(results: Results): Promise<void> {
  const file = join(root, 'docs/offline.md');
  const [before, , after] = readFileSync(file, 'utf8').split(/(?<=<!-- study -->\n)|(?=<!-- end of study -->)/);
  if (after === undefined) throw new Error('docs/offline.md has lost the marks of the study.');
  const markdown = `${before}\n${table(results)}\n${after}`;
  await writeFileAtomic(file, await format(markdown, { ...(await resolveConfig(file)), parser: 'markdown' }));
  await writeFileAtomic(join(root, 'docs/offline.svg'), plot(results));
}

const { values: options } = parseArgs({ options: { report: { type: 'boolean', default: false } } });
const data = join(root, 'docs/data/offline.json');
if (!options.report) {
  const results = await study();
  mkdirSync(join(root, 'docs/data'), { recursive: true });
  await writeFileAtomic(data, await format(JSON.stringify(results), { ...(await resolveConfig(data)), parser: 'json' }));
}
await writeReport(JSON.parse(readFileSync(data, 'utf8')) as Results);
