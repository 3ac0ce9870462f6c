import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';

const folder = join(import.meta.dirname, '../../examples');

afterEach(() => {
  vi.restoreAllMocks();
});

// What the last line of each example must say.
const endings: Readonly<Record<string, RegExp>> = {
  'cartpole.ts': /^greedy return \d/,
  'deep-exploration.ts': /^It dives to the treasure\.$/,
  'own-bootstrap-rule.ts': /^the best action in 5 of 5 states$/,
  'own-environment.ts': /^won every game$/,
  'own-layer.ts': /^greedy return \d/,
  'rainbow.ts': /^greedy return [1-5]\d\d/,
  'recurrent.ts': /^turned the right way in 50 of 50 episodes$/,
  'two-players.ts': /^round 2 learned: value 0\.20, first player 0\.40 : 0\.60, second 0\.40 : 0\.60$/,
  'vector.ts': /^step \d+: return 0\.[67]/,
};

it('has an expectation for every example', () => {
  // The folders beside them are programs of their own, with checks of their own.
  expect(
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .sort(),
  ).toEqual(Object.keys(endings));
});

it.each(Object.entries(endings))('%s runs and ends as it should', async (name, ending) => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  await import(join(folder, name));
  expect(lines.at(-1)).toMatch(ending);
});
