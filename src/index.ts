/**
 * Deep Q-learning: environments, agents, their parts, and training. Needs nothing but the platform.
 *
 * @packageDocumentation
 */

// Agents and training.
export { createAgent } from './agent/create-agent.ts';
export type { ActBatchOptions, Agent, Experience, UpdateReport } from './agent/agent.ts';
export type { AgentOptions, CommonOptions, FeedForwardOptions, RecurrentOptions, ResolvedAgentOptions } from './agent/options.ts';
export type { ActOptions, LoadedPolicy, LoadPolicyOptions, Policy } from './agent/policy.ts';
export { loadPolicy } from './agent/load-policy.ts';
export type { AbortSignalLike } from './training/abort.ts';
export { evaluate, type EvaluateOptions, type Evaluation } from './training/evaluate.ts';
export { checkpointSeries } from './training/checkpoint-series.ts';
export type { CheckpointSeries, CheckpointSeriesOptions, LatestCheckpoint } from './training/checkpoint-series.ts';
export { checkpointStore, type CheckpointPlace, type CheckpointStore } from './training/checkpoint-store.ts';
export type {
  CheckpointEvent,
  EpisodeEvent,
  EvaluationEvent,
  ProblemEvent,
  StepEvent,
  TrainEvent,
  UpdateEvent,
} from './training/events.ts';
export type { CollectedStep, Collector, CollectorProblem } from './training/collector.ts';
export { memoryStore } from './training/memory-store.ts';
export { train, type TrainEvaluation, type TrainingRun, type TrainOptions } from './training/train.ts';

// The parts of an agent: exploration.
export { boltzmann, type Boltzmann } from './exploration/boltzmann.ts';
export { bootstrapped, type Bootstrapped, type BootstrappedOptions } from './exploration/bootstrapped.ts';
export { epsilonGreedy, type EpsilonGreedy } from './exploration/epsilon-greedy.ts';
export { epsilonLadder, type EpsilonLadder, type EpsilonLadderOptions } from './exploration/epsilon-ladder.ts';
export { epsilonZGreedy, type EpsilonZGreedy, type EpsilonZGreedyOptions } from './exploration/epsilon-z-greedy.ts';
export { equilibrium, type Equilibrium, type EquilibriumOptions } from './exploration/equilibrium.ts';
export type { Explorer, ExplorerInput, RememberingExplorer } from './exploration/explorer.ts';
export { greedy, type Greedy } from './exploration/greedy.ts';
export { noisyGreedy, type NoisyGreedy, type NoisyGreedyOptions } from './exploration/noisy-greedy.ts';
export { exactBits, simHash, type SimHashOptions, type StateKey } from './exploration/state-key.ts';
export { ucb, type Ucb, type UcbOptions } from './exploration/ucb.ts';

// Bootstrap rules.
export { averagedQ, type AveragedQ, type AveragedQOptions } from './bootstrap/averaged-q.ts';
export type { BootstrapContext, BootstrapInput, BootstrapOutput, BootstrapRule } from './bootstrap/bootstrap-rule.ts';
export { clippedDoubleQ, type ClippedDoubleQ } from './bootstrap/clipped-double-q.ts';
export { doubleQ, type DoubleQ } from './bootstrap/double-q.ts';
export { expectedSarsa, type ExpectedSarsa, type ExpectedSarsaOptions } from './bootstrap/expected-sarsa.ts';
export { maxQ, type MaxQ } from './bootstrap/max-q.ts';
export { mellowmaxQ, type MellowmaxQ, type MellowmaxQOptions } from './bootstrap/mellowmax-q.ts';
export { minimaxQ, type MinimaxQ, type MinimaxQOptions } from './bootstrap/minimax-q.ts';
export { munchausen, type Munchausen, type MunchausenOptions } from './bootstrap/munchausen.ts';
export { softQ, type SoftQ, type SoftQOptions } from './bootstrap/soft-q.ts';
export { softmaxQ, type SoftmaxQ, type SoftmaxQOptions } from './bootstrap/softmax-q.ts';

// Value heads.
export { categorical, type CategoricalHead, type CategoricalOptions } from './heads/categorical.ts';
export { expected, type ExpectedHead, type ExpectedOptions } from './heads/expected.ts';
export {
  fullyParameterisedQuantile,
  type FullyParameterisedQuantileHead,
  type FullyParameterisedQuantileOptions,
} from './heads/fully-parameterised-quantile.ts';
export { implicitQuantile, type ImplicitQuantileHead, type ImplicitQuantileOptions } from './heads/implicit-quantile.ts';
export { quantile, type QuantileHead, type QuantileOptions } from './heads/quantile.ts';
export { cpw, cvar, neutral, power, wang, type RiskMeasure, type RiskOptions } from './heads/risk.ts';
export type { FractionSource, FractionUse, LossInput, LossOutput, TargetInput, ValueHead } from './heads/value-head.ts';

