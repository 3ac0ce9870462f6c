import { describe, expect, test } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { Explorer, RememberingExplorer } from '../../src/index.ts';

const spaces = { observationSpace: dqn.box({ low: -1, high: 1, shape: [2] }), actionSpace: dqn.discrete(2) };
const observation = Float32Array.of(0.5, -0.5);

/** Remembers which episodes have ended. */
function recording() {
  const ended: number[] = [];
  const memory: RememberingExplorer = {
    kind: 'recording',
    select: ({ batch }, out) => out.fill(0, 0, batch),
    endEpisode: (stream) => void ended.push(stream),
    getState: () => ended.length,
    setState: () => undefined,
  };
  const explorer: Explorer = { kind: 'recording', select: memory.select, fresh: () => memory };
  return { ended, explorer };
}

const step = { observation, action: 0, reward: 0, nextObservation: observation };

describe('an explorer with memory', () => {
  test('is told where episodes end, terminated or truncated', async () => {
    const { ended, explorer } = recording();
    const agent = await dqn.createAgent(spaces, { explorer });
    agent.observe({ ...step, terminated: false, truncated: false });
    expect(ended).toEqual([]);
    agent.observe({ ...step, terminated: true, truncated: false, stream: 2 });
    agent.observe({ ...step, terminated: false, truncated: true });
    expect(ended).toEqual([2, 0]);
  });

  test('is told when episodes are cut, whether they were acted in or observed, and after loading too', async () => {
    const { ended, explorer } = recording();
    const agent = await dqn.createAgent(spaces, { explorer });
    agent.actBatch([observation, observation, observation]);
    agent.cutEpisodes();
    expect(ended).toEqual([0, 1, 2]);
    const later = recording();
    const other = await dqn.createAgent(spaces, { explorer: later.explorer });
    await other.load(await agent.save());
    other.cutEpisodes();
    expect(later.ended).toEqual([0, 1, 2]);
  });

  test('belongs to one agent: two made with the same one do not share it', async () => {
    const explorer = dqn.bootstrapped({ heads: 8 });
    const choices = async (seed: number) => {
      const agent = await dqn.createAgent(spaces, { explorer, seed, network: dqn.mlp({ hidden: [4] }) });
      return Array.from({ length: 40 }, () => {
        const action = agent.act(observation);
        agent.observe({ ...step, terminated: true, truncated: false });
        return action;
      });
    };
    const alone = await choices(3);
    await choices(4);
    expect(await choices(3)).toEqual(alone);
  });

  test('evaluation asks it nothing', async () => {
    const { ended, explorer } = recording();
    const agent = await dqn.createAgent(spaces, { explorer });
    agent.act(observation, { explore: false, stream: 5 });
    agent.cutEpisodes();
    expect(ended).toEqual([]);
  });
});

test('open episodes of hindsight are cut after loading', async () => {
  const make = () =>
    dqn.createAgent(spaces, {
      replay: dqn.hindsight(dqn.uniform({ capacity: 100 }), {
        goals: 1,
        strategy: 'final',
        achieved: [0, 1],
        desired: [1, 2],
        reward: (achieved, desired) => (achieved[0] === desired[0] ? 0 : -1),
      }),
    });
  const agent = await make();
  for (let i = 0; i < 3; i++) agent.observe({ ...step, terminated: false, truncated: false });
  const other = await make();
  await other.load(await agent.save());
  other.cutEpisodes();
  // Three steps, and each again with the goal that was reached.
  expect(other.replay.size).toBe(6);
});
