/**
 * Whether a page stays at 60 frames a second while it trains: frames, the worst of them, and tasks of more than 50 ms, during 10 s of CartPole in headless
 * Chromium. Without training, in a worker, and on the page itself for comparison. `--rounds 3` repeats it.
 *
 * Other work on the machine makes frames and tasks last longer than the page is to blame for; so the tasks of the page's main thread are also measured by
 * the processor time that they took (`busiest task`): on a machine with a free core the two agree.
 */
import { join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { chromium } from '../tests/support/chromium.ts';
import { serveSite } from '../tests/support/site.ts';
import type { Measured, Where } from './responsiveness/page.ts';

declare function measure(where: Where, seconds: number): Promise<Measured>;

const SECONDS = 10;

/** An event of a trace, times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time of its thread. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** Processor time in ms of each task of main threads of pages. */
function taskTimes(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const idOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const main = new Set(traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(idOf));
  return traceEvents.flatMap((event) =>
    event.name.endsWith('RunTask') && event.tdur !== undefined && main.has(idOf(event)) ? [event.tdur / 1_000] : [],
  );
}
const flag = process.argv.indexOf('--rounds');
const rounds = flag < 0 ? 1 : Number(process.argv[flag + 1]);

const folder = join(import.meta.dirname, 'responsiveness');
const site = await serveSite([join(folder, 'page.ts'), join(folder, 'worker.ts')]);
const browser = await playwright.launch({ ...chromium, headless: true });
console.log(`Chromium ${browser.version()}, ${SECONDS} s each`);
console.log(
  'training       frames/s   worst frame, ms   long tasks   longest, ms   busiest task, ms   busy over 50 ms   steps/s   events/s',
);
for (let round = 0; round < rounds; round++) {
  for (const where of ['nowhere', 'in a worker', 'on the page'] as const) {
    const page = await browser.newPage();
    await page.goto(site.page('page'));
    await page.waitForFunction(() => 'measure' in globalThis);
    await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] });
    const measured = await page.evaluate(([place, seconds]) => measure(place, seconds), [where, SECONDS] as const);
    const times = taskTimes(await browser.stopTracing());
    const { framesPerSecond, worstFrame, longTasks, stepsPerSecond, events } = measured;
    console.log(
      [
        where.padEnd(11),
        framesPerSecond.toFixed(1).padStart(12),
        worstFrame.toFixed(1).padStart(17),
        String(longTasks.length).padStart(12),
        Math.max(0, ...longTasks)
          .toFixed(0)
          .padStart(13),
        Math.max(...times)
          .toFixed(1)
          .padStart(18),
        String(times.filter((time) => time > 50).length).padStart(17),
        stepsPerSecond.toFixed(0).padStart(9),
        (events / (SECONDS + 1)).toFixed(1).padStart(10),
      ].join(' '),
    );
    await page.close();
  }
}
await browser.close();
site.close();