// Replay.
export type { Batch, ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from './replay/replay-buffer.ts';
export { combined } from './replay/combined.ts';
export {
  hindsight,
  type GoalStrategy,
  type HindsightOptions,
  type HindsightReplay,
  type HindsightSpec,
} from './replay/hindsight.ts';
export { prioritized, type PrioritizedOptions } from './replay/prioritized.ts';
export type { PriorityOptions } from './replay/proportional.ts';
export { rankPrioritized, type RankPrioritizedOptions } from './replay/rank-prioritized.ts';
export { recentFirst, type RecentFirstOptions } from './replay/recent-first.ts';
export type { SampleContext, Sampler, SamplerSpec } from './replay/sampler.ts';
export type { SequenceBatch, SequenceLayout, SequenceReplay, SequenceReplaySpec, SequenceStep } from './replay/sequence-replay.ts';
export { sequences, type SequencesOptions, type SequencesSpec, type StoredSequences } from './replay/sequences.ts';
export type { ReplayPriorities } from './replay/replay-priorities.ts';
export { sampled, type SampledOptions, type SampledSpec, type StoredReplay } from './replay/stored-replay.ts';
export { stratified, type StratifiedOptions } from './replay/stratified.ts';
export { uniform, type UniformOptions, type UniformReplay, type UniformSpec } from './replay/uniform.ts';

// Target updates.
export { hard, type HardOptions, type HardUpdater } from './targets/hard.ts';
export { polyak, type PolyakOptions, type PolyakUpdater } from './targets/polyak.ts';
export type { TargetContext, TargetUpdater } from './targets/target-updater.ts';

// What papers have put together.
export * from './presets/index.ts';

// The rules, as pure functions.
export { greedyPolicy, maskedArgmax } from './bellman/greedy.ts';
export { nStepReturn, type NStepReturn } from './bellman/n-step-return.ts';
export { huberLoss, huberSlope, squaredLoss, squaredSlope } from './bellman/regression-loss.ts';
export { solveMatrixGame, type MatrixGameSolution } from './bellman/matrix-game.ts';
export type { PlayerActions } from './bellman/stage-game.ts';
export { bellmanTargets } from './bellman/targets.ts';
export { inverseRescale, rescale } from './bellman/value-rescaling.ts';

// Networks and engines.
export { wasm, type WasmEngine, type WasmOptions } from './engines/wasm/wasm-engine.ts';
export { adaptive, type AdaptiveOptions } from './networks/adaptive.ts';
export { cnn, type CnnOptions } from './networks/cnn.ts';
export { dataEfficientConvolutions, minAtarConvolutions, natureConvolutions, type Convolution } from './networks/convolutions.ts';
export type { DenseEndOptions } from './networks/dense-end.ts';
export { mlp, type MlpOptions } from './networks/mlp.ts';
export type { NetworkFactory, NetworkIo, QuantileLayer } from './networks/network-factory.ts';
export { randomPrior, type RandomPriorOptions } from './networks/random-prior.ts';
export { recurrent, type RecurrentNetworkOptions } from './networks/recurrent.ts';
export { sequential, type SequentialOptions } from './networks/sequential.ts';
export { adam, adamW, rmsprop, sgd } from './networks/optimizers.ts';
export type {
  AdamOptions,
  AdamSpec,
  Optimizer,
  OptimizerSpec,
  RmspropOptions,
  RmspropSpec,
  SgdOptions,
  SgdSpec,
} from './networks/optimizers.ts';
export type { DeviceReport, DeviceUpdate, DeviceUpdateInput, DeviceUpdateParts, PendingUpdate } from './networks/device-update.ts';
export type {
  Engine,
  ForwardOptions,
  NamedTensor,
  NetworkOptions,
  OutputFocus,
  OutputGradient,
  QNetwork,
  UpdateOptions,
} from './networks/q-network.ts';
export type {
  Activation,
  Conv2dSpec,
  DenseSpec,
  DuelingSpec,
  FlattenSpec,
  GruSpec,
  ImplicitQuantilesSpec,
  Initializer,
  LayerNormSpec,
  LayerSpec,
  LayersModelSpec,
  LayersModelWeight,
  NetworkSpec,
  NoisyDenseSpec,
  ParallelSpec,
  ProposedQuantilesSpec,
  RandomPriorSpec,
  ResidualSpec,
} from './networks/spec.ts';

// Environments.
export type { Environment, Info, RenderMode, ResetOptions, ResetResult, StepResult } from './environment/environment.ts';
export { box, discrete, explainMismatch, isBox, isDiscrete } from './environment/spaces.ts';
export type {
  BoxDtype,
  BoxElement,
  BoxOptions,
  BoxSpace,
  Stacking,
  DiscreteOptions,
  DiscreteSpace,
  Infer,
  Space,
} from './environment/spaces.ts';
export type {
  AutoresetMode,
  VectorEnvironment,
  VectorOptions,
  VectorResetOptions,
  VectorResetResult,
  VectorStepResult,
} from './environment/vector-environment.ts';

// What everything is built on.
export { DqnError, type DqnErrorDetails, type ErrorCode } from './common/errors.ts';
export type { Answer, MaybePromise, Timing } from './common/maybe-promise.ts';
export { Random, type RandomState } from './common/random.ts';
export { constant, cosine, exponential, linear, piecewise } from './common/schedules.ts';
export type {
  ConstantSchedule,
  CosineSchedule,
  ExponentialSchedule,
  LinearSchedule,
  PiecewiseSchedule,
  Schedule,
} from './common/schedules.ts';
export type { State, StateArray, Stateful } from './common/state.ts';
