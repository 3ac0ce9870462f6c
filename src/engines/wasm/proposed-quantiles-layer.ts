import type { ParameterInfo } from '../../networks/plan.ts';
import type { ProposedQuantilesSpec } from '../../networks/spec.ts';
import { ACTIVATION_CODES } from './activation-codes.ts';
import type { Arena } from './arena.ts';
import { DenseLayer } from './dense-layer.ts';
import type { LayerBuilder } from './layer-builder.ts';
import {
  type Capacity,
  type LayerRun,
  type ParameterPlace,
  type RateRange,
  type Rows,
  type WasmLayer,
  rowStride,
} from './layer.ts';
import { Panels } from './panels.ts';
import { bindBuffers } from './plain-run.ts';
import { embeddedSurroundings, QuantileEmbedding } from './quantile-embedding.ts';
import type { Runtime } from './runtime.ts';
import type { Stack } from './stack.ts';

/** The share of the learning rate that Yang et al. 2019 give the proposal, nearly. */
const DEFAULT_RATE = 1e-4;

/** `y = [values at τ̂_0 … τ̂_{N−1}, values at τ_1 … τ_{N−1}, logits]` with the fractions of softmax(logits), `logits = x · P + c`. */
export class ProposedQuantilesLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly rates: readonly RateRange[];
  readonly outputSize: number;
  readonly outputStride: number;
  readonly #runtime: Runtime;
  readonly #fractions: number;
  readonly #embedding: QuantileEmbedding;
  readonly #proposal: DenseLayer;
  readonly #layers: Stack;

  constructor(
    runtime: Runtime,
    { fractions, proposalRate = DEFAULT_RATE }: ProposedQuantilesSpec,
    proposal: readonly ParameterInfo[],
    sparseInput: boolean,
    embedding: QuantileEmbedding,
    layers: Stack,
  ) {
    const dense = new DenseLayer(runtime.kernels, { kind: 'dense', units: fractions }, proposal, {
      sparseInput,
      sparseGradient: false,
    });
    const proposalOffset = embedding.size * 4;
    const layersOffset = proposalOffset + dense.size * 4;
    const move = <T extends { readonly offset: number }>(each: T, by: number): T => ({ ...each, offset: each.offset + by });
    this.parameters = [
      ...embedding.parameters,
      ...dense.parameters.map((each) => move(each, proposalOffset)),
      ...layers.parameters.map((each) => move(each, layersOffset)),
    ];
    this.size = embedding.size + dense.size + layers.size;
    this.rates = [
      { offset: proposalOffset, size: dense.size, factor: proposalRate },
      ...layers.rates.map((each) => move(each, layersOffset)),
    ];
    this.outputSize = (2 * fractions - 1) * layers.outputSize + fractions;
    this.outputStride = rowStride(new Panels(1, this.outputSize).width);
    this.#runtime = runtime;
    this.#fractions = fractions;
    this.#embedding = embedding;
    this.#proposal = dense;
    this.#layers = layers;
  }

  bind(arena: Arena, { rows: most, keep }: Capacity): LayerRun {
    const { kernels } = this.#runtime;
    const proposal = this.#proposal;
    const n = this.#fractions;
    const times = 2 * n - 1;
    const width = this.#layers.outputSize;
    const edges = n * width * 4;
    const values = times * width * 4;
    const proposalOffset = this.#embedding.size * 4;
    const layersOffset = proposalOffset + proposal.size * 4;
    const capacity = { rows: most * times, samples: 1, keep };
    const buffers = bindBuffers(proposal, arena, { rows: most, samples: 1, keep });
    const logits = buffers.outputs;
    const weights = arena.rows(most, proposal.outputStride);
    const fractions = arena.rows(most, times);
    const embedding = this.#embedding.bind(arena, most, capacity.rows, 2, keep);
    const layers = this.#layers.bind(arena, capacity);
    const y = arena.rows(most, this.outputStride);
    const dLogits = arena.rows(keep ? most : 0, proposal.outputStride);
    const dLayers = arena.rows(keep ? capacity.rows : 0, this.#layers.outputStride);
    let products: Rows = embedding.gradient;
    return {
      forward: (parameters, input, rows, pass) => {
        proposal.forward(parameters + proposalOffset, input, rows, buffers);
        this.#propose(rows, logits, weights, fractions);
        products = embedding.forward(parameters, input, rows, [n, n - 1], fractions.at);
        const part = layers.forward(parameters + layersOffset, products, rows * times, pass);
        const atEdges = part.at + rows * n * part.stride;
        for (let i = 0; i < rows; i++) {
          const to = y.at + i * y.stride;
          kernels.copyRows(n, width, part.at + i * n * part.stride, part.stride, to, width * 4);
          kernels.copyRows(n - 1, width, atEdges + i * (n - 1) * part.stride, part.stride, to + edges, width * 4);
        }
        kernels.copyRows(rows, n, logits.at, logits.stride, y.at + values, y.stride);
        return y;
      },
      backward: (parameters, gradient, input, rows, d, dInput, pass) => {
        // FQF's loss has none at the edges: half of the work.
        const blocks = this.#isZero(d, rows, edges, values) ? [n] : [n, n - 1];
        const used = rows * (blocks.length === 1 ? n : times);
        // Only the numbers are copied below: what lies behind them must be zero.
        kernels.clear((rows * dLogits.stride) / 4, dLogits.at);
        kernels.clear((used * dLayers.stride) / 4, dLayers.at);
        kernels.copyRows(rows, n, d.at + values, d.stride, dLogits.at, dLogits.stride);
        let to = dLayers.at;
        blocks.forEach((count, block) => {
          for (let i = 0; i < rows; i++, to += count * dLayers.stride) {
            kernels.copyRows(count, width, d.at + i * d.stride + block * edges, width * 4, to, dLayers.stride);
          }
        });
        layers.backward(parameters + layersOffset, gradient + layersOffset, products, used, dLayers, embedding.gradient, pass);
        embedding.backward(parameters, gradient, input, rows, blocks, dInput);
        // The gradient of the logits stops at P and c: none for the inputs.
        const at = proposalOffset;
        proposal.backward(parameters + at, gradient + at, buffers.work, input, rows, buffers, dLogits, undefined);
      },
    };
  }

  /** Whether the bytes `from` up to `to` of every row are zeros. */
  #isZero({ at, stride }: Rows, rows: number, from: number, to: number): boolean {
    const { f32 } = this.#runtime.heap;
    for (let row = 0; row < rows; row++) {
      const start = (at + row * stride) / 4;
      for (let i = start + from / 4; i < start + to / 4; i++) if (f32[i] !== 0) return false;
    }
    return true;
  }

  /** The fractions of each row's logits: `τ̂_0 … τ̂_{N−1}` of every row, then `τ_1 … τ_{N−1}` of every row; `weights` is working space. */
  #propose(rows: number, logits: Rows, weights: Rows, fractions: Rows): void {
    const { heap, kernels } = this.#runtime;
    const { f32 } = heap;
    const n = this.#fractions;
    for (let row = 0; row < rows; row++) {
      const from = (logits.at + row * logits.stride) / 4;
      const to = (weights.at + row * weights.stride) / 4;
      let most = -Infinity;
      for (let j = 0; j < n; j++) most = Math.max(most, f32[from + j]);
      for (let j = 0; j < n; j++) f32[to + j] = f32[from + j] - most;
    }
    // eˣ = 1 + elu(x) for x ≤ 0: the same on every platform, which Math.exp is not.
    kernels.activate(ACTIVATION_CODES.elu, (rows * weights.stride) / 4, weights.at, weights.at);
    for (let row = 0; row < rows; row++) {
      const from = (weights.at + row * weights.stride) / 4;
      const middles = fractions.at / 4 + row * n;
      const ends = fractions.at / 4 + rows * n + row * (n - 1);
      let total = 0;
      for (let j = 0; j < n; j++) total += 1 + f32[from + j];
      let before = 0;
      for (let j = 0; j < n; j++) {
        const after = before + 1 + f32[from + j];
        f32[middles + j] = (before + after) / (2 * total);
        if (j < n - 1) f32[ends + j] = after / total;
        before = after;
      }
    }
  }
}

/** Builds {@link ProposedQuantilesLayer}. */
export const buildProposedQuantiles: LayerBuilder<ProposedQuantilesSpec> = (site) => {
  const { runtime, spec, plan, sparseInput } = site;
  const embedding = new QuantileEmbedding(runtime, spec, plan.parameters);
  const layers = site.within(plan.stacks[0], embeddedSurroundings(site));
  return new ProposedQuantilesLayer(runtime, spec, plan.parameters.slice(2), sparseInput, embedding, layers);
};
