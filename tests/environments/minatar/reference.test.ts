import { expect, test } from 'vitest';
import { BreakoutGame } from '../../../src/environments/minatar/breakout.ts';
import breakout from '../../reference/minatar/breakout.json' with { type: 'json' };
import { replay } from './recording.ts';

// The smallest whole number that a game draws, and how many steps and what rewards the recording has.
const recordings = [{ recording: breakout, game: () => new BreakoutGame(), low: 0, steps: 278, sum: 21 }];

test.each(recordings)(
  '$recording.game agrees with every recorded frame, reward and end',
  ({ recording, game, low, steps, sum }) => {
    expect(replay(recording, game, low)).toEqual({ steps, sum });
  },
);
