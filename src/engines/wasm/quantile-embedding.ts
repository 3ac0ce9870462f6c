import type { ParameterInfo } from '../../networks/plan.ts';
import type { ImplicitQuantilesSpec, ProposedQuantilesSpec } from '../../networks/spec.ts';
import type { Arena } from './arena.ts';
import { DenseLayer } from './dense-layer.ts';
import type { Kernels, QuantileKernels } from './kernel-exports.ts';
import type { LayerSite, Surroundings } from './layer-builder.ts';
import { type ParameterPlace, type Rows, rowStride } from './layer.ts';
import { Panels } from './panels.ts';
import { bindBuffers } from './plain-run.ts';
import { KERNELS } from './quantiles-kernels.generated.ts';
import type { Runtime } from './runtime.ts';

/**
 * Inputs times embedded fractions, one row for each of both: `x ⊙ φ(τ)`, `φ(τ) = activation(Σ_i cos(π i τ) W_i + b)`. Fractions and products come in
 * blocks: in each there are a number of fractions for the first row of x, as many for the next, and so on.
 */
export class QuantileEmbedding {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly #common: Kernels;
  readonly #kernels: QuantileKernels;
  readonly #dense: DenseLayer;
  readonly #cosines: number;
  /** Numbers in a row of x, padded. */
  readonly #width: number;

  constructor(runtime: Runtime, spec: ImplicitQuantilesSpec | ProposedQuantilesSpec, [weight, bias]: readonly ParameterInfo[]) {
    const [cosines, inputs] = weight.shape;
    const { activation = 'relu' } = spec;
    const neighbours = { sparseInput: false, sparseGradient: false };
    this.#dense = new DenseLayer(runtime.kernels, { kind: 'dense', units: inputs, activation }, [weight, bias], neighbours);
    this.parameters = this.#dense.parameters;
    this.size = this.#dense.size;
    this.#common = runtime.kernels;
    this.#kernels = runtime.further(KERNELS);
    this.#cosines = cosines;
    this.#width = new Panels(1, inputs).width;
  }

  /**
   * @param inputs - rows of x, at most.
   * @param rows - of products, at most.
   * @param blocks - at most.
   */
  bind(arena: Arena, inputs: number, rows: number, blocks: number, keep: boolean): EmbeddingRun {
    const kernels = this.#kernels;
    const dense = this.#dense;
    const width = this.#width;
    const features = arena.rows(rows, rowStride(Math.ceil(this.#cosines / 4) * 4));
    const buffers = bindBuffers(dense, arena, { rows, samples: 1, keep });
    const embedded = buffers.outputs;
    const products = arena.rows(rows, dense.outputStride);
    const d = arena.rows(keep ? rows : 0, dense.outputStride);
    const dPart = arena.rows(keep && blocks > 1 ? inputs : 0, dense.outputStride);
    return {
      gradient: d,
      forward: (parameters, input, inputRows, times, fractions) => {
        const all = inputRows * sum(times);
        kernels.cosines(all, this.#cosines, fractions, features.at, features.stride);
        dense.forward(parameters, features, all, buffers);
        let before = 0;
        for (const count of times) {
          const at = before * products.stride;
          kernels.modulate(inputRows, count, width, input.at, input.stride, embedded.at + at, products.at + at, products.stride);
          before += inputRows * count;
        }
        return products;
      },
      backward: (parameters, gradient, input, inputRows, times, dInput) => {
        let before = 0;
        for (const count of times) {
          const at = before * d.stride;
          const dx = before === 0 ? dInput : dInput && dPart;
          // prettier-ignore
          kernels.modulateBackward(
            inputRows, count, width, input.at, input.stride, embedded.at + at, embedded.stride, d.at + at, d.stride,
            dx?.at ?? 0, dx?.stride ?? 0,
          );
          if (dInput && before > 0) {
            const { at: to, stride } = dInput;
            this.#common.addRows(inputRows, width, to, stride, dPart.at, dPart.stride, to, stride);
          }
          before += inputRows * count;
        }
        dense.backward(parameters, gradient, buffers.work, features, before, buffers, d, undefined);
      },
    };
  }
}

/** {@link QuantileEmbedding} with memory to run in. */
export interface EmbeddingRun {
  /** ∂L/∂products, to be filled before a pass backward, which overwrites it. */
  readonly gradient: Rows;
  /**
   * The products of each row with its fractions, one after the other.
   * @param times - fractions of a row, of each block.
   */
  forward(parameters: number, input: Rows, rows: number, times: readonly number[], fractions: number): Rows;
  /** @param times - of the blocks that there is a gradient for, from the first on. */
  backward(
    parameters: number,
    gradient: number,
    input: Rows,
    rows: number,
    times: readonly number[],
    dInput: Rows | undefined,
  ): void;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** Where the layers on top of an embedding stand. */
export function embeddedSurroundings({
  spec,
  sparseInput,
  last,
}: LayerSite<ImplicitQuantilesSpec | ProposedQuantilesSpec>): Omit<Surroundings, 'whole'> {
  return { first: false, sparseInput: sparseInput || (spec.activation ?? 'relu') === 'relu', last };
}
