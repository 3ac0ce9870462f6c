import { expect, it } from 'vitest';
import type { Environment } from '../../src/environment/environment.ts';
import {
  Acrobot,
  Asterix,
  Bandit,
  Blackjack,
  Breakout,
  CartPole,
  CartPoleSwingUp,
  Catch,
  Chain,
  CliffWalking,
  DeepSea,
  Freeway,
  FrozenLake,
  GridWorld,
  MemoryChain,
  MountainCar,
  Seaquest,
  SpaceInvaders,
  Taxi,
} from '../../src/environments/index.ts';
import { checkEnvironment } from '../../src/testing/index.ts';

const kinds = {
  Acrobot,
  Asterix,
  Bandit,
  Blackjack,
  Breakout,
  CartPole,
  CartPoleSwingUp,
  Catch,
  Chain,
  CliffWalking,
  DeepSea,
  Freeway,
  FrozenLake,
  GridWorld,
  MemoryChain,
  MountainCar,
  Seaquest,
  SpaceInvaders,
  Taxi,
};

// Freeway's episodes have 2501 steps.
it.each(Object.entries(kinds))('%s keeps the contract of environments', async (_, Kind) => {
  const { ok, problems, warnings } = await checkEnvironment(() => new Kind() as Environment, { steps: 2600 });
  expect({ ok, problems, warnings }).toEqual({ ok: true, problems: [], warnings: [] });
});
