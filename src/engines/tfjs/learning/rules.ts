import { AveragedQ } from '../../../bootstrap/averaged-q.ts';
import { ClippedDoubleQ } from '../../../bootstrap/clipped-double-q.ts';
import { DoubleQ } from '../../../bootstrap/double-q.ts';
import { ExpectedSarsa } from '../../../bootstrap/expected-sarsa.ts';
import { MaxQ } from '../../../bootstrap/max-q.ts';
import { MellowmaxQ } from '../../../bootstrap/mellowmax-q.ts';
import { Munchausen } from '../../../bootstrap/munchausen.ts';
import { SoftQ } from '../../../bootstrap/soft-q.ts';
import { SoftmaxQ } from '../../../bootstrap/softmax-q.ts';
import { probabilityAt } from '../../../common/probability.ts';
import type { Tensor } from '@tensorflow/tfjs-core';
import { add, concat, lengthOf, maximum, multiply, reshape, scalar, slice, step as stepFunction, subtract, sum } from '../ops.ts';
import type { DeviceBackup, DeviceRule, DeviceRuleInput } from './device-rule.ts';
import { mellowmax } from './mellowmax.ts';
import { epsilonGreedyPolicy, greedyPolicy, softmaxPolicy } from './policies.ts';

/** A rule that needs the target network at the next observations alone. */
function fromTarget(apply: (input: DeviceRuleInput) => DeviceBackup): DeviceRule {
  return { usesOnline: false, usesCurrent: false, apply };
}

/** `π = softmax(Q⁻ / τ)` and `τ H(π)`. */
function softBackup({ targetQ, possible }: DeviceRuleInput, temperature: number): DeviceBackup {
  const { policy, entropies } = softmaxPolicy(targetQ, possible, temperature);
  return { policy, bonus: multiply(entropies, scalar(temperature)) };
}

function munchausenRule({ temperature, alpha, clip }: Munchausen): DeviceRule {
  return {
    usesOnline: false,
    usesCurrent: true,
    apply(input) {
      const { exponents, logTotal } = softmaxPolicy(input.currentQ as Tensor, undefined, temperature);
      const logPolicy = multiply(subtract(sum(multiply(input.taken, exponents), 1), logTotal), scalar(temperature));
      return { ...softBackup(input, temperature), rewardBonus: multiply(maximum(logPolicy, scalar(clip)), scalar(alpha)) };
    },
  };
}

/** The estimates of a transition, `[R, n]` as `[R / 2, 2, n]`. */
function pairs(x: Tensor): Tensor {
  return reshape(x, [lengthOf(x, 0) / 2, 2, lengthOf(x, 1)]);
}

function nth(pair: Tensor, i: number): Tensor {
  const [rows, , width] = pair.shape;
  return reshape(slice(pair, [0, i, 0], [rows, 1, width]), [rows, width]);
}

/** The same for both estimates. */
function both(x: Tensor): Tensor {
  const [rows, width] = x.shape;
  return reshape(concat([x, x], 1), [rows * 2, width]);
}

const CLIPPED_DOUBLE: DeviceRule = {
  usesOnline: true,
  usesCurrent: false,
  apply({ targetQ, onlineQ, possible }) {
    const policy = greedyPolicy(nth(pairs(onlineQ as Tensor), 0), possible && nth(pairs(possible), 0));
    const valueOf = (i: number): Tensor => sum(multiply(policy, nth(pairs(targetQ), i)), 1);
    // 1 where the second estimate is the smaller.
    const second = stepFunction(subtract(valueOf(0), valueOf(1)));
    const first = subtract(scalar(1), second);
    return {
      policy: both(policy),
      choose(nextOutputs) {
        const of = pairs(nextOutputs);
        return both(add(multiply(first, nth(of, 0)), multiply(second, nth(of, 1))));
      },
    };
  },
};

/** The rule on the device; undefined for one that is not built in, or too involved for tensors. */
export function ruleOnDevice(rule: object): DeviceRule | undefined {
  // A class derived from one of these is not one of them.
  switch (rule.constructor) {
    case MaxQ:
      return fromTarget(({ targetQ, possible }) => ({ policy: greedyPolicy(targetQ, possible) }));
    case DoubleQ:
      return {
        usesOnline: true,
        usesCurrent: false,
        apply: ({ onlineQ, possible }) => ({ policy: greedyPolicy(onlineQ as Tensor, possible) }),
      };
    case ExpectedSarsa: {
      const { epsilon } = rule as ExpectedSarsa;
      return fromTarget(({ targetQ, possible, step }) => ({
        policy: epsilonGreedyPolicy(targetQ, possible, probabilityAt('expectedSarsa(epsilon)', epsilon, step)),
      }));
    }
    case SoftmaxQ: {
      const { temperature } = rule as SoftmaxQ;
      return fromTarget(({ targetQ, possible }) => ({ policy: softmaxPolicy(targetQ, possible, temperature).policy }));
    }
    case MellowmaxQ: {
      const { omega } = rule as MellowmaxQ;
      return fromTarget(({ targetQ, possible }) => mellowmax(targetQ, possible, omega));
    }
    case SoftQ: {
      const { temperature } = rule as SoftQ;
      return fromTarget((input) => softBackup(input, temperature));
    }
    case Munchausen:
      return munchausenRule(rule as Munchausen);
    case ClippedDoubleQ:
      return CLIPPED_DOUBLE;
    case AveragedQ:
      return ruleOnDevice((rule as AveragedQ).rule);
    default:
      return undefined;
  }
}
