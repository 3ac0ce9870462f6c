// Policies over possible actions as tensor operations: see src/bellman/greedy.ts and softmax.ts.
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import {
  add,
  divide,
  equal,
  exp,
  fill,
  lengthOf,
  log,
  max,
  maximum,
  multiply,
  scalar,
  select,
  subtract,
  sum,
  toNumbers,
} from '../ops.ts';

/** Below every action value. */
const LOWEST = -3e38;

/** The values of possible actions; of the others {@link LOWEST}. */
function possibleValues(qValues: Tensor, possible: Tensor | undefined): Tensor {
  return possible ? select(possible, qValues, fill(qValues.shape, LOWEST)) : qValues;
}

/** x where an action is possible, 0 elsewhere. */
export function whereTrue(possible: Tensor | undefined, x: Tensor): Tensor {
  return possible ? select(possible, x, fill(x.shape, 0)) : x;
}

/** 1 where an action is possible, 0 elsewhere. */
export function possibleOnes(qValues: Tensor, possible: Tensor | undefined): Tensor {
  return whereTrue(possible, fill(qValues.shape, 1));
}

/**
 * 1 at the possible action of the largest value, the lowest of equals; 0 elsewhere. Backends break the ties of their own argmax differently.
 * @param qValues - `[R, A]`.
 * @param possible - `[R, A]`, a condition.
 */
export function greedyPolicy(qValues: Tensor, possible: Tensor | undefined): Tensor {
  const actions = lengthOf(qValues, 1);
  const values = possibleValues(qValues, possible);
  // Ranks A … 1 in the order of the actions; A more for the best ones.
  const ranks = tensor(
    Float32Array.from({ length: actions }, (_, a) => actions - a),
    [1, actions],
  );
  const best = multiply(toNumbers(equal(values, max(values, 1))), scalar(actions));
  const scores = whereTrue(possible, add(best, ranks));
  return whereTrue(possible, toNumbers(equal(scores, max(scores, 1))));
}

/** `ε / n + (1 − ε) · greedy` over the n possible actions. */
export function epsilonGreedyPolicy(qValues: Tensor, possible: Tensor | undefined, epsilon: number): Tensor {
  const each = possibleOnes(qValues, possible);
  const share = divide(each, maximum(sum(each, 1), scalar(1)));
  return add(multiply(share, scalar(epsilon)), multiply(greedyPolicy(qValues, possible), scalar(1 - epsilon)));
}

/** A Boltzmann policy and what it is made from. */
export interface Softmax {
  /** π `[R, A]`. */
  readonly policy: Tensor;
  /** `(Q − max Q) / τ` `[R, A]`; of possible actions alone. */
  readonly exponents: Tensor;
  /** `log Σ exp(exponents)` `[R, 1]`. */
  readonly logTotal: Tensor;
  /** H(π) `[R, 1]`. */
  readonly entropies: Tensor;
}

/** `π = softmax(Q / τ)` over the possible actions; a row without any is zeros, without entropy. */
export function softmaxPolicy(qValues: Tensor, possible: Tensor | undefined, temperature: number): Softmax {
  const values = possibleValues(qValues, possible);
  const exponents = whereTrue(possible, multiply(subtract(values, max(values, 1)), scalar(1 / temperature)));
  const weights = whereTrue(possible, exp(exponents));
  // At least 1 where anything is possible.
  const total = maximum(sum(weights, 1), scalar(1));
  const policy = divide(weights, total);
  const logTotal = log(total);
  return { policy, exponents, logTotal, entropies: subtract(logTotal, sum(multiply(policy, exponents), 1)) };
}
