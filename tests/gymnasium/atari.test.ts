import { beforeEach, describe, expect, test, vi } from 'vitest';
import { atari } from '../../src/environments/index.ts';
import { Random } from '../../src/common/random.ts';
import { createAgent, dqn, train, uniform } from '../../src/index.ts';
import { gymnasium } from '../../src/node/index.ts';
import { closing, tidyEachTest } from './opened.ts';
import { ataris, pythons } from './pythons.ts';

tidyEachTest();

describe.each(pythons)('with $name', ({ program: python, path }) => {
  beforeEach(() => void vi.stubEnv('PYTHONPATH', path));
  const screen = () => closing(gymnasium('bridge_worlds:Screen-v0', { python, observation: 'uint8' }));

  test('the pipeline sees every fourth frame, clips rewards, and goes on after a lost life', async () => {
    const game = atari(await screen(), { lifeLoss: true });
    const seen: number[][] = [[...(await game.reset({ seed: 1 })).observation.subarray(0, 4)]];
    const rewards: number[] = [];
    const ends: number[] = [];
    for (let step = 1; step <= 31 && ends.length < 3; step++) {
      const { observation, reward, terminated } = await game.step(0);
      seen.push([...observation.subarray(0, 4)]);
      // The screen is of one grey.
      expect(new Set(observation.filter((_, i) => i % 4 === 3))).toEqual(new Set([observation[3]]));
      rewards.push(reward);
      if (!terminated) continue;
      ends.push(step);
      if (ends.length < 3) seen.push([...(await game.reset()).observation.subarray(0, 4)]);
    }
    expect(seen.slice(0, 5)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 4],
      [0, 0, 4, 8],
      [0, 4, 8, 12],
      [4, 8, 12, 16],
    ]);
    // The next life begins where the game was, one frame later, and its last action stops at the frame that loses it.
    expect(seen[11]).toEqual([41, 41, 41, 41]);
    expect(seen.slice(21, 23)).toEqual([
      [69, 73, 77, 80],
      [81, 81, 81, 81],
    ]);
    expect(rewards.slice(0, 10)).toEqual([0, 0, 1, 0, 1, 0, 0, 1, 0, 1]);
    expect(ends).toEqual([10, 20, 30]);
  });

  test('an agent learns from it', async () => {
    const game = atari(await screen(), { size: 36 });
    const agent = await createAgent(game, {
      ...dqn(),
      replay: uniform({ capacity: 200 }),
      batchSize: 8,
      learningStarts: 20,
      seed: 1,
    });
    let updates = 0;
    for await (const event of train(agent, game, { steps: 60, seed: 1 })) if (event.kind === 'update') updates++;
    expect(updates).toBe(11);
    agent.dispose();
  });
});

/** Games, and how far a grey may lie from ALE's, which takes the maximum of two frames after their colours are gone. */
const games = [
  ['ALE/Breakout-v5', 1],
  ['ALE/SpaceInvaders-v5', 1],
  ['ALE/Pong-v5', 24],
] as const;

/** A game by our pipeline and by ALE's, reset with the same seed. */
async function sideBySide(python: string, id: string, lifeLoss: boolean) {
  const ours = atari(
    await closing(gymnasium(id, { python, observation: 'uint8', kwargs: { frameskip: 1, repeat_action_probability: 0 } })),
    { lifeLoss },
  );
  const theirs = await closing(
    gymnasium(id, {
      python,
      vector: 1,
      vectorization: 'native',
      autoreset: 'next-step',
      observation: 'uint8',
      kwargs: {
        noop_max: 0,
        use_fire_reset: false,
        repeat_action_probability: 0,
        reward_clipping: true,
        episodic_life: lifeLoss,
      },
    }),
  );
  await ours.reset({ seed: 1 });
  await theirs.reset({ seed: 1 });
  return { ours, theirs };
}

for (const python of ataris) {
  test.each(games)('%s by our pipeline is what ALE makes of it in C++', async (id, grey) => {
    const { ours, theirs } = await sideBySide(python, id, false);
    const random = new Random(1);
    let ended = false;
    let apart = 0;
    for (let step = 0; step < 400 && !ended; step++) {
      const action = random.integer(4);
      const [mine, other] = [await ours.step(action), await theirs.step([action])];
      expect([mine.reward, Number(mine.terminated)]).toEqual([other.rewards[0], other.terminated[0]]);
      ended = mine.terminated;
      // ALE's stack begins with black frames, ours with the first one; where a game ends within four frames, ALE pools older ones.
      if (step < 3 || ended) continue;
      for (let i = 0; i < 84 * 84; i++) {
        for (let k = 0; k < 4; k++)
          apart = Math.max(apart, Math.abs(mine.observation[i * 4 + k] - other.observations[0][k * 84 * 84 + i]));
      }
    }
    expect(apart).toBeLessThanOrEqual(grey);
  });

  // The life is lost in the first frame of four.
  test.each([
    ['ALE/Breakout-v5', 145],
    ['ALE/SpaceInvaders-v5', 621],
  ])('%s by our pipeline ends at the frame that loses a life, as in C++', async (id, frame) => {
    const { ours, theirs } = await sideBySide(python, id, true);
    const random = new Random(1);
    for (;;) {
      const action = random.integer(4);
      const [mine, other] = [await ours.step(action), await theirs.step([action])];
      expect([mine.reward, Number(mine.terminated)]).toEqual([other.rewards[0], other.terminated[0]]);
      expect(mine.info['episode_frame_number']).toBe(other.infos[0]['episode_frame_number']);
      if (!mine.terminated) continue;
      expect(mine.info['episode_frame_number']).toBe(frame);
      break;
    }
  });
}
