import { expect, it } from 'vitest';
import * as box2d from '../../src/box2d/index.ts';
import type { Environment } from '../../src/environment/environment.ts';
import * as exported from '../../src/environments/index.ts';
import { checkEnvironment } from '../../src/testing/index.ts';

type Kind = new (options?: object) => Environment;

/** Every class that is exported and can be stepped. */
const kinds = Object.entries({ ...exported, ...box2d }).filter(
  (entry): entry is [string, Kind & (typeof entry)[1]] =>
    typeof entry[1] === 'function' && 'step' in (entry[1].prototype as object),
);

it.each(kinds)('%s keeps the contract of environments', async (name, Kind) => {
  // So many that random actions come to the end of an episode.
  const steps = ['CliffWalking', 'Freeway'].includes(name) ? 2_600 : 1_200;
  const { ok, problems, warnings } = await checkEnvironment(() => new Kind(), { steps });
  expect({ ok, problems, warnings }).toEqual({ ok: true, problems: [], warnings: [] });
});

it.each(kinds)('%s refuses an option with a misspelt name', (name, Kind) => {
  const refused = { code: 'invalid-option', where: `${name}(options)`, received: 'isSlippery' };
  expect(() => new Kind({ isSlippery: undefined })).toThrow(expect.objectContaining(refused));
});

it('MinAtar’s games know the options of harder ones only where they become harder', () => {
  const { Asterix, Breakout, Freeway, Seaquest, SpaceInvaders } = exported;
  for (const Game of [Asterix, Seaquest, SpaceInvaders]) expect(() => new Game({ difficultyRamping: false })).not.toThrow();
  for (const Game of [Breakout, Freeway]) {
    const build = () => new Game({ difficultyRamping: false } as never);
    expect(build).toThrow(expect.objectContaining({ code: 'invalid-option', received: 'difficultyRamping' }));
  }
});

it('randomLake refuses an option with a misspelt name', () => {
  const build = () => exported.randomLake({ rows: 4 } as never);
  expect(build).toThrow(expect.objectContaining({ code: 'invalid-option', where: 'randomLake(options)' }));
});
