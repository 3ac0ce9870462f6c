import { crc32 } from '../../src/common/crc32.ts';
import { CartPole } from '../../src/environments/index.ts';
import { adam, createAgent, epsilonGreedy, evaluate, hard, linear, mlp, train, wasm } from '../../src/index.ts';

/** What a run came to. */
export interface StrictRun {
  /** Mean return before. */
  readonly before: number;
  /** Mean return after. */
  readonly after: number;
  /** Return of each episode while learning. */
  readonly returns: readonly number[];
  /** CRC-32 of the policy file. */
  readonly policy: number;
}

/** Learns CartPole with the kernels that round alike everywhere. */
export async function strictRun(seed: number): Promise<StrictRun> {
  const steps = 10_000;
  const agent = await createAgent(new CartPole(), {
    engine: wasm({ simd: 'strict' }),
    network: mlp({ hidden: [64, 64] }),
    nStep: 3,
    explorer: epsilonGreedy(linear(1, 0.04, 0.2 * steps)),
    targetUpdater: hard({ period: 250 }),
    optimizer: adam({ learningRate: linear(1e-3, 1e-5, steps) }),
    seed,
  });
  const before = await evaluate(agent, new CartPole(), { seed: 100 });
  const returns: number[] = [];
  for await (const event of train(agent, new CartPole(), { steps })) if (event.kind === 'episode') returns.push(event.return);
  const after = await evaluate(agent, new CartPole(), { seed: 100 });
  return { before: before.mean, after: after.mean, returns, policy: crc32(await agent.savePolicy()) };
}
