import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keptReturns, numberIn, photograph, readCurve, Site } from './site.ts';

let site: Site;
const pages: Page[] = [];

beforeAll(async () => {
  site = await Site.open();
});

afterAll(async () => {
  await site.close();
});

afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  expect(site.problems.splice(0)).toEqual([]);
});

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

async function visit(options?: Parameters<Site['visit']>[0]): Promise<Page> {
  const page = await site.visit(options);
  pages.push(page);
  return page;
}

const steps = (page: Page) => numberIn(page, 'steps');

/** Waits until the run has taken so many steps. */
async function untilStep(page: Page, step: number): Promise<void> {
  await expect.poll(() => steps(page), { timeout: 120_000, interval: 100 }).toBeGreaterThanOrEqual(step);
}

async function untilStatus(page: Page, text: string): Promise<void> {
  await page.locator('#status', { hasText: text }).waitFor({ timeout: 60_000 });
}

/** Trains briskly, as a run at full speed may be over before it is paused, pauses after so many steps at least, and gives the returns when they are kept. */
async function trainFor(page: Page, step: number): Promise<number[]> {
  await page.getByLabel('Pace').selectOption('brisk');
  await page.getByRole('button', { name: /Start|Continue/ }).click();
  await untilStep(page, step);
  await page.getByRole('button', { name: 'Pause' }).click();
  await untilStatus(page, 'Paused');
  const episodes = await numberIn(page, 'episodes');
  await expect.poll(async () => (await keptReturns(page)).length).toBe(episodes);
  return keptReturns(page);
}

describe('training', () => {
  it('raises the return of CartPole, and shows it', async () => {
    const page = await visit();
    await photograph(page, 'new');
    const before = await page.locator('#picture').innerHTML();
    await page.getByLabel('Algorithm').selectOption('double');
    await page.getByLabel('Pace').selectOption('full');
    await page.getByRole('button', { name: 'Start' }).click();
    await untilStep(page, 3_000);
    expect(await numberIn(page, 'rate')).toBeGreaterThan(100);
    expect(await numberIn(page, 'updates')).toBeGreaterThan(500);
    // The picture moves.
    const picture = () => page.locator('#picture').innerHTML();
    await expect.poll(picture).not.toBe(before);
    const later = await picture();
    await expect.poll(picture).not.toBe(later);
    await untilStep(page, 10_000);
    await photograph(page, 'cartpole');
    const { episodes, first, last } = await readCurve(page);
    expect(episodes).toBeGreaterThan(60);
    expect(first).toBeLessThan(50);
    expect(last).toBeGreaterThan(3 * first);
    expect(await page.locator('#bars .q').count()).toBe(2);
    expect(await numberIn(page, 'agent-score')).toBeGreaterThan(100);
  });

  it('raises the return of the grid world, whose map then points to the goal', async () => {
    const page = await visit({ colorScheme: 'dark' });
    await page.getByLabel('World', { exact: true }).selectOption('gridworld');
    await trainFor(page, 12_000);
    const { first, last } = await readCurve(page);
    expect(last).toBeGreaterThan(first + 1);
    expect(last).toBeGreaterThan(0.3);
    // The six cells of the right column that lead up to the goal, and the one to its left.
    const arrows = await page.locator('#map .arrow').allTextContents();
    expect([15, 23, 31].map((cell) => arrows[cell])).toEqual(['↑', '↑', '↑']);
    expect(arrows[6]).toBe('→');
    expect(arrows[7]).toBe('');
    await photograph(page, 'gridworld-dark');
  });

  it('pauses and goes on', async () => {
    const page = await visit();
    await trainFor(page, 600);
    const paused = await steps(page);
    expect(await page.locator('#status').innerText()).toBe(`Paused at step ${paused.toLocaleString('en')}.`);
    await page.waitForTimeout(600);
    expect(await steps(page)).toBe(paused);
    expect(await page.locator('#rate').innerText()).toBe('–');
    await page.getByRole('button', { name: 'Continue' }).click();
    await untilStep(page, paused + 500);
  });

  it('keeps to the pace that is chosen, also while it runs', async () => {
    const page = await visit();
    await page.getByLabel('Pace').selectOption('single');
    await page.getByRole('button', { name: 'Start' }).click();
    await untilStep(page, 1);
    const began = await steps(page);
    await page.waitForTimeout(2_000);
    const slow = (await steps(page)) - began;
    expect(slow).toBeGreaterThan(10);
    expect(slow).toBeLessThan(120);
    await page.getByLabel('Pace').selectOption('full');
    await untilStep(page, 2_000);
  });

  it('ends after its steps, and can begin again', async () => {
    const page = await visit();
    await page.getByLabel('World', { exact: true }).selectOption('cliffwalking');
    await page.getByLabel('Pace').selectOption('full');
    await page.getByRole('button', { name: 'Start' }).click();
    await untilStatus(page, 'Finished: all 30,000 steps are taken.');
    const { last } = await readCurve(page);
    expect(last).toBeGreaterThan(-60);
    await photograph(page, 'cliffwalking');
    await page.reload();
    await untilStatus(page, 'Finished');
    await page.getByRole('button', { name: 'Train again' }).click();
    await expect.poll(() => steps(page)).toBeLessThan(20_000);
  });
});

