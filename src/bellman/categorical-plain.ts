import { projectCategorical, projectCertain, type Support } from './categorical-projection.ts';
import type { CategoricalLossInput, CategoricalLossOutput, CategoricalRows, CategoricalTargetInput } from './categorical-rows.ts';
import { fastExp, fastXLogX, largest, shiftedExp } from './fast-exp.ts';

/** {@link CategoricalRows} by loops in float64, for platforms without WebAssembly SIMD. */
export class PlainCategoricalRows implements CategoricalRows {
  readonly #support: Support;
  readonly #exps: Float64Array;
  readonly #row: Float64Array;

  constructor(support: Support) {
    this.#support = support;
    this.#exps = new Float64Array(support.atoms);
    this.#row = new Float64Array(support.atoms);
  }

  means(logits: Float32Array, rows: number, out: Float32Array): void {
    const { atoms, vMin, vMax } = this.#support;
    const spacing = (vMax - vMin) / (atoms - 1);
    for (let row = 0; row < rows; row++) {
      const offset = row * atoms;
      const shift = largest(logits, offset, atoms);
      let sum = 0;
      let moment = 0;
      for (let i = 0; i < atoms; i++) {
        const mass = fastExp(logits[offset + i] - shift);
        sum += mass;
        moment += i * mass;
      }
      out[row] = vMin + (spacing * moment) / sum;
    }
  }

  targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy }: CategoricalTargetInput, out: Float32Array): number {
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
    return clipped / batch;
  }

  loss(
    { batch, actions, outputs, taken, targets, weights }: CategoricalLossInput,
    { gradient, losses, tdErrors, estimates }: CategoricalLossOutput,
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
