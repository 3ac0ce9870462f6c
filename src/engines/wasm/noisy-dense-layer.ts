import { Random } from '../../common/random.ts';
import type { ParameterInfo } from '../../networks/plan.ts';
import type { NoisyDenseSpec } from '../../networks/spec.ts';
import type { Arena, Slot } from './arena.ts';
import { DenseLayer, type DenseNeighbours } from './dense-layer.ts';
import type { NoiseKernels } from './kernel-exports.ts';
import type { LayerBuilder, NoiseStream } from './layer-builder.ts';
import type { Capacity, LayerRun, ParameterPlace, WasmLayer } from './layer.ts';
import { KERNELS } from './noise-kernels.generated.ts';
import { Panels } from './panels.ts';
import { bindBuffers } from './plain-run.ts';
import type { Runtime } from './runtime.ts';

/** `y = activation(x · (W + σ_W ⊙ ε_W) + b + σ_b ⊙ ε_b)`: a dense layer whose weights are made anew for each pass. */
export class NoisyDenseLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly focuses: boolean;
  readonly #runtime: Runtime;
  readonly #further: NoiseKernels;
  readonly #dense: DenseLayer;
  readonly #streams: readonly NoiseStream[];
  readonly #independent: boolean;
  /** W + σ_W ⊙ ε_W and b + σ_b ⊙ ε_b, laid out as the parameters of a dense layer. */
  readonly #weights: Slot;
  /** ε_W and ε_b, likewise. */
  readonly #noise: Slot;
  /** f(ε_in) and f(ε_out), padded to multiples of 4. */
  readonly #factors: Slot;
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
    this.#further = runtime.further(KERNELS);
    this.#dense = dense;
    this.#streams = streams;
    this.#independent = spec.noise === 'independent';
    this.#weights = own.take(dense.size);
    this.#noise = own.take(dense.size);
    this.#factors = own.take(Math.ceil(dense.weight.rows / 4) * 4 + dense.weight.width);
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
        else this.#further.perturb(size, 0, gradient, this.#noise.at, sigmas);
      },
    };
  }

  /** Makes the weights of a pass with noise. */
  #perturb(seed: number, parameters: number): void {
    const { size } = this.#dense;
    const noise = this.#noise.at;
    if (seed !== this.#drawn) this.#draw(seed);
    this.#further.perturb(size, parameters, parameters + size * 4, noise, this.#weights.at);
  }

  /** Draws ε. Where parameters are padded it is any number: σ is zero there. */
  #draw(seed: number): void {
    this.#drawn = seed;
    const noise = this.#noise.at;
    if (this.#independent) {
      const [key0, key1] = this.#keys(seed, this.#streams[0]);
      this.#further.normals(this.#dense.size, key0, key1, 0, noise);
      return;
    }
    let column = 0;
    for (const stream of this.#streams) {
      this.#drawFactors(seed, stream, column, noise);
      column += stream.units;
    }
  }

  #keys(seed: number, { name }: NoiseStream): readonly [number, number] {
    const random = new Random(seed).split(name);
    return [random.uint32(), random.uint32()];
  }

  /** f(ε_in) f(ε_out)ᵀ in the columns of a stream, and f(ε_out) in place of its biases. */
  #drawFactors(seed: number, stream: NoiseStream, first: number, noise: number): void {
    const { kernels } = this.#runtime;
    const { rows, full, tail, panelBytes, tailStart, size } = this.#dense.weight;
    const [key0, key1] = this.#keys(seed, stream);
    const inputs = this.#factors.at;
    const inputSize = Math.ceil(rows / 4) * 4;
    const outputs = inputs + inputSize * 4;
    // Drawn and copied up to the padding of a layer that has this stream alone: more than one need none.
    const { width } = new Panels(1, stream.units);
    this.#further.normals(inputSize + width, key0, key1, 1, inputs);
    const end = first + (this.#streams.length > 1 ? stream.units : width);
    kernels.copyRows(1, end - first, outputs, 0, noise + (size + first) * 4, 0);
    for (let column = first; column < end;) {
      const panel = Math.floor(column / 32);
      const next = Math.min(end, (panel + 1) * 32);
      const row = panel < full ? 128 : tail * 4;
      const to = noise + (panel < full ? panel * panelBytes : tailStart) + (column % 32) * 4;
      this.#further.outer(rows, next - column, inputs, outputs + (column - first) * 4, to, row);
      column = next;
    }
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