describe('every choice of the menus', () => {
  const choices = async (page: Page, label: string) =>
    page
      .getByLabel(label, { exact: true })
      .locator('option:not(:disabled)')
      .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));

  it('learns: all algorithms', async () => {
    const page = await visit();
    await page.getByLabel('World', { exact: true }).selectOption('gridworld');
    await page.getByLabel('Pace').selectOption('full');
    await page.getByRole('button', { name: 'Start' }).click();
    const algorithms = await choices(page, 'Algorithm');
    expect(algorithms).toHaveLength(10);
    const abouts = new Set<string>();
    for (const algorithm of algorithms) {
      await page.getByLabel('Algorithm').selectOption(algorithm);
      await expect.poll(() => numberIn(page, 'updates'), { timeout: 30_000, message: algorithm }).toBeGreaterThan(50);
      await expect
        .poll(() => page.locator('#map .arrow', { hasText: /[↑→↓←]/ }).count(), { message: algorithm })
        .toBeGreaterThan(30);
      expect(await page.locator('#problem').isHidden()).toBe(true);
      abouts.add(await page.locator('#about').innerText());
    }
    expect(abouts.size).toBe(algorithms.length);
  });

  it('learns: all worlds', async () => {
    const page = await visit();
    await page.getByLabel('Pace').selectOption('full');
    await page.getByRole('button', { name: 'Start' }).click();
    for (const world of await choices(page, 'World')) {
      await page.getByLabel('World', { exact: true }).selectOption(world);
      await expect.poll(() => numberIn(page, 'updates'), { timeout: 60_000, message: world }).toBeGreaterThan(20);
      await expect.poll(() => page.locator('#bars .best').count(), { message: world }).toBe(1);
      expect(await page.locator('#problem').isHidden()).toBe(true);
      await photograph(page, `world-${world}`);
    }
  });

  it('acts and is seen: all engines', async () => {
    const page = await visit();
    await page.getByLabel('Pace').selectOption('full');
    await page.getByRole('button', { name: 'Start' }).click();
    const available = await choices(page, 'Engine');
    expect(available).toEqual(expect.arrayContaining(['wasm', 'tfjs-wasm', 'tfjs-cpu']));
    for (const engine of available) {
      await page.getByLabel('Engine').selectOption(engine);
      // On a GPU that is only simulated, a first update takes minutes.
      await expect.poll(() => steps(page), { timeout: 100_000, message: engine }).toBeGreaterThan(20);
      await expect.poll(() => page.locator('#bars .best').count(), { message: engine }).toBe(1);
      expect(await page.locator('#problem').isHidden()).toBe(true);
    }
    expect(await page.getByLabel('Engine').locator('option:disabled').allTextContents()).toSatisfy((texts: string[]) =>
      texts.every((text) => /: (needs|finds) /.test(text)),
    );
  });
});

