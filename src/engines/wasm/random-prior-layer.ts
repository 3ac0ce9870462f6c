import type { RandomPriorSpec } from '../../networks/spec.ts';
import type { Arena } from './arena.ts';
import type { Kernels } from './kernel-exports.ts';
import type { LayerBuilder } from './layer-builder.ts';
import type { Capacity, LayerRun, ParameterPlace, RateRange, WasmLayer } from './layer.ts';
import type { Stack } from './stack.ts';

/** `y = layers(x) + scale · prior(x)`, of which the prior never learns. */
export class RandomPriorLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly rates: readonly RateRange[];
  readonly outputSize: number;
  readonly outputStride: number;
  readonly #kernels: Kernels;
  readonly #layers: Stack;
  readonly #prior: Stack;
  readonly #scale: number;

  constructor(kernels: Kernels, { scale = 1 }: RandomPriorSpec, layers: Stack, prior: Stack) {
    const offset = layers.size * 4;
    this.parameters = [...layers.parameters, ...prior.parameters.map((each) => ({ ...each, offset: each.offset + offset }))];
    this.size = layers.size + prior.size;
    // Weight decay must not move it either.
    this.rates = [...layers.rates, { offset, size: prior.size, factor: 0 }];
    this.outputSize = layers.outputSize;
    this.outputStride = layers.outputStride;
    this.#kernels = kernels;
    this.#layers = layers;
    this.#prior = prior;
    this.#scale = scale;
  }

  bind(arena: Arena, capacity: Capacity): LayerRun {
    const kernels = this.#kernels;
    const scale = this.#scale;
    const { outputSize } = this;
    const { size: priorSize } = this.#prior;
    const offset = this.#layers.size * 4;
    const layers = this.#layers.bind(arena, capacity);
    const prior = this.#prior.bind(arena, { ...capacity, keep: false });
    const y = arena.rows(capacity.rows, this.outputStride);
    return {
      forward(parameters, input, rows, pass) {
        const part = layers.forward(parameters, input, rows, pass);
        const { noise } = pass;
        pass.noise = undefined;
        const constant = prior.forward(parameters + offset, input, rows, pass);
        pass.noise = noise;
        // It may lie where the inputs do: multiplied in a place of its own.
        kernels.copyRows(rows, outputSize, constant.at, constant.stride, y.at, y.stride);
        kernels.scale((rows * y.stride) / 4, y.at, scale);
        kernels.addRows(rows, outputSize, part.at, part.stride, y.at, y.stride, y.at, y.stride);
        return y;
      },
      backward(parameters, gradient, input, rows, d, dInput, pass) {
        layers.backward(parameters, gradient, input, rows, d, dInput, pass);
        // Weight decay may have left its own there.
        kernels.clear(priorSize, gradient + offset);
      },
    };
  }
}

/** Builds {@link RandomPriorLayer}. */
export const buildRandomPrior: LayerBuilder<RandomPriorSpec> = ({ runtime, spec, plan, within, first, sparseInput, last }) => {
  const [layers, prior] = plan.stacks.map((stack) => within(stack, { first, sparseInput, last }));
  return new RandomPriorLayer(runtime.kernels, spec, layers, prior);
};
