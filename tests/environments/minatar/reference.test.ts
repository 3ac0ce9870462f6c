import { expect, test } from 'vitest';
import { AsterixGame } from '../../../src/environments/minatar/asterix.ts';
import { BreakoutGame } from '../../../src/environments/minatar/breakout.ts';
import { FreewayGame } from '../../../src/environments/minatar/freeway.ts';
import { SeaquestGame } from '../../../src/environments/minatar/seaquest.ts';
import { SpaceInvadersGame } from '../../../src/environments/minatar/space-invaders.ts';
import asterix from '../../reference/minatar/asterix.json' with { type: 'json' };
import breakout from '../../reference/minatar/breakout.json' with { type: 'json' };
import freeway from '../../reference/minatar/freeway.json' with { type: 'json' };
import seaquest from '../../reference/minatar/seaquest.json' with { type: 'json' };
import spaceInvaders from '../../reference/minatar/space_invaders.json' with { type: 'json' };
import { replay } from './recording.ts';

// The smallest whole number that a game draws; and how many steps the recording has, and what rewards.
const recordings = [
  { recording: asterix, game: () => new AsterixGame(true), low: 0, steps: 490, sum: 2 },
  { recording: breakout, game: () => new BreakoutGame(), low: 0, steps: 278, sum: 21 },
  { recording: freeway, game: () => new FreewayGame(), low: 1, steps: 1200, sum: 8 },
  { recording: seaquest, game: () => new SeaquestGame(true), low: 1, steps: 164, sum: 1 },
  { recording: spaceInvaders, game: () => new SpaceInvadersGame(true), low: 0, steps: 412, sum: 38 },
];

test.each(recordings)(
  '$recording.game agrees with every recorded frame, reward and end',
  ({ recording, game, low, steps, sum }) => {
    expect(replay(recording, game, low)).toEqual({ steps, sum });
  },
);
