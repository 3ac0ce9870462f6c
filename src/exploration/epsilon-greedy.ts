import { probabilityAt, toProbability } from '../common/probability.ts';
import type { Schedule } from '../common/schedules.ts';
import { anyPossible } from './any-possible.ts';
import type { Explorer, ExplorerInput } from './explorer.ts';
import { greedyAction } from './greedy.ts';

const EPSILON = 'epsilonGreedy(epsilon)';

/** See {@link epsilonGreedy}. */
export class EpsilonGreedy implements Explorer {
  readonly kind = 'epsilonGreedy';
  /** ε over time. */
  readonly epsilon: Schedule;

  /** @throws DqnError `invalid-option` as {@link epsilonGreedy}. */
  constructor(epsilon: number | Schedule) {
    this.epsilon = toProbability(EPSILON, epsilon);
  }

  /** @throws DqnError `invalid-option` if the schedule gives an ε outside [0, 1], `invalid-environment` if no action is possible. */
  select({ batch, actions, qValues, masks, step, random }: ExplorerInput, out: Int32Array): void {
    const epsilon = probabilityAt(EPSILON, this.epsilon, step);
    for (let n = 0; n < batch; n++) {
      out[n] = random.float() < epsilon ? anyPossible(n, actions, masks, random) : greedyAction(qValues, n, actions, masks);
    }
  }

  rate(step: number): number {
    return this.epsilon.at(step);
  }
}

/**
 * With probability ε any possible action, all equally likely; otherwise the one of the largest value (the lowest of equals), so that
 * `π(a | s) = ε / #possible + (1 − ε) · [a = argmax]` (Mnih et al. 2015, algorithm 1). Each state of a batch draws for itself.
 *
 * @param epsilon - ε in [0, 1], or a schedule of it over environment steps.
 * @throws DqnError `invalid-option` if ε is outside [0, 1]: at once for a number, when it is used for a schedule.
 */
export function epsilonGreedy(epsilon: number | Schedule): EpsilonGreedy {
  return new EpsilonGreedy(epsilon);
}
