import { expect, test } from 'vitest';
import * as kit from '../../src/testing/index.ts';
import { expected, hard, maxQ, epsilonGreedy, memoryStore, uniform, wasm } from '../../src/index.ts';
import { CartPole } from '../../src/environments/index.ts';

// A misspelt option would leave something unchecked that passes for checked.
test.each([
  ['checkBootstrapRule', () => kit.checkBootstrapRule(maxQ(), { translate: false } as object)],
  ['checkTargetUpdater', () => kit.checkTargetUpdater(hard({ period: 5 }), { Period: 5 } as object)],
  ['checkReplayBuffer', () => kit.checkReplayBuffer(uniform({ capacity: 8 }), { layouts: 1 } as object)],
  ['checkValueHead', () => kit.checkValueHead(expected(), { maxdiscount: 0.5 } as object)],
  ['checkCheckpointStore', () => kit.checkCheckpointStore(memoryStore, { damages: () => {} } as object)],
  ['checkQNetwork', () => kit.checkQNetwork(() => wasm(), { tolerances: {} } as object)],
  ['checkExplorer', () => kit.checkExplorer(epsilonGreedy(0.1), { numRuns: 5 } as object)],
  ['checkEnvironment', () => kit.checkEnvironment(() => new CartPole(), { step: 5 } as object)],
])('%s refuses a misspelt option', async (where, check) => {
  await expect((async () => check())()).rejects.toMatchObject({ code: 'invalid-option', where: `${where}(options)` });
});
