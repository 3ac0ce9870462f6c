import { Random } from '../../common/random.ts';
import type { ParameterInfo } from '../../networks/plan.ts';
import type { NoisyDenseSpec } from '../../networks/spec.ts';
import type { Arena, Slot } from './arena.ts';
import { DenseLayer, type DenseNeighbours } from './dense-layer.ts';
import type { Capacity, LayerRun, ParameterPlace, WasmLayer } from './layer.ts';
import type { Panels } from './panels.ts';
import { bindBuffers } from './plain-run.ts';
import type { Runtime } from './runtime.ts';

/** `f(x) = sgn(x) √|x|` of a normal draw. */
function factor(random: Random): number {
  const x = random.normal();
  return Math.sign(x) * Math.sqrt(Math.abs(x));
}

/** `y = activation(x · (W + σ_W ⊙ ε_W) + b + σ_b ⊙ ε_b)`: a dense layer whose weights are made anew for each pass. */
export class NoisyDenseLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly #runtime: Runtime;
  readonly #dense: DenseLayer;
  readonly #name: string;
  readonly #independent: boolean;
  readonly #weight: Panels;
  readonly #bias: Panels;
  /** W + σ_W ⊙ ε_W and b + σ_b ⊙ ε_b, laid out as the parameters of a dense layer. */
  readonly #weights: Slot;
  /** ε_W and ε_b, likewise. */
  readonly #noise: Slot;
  /** f(ε_in). */
  readonly #inputs: Slot;
  /** The number that the noise was drawn from. */
  #drawn: number | undefined;

  /** @param own - memory for as long as the network lives. */
  constructor(
    runtime: Runtime,
    spec: NoisyDenseSpec,
    parameters: readonly ParameterInfo[],
    neighbours: DenseNeighbours,
    own: Arena,
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
    this.#runtime = runtime;
    this.#dense = dense;
    this.#name = weight.name;
    this.#independent = spec.noise === 'independent';
    this.#weight = dense.parameters[0].panels;
    this.#bias = dense.parameters[1].panels;
    this.#weights = own.take(dense.size);
    this.#noise = own.take(dense.size);
    this.#inputs = own.take(weight.shape[0]);
  }

  bind(arena: Arena, capacity: Capacity): LayerRun {
    const dense = this.#dense;
    const { kernels } = this.#runtime;
    const { size } = dense;
    const buffers = bindBuffers(dense, arena, capacity);
    return {
      forward: (parameters, input, rows, { noise }) => {
        let weights = parameters;
        if (noise !== undefined) {
          this.#draw(noise);
          weights = this.#weights.at;
          kernels.perturb(size, parameters, parameters + size * 4, this.#noise.at, weights);
        }
        dense.forward(weights, input, rows, buffers);
        return buffers.outputs;
      },
      backward: (parameters, gradient, input, rows, d, dInput, { noise }) => {
        const weights = noise === undefined ? parameters : this.#weights.at;
        dense.backward(weights, gradient, buffers.work, input, rows, buffers, d, dInput);
        const sigmas = gradient + size * 4;
        if (noise === undefined) kernels.clear(size, sigmas);
        else kernels.perturb(size, 0, gradient, this.#noise.at, sigmas);
      },
    };
  }

  #draw(seed: number): void {
    if (seed === this.#drawn) return;
    this.#drawn = seed;
    // Of the same number every layer has noise of its own.
    const random = new Random(seed).split(this.#name);
    const { heap, kernels } = this.#runtime;
    const noise = this.#noise.at;
    const biases = noise + this.#weight.size * 4;
    const { rows, columns, full, tail, panelBytes, tailStart } = this.#weight;
    if (this.#independent) {
      const draws = (length: number) => Float32Array.from({ length }, () => random.normal());
      this.#weight.write(heap.f32, noise / 4, draws(rows * columns));
      this.#bias.write(heap.f32, biases / 4, draws(columns));
      return;
    }
    const inputs = this.#inputs.at;
    for (let k = 0, at = inputs / 4; k < rows; k++) heap.f32[at + k] = factor(random);
    // A row of panels lies in order, padding last.
    for (let n = 0, at = biases / 4; n < columns; n++) heap.f32[at + n] = factor(random);
    for (let panel = 0; panel < full; panel++) kernels.outer(rows, 32, inputs, biases + panel * 128, noise + panel * panelBytes);
    if (tail) kernels.outer(rows, tail, inputs, biases + full * 128, noise + tailStart);
  }
}
