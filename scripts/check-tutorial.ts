// Does what docs/tutorial.md says, word for word, in a folder in which the package is installed: writes its files, runs its `dqn` commands, and opens its page in Chromium.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { createServer } from 'vite';

/** What the tutorial needs of its surroundings. */
export interface TutorialPlace {
  /** A folder with the package, vite and onnxruntime-web in its node_modules. */
  readonly folder: string;
  /** Runs a command there, and gives what it printed. */
  readonly run: (command: string, ...arguments_: string[]) => string;
  readonly browser: Browser;
}

/** How far the room may be off over a day: a heater that is always on or always off leaves it at 0.6 and more. */
const FAR = 0.3;

/** @throws Error where something of it does not work. */
export async function checkTutorial(tutorial: string, { folder, run, browser }: TutorialPlace): Promise<void> {
  const text = readFileSync(tutorial, 'utf8');
  for (const [, file, content] of text.matchAll(/^```\w+ file=(\S+)\n([^]*?)^```$/gm)) writeFileSync(join(folder, file), content);
  const commands = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block]) => block.trim().split('\n'));
  const own = commands.filter((command) => command.startsWith('npx dqn '));
  for (const command of own) run('npx', '--no-install', ...command.split(' ').slice(1));

  // Packages may be links to elsewhere.
  const server = { port: 0, fs: { strict: false } };
  const vite = await createServer({ root: folder, configFile: false, logLevel: 'error', server });
  try {
    await vite.listen();
    const page = await browser.newPage();
    const failed = new Promise<never>((_, reject) => page.on('pageerror', reject));
    const shown = async () => {
      await page.goto(vite.resolvedUrls?.local[0] ?? '');
      await page.waitForFunction(() => document.getElementById('mean')?.textContent, undefined, { timeout: 120_000 });
      return page.locator('#mean').innerText();
    };
    const mean = await Promise.race([shown(), failed]);
    if (!(Number(mean) < FAR)) throw new Error(`Expected a room that is off by less than ${FAR} but received ${mean}.`);
    console.log(`tutorial: ${own.length} commands, and a page in which the room is off by ${mean}`);
  } finally {
    await vite.close();
  }
}
