import type { Arena } from './arena.ts';
import type { Capacity, LayerBuffers, LayerRun, ParameterPlace, PlainLayer, Rows, WasmLayer } from './layer.ts';

/** A plain layer in a network. */
export class PlainNode implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly focuses: boolean;
  readonly #layer: PlainLayer;

  /** @param focuses - whether the layer heeds a focus, and stands where one is meant for it. */
  constructor(layer: PlainLayer, focuses = false) {
    this.#layer = layer;
    this.focuses = focuses;
    this.parameters = layer.parameters;
    this.size = layer.size;
    this.outputSize = layer.outputSize;
    this.outputStride = layer.outputStride;
  }

  bind(arena: Arena, capacity: Capacity): LayerRun {
    const layer = this.#layer;
    const { focuses } = this;
    const buffers = bindBuffers(layer, arena, capacity);
    return {
      forward(parameters, input, rows, { focus }) {
        layer.forward(parameters, input, rows, buffers, focuses ? focus : undefined);
        return buffers.outputs;
      },
      backward(parameters, gradient, input, rows, d, dInput, { focus }) {
        layer.backward(parameters, gradient, buffers.work, input, rows, buffers, d, dInput, focuses ? focus : undefined);
      },
    };
  }
}

/** The memory that a plain layer runs in. */
export function bindBuffers(layer: PlainLayer, arena: Arena, { rows, keep }: Capacity): LayerBuffers {
  const outputs: Rows = arena.rows(rows, layer.outputStride);
  const kept = layer.keepsArguments && keep ? arena.take(rows * layer.outputStride) : outputs;
  const statistics = arena.take(2 * rows);
  const work = arena.take(keep || layer.worksForward ? layer.workSize : 0);
  return {
    outputs,
    get arguments() {
      return kept.at;
    },
    get statistics() {
      return statistics.at;
    },
    get work() {
      return work.at;
    },
  };
}
