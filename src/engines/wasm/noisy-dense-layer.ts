import type { ParameterInfo } from '../../networks/plan.ts';
import type { NoisyDenseSpec } from '../../networks/spec.ts';
import type { Arena, Slot } from './arena.ts';
import { DenseLayer, type DenseNeighbours } from './dense-layer.ts';
import type { NoiseKernels } from './kernel-exports.ts';
import type { LayerBuilder, NoiseStream } from './layer-builder.ts';
import type { Capacity, LayerRun, ParameterPlace, WasmLayer } from './layer.ts';
import { KERNELS } from './noise-kernels.generated.ts';
import { bindBuffers } from './plain-run.ts';
import type { Runtime } from './runtime.ts';
import { FactorisedNoise, IndependentNoise, type WeightNoise } from './weight-noise.ts';

/** `y = activation(x · (W + σ_W ⊙ ε_W) + b + σ_b ⊙ ε_b)`: a dense layer whose weights are made anew for each pass. */
export class NoisyDenseLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly focuses: boolean;
  readonly #runtime: Runtime;
  readonly #dense: DenseLayer;
  /** W + σ_W ⊙ ε_W and b + σ_b ⊙ ε_b, laid out as the parameters of a dense layer. */
  readonly #weights: Slot;
  readonly #noise: WeightNoise;
  /** The number that the noise was drawn from. */
  #drawn: number | undefined;

  /**
   * @param own - memory for as long as the network lives.
   * @param focuses - whether its outputs are all of the network's.
   * @param streams - from the left; one by default.
   */
  constructor(
    runtime: Runtime,
    spec: NoisyDenseSpec,
    parameters: readonly ParameterInfo[],
    neighbours: DenseNeighbours,
    own: Arena,
    focuses: boolean,
    streams: readonly NoiseStream[] = [{ name: parameters[0].name, units: spec.units }],
  ) {
    const [weight, bias, weightSigma, biasSigma] = parameters;
    const { units, activation = 'linear' } = spec;
    const dense = new DenseLayer(runtime.kernels, { kind: 'dense', units, activation }, [weight, bias], neighbours);
    const sigmas = [weightSigma, biasSigma];
    this.parameters = [
      ...dense.parameters,
      ...dense.parameters.map(({ panels, offset }, i) => ({ ...sigmas[i], panels, offset: offset + dense.size * 4 })),
    ];
    this.size = 2 * dense.size;
    this.outputSize = dense.outputSize;
    this.outputStride = dense.outputStride;
    this.focuses = focuses;
    this.#runtime = runtime;
    this.#dense = dense;
    this.#weights = own.take(dense.size);
    const further = runtime.further<NoiseKernels>(KERNELS);
    this.#noise =
      spec.noise === 'independent'
        ? new IndependentNoise(further, dense, streams[0], own)
        : new FactorisedNoise(further, dense, streams, own);
  }

  bind(arena: Arena, capacity: Capacity): LayerRun {
    const dense = this.#dense;
    const { kernels } = this.#runtime;
    const { size } = dense;
    const { focuses } = this;
    const buffers = bindBuffers(dense, arena, capacity);
    return {
      forward: (parameters, input, rows, { noise, focus }) => {
        if (noise !== undefined) this.#perturb(noise, parameters);
        dense.forward(noise === undefined ? parameters : this.#weights.at, input, rows, buffers, focuses ? focus : undefined);
        return buffers.outputs;
      },
      backward: (parameters, gradient, input, rows, d, dInput, { noise, focus }) => {
        // The gradient function may have asked the network with other noise since.
        if (noise !== undefined && noise !== this.#drawn) this.#perturb(noise, parameters);
        const weights = noise === undefined ? parameters : this.#weights.at;
        dense.backward(weights, gradient, buffers.work, input, rows, buffers, d, dInput, focuses ? focus : undefined);
        const sigmas = gradient + size * 4;
        if (noise === undefined) kernels.clear(size, sigmas);
        else this.#noise.perturb(0, gradient, sigmas);
      },
    };
  }

  /** Makes the weights of a pass with noise. */
  #perturb(seed: number, parameters: number): void {
    if (seed !== this.#drawn) this.#noise.draw(seed);
    this.#drawn = seed;
    this.#noise.perturb(parameters, parameters + this.#dense.size * 4, this.#weights.at);
  }
}

/** Builds {@link NoisyDenseLayer}. */
export const buildNoisyDense: LayerBuilder<NoisyDenseSpec> = ({
  runtime,
  spec,
  plan,
  sparseInput,
  last,
  whole,
  foundation,
  joint,
}) => {
  const neighbours = { sparseInput, sparseGradient: last, room: joint?.room };
  return new NoisyDenseLayer(runtime, spec, plan.parameters, neighbours, foundation.own, whole, joint?.streams);
};
