import type { OptimizerSpec } from '../../networks/optimizers.ts';
import type { Kernels } from './kernel-exports.ts';

/** A gradient-descent rule, run by the kernels. */
export interface OptimizerStep {
  /** Names of the averages that it keeps of every parameter. */
  readonly slots: readonly string[];
  /**
   * Update number `step` of `n` parameters: their address, their gradient's (multiplied by `scale` first), and those of the slots.
   */
  apply(n: number, parameters: number, gradient: number, slots: readonly number[], step: number, rate: number, scale: number): void;
}

/** xⁿ by multiplications alone: `Math.pow` may differ between platforms in the last bit. */
function power(x: number, n: number): number {
  let result = 1;
  let square = x;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** The averages of a rule, and its update without clipping and weight decay. */
interface Rule {
  readonly slots: readonly string[];
  apply(n: number, parameters: number, gradient: number, slots: readonly number[], step: number, rate: number): void;
}

function ruleOf(kernels: Kernels, spec: OptimizerSpec): Rule {
  switch (spec.kind) {
    case 'sgd': {
      const { momentum } = spec;
      return {
        slots: momentum === 0 ? [] : ['v'],
        apply(n, parameters, gradient, slots, _step, rate) {
          kernels.sgd(n, parameters, gradient, momentum === 0 ? 0 : slots[0], rate, momentum);
        },
      };
    }
    case 'rmsprop': {
      const { decay, epsilon, centered } = spec;
      return {
        slots: centered ? ['s', 'm'] : ['s'],
        apply(n, parameters, gradient, slots, _step, rate) {
          kernels.rmsprop(n, parameters, gradient, slots[0], centered ? slots[1] : 0, rate, decay, 1 - decay, epsilon);
        },
      };
    }
    case 'adam': {
      const { beta1, beta2, epsilon } = spec;
      return {
        slots: ['m', 'v'],
        apply(n, parameters, gradient, slots, step, rate) {
          const corrected = rate / (1 - power(beta1, step));
          const vScale = 1 / Math.sqrt(1 - power(beta2, step));
          kernels.adam(n, parameters, gradient, slots[0], slots[1], corrected, beta1, 1 - beta1, beta2, 1 - beta2, vScale, epsilon);
        },
      };
    }
  }
}

/** The rule that a spec describes. */
export function optimizerStep(kernels: Kernels, spec: OptimizerSpec): OptimizerStep {
  const { slots, apply } = ruleOf(kernels, spec);
  const { weightDecay } = spec;
  const decoupled = spec.kind === 'adam' && spec.decoupled;
  return {
    slots,
    apply(n, parameters, gradient, places, step, rate, scale) {
      if (scale !== 1 || weightDecay !== 0) {
        kernels.prepare(n, parameters, gradient, scale, decoupled ? 0 : weightDecay, decoupled ? 1 - rate * weightDecay : 1);
      }
      apply(n, parameters, gradient, places, step, rate);
    },
  };
}
