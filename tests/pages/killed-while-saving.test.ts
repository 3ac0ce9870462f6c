import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as playwright, type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { chromium } from '../support/chromium.ts';
import { serveSite, type Site } from '../support/site.ts';

let site: Site;
let profile = '';
beforeAll(async () => {
  site = await serveSite([join(import.meta.dirname, 'site/endless-writer.ts')]);
  profile = mkdtempSync(join(tmpdir(), 'dqn-profile-'));
});
afterAll(() => {
  site.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

/** What is killed, round by round: the page's process, the one that holds the database, all of the browser. */
const KILLS = ['renderer', 'renderer', 'storage', 'renderer', 'browser'] as const;
const ROUNDS = 22;

/** A browser, and how to kill its processes: all were started by it. */
async function openBrowser() {
  const context = await playwright.launchPersistentContext(profile, { ...chromium, headless: true });
  const session = await (context.browser() as Browser).newBrowserCDPSession();
  return {
    context,
    async kill(which: (typeof KILLS)[number]): Promise<void> {
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      const doomed = processInfo.filter(({ type }) => which === 'browser' || type.startsWith(which));
      expect(doomed).not.toHaveLength(0);
      // The browser first, so that it cannot put anything in order.
      for (const { id } of doomed.toSorted((a, b) => Number(b.type === 'browser') - Number(a.type === 'browser'))) {
        try {
          process.kill(id, 'SIGKILL');
        } catch {
          // It has gone with the one before.
        }
      }
    },
  };
}

test(`a page that is killed ${ROUNDS} times while it saves finds a whole checkpoint each time, and none older than was kept`, async () => {
  const random = new Random(1);
  let kept = -1;
  let browser: Awaited<ReturnType<typeof openBrowser>> | undefined;
  for (let round = 0; round <= ROUNDS; round++) {
    browser ??= await openBrowser();
    const { context } = browser;
    // The process that was to serve the next page may have been killed with the last one.
    const page = await context.newPage().catch(() => context.newPage());
    let tellFound: (found: readonly [count: number, whole: boolean]) => void = () => {};
    let tellSaved: () => void = () => {};
    const found = new Promise<readonly [count: number, whole: boolean]>((resolve) => (tellFound = resolve));
    const saved = new Promise<void>((resolve) => (tellSaved = resolve));
    await page.exposeFunction('found', (count: number, whole: boolean) => tellFound([count, whole]));
    await page.exposeFunction('saved', (count: number) => {
      kept = Math.max(kept, count);
      tellSaved();
    });
    const before = kept;
    await page.goto(site.page('endless-writer'));
    const [count, whole] = await found;
    expect(whole).toBe(true);
    expect(count).toBeGreaterThanOrEqual(before);
    if (round === ROUNDS) break;
    await saved;
    await new Promise((resolve) => setTimeout(resolve, random.integer(200)));
    const which = KILLS[round % KILLS.length];
    await browser.kill(which);
    if (which === 'browser') {
      await browser.context.close().catch(() => {});
      browser = undefined;
    } else await page.close();
  }
  await browser?.context.close();
  // Every round saved something.
  expect(kept).toBeGreaterThanOrEqual(ROUNDS - 1);
});
