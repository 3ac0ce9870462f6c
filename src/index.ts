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
export type { CheckpointEvent, EpisodeEvent, EvaluationEvent, StepEvent, TrainEvent, UpdateEvent } from './training/events.ts';
export { train, type TrainEvaluation, type TrainingRun, type TrainOptions } from './training/train.ts';

// The parts of an agent.
export { boltzmann, type Boltzmann } from './exploration/boltzmann.ts';
export { epsilonGreedy, type EpsilonGreedy } from './exploration/epsilon-greedy.ts';
export type { Explorer, ExplorerInput } from './exploration/explorer.ts';
export { greedy, type Greedy } from './exploration/greedy.ts';
export { doubleQ, type DoubleQ } from './bootstrap/double-q.ts';
export { maxQ, type MaxQ } from './bootstrap/max-q.ts';
export type { BootstrapInput, BootstrapRule } from './bootstrap/bootstrap-rule.ts';
export { expected, type ExpectedHead, type ExpectedOptions } from './heads/expected.ts';
export type { LossInput, LossOutput, TargetInput, ValueHead } from './heads/value-head.ts';
export type { Batch, ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from './replay/replay-buffer.ts';
export { uniform, type UniformOptions, type UniformReplay, type UniformSpec } from './replay/uniform.ts';
export { hard, type HardOptions, type HardUpdater } from './targets/hard.ts';
export { polyak, type PolyakOptions, type PolyakUpdater } from './targets/polyak.ts';
export type { TargetContext, TargetUpdater } from './targets/target-updater.ts';

// The rules, as pure functions.
export { greedyPolicy, maskedArgmax } from './bellman/greedy.ts';
export { nStepReturn, type NStepReturn } from './bellman/n-step-return.ts';
export { huberLoss, huberSlope, squaredLoss, squaredSlope } from './bellman/regression-loss.ts';
export { bellmanTargets } from './bellman/targets.ts';

// Networks and engines.
export { wasm, type WasmEngine, type WasmOptions } from './engines/wasm/wasm-engine.ts';
export { mlp, type MlpOptions } from './networks/mlp.ts';
export type { NetworkFactory, NetworkIo } from './networks/network-factory.ts';
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
export type { Engine, NamedTensor, NetworkOptions, OutputGradient, QNetwork, UpdateOptions } from './networks/q-network.ts';
export type { Activation, DenseSpec, Initializer, LayerNormSpec, LayerSpec, NetworkSpec } from './networks/spec.ts';

// Environments.
export type { Environment, Info, RenderMode, ResetOptions, ResetResult, StepResult } from './environment/environment.ts';
export { box, discrete, explainMismatch, isBox, isDiscrete } from './environment/spaces.ts';
export type {
  BoxDtype,
  BoxElement,
  BoxOptions,
  BoxSpace,
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
