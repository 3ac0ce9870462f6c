import { Random } from '../../common/random.ts';
import type { ParameterInfo } from '../../networks/plan.ts';
import type { NoisyDenseSpec } from '../../networks/spec.ts';
import type { Arena, Slot } from './arena.ts';
import { DenseLayer, type DenseNeighbours } from './dense-layer.ts';
import type { Capacity, LayerRun, ParameterPlace, WasmLayer } from './layer.ts';
import type { Panels } from './panels.ts';
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
  readonly #dense: DenseLayer;
  readonly #name: string;
  readonly #independent: boolean;
  readonly #weight: Panels;
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
   */
  constructor(
    runtime: Runtime,
    spec: NoisyDenseSpec,
    parameters: readonly ParameterInfo[],
    neighbours: DenseNeighbours,
    own: Arena,
    focuses: boolean,
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
    this.#name = weight.name;
    this.#independent = spec.noise === 'independent';
    this.#weight = dense.parameters[0].panels;
    this.#weights = own.take(dense.size);
    this.#noise = own.take(dense.size);
    this.#factors = own.take(Math.ceil(this.#weight.rows / 4) * 4 + this.#weight.width);
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
        else kernels.perturb(size, 0, gradient, this.#noise.at, sigmas);
      },
    };
  }

  /** Makes the weights of a pass with noise. */
  #perturb(seed: number, parameters: number): void {
    const { size } = this.#dense;
    const noise = this.#noise.at;
    if (seed !== this.#drawn) this.#draw(seed);
    this.#runtime.kernels.perturb(size, parameters, parameters + size * 4, noise, this.#weights.at);
  }

  /** Draws ε. Where parameters are padded it is any number: σ is zero there. */
  #draw(seed: number): void {
    this.#drawn = seed;
    // Of the same number every layer has noise of its own.
    const random = new Random(seed).split(this.#name);
    const [key0, key1] = [random.uint32(), random.uint32()];
    const { kernels } = this.#runtime;
    const noise = this.#noise.at;
    if (this.#independent) {
      kernels.normals(this.#dense.size, key0, key1, 0, noise);
      return;
    }
    const { rows, full, tail, width, panelBytes, tailStart, size } = this.#weight;
    // f(ε_in), and behind it f(ε_out) as it is used: a row of panels lies in order, padding last.
    const inputs = this.#factors.at;
    const outputs = noise + size * 4;
    const inputSize = Math.ceil(rows / 4) * 4;
    kernels.normals(inputSize + width, key0, key1, 1, inputs);
    kernels.copyRows(1, width, inputs + inputSize * 4, 0, outputs, 0);
    for (let panel = 0; panel < full; panel++) kernels.outer(rows, 32, inputs, outputs + panel * 128, noise + panel * panelBytes);
    if (tail) kernels.outer(rows, tail, inputs, outputs + full * 128, noise + tailStart);
  }
}
