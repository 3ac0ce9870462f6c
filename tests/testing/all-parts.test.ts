import fc from 'fast-check';
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

import { categorical } from '../../src/heads/categorical.ts';
import { quantile } from '../../src/heads/quantile.ts';
import { implicitQuantile } from '../../src/heads/implicit-quantile.ts';
import { fullyParameterisedQuantile } from '../../src/heads/fully-parameterised-quantile.ts';
import { averagedQ } from '../../src/bootstrap/averaged-q.ts';
import { clippedDoubleQ } from '../../src/bootstrap/clipped-double-q.ts';
import { expectedSarsa } from '../../src/bootstrap/expected-sarsa.ts';
import { mellowmaxQ } from '../../src/bootstrap/mellowmax-q.ts';
import { munchausen } from '../../src/bootstrap/munchausen.ts';
import { minimaxQ } from '../../src/bootstrap/minimax-q.ts';
import { softQ } from '../../src/bootstrap/soft-q.ts';
import { softmaxQ } from '../../src/bootstrap/softmax-q.ts';
import { bootstrapped } from '../../src/exploration/bootstrapped.ts';
import { epsilonLadder } from '../../src/exploration/epsilon-ladder.ts';
import { epsilonZGreedy } from '../../src/exploration/epsilon-z-greedy.ts';
import { equilibrium } from '../../src/exploration/equilibrium.ts';
import { noisyGreedy } from '../../src/exploration/noisy-greedy.ts';
import { ucb } from '../../src/exploration/ucb.ts';
import { combined } from '../../src/replay/combined.ts';
import { prioritized } from '../../src/replay/prioritized.ts';
import { rankPrioritized } from '../../src/replay/rank-prioritized.ts';
import { recentFirst } from '../../src/replay/recent-first.ts';
import { stratified } from '../../src/replay/stratified.ts';

// The library's own parts, held against the contracts that users' parts are held against: a new part is a new line.

/** Masks of the joint actions of two players with two actions each, who do not restrict each other. */
const jointMasks = fc
  .tuple(fc.constantFrom([1, 1], [1, 0], [0, 1], [0, 0]), fc.constantFrom([1, 1], [1, 0], [0, 1]))
  .map(([own, other]) => Uint8Array.from(own.flatMap((p) => other.map((q) => p * q))));
const mean = (target: Float32Array) => target.reduce((a, b) => a + b, 0) / target.length;
const categoricalMean = (atoms: number, vMin: number, vMax: number) => (target: Float32Array) =>
  target.reduce((sum, p, i) => sum + p * (vMin + (i * (vMax - vMin)) / (atoms - 1)), 0);

const heads: [string, ValueHead, kit.CheckValueHeadOptions?][] = [
  ['expected, huber', expected()],
  ['expected, a narrow huber', expected({ delta: 0.25 })],
  ['expected, squared', expected({ loss: 'squared' })],
  [
    'categorical',
    categorical({ atoms: 11, vMin: -10, vMax: 10 }),
    { rewards: { min: -1, max: 1 }, maxDiscount: 0.5, targetValue: categoricalMean(11, -10, 10) },
  ],
  ['quantile', quantile({ quantiles: 5 }), { targetValue: mean }],
  ['quantile, kappa 0', quantile({ quantiles: 5, kappa: 0 }), { targetValue: mean }],
  ['implicitQuantile', implicitQuantile({ online: 4, target: 5, act: 6 }), { targetValue: mean }],
  ['fullyParameterisedQuantile', fullyParameterisedQuantile({ fractions: 4 }), { targetValue: false }],
];

const rules: [string, BootstrapRule, kit.CheckBootstrapRuleOptions?][] = [
  ['maxQ', maxQ()],
  ['maxQ, three heads', maxQ(), { heads: 3 }],
  ['doubleQ', doubleQ()],
  ['doubleQ, three heads', doubleQ(), { heads: 3 }],
  ['averagedQ', averagedQ({ targets: 3 })],
  ['clippedDoubleQ', clippedDoubleQ()],
  ['clippedDoubleQ, two heads', clippedDoubleQ(), { heads: 2 }],
  ['expectedSarsa', expectedSarsa({ epsilon: 0.1 })],
  ['mellowmaxQ', mellowmaxQ({ omega: 2 })],
  ['munchausen', munchausen()],
  ['softQ', softQ({ temperature: 0.5 })],
  ['softmaxQ', softmaxQ({ temperature: 0.5 })],
  ['minimaxQ', minimaxQ({ actions: [2, 2] }), { actions: 4, masks: jointMasks }],
];

const explorers: [string, Explorer, kit.CheckExplorerOptions?][] = [
  ['greedy', greedy()],
  ['epsilonGreedy', epsilonGreedy(0.3)],
  ['epsilonGreedy, all by chance', epsilonGreedy(1)],
  ['epsilonGreedy, scheduled', epsilonGreedy(linear(1, 0.1, 1000))],
  ['boltzmann', boltzmann(1)],
  ['bootstrapped', bootstrapped({ heads: 3 })],
  ['epsilonLadder', epsilonLadder({ streams: 64 })],
  ['epsilonZGreedy', epsilonZGreedy({ epsilon: 0.3 })],
  ['noisyGreedy', noisyGreedy()],
  ['ucb', ucb({ coefficient: 1 }), { independent: false }],
  [
    'equilibrium',
    equilibrium({ actions: [2, 2], epsilon: 0.2 }),
    { actions: 4, masks: jointMasks.filter((mask) => mask.includes(1)), independent: false },
  ],
];

const buffers: [string, ReplaySpec, kit.CheckReplayBufferOptions?][] = [
  ['uniform, of one', uniform({ capacity: 1 })],
  ['uniform', uniform({ capacity: 5 })],
  ['prioritized', prioritized({ capacity: 5 })],
  ['prioritized, of one', prioritized({ capacity: 1 })],
  ['rankPrioritized', rankPrioritized({ capacity: 5 })],
  ['recentFirst', recentFirst({ capacity: 5 })],
  ['stratified', stratified({ capacity: 5 })],
  ['combined', combined(uniform({ capacity: 5 }))],
  ['combined, prioritized', combined(prioritized({ capacity: 5 }))],
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
