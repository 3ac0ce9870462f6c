import { projectCategorical, projectCertain, type Support } from '../bellman/categorical-projection.ts';
import { fastExp, fastXLogX, largest, shiftedExp } from '../bellman/fast-exp.ts';
import { checkInteger, checkNumber } from '../common/check.ts';
import type { LossInput, LossOutput, TargetInput, ValueHead } from './value-head.ts';

/** Options of {@link categorical}. */
export interface CategoricalOptions {
  /** W: values that the distribution lies on, at least 2. Default 51. */
  readonly atoms?: number;
  /** The smallest value: no return below it can be told from it. */
  readonly vMin: number;
  /** The largest value, above `vMin`. */
  readonly vMax: number;
}

/**
 * The head of C51 (Bellemare, Dabney and Munos 2017): the outputs of an action are the logits of a distribution of its return over
 * the evenly spread atoms `z_i = vMin + i (vMax − vMin) / (W − 1)`.
 *
 * - outputs `[A, W]`, `p_i(s, a) = softmax_i(outputs[b, a])`, `Q(s, a) = Σ_i z_i p_i(s, a)`,
 * - target `m` `[W]`: the distribution of `r + γⁿ Z(s', a')`, a' ~ π(· | s'), projected onto the atoms ({@link projectCategorical}). Where nothing is
 *   bootstrapped, all mass at r,
 * - loss: cross-entropy `−Σ_i m_i log p_i(s, a)`,
 * - TD error: `KL(m ‖ p(s, a))`, at least 0: the loss without the entropy of the target, so that what cannot be learned has no priority,
 * - gradient at the action taken `weights[b] / B · (p − m)`, zero at the others.
 */
export class CategoricalHead implements ValueHead {
  readonly kind = 'categorical';
  readonly width: number;
  readonly targetWidth: number;
  readonly linear = false;
  /** The support. */
  readonly settings: Readonly<Record<'atoms' | 'vMin' | 'vMax', number>>;
  readonly #support: Support;
  readonly #exps: Float64Array;
  readonly #row: Float64Array;
  #clippedMass = 0;

  /** @throws DqnError `invalid-option` as {@link categorical}. */
  constructor({ atoms = 51, vMin, vMax }: CategoricalOptions) {
    this.width = this.targetWidth = checkInteger('categorical(atoms)', atoms, { min: 2 });
    checkNumber('categorical(vMin)', vMin);
    checkNumber('categorical(vMax)', vMax, { min: vMin, exclusiveMin: true });
    this.settings = this.#support = { atoms, vMin, vMax };
    this.#exps = new Float64Array(atoms);
    this.#row = new Float64Array(atoms);
  }

  /**
   * The share of the mass of the last targets that fell outside the support, in [0, 1], and was moved to its ends. Values saturate there without any other
   * sign: where this stays well above 0, `vMin` and `vMax` are too narrow for the returns.
   */
  get clippedMass(): number {
    return this.#clippedMass;
  }

  qValues(outputs: Float32Array, batch: number, actions: number, out: Float32Array): void {
    const { atoms, vMin, vMax } = this.#support;
    const spacing = (vMax - vMin) / (atoms - 1);
    for (let row = 0, end = batch * actions; row < end; row++) {
      const offset = row * atoms;
      const shift = largest(outputs, offset, atoms);
      let sum = 0;
      let moment = 0;
      for (let i = 0; i < atoms; i++) {
        const mass = fastExp(outputs[offset + i] - shift);
        sum += mass;
        moment += i * mass;
      }
      out[row] = vMin + (spacing * moment) / sum;
    }
  }

  targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy }: TargetInput, out: Float32Array): void {
    const support = this.#support;
    const { atoms } = support;
    const exps = this.#exps;
    const row = this.#row;
    let clipped = 0;
    for (let b = 0; b < batch; b++) {
      const reward = rewards[b];
      const discount = discounts[b];
      let certain = true;
      row.fill(0);
      for (let a = b * actions, end = a + actions; a < end; a++) {
        const probability = discount === 0 ? 0 : nextPolicy[a];
        if (probability === 0) continue;
        certain = false;
        const offset = a * atoms;
        const sum = shiftedExp(nextOutputs, offset, atoms, largest(nextOutputs, offset, atoms), exps);
        clipped += projectCategorical(support, exps, probability / sum, reward, discount, row);
      }
      if (certain) clipped += projectCertain(support, reward, row);
      for (let i = 0; i < atoms; i++) out[b * atoms + i] = row[i];
    }
    this.#clippedMass = clipped / batch;
  }

  loss(
    { batch, actions, outputs, taken, targets, weights }: LossInput,
    { gradient, losses, tdErrors, estimates }: LossOutput,
  ): void {
    const { atoms, vMin, vMax } = this.#support;
    const exps = this.#exps;
    for (let b = 0; b < batch; b++) {
      const offset = (b * actions + taken[b]) * atoms;
      const shift = largest(outputs, offset, atoms);
      const sum = shiftedExp(outputs, offset, atoms, shift, exps);
      const logSum = shift + Math.log(sum);
      const scale = weights[b] / batch;
      const normalised = scale / sum;
      let crossEntropy = 0;
      let negativeEntropy = 0;
      let moment = 0;
      for (let i = 0; i < atoms; i++) {
        const mass = targets[b * atoms + i];
        moment += i * exps[i];
        gradient[offset + i] = exps[i] * normalised - mass * scale;
        crossEntropy += mass * (logSum - outputs[offset + i]);
        negativeEntropy += fastXLogX(mass);
      }
      losses[b] = crossEntropy;
      estimates[b] = vMin + (((vMax - vMin) / (atoms - 1)) * moment) / sum;
      tdErrors[b] = Math.max(0, crossEntropy + negativeEntropy); // rounding may leave a little less than 0
    }
  }
}

/**
 * Distributions of returns over fixed atoms, C51 with its default of 51. The support must hold every discounted return, with some room:
 * see {@link CategoricalHead.clippedMass}.
 *
 * @example
 * ```ts
 * import { categorical } from '@scope/dqn';
 *
 * const head = categorical({ atoms: 51, vMin: 0, vMax: 100 });
 * ```
 * @throws DqnError `invalid-option` if there are fewer than 2 atoms, or `vMax` is not above `vMin`.
 */
export function categorical(options: CategoricalOptions): CategoricalHead {
  return new CategoricalHead(options);
}
