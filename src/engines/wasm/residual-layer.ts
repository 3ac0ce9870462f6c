import type { ResidualSpec } from '../../networks/spec.ts';
import { ACTIVATION_CODES } from './activation-codes.ts';
import type { Arena } from './arena.ts';
import type { Kernels } from './kernel-exports.ts';
import type { LayerBuilder } from './layer-builder.ts';
import type { Capacity, LayerRun, ParameterPlace, RateRange, WasmLayer } from './layer.ts';
import { Panels } from './panels.ts';
import type { Stack } from './stack.ts';

/** `y = activation(x + layers(x))`. */
export class ResidualLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly rates: readonly RateRange[];
  readonly outputSize: number;
  readonly outputStride: number;
  readonly #kernels: Kernels;
  readonly #layers: Stack;
  readonly #activation: number;
  readonly #keepsArguments: boolean;

  constructor(kernels: Kernels, { activation = 'linear' }: ResidualSpec, layers: Stack) {
    this.parameters = layers.parameters;
    this.size = layers.size;
    this.rates = layers.rates;
    this.outputSize = layers.outputSize;
    this.outputStride = layers.outputStride;
    this.#kernels = kernels;
    this.#layers = layers;
    this.#activation = ACTIVATION_CODES[activation];
    this.#keepsArguments = activation === 'silu';
  }

  bind(arena: Arena, capacity: Capacity): LayerRun {
    const kernels = this.#kernels;
    const activation = this.#activation;
    const { outputSize } = this;
    const { width } = new Panels(1, outputSize);
    const { rows: most, keep } = capacity;
    const layers = this.#layers.bind(arena, capacity);
    const y = arena.rows(most, this.outputStride);
    const kept = this.#keepsArguments && keep ? arena.rows(most, this.outputStride) : y;
    const dLayers = arena.rows(keep ? most : 0, this.outputStride);
    return {
      forward(parameters, input, rows, pass) {
        const part = layers.forward(parameters, input, rows, pass);
        // What lies behind the numbers of the inputs may be anything, NaN too: a derivative must not meet it.
        kernels.addRows(rows, outputSize, input.at, input.stride, part.at, part.stride, kept.at, kept.stride);
        if (activation !== 0) kernels.activate(activation, (rows * y.stride) / 4, kept.at, y.at);
        return y;
      },
      backward(parameters, gradient, input, rows, d, dInput, pass) {
        if (activation !== 0) kernels.derive(activation, (rows * d.stride) / 4, kept.at, d.at);
        kernels.copyRows(rows, width, d.at, d.stride, dLayers.at, dLayers.stride);
        layers.backward(parameters, gradient, input, rows, dLayers, dInput, pass);
        if (dInput) kernels.addRows(rows, outputSize, dInput.at, dInput.stride, d.at, d.stride, dInput.at, dInput.stride);
      },
    };
  }
}

/** Builds {@link ResidualLayer}. */
export const buildResidual: LayerBuilder<ResidualSpec> = ({ runtime, spec, plan, within, first, sparseInput }) =>
  new ResidualLayer(runtime.kernels, spec, within(plan.stacks[0], { first, sparseInput, last: false }));
