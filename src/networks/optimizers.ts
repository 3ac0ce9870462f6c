import { checkNumber, checkRest } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { Schedule } from '../common/schedules.ts';

/**
 * A gradient-descent rule, as data; an engine carries it out. `g` is the gradient after clipping by its global norm,
 * `θ` a parameter, `η` the learning rate of this update, `t` = 1, 2, … the update's number. Weight decay applies to all
 * parameters, biases included, as in PyTorch. Averages (`v`, `s`, `m`) below 1e-30 become zero: denormal numbers would
 * make units that no longer learn many times slower.
 */
export type OptimizerSpec = SgdSpec | RmspropSpec | AdamSpec;

/** `v ← momentum · v + g; θ ← θ − η · v` (as PyTorch; with `momentum` 0 plain gradient descent). */
export interface SgdSpec {
  readonly kind: 'sgd';
  readonly momentum: number;
  /** L2 penalty: `g ← g + weightDecay · θ`. */
  readonly weightDecay: number;
}

/**
 * `s ← ρ s + (1 − ρ) g²; θ ← θ − η g / (√s + ε)`; centred: `m ← ρ m + (1 − ρ) g` and `√(s − m² + ε)` in place of
 * `√s + ε` (Graves 2013, eq. 38–41, as in the DQN of Nature 2015; uncentred as PyTorch).
 */
export interface RmspropSpec {
  readonly kind: 'rmsprop';
  /** ρ, called alpha in PyTorch. */
  readonly decay: number;
  readonly epsilon: number;
  readonly centered: boolean;
  /** L2 penalty: `g ← g + weightDecay · θ`. */
  readonly weightDecay: number;
}

/**
 * `m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; θ ← θ − η · m̂ / (√v̂ + ε)` with `m̂ = m / (1 − β₁ᵗ)`,
 * `v̂ = v / (1 − β₂ᵗ)` (Kingma and Ba 2015, algorithm 1).
 */
export interface AdamSpec {
  readonly kind: 'adam';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** With `decoupled` false an L2 penalty `g ← g + weightDecay · θ`; otherwise AdamW: `θ ← θ · (1 − η · weightDecay)` first. */
  readonly weightDecay: number;
  /** Whether weight decay is decoupled from the gradient (AdamW; Loshchilov and Hutter 2019). */
  readonly decoupled: boolean;
}

/** A gradient-descent rule and its learning rate: what `optimizer:` takes. */
export interface Optimizer {
  /** The rule, as data. */
  readonly spec: OptimizerSpec;
  /** η: a number, or a schedule over environment steps. */
  readonly learningRate: number | Schedule;
}

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** η, at least 0. Default 1e-3. */
  readonly learningRate?: number | Schedule;
  /** In [0, 1). Default 0. */
  readonly momentum?: number;
  /** At least 0. Default 0. */
  readonly weightDecay?: number;
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  /** η, at least 0. Default 1e-2. */
  readonly learningRate?: number | Schedule;
  /** ρ, in [0, 1). Default 0.99. */
  readonly decay?: number;
  /** ε, at least 1e-30. Default 1e-8. */
  readonly epsilon?: number;
  /** Default false. */
  readonly centered?: boolean;
  /** At least 0. Default 0. */
  readonly weightDecay?: number;
}

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions {
  /** η, at least 0. Default 1e-3. */
  readonly learningRate?: number | Schedule;
  /** β₁, in [0, 1). Default 0.9. */
  readonly beta1?: number;
  /** β₂, in [0, 1). Default 0.999. */
  readonly beta2?: number;
  /** ε, at least 1e-30. Default 1e-8. */
  readonly epsilon?: number;
  /** At least 0. Default 0 for `adam`, 0.01 for `adamW`. */
  readonly weightDecay?: number;
}

