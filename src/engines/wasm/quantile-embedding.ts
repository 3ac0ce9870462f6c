import type { ParameterInfo } from '../../networks/plan.ts';
import type { ImplicitQuantilesSpec, ProposedQuantilesSpec } from '../../networks/spec.ts';
import type { Arena } from './arena.ts';
import { DenseLayer } from './dense-layer.ts';
import type { QuantileKernels } from './kernel-exports.ts';
import type { LayerSite, Surroundings } from './layer-builder.ts';
import { type ParameterPlace, type Rows, rowStride } from './layer.ts';
import { Panels } from './panels.ts';
import { bindBuffers } from './plain-run.ts';
import { KERNELS } from './quantiles-kernels.generated.ts';
import type { Runtime } from './runtime.ts';

/** Inputs times embedded fractions, one row for each of both: `x ⊙ φ(τ)`, `φ(τ) = activation(Σ_i cos(π i τ) W_i + b)`. */
export class QuantileEmbedding {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
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
    this.#kernels = runtime.further(KERNELS);
    this.#cosines = cosines;
    this.#width = new Panels(1, inputs).width;
  }

  /** @param rows - of inputs and fractions together, at most. */
  bind(arena: Arena, rows: number, keep: boolean): EmbeddingRun {
    const kernels = this.#kernels;
    const dense = this.#dense;
    const width = this.#width;
    const features = arena.rows(rows, rowStride(Math.ceil(this.#cosines / 4) * 4));
    const buffers = bindBuffers(dense, arena, { rows, samples: 1, keep });
    const embedded = buffers.outputs;
    const products = arena.rows(rows, dense.outputStride);
    return {
      gradient: arena.rows(keep ? rows : 0, dense.outputStride),
      forward: (parameters, input, inputRows, times, fractions) => {
        kernels.cosines(inputRows * times, this.#cosines, fractions, features.at, features.stride);
        dense.forward(parameters, features, inputRows * times, buffers);
        kernels.modulate(inputRows, times, width, input.at, input.stride, embedded.at, products.at, products.stride);
        return products;
      },
      backward(parameters, gradient, input, inputRows, times, dInput) {
        const d = this.gradient;
        const [dx, dxRow] = dInput ? [dInput.at, dInput.stride] : [0, 0];
        // prettier-ignore
        kernels.modulateBackward(
          inputRows, times, width, input.at, input.stride, embedded.at, embedded.stride, d.at, d.stride, dx, dxRow,
        );
        dense.backward(parameters, gradient, buffers.work, features, inputRows * times, buffers, d, undefined);
      },
    };
  }
}

/** {@link QuantileEmbedding} with memory to run in. */
export interface EmbeddingRun {
  /** ∂L/∂products, to be filled before a pass backward, which overwrites it. */
  readonly gradient: Rows;
  /** The products of each row with its fractions `[rows, times]`, one after the other. */
  forward(parameters: number, input: Rows, rows: number, times: number, fractions: number): Rows;
  backward(parameters: number, gradient: number, input: Rows, rows: number, times: number, dInput: Rows | undefined): void;
}

/** Where the layers on top of an embedding stand. */
export function embeddedSurroundings({
  spec,
  sparseInput,
  last,
}: LayerSite<ImplicitQuantilesSpec | ProposedQuantilesSpec>): Omit<Surroundings, 'whole'> {
  return { first: false, sparseInput: sparseInput || (spec.activation ?? 'relu') === 'relu', last };
}
