import { checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import type { Random } from '../common/random.ts';
import { toSchedule, type Schedule } from '../common/schedules.ts';
import type { Explorer, ExplorerInput } from './explorer.ts';
import { greedyAction, noPossibleAction } from './greedy.ts';

/** See {@link epsilonGreedy}. */
export class EpsilonGreedy implements Explorer {
  readonly kind = 'epsilonGreedy';
  /** ε over time. */
  readonly epsilon: Schedule;

  /** @throws DqnError `invalid-option` as {@link epsilonGreedy}. */
  constructor(epsilon: number | Schedule) {
    if (typeof epsilon === 'number') checkNumber('epsilonGreedy(epsilon)', epsilon, { min: 0, max: 1 });
    this.epsilon = toSchedule(epsilon, 'epsilonGreedy(epsilon)');
  }

  /** @throws DqnError `invalid-option` if the schedule gives an ε outside [0, 1], `invalid-environment` if no action is possible. */
  select({ batch, actions, qValues, masks, step, random }: ExplorerInput, out: Int32Array): void {
    const epsilon = this.epsilon.at(step);
    if (!(epsilon >= 0 && epsilon <= 1)) throw outOfRange(this.epsilon, step, epsilon);
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

/** A possible action of state n, all equally likely. */
function anyPossible(n: number, actions: number, masks: Uint8Array | undefined, random: Random): number {
  if (masks === undefined) return random.integer(actions);
  const offset = n * actions;
  let possible = 0;
  for (let a = 0; a < actions; a++) if (masks[offset + a] !== 0) possible++;
  if (possible === 0) throw noPossibleAction(n);
  let left = random.integer(possible);
  let action = 0;
  while (masks[offset + action] === 0 || left-- > 0) action++;
  return action;
}

function outOfRange(schedule: Schedule, step: number, epsilon: number): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: `epsilonGreedy(epsilon), schedule '${schedule.kind}' at step ${step}`,
    expected: 'a number in [0, 1]',
    received: String(epsilon),
    remedy: 'Pass a schedule that stays in [0, 1].',
  });
}
