import type { ImplicitQuantilesSpec } from '../../networks/spec.ts';
import type { Arena } from './arena.ts';
import type { LayerBuilder } from './layer-builder.ts';
import type { Capacity, LayerRun, ParameterPlace, RateRange, Rows, WasmLayer } from './layer.ts';
import { embeddedSurroundings, QuantileEmbedding } from './quantile-embedding.ts';
import type { Stack } from './stack.ts';

/** `y = layers(x ⊙ φ(τ))`: a row of outputs for each of a row's fractions. */
export class ImplicitQuantilesLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly rates: readonly RateRange[];
  readonly outputSize: number;
  readonly outputStride: number;
  readonly #embedding: QuantileEmbedding;
  readonly #layers: Stack;

  constructor(embedding: QuantileEmbedding, layers: Stack) {
    const offset = embedding.size * 4;
    this.parameters = [...embedding.parameters, ...layers.parameters.map((each) => ({ ...each, offset: each.offset + offset }))];
    this.size = embedding.size + layers.size;
    this.rates = layers.rates.map((each) => ({ ...each, offset: each.offset + offset }));
    this.outputSize = layers.outputSize;
    this.outputStride = layers.outputStride;
    this.#embedding = embedding;
    this.#layers = layers;
  }

  bind(arena: Arena, { rows: most, samples: mostSamples, keep }: Capacity): LayerRun {
    const capacity = { rows: most * mostSamples, samples: 1, keep };
    const offset = this.#embedding.size * 4;
    const embedding = this.#embedding.bind(arena, most, capacity.rows, 1, keep);
    const layers = this.#layers.bind(arena, capacity);
    let products: Rows = embedding.gradient;
    return {
      forward(parameters, input, rows, pass) {
        products = embedding.forward(parameters, input, rows, [pass.samples], pass.fractions);
        return layers.forward(parameters + offset, products, rows * pass.samples, pass);
      },
      backward(parameters, gradient, input, rows, d, dInput, pass) {
        const { samples } = pass;
        layers.backward(parameters + offset, gradient + offset, products, rows * samples, d, embedding.gradient, pass);
        embedding.backward(parameters, gradient, input, rows, [samples], dInput);
      },
    };
  }
}

/** Builds {@link ImplicitQuantilesLayer}. */
export const buildImplicitQuantiles: LayerBuilder<ImplicitQuantilesSpec> = (site) =>
  new ImplicitQuantilesLayer(
    new QuantileEmbedding(site.runtime, site.spec, site.plan.parameters),
    site.within(site.plan.stacks[0], embeddedSurroundings(site)),
  );
