/**
 * Whether a page stays at 60 frames a second while it trains: frames, the worst of them, and tasks of more than 50 ms, during 10 s of CartPole in headless
 * Chromium. Without training, in a worker, and on the page itself for comparison. `--rounds 3` repeats it.
 */
import { join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { chromium } from '../tests/support/chromium.ts';
import { serveSite } from '../tests/support/site.ts';
import type { Measured, Where } from './responsiveness/page.ts';

declare function measure(where: Where, seconds: number): Promise<Measured>;

const SECONDS = 10;
const flag = process.argv.indexOf('--rounds');
const rounds = flag < 0 ? 1 : Number(process.argv[flag + 1]);

const folder = join(import.meta.dirname, 'responsiveness');
const site = await serveSite([join(folder, 'page.ts'), join(folder, 'worker.ts')]);
const browser = await playwright.launch({ ...chromium, headless: true });
console.log(`Chromium ${browser.version()}, ${SECONDS} s each`);
console.log('training       frames/s   worst frame, ms   long tasks   longest, ms   steps/s   events/s');
for (let round = 0; round < rounds; round++) {
  for (const where of ['nowhere', 'in a worker', 'on the page'] as const) {
    const page = await browser.newPage();
    await page.goto(site.page('page'));
    await page.waitForFunction(() => 'measure' in globalThis);
    const measured = await page.evaluate(([place, seconds]) => measure(place, seconds), [where, SECONDS] as const);
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
        stepsPerSecond.toFixed(0).padStart(9),
        (events / (SECONDS + 1)).toFixed(1).padStart(10),
      ].join(' '),
    );
    await page.close();
  }
}
await browser.close();
site.close();
