import type { DuelingSpec } from '../../networks/spec.ts';
import type { Arena } from './arena.ts';
import { KERNELS } from './dueling-kernels.generated.ts';
import type { DuelingKernels } from './kernel-exports.ts';
import { buildStacks, type JointEntry } from './joint-entry.ts';
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
import type { Runtime } from './runtime.ts';
import { SideBySide } from './side-by-side.ts';
import type { Stack } from './stack.ts';

/** `y[a, w] = V[w] + A[a, w] − mean_a' A[a', w]`, or with `max` minus the largest. */
export class DuelingLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly rates: readonly RateRange[];
  readonly outputSize: number;
  readonly outputStride: number;
  readonly #kernels: DuelingKernels;
  readonly #actions: number;
  readonly #width: number;
  readonly #max: number;
  readonly #streams: SideBySide;

  /** @param streams - on the inputs, or on what the entry makes of them. */
  constructor(
    runtime: Runtime,
    spec: DuelingSpec,
    streams: readonly [value: Stack, advantage: Stack],
    inputSize: number,
    entry: JointEntry | undefined,
  ) {
    this.#streams = new SideBySide(runtime.kernels, streams, inputSize, entry);
    this.parameters = this.#streams.parameters;
    this.size = this.#streams.size;
    this.rates = this.#streams.rates;
    this.outputSize = streams[1].outputSize;
    this.outputStride = rowStride(new Panels(1, this.outputSize).width);
    this.#kernels = runtime.further(KERNELS);
    this.#actions = spec.actions;
    this.#width = spec.width ?? 1;
    this.#max = spec.aggregation === 'max' ? 1 : 0;
  }

  bind(arena: Arena, capacity: Capacity): LayerRun {
    const kernels = this.#kernels;
    const [actions, width, max] = [this.#actions, this.#width, this.#max];
    const streams = this.#streams.bind(arena, capacity);
    const y = arena.rows(capacity.rows, this.outputStride);
    let a: Rows = y;
    return {
      forward(parameters, input, rows, pass) {
        streams.enter(parameters, input, rows, pass);
        const v = streams.forward(0, parameters, input, rows, pass);
        a = streams.forward(1, parameters, input, rows, pass);
        kernels.dueling(rows, actions, width, max, v.at, v.stride, a.at, a.stride, y.at, y.stride);
        return y;
      },
      backward(parameters, gradient, input, rows, d, dInput, pass) {
        streams.clear(rows);
        const [dv, da] = streams.gradients;
        kernels.duelingBackward(rows, actions, width, max, a.at, a.stride, d.at, d.stride, dv.at, dv.stride, da.at, da.stride);
        streams.backward(parameters, gradient, input, rows, dInput, pass);
      },
    };
  }
}

/** Builds {@link DuelingLayer}. */
export const buildDueling: LayerBuilder<DuelingSpec> = (site) => {
  const { stacks, entry } = buildStacks(site, false);
  const [value, advantage] = stacks;
  return new DuelingLayer(site.runtime, site.spec, [value, advantage], site.inputSize, entry);
};