function optimizer(where: string, unknown: object, learningRate: number | Schedule, spec: OptimizerSpec): Optimizer {
  checkRest(`${where}(options)`, unknown);
  const isSchedule = typeof learningRate === 'object' && learningRate !== null && typeof learningRate.at === 'function';
  if (!isSchedule) checkNumber(`${where}(learningRate)`, learningRate, { min: 0 });
  return { spec: checkOptimizerSpec(spec, where), learningRate };
}

/**
 * Stochastic gradient descent with momentum: see {@link SgdSpec}. Defaults as in PyTorch.
 * @throws DqnError `invalid-option` on a misspelt option, or one outside its range.
 */
export function sgd({ learningRate = 1e-3, momentum = 0, weightDecay = 0, ...unknown }: SgdOptions = {}): Optimizer {
  return optimizer('sgd', unknown, learningRate, { kind: 'sgd', momentum, weightDecay });
}

/**
 * RMSProp: see {@link RmspropSpec}. Defaults as in PyTorch.
 * @throws DqnError `invalid-option` on a misspelt option, or one outside its range.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { learningRate = 1e-2, decay = 0.99, epsilon = 1e-8, centered = false, weightDecay = 0, ...unknown } = options;
  return optimizer('rmsprop', unknown, learningRate, { kind: 'rmsprop', decay, epsilon, centered, weightDecay });
}

/**
 * Adam: see {@link AdamSpec}. Defaults as in PyTorch.
 * @throws DqnError `invalid-option` on a misspelt option, or one outside its range.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, ...unknown } = options;
  return optimizer('adam', unknown, learningRate, { kind: 'adam', beta1, beta2, epsilon, weightDecay, decoupled: false });
}

/**
 * Adam with decoupled weight decay: see {@link AdamSpec}. Defaults as in PyTorch.
 * @throws DqnError `invalid-option` on a misspelt option, or one outside its range.
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, ...unknown } = options;
  return optimizer('adamW', unknown, learningRate, { kind: 'adam', beta1, beta2, epsilon, weightDecay, decoupled: true });
}

/** The largest number below 1 in single precision: what stands for [0, 1) in the ranges of averages. */
const BELOW_ONE = 1 - 2 ** -24;

function checkFlag(where: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const remedy = 'Pass true or false.';
  throw new DqnError({ code: 'invalid-option', where, expected: 'true or false', received: describe(value), remedy });
}

/**
 * Returns a gradient-descent rule from untrusted data, such as a checkpoint's.
 * @throws DqnError `invalid-option` naming the first field that is wrong.
 */
export function checkOptimizerSpec(spec: unknown, where = 'optimizer'): OptimizerSpec {
  const data = (typeof spec === 'object' && spec !== null ? spec : {}) as Readonly<Record<string, unknown>>;
  const number = (name: string, min: number, max?: number) => checkNumber(`${where}(${name})`, data[name], { min, max });
  const weightDecay = () => number('weightDecay', 0);
  switch (data.kind) {
    case 'sgd':
      return { kind: 'sgd', momentum: number('momentum', 0, BELOW_ONE), weightDecay: weightDecay() };
    case 'rmsprop':
      return {
        kind: 'rmsprop',
        decay: number('decay', 0, BELOW_ONE),
        epsilon: number('epsilon', 1e-30),
        centered: checkFlag(`${where}(centered)`, data.centered),
        weightDecay: weightDecay(),
      };
    case 'adam':
      return {
        kind: 'adam',
        beta1: number('beta1', 0, BELOW_ONE),
        beta2: number('beta2', 0, BELOW_ONE),
        epsilon: number('epsilon', 1e-30),
        weightDecay: weightDecay(),
        decoupled: checkFlag(`${where}(decoupled)`, data.decoupled),
      };
    default:
      throw new DqnError({
        code: 'invalid-option',
        where: `${where}(kind)`,
        expected: 'a rule of kind sgd, rmsprop or adam',
        received: describe(data === spec ? data.kind : spec),
        remedy: 'Pass the spec of sgd(), rmsprop(), adam() or adamW().',
      });
  }
}
