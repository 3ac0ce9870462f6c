import { describe, expect, test } from 'vitest';
import { AsterixGame } from '../../../src/environments/minatar/asterix.ts';
import { FreewayGame } from '../../../src/environments/minatar/freeway.ts';
import type { Game } from '../../../src/environments/minatar/game.ts';
import { SeaquestGame } from '../../../src/environments/minatar/seaquest.ts';
import { SpaceInvadersGame } from '../../../src/environments/minatar/space-invaders.ts';
import asterix from '../../reference/minatar/asterix.states.json' with { type: 'json' };
import freeway from '../../reference/minatar/freeway.states.json' with { type: 'json' };
import seaquest from '../../reference/minatar/seaquest.states.json' with { type: 'json' };
import spaceInvaders from '../../reference/minatar/space_invaders.states.json' with { type: 'json' };
import { replaySetUp } from './recording.ts';
import type { Recording, SetUpEpisode } from './recording.ts';

interface SetUps {
  readonly recording: Recording<SetUpEpisode>;
  readonly game: (ramping: boolean) => Game;
  /** The smallest whole number that the game draws. */
  readonly low: number;
}

const games: readonly SetUps[] = [
  { recording: asterix, game: (ramping) => new AsterixGame(ramping), low: 0 },
  { recording: freeway, game: () => new FreewayGame(), low: 1 },
  { recording: seaquest, game: (ramping) => new SeaquestGame(ramping), low: 1 },
  { recording: spaceInvaders, game: (ramping) => new SpaceInvadersGame(ramping), low: 0 },
];

describe.each(games)('$recording.game does what the original does', ({ recording, game, low }) => {
  test.each(recording.episodes)('$name', (episode) => {
    expect(recording.stickyActionProbability).toBe(0);
    replaySetUp(episode, game(episode.ramping), low);
  });
});