describe('the seed', () => {
  it('decides the run: reset begins the same again, another seed another', async () => {
    const page = await visit();
    const episodes = async () => {
      const returns = await trainFor(page, 1_500);
      expect(returns.length).toBeGreaterThan(20);
      return returns.slice(0, 20);
    };
    const first = await episodes();
    await page.getByRole('button', { name: 'Reset to seed' }).click();
    await untilStatus(page, 'Ready');
    expect(await steps(page)).toBe(0);
    await expect.poll(() => page.locator('#curve').innerText()).toContain('No episode yet');
    expect(await episodes()).toEqual(first);
    await page.getByLabel('Seed').fill('2');
    await page.getByLabel('Seed').press('Tab');
    await untilStatus(page, 'seed 2');
    expect(await episodes()).not.toEqual(first);
  });

  it('is refused where it is no number', async () => {
    const page = await visit();
    await page.getByLabel('Seed').fill('');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForTimeout(300);
    expect(await page.locator('#status').innerText()).toMatch(/^Ready/);
    expect(await steps(page)).toBe(0);
  });
});

describe('a reload', () => {
  it('keeps settings, curve and what was learned, and goes on to the same end', async () => {
    const page = await visit();
    await page.getByLabel('Algorithm').selectOption('per');
    await page.getByLabel('Seed').fill('3');
    const returns = await trainFor(page, 2_500);
    const drawn = async () => {
      await expect.poll(async () => (await readCurve(page)).episodes).toBe(returns.length);
    };
    await drawn();
    const before = { steps: await steps(page), curve: await readCurve(page), returns };
    await page.reload();
    await untilStatus(page, 'Paused');
    expect(await page.getByLabel('Algorithm').inputValue()).toBe('per');
    expect(await page.getByLabel('Seed').inputValue()).toBe('3');
    expect(await page.getByLabel('Pace').inputValue()).toBe('brisk');
    await drawn();
    expect({ steps: await steps(page), curve: await readCurve(page), returns: await keptReturns(page) }).toEqual(before);
    // The policy is there before training goes on.
    await expect.poll(() => page.locator('#bars .best').count()).toBe(1);
    const resumed = await trainFor(page, before.steps + 2_000);
    await page.getByRole('button', { name: 'Reset to seed' }).click();
    const whole = await trainFor(page, before.steps + 2_000);
    const shared = Math.min(resumed.length, whole.length);
    expect(shared).toBeGreaterThan(before.returns.length);
    expect(resumed.slice(0, shared)).toEqual(whole.slice(0, shared));
  });

  it('in the middle of training finds the run as it was kept last', async () => {
    const page = await visit();
    await page.getByLabel('Pace').selectOption('brisk');
    await page.getByRole('button', { name: 'Start' }).click();
    await expect.poll(() => keptReturns(page).then((returns) => returns.length), { timeout: 30_000 }).toBeGreaterThan(20);
    await page.reload();
    await untilStatus(page, 'Paused');
    const kept = await steps(page);
    expect(kept).toBeGreaterThan(100);
    await page.getByRole('button', { name: 'Continue' }).click();
    await untilStep(page, kept + 1_000);
  });
});

