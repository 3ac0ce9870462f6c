import { categoricalRows, type CategoricalRows } from '../bellman/categorical-rows.ts';
import { checkInteger, checkNumber, checkRest } from '../common/check.ts';
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
 * - target `m` `[W]`: the distribution of `r + γⁿ Z(s', a')`, a' ~ π(· | s'), projected onto the atoms (Bellemare et al. 2017, eq. 7). Where nothing is
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
  readonly readsTakenAlone = true;
  /** The support. */
  readonly settings: Readonly<Record<'atoms' | 'vMin' | 'vMax', number>>;
  readonly #rows: CategoricalRows;
  #clippedMass = 0;

  /** @throws DqnError `invalid-option` as {@link categorical}. */
  constructor({ atoms = 51, vMin, vMax, ...unknown }: CategoricalOptions) {
    checkRest('categorical(options)', unknown);
    this.width = this.targetWidth = checkInteger('categorical(atoms)', atoms, { min: 2 });
    checkNumber('categorical(vMin)', vMin);
    checkNumber('categorical(vMax)', vMax, { min: vMin, exclusiveMin: true });
    this.settings = { atoms, vMin, vMax };
    this.#rows = categoricalRows(this.settings);
  }

  /**
   * The share of the mass of the last targets that fell outside the support, in [0, 1], and was moved to its ends. Values saturate there without any other
   * sign: where this stays well above 0, `vMin` and `vMax` are too narrow for the returns.
   */
  get clippedMass(): number {
    return this.#clippedMass;
  }

  qValues(outputs: Float32Array, batch: number, actions: number, out: Float32Array): void {
    this.#rows.means(outputs, batch * actions, out);
  }

  targets(input: TargetInput, out: Float32Array): void {
    this.#clippedMass = this.#rows.targets(input, out);
  }

  loss(input: LossInput, out: LossOutput): void {
    this.#rows.loss(input, out);
  }

  /** With `∂Q(s, a) / ∂ outputs_i = p_i (z_i − Q(s, a))`. */
  pullBack(outputs: Float32Array, batch: number, actions: number, qGradient: Float32Array, gradient: Float32Array): void {
    const { width } = this;
    const { vMin, vMax } = this.settings;
    const spacing = (vMax - vMin) / (width - 1);
    const masses = new Float64Array(width);
    for (let row = 0, end = batch * actions; row < end; row++) {
      const offset = row * width;
      let most = -Infinity;
      for (let i = 0; i < width; i++) most = Math.max(most, outputs[offset + i]);
      let total = 0;
      let weighted = 0; // of the distances from vMin, in atoms
      for (let i = 0; i < width; i++) {
        const mass = (masses[i] = Math.exp(outputs[offset + i] - most));
        total += mass;
        weighted += i * mass;
      }
      const mean = weighted / total;
      for (let i = 0; i < width; i++) gradient[offset + i] += qGradient[row] * (masses[i] / total) * (i - mean) * spacing;
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
 * @throws DqnError `invalid-option` if a name is misspelt, there are fewer than 2 atoms, or `vMax` is not above `vMin`.
 */
export function categorical(options: CategoricalOptions): CategoricalHead {
  return new CategoricalHead(options);
}
