import { describe, it } from 'vitest';
import type { BootstrapRule } from '../../src/bootstrap/bootstrap-rule.ts';
import { doubleQ } from '../../src/bootstrap/double-q.ts';
import { maxQ } from '../../src/bootstrap/max-q.ts';
import { linear } from '../../src/common/schedules.ts';
import { wasm } from '../../src/engines/wasm/wasm-engine.ts';
import { boltzmann } from '../../src/exploration/boltzmann.ts';
import { epsilonGreedy } from '../../src/exploration/epsilon-greedy.ts';
import type { Explorer } from '../../src/exploration/explorer.ts';
import { greedy } from '../../src/exploration/greedy.ts';
import { expected } from '../../src/heads/expected.ts';
import type { ValueHead } from '../../src/heads/value-head.ts';
import type { Engine } from '../../src/networks/q-network.ts';
import type { ReplaySpec } from '../../src/replay/replay-buffer.ts';
import { uniform } from '../../src/replay/uniform.ts';
import { hard } from '../../src/targets/hard.ts';
import { polyak } from '../../src/targets/polyak.ts';
import type { TargetUpdater } from '../../src/targets/target-updater.ts';
import * as kit from '../../src/testing/index.ts';

// The library's own parts, held against the contracts that users' parts are held against: a new part is a new line.

const heads: [string, ValueHead, kit.CheckValueHeadOptions?][] = [
  ['expected, huber', expected()],
  ['expected, a narrow huber', expected({ delta: 0.25 })],
  ['expected, squared', expected({ loss: 'squared' })],
];

const rules: [string, BootstrapRule, kit.CheckBootstrapRuleOptions?][] = [
  ['maxQ', maxQ()],
  ['maxQ, three heads', maxQ(), { heads: 3 }],
  ['doubleQ', doubleQ()],
  ['doubleQ, three heads', doubleQ(), { heads: 3 }],
];

const explorers: [string, Explorer, kit.CheckExplorerOptions?][] = [
  ['greedy', greedy()],
  ['epsilonGreedy', epsilonGreedy(0.3)],
  ['epsilonGreedy, all by chance', epsilonGreedy(1)],
  ['epsilonGreedy, scheduled', epsilonGreedy(linear(1, 0.1, 1000))],
  ['boltzmann', boltzmann(1)],
];

const buffers: [string, ReplaySpec, kit.CheckReplayBufferOptions?][] = [
  ['uniform, of one', uniform({ capacity: 1 })],
  ['uniform', uniform({ capacity: 5 })],
];

const updaters: [string, TargetUpdater, kit.CheckTargetUpdaterOptions?][] = [
  ['hard', hard({ period: 7 }), { period: 7 }],
  ['polyak', polyak({ tau: 0.25 }), { tau: 0.25 }],
];

const engines: [string, () => Engine, kit.CheckQNetworkOptions?][] = [
  // The embedded engine's dueling layers have no kernels yet.
  ['wasm', () => wasm(), { networks: kit.networkArb({ kinds: ['dense', 'layerNorm'] }) }],
  ['wasm, strict', () => wasm({ simd: 'strict' }), { networks: kit.networkArb({ kinds: ['dense', 'layerNorm'] }), seed: 2 }],
];

describe('value heads', () => {
  it.each(heads)('%s', (_, head, options) => kit.assertValueHead(head, options));
});

describe('bootstrap rules', () => {
  it.each(rules)('%s', (_, rule, options) => kit.assertBootstrapRule(rule, options));
});

describe('explorers', () => {
  it.each(explorers)('%s', (_, explorer, options) => kit.assertExplorer(explorer, options));
});

describe('replay buffers', () => {
  it.each(buffers)('%s', (_, spec, options) => kit.assertReplayBuffer(spec, options));
});

describe('target updaters', () => {
  it.each(updaters)('%s', (_, updater, options) => kit.assertTargetUpdater(updater, options));
});

describe('engines', () => {
  it.each(engines)('%s', (_, engine, options) => kit.assertQNetwork(engine, options));
});
