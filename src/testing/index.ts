/**
 * Proof for parts of your own: suites that hold a part against its contract under any test runner, the arbitraries, matchers and naive oracles they are made
 * of. Needs the peer `fast-check`.
 *
 * @packageDocumentation
 */

// Suites.
export { assertEnvironment, checkEnvironment } from './check-environment.ts';
export type { CheckEnvironmentOptions } from './check-environment.ts';
export type { EnvironmentFinding, EnvironmentReport, EnvironmentRule } from './environment-report.ts';
export { assertValueHead, checkValueHead, type CheckValueHeadOptions, type ValueHeadRule } from './check-value-head.ts';
export {
  assertBootstrapRule,
  checkBootstrapRule,
  type BootstrapRuleRule,
  type CheckBootstrapRuleOptions,
} from './check-bootstrap-rule.ts';
export { assertExplorer, checkExplorer, type CheckExplorerOptions, type ExplorerRule } from './check-explorer.ts';
export {
  assertReplayBuffer,
  checkReplayBuffer,
  type CheckReplayBufferOptions,
  type ReplayBufferRule,
} from './check-replay-buffer.ts';
export { assertQNetwork, checkQNetwork, type CheckQNetworkOptions, type QNetworkRule } from './check-q-network.ts';
export {
  assertTargetUpdater,
  checkTargetUpdater,
  type CheckTargetUpdaterOptions,
  type TargetUpdaterRule,
} from './check-target-updater.ts';
export {
  assertCheckpointStore,
  checkCheckpointStore,
  type CheckCheckpointStoreOptions,
  type CheckpointStoreRule,
} from './check-checkpoint-store.ts';
export type { CheckOptions } from './properties.ts';
export type { Finding, Report } from './report.ts';

// Arbitraries.
export { finiteMdpArb, type FiniteMdp, type FiniteMdpOptions } from './arbitraries/finite-mdp.ts';
export { matrixGameArb, type MatrixGame, type MatrixGameOptions } from './arbitraries/matrix-game.ts';
export { networkArb, type NetworkArbOptions } from './arbitraries/networks.ts';
export { observationArb, spaceArb } from './arbitraries/spaces.ts';
export { batchArb, layoutArb, transitionArb, type BatchOptions, type TransitionOptions } from './arbitraries/transitions.ts';
export { dyadicArb, maskArb, policyArb, priorityArb, qValuesArb, supportArb, valuesArb } from './arbitraries/values.ts';
export type { RowOptions, Support, SupportOptions, TableShape, ValueRange } from './arbitraries/values.ts';

// Matchers.
export { closeTo, explainDifference, explainDistribution, type DistributionOptions, type Tolerance } from './closeness.ts';
export { dqnMatchers, type DqnMatchers, type MatcherResult } from './matchers.ts';

// Oracles.
export { bellmanBackup, naiveBellmanTarget, naiveNStep, valueIteration, type NaiveTargetInput } from './oracles/bellman.ts';
export { naiveProjection, naiveQuantileHuber } from './oracles/distributions.ts';
export { solveMatrixGame, type MatrixGameSolution } from './oracles/matrix-game.ts';
export { naiveForward, naiveParameters, type NaiveParameters } from './oracles/network.ts';
export { naiveImportanceWeights, naivePrioritizedProbabilities } from './oracles/replay.ts';
