import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium as playwright, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { train } from '../../src/index.ts';
import { cartPoleRecipe } from '../support/cart-pole-recipe.ts';
import { chromium } from '../support/chromium.ts';
import { serveSite, type Site } from '../support/site.ts';
import type { Keeper } from './site/keeper.ts';

declare const keeper: Keeper;

let site: Site;
let profile = '';
let context: BrowserContext;
const open = () => playwright.launchPersistentContext(profile, { ...chromium, headless: true });
beforeAll(async () => {
  const scripts = ['pages/site/keeper.ts', 'pages/site/trainer.ts', 'browser/training-worker.ts'];
  site = await serveSite(scripts.map((script) => join(import.meta.dirname, '..', script)));
  profile = mkdtempSync(join(tmpdir(), 'dqn-profile-'));
  context = await open();
});
afterAll(async () => {
  await context.close();
  site.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

/** The keeper's page; its functions are there when its module has run. */
async function keeperPage(on = site): Promise<Page> {
  const page = await context.newPage();
  await page.goto(on.page('keeper'));
  await page.waitForFunction(() => 'keeper' in globalThis);
  return page;
}

test('a checkpoint survives a reload, and the end of the browser', async () => {
  const page = await keeperPage();
  expect(await page.evaluate(() => keeper.find())).toBeUndefined();
  await page.evaluate(() => keeper.save(7, 1_000_000));
  await page.reload();
  await page.waitForFunction(() => 'keeper' in globalThis);
  expect(await page.evaluate(() => keeper.find())).toBe(7);
  await context.close();
  context = await open();
  expect(await (await keeperPage()).evaluate(() => keeper.find())).toBe(7);
});

test('when the quota is exceeded that is told, and the old checkpoint is still there', async () => {
  // Another origin: browsers remember for a while how much room there was.
  const small = await serveSite([join(import.meta.dirname, 'site/keeper.ts')]);
  const page = await keeperPage(small);
  const session = await context.newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 1_000_000 });
  expect(await page.evaluate(() => keeper.save(1, 1_000))).toBeUndefined();
  expect(await page.evaluate(() => keeper.save(2, 20_000_000))).toMatch(/^storage-failed: QuotaExceededError/);
  expect(await page.evaluate(() => keeper.find())).toBe(1);
  expect(await page.evaluate(() => keeper.save(3, 1_000))).toBeUndefined();
  expect(await page.evaluate(() => keeper.find())).toBe(3);
  small.close();
});

test('a run in a worker whose page is closed goes on from the latest checkpoint, and ends bit for bit as one that never stopped', async () => {
  const visit = async () => {
    const page = await context.newPage();
    const events: { kind: string; step: number }[] = [];
    let heard: () => void = () => {};
    await page.exposeFunction('told', (kind: string, step: number) => {
      events.push({ kind, step });
      heard();
    });
    await page.goto(site.page('trainer'));
    const until = async (kind: string) => {
      for (;;) {
        const found = events.find((event) => event.kind.startsWith(kind));
        if (found) return found;
        await new Promise<void>((resolve) => (heard = resolve));
      }
    };
    return { page, until };
  };
  const first = await visit();
  const { step } = await first.until('saved');
  await first.page.close();
  const second = await visit();
  expect((await second.until('began')).step).toBeGreaterThanOrEqual(step);
  const finished = await second.until('finished');
  const { agent, environment, options } = await cartPoleRecipe({ steps: 2_000 }, () => {});
  for await (const _ of train(agent, environment, options));
  expect(finished).toEqual({ kind: `finished with ${(await agent.savePolicy()).join()}`, step: 2_000 });
});