describe('a policy', () => {
  it('is downloaded and loaded; damaged, foreign and unsuitable files are refused in words', async () => {
    const page = await visit();
    expect(await page.getByRole('button', { name: 'Download policy' }).isDisabled()).toBe(true);
    await page.getByLabel('Algorithm').selectOption('c51');
    await trainFor(page, 1_000);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download policy' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^cartpole-c51-seed1-step\d+\.safetensors$/);
    const bytes = readFileSync(await download.path());
    expect(bytes.length).toBeGreaterThan(10_000);

    const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'application/octet-stream', buffer });
    const load = async (name: string, buffer: Buffer) => {
      await page.locator('#load').setInputFiles(file(name, buffer));
      await page.locator('#policy-status', { hasText: name }).waitFor();
      return page.locator('#policy-status').innerText();
    };
    // A page that has learned nothing shows it too, whatever algorithm is chosen.
    await page.getByLabel('Algorithm').selectOption('dqn');
    await page.locator('#caption', { hasText: 'It has learned nothing yet' }).waitFor();
    expect(await load('mine.safetensors', bytes)).toBe('On show: mine.safetensors.');
    await page.locator('#caption', { hasText: 'The policy of your file' }).waitFor();
    await expect.poll(() => page.locator('#bars .best').count()).toBe(1);
    await photograph(page, 'loaded');

    const damaged = Buffer.from(bytes);
    damaged[damaged.length - 40] ^= 1;
    expect(await load('damaged.safetensors', damaged)).toMatch(
      /^damaged\.safetensors was not loaded\. .*expected the checksum .* but received/s,
    );
    expect(await load('short.safetensors', bytes.subarray(0, 100))).toMatch(/was not loaded\. .*expected .* but received/s);
    expect(await load('text.safetensors', Buffer.from('hello'))).toMatch(/was not loaded\. .*expected .* but received/s);
    await photograph(page, 'refused');
    // What was on show still is, until it is sent away.
    await page.locator('#caption', { hasText: 'The policy of your file' }).waitFor();
    await page.getByRole('button', { name: 'Back to the agent' }).click();
    await page.locator('#caption', { hasText: 'It has learned nothing yet' }).waitFor();

    await page.getByLabel('World', { exact: true }).selectOption('gridworld');
    expect(await load('cartpole.safetensors', bytes)).toMatch(
      /was not loaded\. .*(actions|observation size|head).*expected .* but received/s,
    );
  });
});

