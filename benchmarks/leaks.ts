// Whether memory stays the same over 10,000 updates and is free after dispose(): npm run bench:leaks [-- backend …] [-- --updates 10000].
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium as browsers } from 'playwright-core';
import { createServer } from 'vite';
import { chromium } from '../tests/support/chromium.ts';
import { softwareVulkan } from '../tests/support/software-vulkan.ts';
import type { LeakBackend, LeakReport } from './leaks/measure.ts';

const UPDATES = 10_000;
const IN_NODE = ['cpu', 'wasm', 'webgpu'];
const IN_CHROMIUM: readonly LeakBackend[] = ['webgl', 'webgpu'];

const root = fileURLToPath(new URL('..', import.meta.url));

/** In a process of its own: what runs WebGPU in software must stand in its environment from the start. */
function inNode(backend: string, updates: number): LeakReport {
  const child = fileURLToPath(new URL('leaks/in-node.ts', import.meta.url));
  const env = backend === 'webgpu' ? { ...process.env, ...softwareVulkan(`${root}.temporary/vulkan`) } : process.env;
  const run = spawnSync(process.execPath, ['--import', 'tsx', child, backend, String(updates)], {
    env,
    encoding: 'utf8',
    cwd: root,
  });
  if (run.status !== 0) throw new Error(`${backend} in Node: ${run.stderr}`);
  return JSON.parse(run.stdout.trim().split('\n').at(-1) as string) as LeakReport;
}

async function inChromium(backend: LeakBackend, updates: number): Promise<LeakReport> {
  const server = await createServer({
    configFile: false,
    root: fileURLToPath(new URL('leaks', import.meta.url)),
    cacheDir: `${root}.temporary/vite-leaks`,
    logLevel: 'error',
    server: { host: 'localhost', fs: { allow: [root] } },
    optimizeDeps: {
      include: ['@tensorflow/tfjs-core', ...['cpu', 'wasm', 'webgl', 'webgpu'].map((name) => `@tensorflow/tfjs-backend-${name}`)],
    },
  });
  await server.listen();
  const browser = await browsers.launch(chromium);
  try {
    const page = await browser.newPage();
    await page.goto(server.resolvedUrls?.local[0] as string);
    await page.waitForFunction(() => 'measureLeaks' in globalThis, undefined, { timeout: 120_000 });
    return await page.evaluate(
      ([name, count]) =>
        (globalThis as unknown as { measureLeaks(backend: string, updates: number): Promise<LeakReport> }).measureLeaks(
          name,
          count,
        ),
      [backend, updates] as const,
    );
  } finally {
    await browser.close();
    await server.close();
  }
}

const given = process.argv.slice(2);
const at = given.indexOf('--updates');
const updates = at < 0 ? UPDATES : Number(given[at + 1]);
const wanted = given.filter((_, i) => at < 0 || (i !== at && i !== at + 1));
const runs: (readonly [string, () => Promise<LeakReport> | LeakReport])[] = [
  ...IN_NODE.map((backend) => [`${backend}, Node`, () => inNode(backend, updates)] as const),
  ...IN_CHROMIUM.map((backend) => [`${backend}, Chromium`, () => inChromium(backend, updates)] as const),
];

let leaks = false;
for (const [name, run] of runs) {
  if (wanted.length > 0 && !wanted.includes(name.split(',')[0])) continue;
  const { warm, end, disposed, seconds } = await run();
  const same = JSON.stringify(warm) === JSON.stringify(end) && disposed.tensors === 0 && disposed.bytes === 0;
  leaks ||= !same;
  const heap = (each: typeof warm): string => (each.heap === undefined ? '' : `, heap ${each.heap.toLocaleString('en')} B`);
  const line = (each: typeof warm): string => `${each.tensors} tensors, ${each.bytes.toLocaleString('en')} B${heap(each)}`;
  console.log(
    `${same ? 'constant' : 'LEAKS'} | ${name} | ${updates} updates in ${seconds.toFixed(0)} s\n  warm: ${line(warm)}\n  end: ${line(end)}\n  after dispose(): ${line(disposed)}`,
  );
}
if (leaks) process.exitCode = 1;
