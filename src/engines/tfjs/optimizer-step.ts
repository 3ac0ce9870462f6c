import type { Tensor } from '@tensorflow/tfjs-core';
import type { OptimizerSpec } from '../../networks/optimizers.ts';
import { abs, add, divide, multiply, relu, scalar, sqrt, square, step as stepFunction, subtract } from './ops.ts';

/** Averages below this become zero: denormal numbers would make units that no longer learn many times slower. */
const TINY = 1e-30;
/** They are looked for every so many updates: from 1e-30 to denormal numbers it takes an average hundreds. */
const FLUSH_PERIOD = 64;

/** All parameters and their averages, each as one flat vector. */
export interface OptimizerState {
  readonly parameters: Tensor;
  readonly slots: readonly Tensor[];
}

/** What one update is made with. */
export interface UpdateStep {
  /** The number of this update: 1, 2, … */
  readonly number: number;
  /** η. */
  readonly rate: number;
  /** What the rate is multiplied by, for each parameter; nothing where it is the same for all. */
  readonly factors: Tensor | undefined;
  /** What the gradient is multiplied by first; nothing for 1. */
  readonly scale: Tensor | undefined;
}

/** A gradient-descent rule on flat vectors. */
export interface OptimizerRule {
  /** Names of the averages that it keeps of every parameter. */
  readonly slots: readonly string[];
  /** The state after an update by the gradient `g`. What is given stays as it is. */
  apply(state: OptimizerState, g: Tensor, step: UpdateStep): OptimizerState;
}

/** `keep · average + (1 − keep) · x`. */
function average(keep: number, before: Tensor, x: Tensor): Tensor {
  return add(multiply(before, scalar(keep)), multiply(x, scalar(1 - keep)));
}

/** `θ − η · direction`. */
function descend(parameters: Tensor, direction: Tensor, rate: number, factors: Tensor | undefined): Tensor {
  const step = multiply(direction, scalar(rate));
  return subtract(parameters, factors ? multiply(step, factors) : step);
}

/** A rule without clipping and weight decay. */
function ruleOf(spec: OptimizerSpec): OptimizerRule {
  switch (spec.kind) {
    case 'sgd': {
      const { momentum } = spec;
      return {
        slots: momentum === 0 ? [] : ['v'],
        apply({ parameters, slots: [v] }, g, { rate, factors }) {
          const velocity = v ? add(multiply(v, scalar(momentum)), g) : g;
          return { parameters: descend(parameters, velocity, rate, factors), slots: v ? [velocity] : [] };
        },
      };
    }
    case 'rmsprop': {
      const { decay, epsilon, centered } = spec;
      return {
        slots: centered ? ['s', 'm'] : ['s'],
        apply({ parameters, slots: [s, m] }, g, { rate, factors }) {
          const squares = average(decay, s, square(g));
          const mean = centered ? average(decay, m, g) : undefined;
          const below = mean
            ? // Rounding may leave s − m² a little below zero.
              sqrt(add(relu(subtract(squares, square(mean))), scalar(epsilon)))
            : add(sqrt(squares), scalar(epsilon));
          return { parameters: descend(parameters, divide(g, below), rate, factors), slots: mean ? [squares, mean] : [squares] };
        },
      };
    }
    case 'adam': {
      const { beta1, beta2, epsilon } = spec;
      return {
        slots: ['m', 'v'],
        apply({ parameters, slots: [m, v] }, g, { number, rate, factors }) {
          const mean = average(beta1, m, g);
          const squares = average(beta2, v, square(g));
          // √v̂ + ε = (√v + ε √(1 − β₂ᵗ)) / √(1 − β₂ᵗ): one pass less than correcting v.
          const correction = Math.sqrt(1 - beta2 ** number);
          const direction = divide(mean, add(sqrt(squares), scalar(epsilon * correction)));
          const corrected = (rate * correction) / (1 - beta1 ** number);
          return { parameters: descend(parameters, direction, corrected, factors), slots: [mean, squares] };
        },
      };
    }
  }
}

function flush(x: Tensor): Tensor {
  return multiply(x, stepFunction(subtract(abs(x), scalar(TINY))));
}

/** The rule that a spec describes. */
export function optimizerRule(spec: OptimizerSpec): OptimizerRule {
  const { slots, apply } = ruleOf(spec);
  const { weightDecay } = spec;
  const decoupled = spec.kind === 'adam' && spec.decoupled;
  return {
    slots,
    apply({ parameters, slots: averages }, g, step) {
      const { scale, rate, factors, number } = step;
      let gradient = scale ? multiply(g, scale) : g;
      let from = parameters;
      if (weightDecay !== 0) {
        if (decoupled) from = descend(parameters, parameters, rate * weightDecay, factors);
        else gradient = add(gradient, multiply(parameters, scalar(weightDecay)));
      }
      const after = apply({ parameters: from, slots: averages }, gradient, step);
      return number % FLUSH_PERIOD === 0 ? { ...after, slots: after.slots.map(flush) } : after;
    },
  };
}