describe('who plays himself', () => {
  it('keeps the pole up with keys, and is scored beside the agent', async () => {
    const page = await visit();
    await page.getByRole('button', { name: 'Play it yourself' }).click();
    await page.locator('#caption', { hasText: 'Your turn' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('picture');
    await page.keyboard.down('ArrowRight');
    await page.locator('#caption', { hasText: 'Over' }).waitFor();
    await page.keyboard.up('ArrowRight');
    // Pushed to one side all the time, the pole falls within nine or ten steps.
    expect(await numberIn(page, 'your-score')).toBeLessThan(12);
    const best = await numberIn(page, 'your-best');
    expect(best).toBe(await numberIn(page, 'your-score'));
    await page.waitForTimeout(700);
    // Without a key the pushes alternate, which lasts longer.
    await page.keyboard.press('ArrowLeft');
    await page.locator('#caption', { hasText: 'You play' }).waitFor();
    await page.locator('#caption', { hasText: 'Over' }).waitFor();
    expect(await numberIn(page, 'your-best')).toBeGreaterThan(best);
    await photograph(page, 'played');
    await page.getByRole('button', { name: 'Agent', exact: true }).click();
    expect(await page.locator('#pad').isHidden()).toBe(true);
  });

  it('walks the grid one cell a key, while the agent trains', async () => {
    const page = await visit();
    await page.getByLabel('World', { exact: true }).selectOption('cliffwalking');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('button', { name: 'Play it yourself' }).click();
    const place = () => page.locator('#picture svg > text').last().textContent();
    expect(await place()).toContain('step 0 · row 3, column 0');
    await page.keyboard.press('ArrowUp');
    await expect.poll(place).toContain('step 1 · row 2, column 0');
    await page.keyboard.press('ArrowRight');
    await expect.poll(place).toContain('step 2 · row 2, column 1');
    await page.getByRole('button', { name: 'down', exact: true }).click(); // over the edge
    await expect.poll(place).toContain('step 3 · row 3, column 0');
    expect(await numberIn(page, 'your-score')).toBe(-102);
    await untilStep(page, 100);
    await page.getByRole('button', { name: 'Its practice' }).click();
    await page.locator('#caption', { hasText: 'Training itself' }).waitFor();
    await expect.poll(async () => new Set([await place(), await place(), await place()]).size).toBeGreaterThan(1);
  });

  it('plays the games of MinAtar, with the space bar for fire', async () => {
    const page = await visit();
    await page.getByLabel('World', { exact: true }).selectOption('spaceinvaders');
    await page.getByRole('button', { name: 'Play it yourself' }).click();
    await page.locator('#caption', { hasText: '← → space or the buttons' }).waitFor();
    await page.keyboard.down('Space');
    await page.locator('#caption', { hasText: 'You play' }).waitFor();
    // Whoever only shoots hits what comes past above.
    await expect.poll(() => numberIn(page, 'your-score'), { timeout: 20_000 }).toBeGreaterThan(0);
    await page.keyboard.up('Space');
    await photograph(page, 'spaceinvaders-played');
    for (const [world, buttons] of [
      ['breakout', ['left', 'right']],
      ['freeway', ['up', 'down']],
      ['asterix', ['left', 'up', 'right', 'down']],
      ['seaquest', ['left', 'up', 'right', 'down', 'fire']],
    ] as const) {
      await page.getByLabel('World', { exact: true }).selectOption(world);
      expect(await page.locator('#pad button').evaluateAll((all) => all.map((one) => one.ariaLabel))).toEqual(buttons);
      const before = await page.locator('#picture').innerHTML();
      await page.getByRole('button', { name: buttons[0], exact: true }).click();
      await expect.poll(async () => (await page.locator('#picture').innerHTML()) !== before, { message: world }).toBe(true);
    }
  });
});

describe('a phone', () => {
  it('has room for everything, and fingers reach it', async () => {
    const page = await visit(phone);
    await page.getByLabel('World', { exact: true }).selectOption('cartpole');
    await page.getByRole('button', { name: 'Start' }).tap();
    await untilStep(page, 500);
    await page.getByRole('button', { name: 'Play it yourself' }).tap();
    const left = page.getByRole('button', { name: 'left', exact: true });
    await left.tap();
    await page.locator('#caption', { hasText: /You play|Over/ }).waitFor();
    await page.locator('#caption', { hasText: 'Over' }).waitFor();
    expect(await numberIn(page, 'your-score')).toBeGreaterThan(5);
    for (const world of ['cartpole', 'gridworld', 'cliffwalking', 'seaquest']) {
      await page.getByLabel('World', { exact: true }).selectOption(world);
      await untilStep(page, 1);
      const layout = await page.evaluate(() => ({
        width: document.documentElement.scrollWidth,
        small: [...document.querySelectorAll('button, select, input:not(.hidden)')]
          .filter((element) => element.getClientRects().length > 0 && element.getBoundingClientRect().height < 43)
          .map((element) => element.id),
      }));
      expect(layout, world).toEqual({ width: 390, small: [] });
      await photograph(page, `phone-${world}`);
    }
  });
});

describe('the keyboard alone', () => {
  /** Presses Tab until the element has the focus. */
  async function tabTo(page: Page, id: string): Promise<void> {
    for (let presses = 0; presses < 40; presses++) {
      if ((await page.evaluate(() => document.activeElement?.id)) === id) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not lead to #${id}.`);
  }

  it('does everything', async () => {
    const page = await visit();
    await tabTo(page, 'world');
    await page.keyboard.press('ArrowDown');
    await untilStatus(page, 'Grid world');
    await tabTo(page, 'algorithm');
    await page.keyboard.press('ArrowDown');
    await untilStatus(page, 'Double DQN in Grid world');
    await tabTo(page, 'seed');
    await page.keyboard.press('ArrowUp');
    await tabTo(page, 'run');
    await untilStatus(page, 'seed 2');
    // The focus is seen.
    expect(await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)).toBe('solid');
    await page.keyboard.press('Space');
    await untilStep(page, 600);
    await page.keyboard.press('Enter');
    await untilStatus(page, 'Paused');
    await tabTo(page, 'reset');
    await page.keyboard.press('Enter');
    await untilStatus(page, 'Ready');
    await tabTo(page, 'load');
    await tabTo(page, 'play');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    await page.locator('#caption', { hasText: 'You play' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.action)).toBe('left');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#picture svg > text').last().textContent()).toContain('step 2');
  });

  it('finds a name for everything that can be operated', async () => {
    const page = await visit();
    await page.getByRole('button', { name: 'Play it yourself' }).click();
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, select, input')]
        .filter((element) => {
          const labels = (element as HTMLInputElement).labels?.length ?? 0;
          return labels === 0 && !element.getAttribute('aria-label') && !element.textContent?.trim();
        })
        .map((element) => element.outerHTML),
    );
    expect(nameless).toEqual([]);
  });
});
