import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium as browserType, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { build, preview, type PreviewServer } from 'vite';
import { chromium } from '../support/chromium.ts';

const root = join(import.meta.dirname, '../..');
const configFile = join(root, 'examples/browser/vite.config.ts');
const screenshots = join(root, '.temporary/demo/screenshots');

/** The built page, served, and a browser to open it in. */
export class Site {
  readonly #server: PreviewServer;
  readonly #browser: Browser;
  /** What the pages have reported as wrong. */
  readonly problems: string[] = [];

  private constructor(server: PreviewServer, browser: Browser) {
    this.#server = server;
    this.#browser = browser;
  }

  /** Builds the page as `vite build` does, and serves it. */
  static async open(): Promise<Site> {
    const outDir = join(root, '.temporary/demo/site');
    await build({ configFile, logLevel: 'error', build: { outDir, emptyOutDir: true } });
    const server = await preview({ configFile, logLevel: 'error', build: { outDir }, preview: { port: 0 } });
    mkdirSync(screenshots, { recursive: true });
    return new Site(server, await browserType.launch(chromium));
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.close();
  }

  /** The page, opened by somebody who was never there. */
  async visit(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
    await page.goto(this.#server.resolvedUrls?.local[0] ?? '');
    await page.getByText('Ready: ').waitFor();
    return page;
  }
}

/** Keeps a picture of the whole page, to be looked at. */
export async function photograph(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}

/** The whole number that an element shows. */
export async function numberIn(page: Page, id: string): Promise<number> {
  return Number((await page.locator(`#${id}`).innerText()).replaceAll(',', '').replace('−', '-'));
}

/** What the learning curve says of itself. */
export async function readCurve(page: Page): Promise<{ episodes: number; first: number; last: number }> {
  const label = (await page.locator('#curve svg').getAttribute('aria-label')) ?? '';
  const match = /over (\d+) episodes: mean return (.+) at first, (.+) in the last 20/.exec(label);
  if (!match) throw new Error(`The curve says: ${label}`);
  const [episodes, first, last] = match.slice(1).map((text) => Number(text.replaceAll(',', '').replace('−', '-')));
  return { episodes, first, last };
}

/** The returns of the episodes of the run that is kept. */
export async function keptReturns(page: Page): Promise<number[]> {
  const text = await page.evaluate(() => localStorage.getItem('dqn-run'));
  if (text === null) return [];
  return (JSON.parse(text) as { points: [number, number][] }).points.map(([, value]) => value);
}
