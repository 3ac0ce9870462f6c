import { expect, it } from 'vitest';
import type { Environment } from '../../src/environment/environment.ts';
import { Acrobot, Breakout, CartPole, Chain, CliffWalking, DeepSea, GridWorld, MountainCar } from '../../src/environments/index.ts';
import { checkEnvironment } from '../../src/testing/index.ts';

it.each(Object.entries({ Acrobot, Breakout, CartPole, Chain, CliffWalking, DeepSea, GridWorld, MountainCar }))(
  '%s keeps the contract of environments',
  async (_, Kind) => {
    const { ok, problems, warnings } = await checkEnvironment(() => new Kind() as Environment);
    expect({ ok, problems, warnings }).toEqual({ ok: true, problems: [], warnings: [] });
  },
);
