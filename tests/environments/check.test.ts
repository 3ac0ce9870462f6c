import { expect, it } from 'vitest';
import * as box2d from '../../src/box2d/index.ts';
import type { Environment } from '../../src/environment/environment.ts';
import * as exported from '../../src/environments/index.ts';
import { checkEnvironment } from '../../src/testing/index.ts';

type Kind = new () => Environment;

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
