/**
 * A whole update and a greedy action of agents on every engine, in Node and in headless Chromium, in alternating rounds of one run: the table of docs/backends.md.
 *
 *   npm run bench:backends
 *   npm run bench:backends -- --rounds 3 --places node          fewer rounds; without a browser (or `chromium`: without Node)
 *
 * WebGL and WebGPU run on Chromium's software renderers unless `GPU=1`: then on what the machine has.
 */
import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium as playwright } from 'playwright-core';
import { chromium } from '../tests/support/chromium.ts';
import { serveSite } from '../tests/support/site.ts';
import { softwareVulkan } from '../tests/support/software-vulkan.ts';
import type { Question } from './backends/serve.ts';
import { PROBLEMS, type EngineName } from './backends/timing.ts';
import { calibrate, format, median, table } from './harness.mjs';

declare function ask(question: Question): Promise<string | number>;

interface Place {
  readonly name: string;
  ask(question: Question): Promise<string | number>;
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, places: { type: 'string' } } });
const rounds = Number(values.rounds);
const gpu = process.env.GPU === '1';
const folder = join(import.meta.dirname, 'backends');
const ends: (() => unknown)[] = [];

async function inNode(engine: EngineName): Promise<Place> {
  const env = engine === 'webgpu' && !gpu ? { ...process.env, ...softwareVulkan('.temporary/vulkan') } : process.env;
  const child = fork(join(folder, 'process.ts'), { env, execArgv: ['--import', 'tsx'] });
  ends.push(() => child.kill());
  const askChild = (question: Question) =>
    new Promise<string | number>((resolve, reject) => {
      child.once('message', ({ answer, error }: { answer: string | number; error?: string }) =>
        error === undefined ? resolve(answer) : reject(new Error(error)),
      );
      child.send(question);
    });
  return { name: `Node, ${await askChild({ what: 'start', engine })}`, ask: askChild };
}

async function inChromium(): Promise<(engine: EngineName) => Promise<Place>> {
  const wasmFiles = ['', '-simd', '-threaded-simd'].map((variant) => `tfjs-backend-wasm${variant}.wasm`);
  const site = await serveSite(
    [join(folder, 'page.ts')],
    wasmFiles.map((file) => join('node_modules/@tensorflow/tfjs-backend-wasm/dist', file)),
  );
  const args = gpu ? chromium.args.filter((arg) => !/swiftshader/.test(arg)) : chromium.args;
  const browser = await playwright.launch({ ...chromium, args, headless: true });
  ends.push(
    () => browser.close(),
    () => site.close(),
  );
  return async (engine) => {
    const page = await browser.newPage();
    await page.goto(site.page('page'));
    await page.waitForFunction(() => 'ask' in globalThis);
    const askPage = (question: Question) => page.evaluate((asked) => ask(asked), question);
    return { name: `Chromium, ${await askPage({ what: 'start', engine })}`, ask: askPage };
  };
}

const places: Place[] = [];
if (values.places !== 'chromium') for (const engine of ['embedded', 'wasm', 'webgpu'] as const) places.push(await inNode(engine));
if (values.places !== 'node') {
  const open = await inChromium();
  for (const engine of ['embedded', 'wasm', 'webgl', 'webgpu'] as const) places.push(await open(engine));
}
console.log(`${cpus()[0].model}, Node ${process.versions.node}`);
for (const problem of Object.keys(PROBLEMS)) {
  const measures: { place: Place; what: 'update' | 'act'; count: number; results: number[] }[] = [];
  for (const place of places) {
    await place.ask({ what: 'prepare', problem });
    for (const what of ['update', 'act'] as const) {
      const measure = async (count: number) => (await place.ask({ what, count })) as number;
      // The first one compiles shaders.
      await measure(1);
      measures.push({ place, what, count: await calibrate(measure, 100), results: [] });
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const { place, what, count, results } of measures) {
      // What takes seconds is sure enough after three rounds.
      if (round < 3 || results[0] * count < 2_000) results.push((await place.ask({ what, count })) as number);
    }
  }
  const of = (place: Place, what: string) =>
    median(measures.find((each) => each.place === place && each.what === what)?.results ?? []);
  const [first] = places;
  console.log(`\n${problem}\n`);
  console.log(
    table(
      ['', 'update, ms', 'action, ms', 'update, times the first'],
      places.map((place) => [
        place.name,
        format(of(place, 'update')),
        format(of(place, 'act')),
        format(of(place, 'update') / of(first, 'update')),
      ]),
    ),
  );
}
for (const end of ends) await end();
