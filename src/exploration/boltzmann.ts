import { checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { toSchedule, type Schedule } from '../common/schedules.ts';
import type { Explorer, ExplorerInput } from './explorer.ts';
import { greedyAction } from './greedy.ts';

/** See {@link boltzmann}. */
export class Boltzmann implements Explorer {
  readonly kind = 'boltzmann';
  /** T over time. */
  readonly temperature: Schedule;
  #weights = new Float64Array(0);

  /** @throws DqnError `invalid-option` as {@link boltzmann}. */
  constructor(temperature: number | Schedule) {
    if (typeof temperature === 'number') checkNumber('boltzmann(temperature)', temperature, { min: 0, exclusiveMin: true });
    this.temperature = toSchedule(temperature, 'boltzmann(temperature)');
  }

  /** @throws DqnError `invalid-option` if the schedule gives a T that is not above 0, `invalid-environment` if no action is possible. */
  select({ batch, actions, qValues, masks, step, random }: ExplorerInput, out: Int32Array): void {
    const temperature = this.temperature.at(step);
    if (!(temperature > 0 && temperature < Infinity)) throw outOfRange(this.temperature, step, temperature);
    if (this.#weights.length < actions) this.#weights = new Float64Array(actions);
    const weights = this.#weights;
    for (let n = 0; n < batch; n++) {
      const offset = n * actions;
      const best = greedyAction(qValues, n, actions, masks);
      // Against the largest value every exponent is at most 0: nothing overflows, and the best action weighs 1.
      const largest = qValues[offset + best];
      let total = 0;
      for (let a = 0; a < actions; a++) {
        const possible = masks === undefined || masks[offset + a] !== 0;
        weights[a] = possible ? Math.exp((qValues[offset + a] - largest) / temperature) : 0;
        total += weights[a];
      }
      let left = random.float() * total;
      // Infinite values and NaN have no softmax; then, and where rounding leaves a rest, the best action is taken.
      let action = best;
      for (let a = 0; a < actions; a++) {
        left -= weights[a];
        if (left < 0) {
          action = a;
          break;
        }
      }
      out[n] = action;
    }
  }

  rate(step: number): number {
    return this.temperature.at(step);
  }
}

/**
 * Draws a possible action with probability `π(a | s) = exp(Q(s, a) / T) / Σ_a' exp(Q(s, a') / T)` (Sutton and Barto 2018, eq. 13.2 with
 * preferences Q / T): nearly greedy for small T, nearly uniform for large. Each state of a batch draws for itself.
 *
 * @param temperature - T above 0, in the unit of the action values, or a schedule of it over environment steps.
 * @throws DqnError `invalid-option` if T is not above 0: at once for a number, when it is used for a schedule.
 */
export function boltzmann(temperature: number | Schedule): Boltzmann {
  return new Boltzmann(temperature);
}

function outOfRange(schedule: Schedule, step: number, temperature: number): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: `boltzmann(temperature), schedule '${schedule.kind}' at step ${step}`,
    expected: 'a finite number above 0',
    received: String(temperature),
    remedy: 'Pass a schedule that stays above 0, such as linear(1, 0.01, 10_000).',
  });
}
