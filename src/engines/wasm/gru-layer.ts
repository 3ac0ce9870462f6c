import type { ParameterInfo } from '../../networks/plan.ts';
import type { GruSpec } from '../../networks/spec.ts';
import type { Arena, Slot } from './arena.ts';
import { GroupedPanels } from './grouped-panels.ts';
import { KERNELS } from './gru-kernels.generated.ts';
import type { GruKernels, Kernels } from './kernel-exports.ts';
import type { LayerBuilder } from './layer-builder.ts';
import { type Capacity, type LayerRun, type ParameterPlace, type Pass, type Rows, type WasmLayer, rowStride } from './layer.ts';
import { addProductByPanels, addProductIntoPanels, multiplyByPanels, productIntoPanels } from './panel-products.ts';
import { Panels } from './panels.ts';
import type { Runtime } from './runtime.ts';

/** The states of one GRU among those of a network. */
export interface StatePlace {
  /** Numbers before it in the state of one sequence. */
  readonly start: number;
  /** Numbers in the state of one sequence, those of other GRUs included. */
  readonly stateSize: number;
}

/** Where the groups r, z and n lie in memory: see {@link GruLayer}. */
const INPUT_ORDER = [0, 1, 2];
const RECURRENT_ORDER = [1, 2, 0];

/**
 * A gated recurrent unit. Rows are T steps of S sequences, step after step: the inputs of all of them are multiplied at once, the state
 * step by step.
 *
 * A row of gates has four groups of numbers: forward `[h U_n + c_n, r, z, n]`, where the last three begin as `x W + b`; backward the
 * gradients of `[h U_n + c_n, arguments of r, of z, of n]`. So what the recurrent weights give (groups 0 to 2, in the order n, r, z) and
 * what those of the inputs give (groups 1 to 3) lie each in one piece.
 */
export class GruLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly #kernels: Kernels;
  readonly #further: GruKernels;
  readonly #sparseInput: number;
  readonly #place: StatePlace;
  /** Numbers in a group, padding included. */
  readonly #group: number;
  /** Numbers of state that gradients come for, padding included. */
  readonly #width: number;
  readonly #weight: Panels;
  readonly #recurrentWeight: Panels;
  readonly #transposed: Panels;
  readonly #recurrentTransposed: Panels;

  constructor(
    runtime: Runtime,
    [weight, bias, recurrentWeight, recurrentBias]: readonly ParameterInfo[],
    sparseInput: boolean,
    statePlace: StatePlace,
  ) {
    const [units] = recurrentWeight.shape;
    const [inputs] = weight.shape;
    const { width, tail } = new Panels(1, units);
    // Three groups must fill their panels: what lies behind the groups of a row is no padding.
    const group = tail === 8 ? width + 4 : width;
    const panels = (rows: number, order: readonly number[]) => new GroupedPanels(rows, units, group, order);
    this.#kernels = runtime.kernels;
    this.#further = runtime.further(KERNELS);
    this.#sparseInput = sparseInput ? 1 : 0;
    this.#place = statePlace;
    this.#group = group;
    this.#width = width;
    this.#weight = panels(inputs, INPUT_ORDER);
    this.#recurrentWeight = panels(units, RECURRENT_ORDER);
    this.#transposed = new Panels(3 * group, inputs);
    this.#recurrentTransposed = new Panels(3 * group, units);
    let size = 0;
    const place = (parameter: ParameterInfo, of: Panels): ParameterPlace => {
      const offset = size * 4;
      size += of.size;
      return { ...parameter, panels: of, offset };
    };
    this.parameters = [
      place(weight, this.#weight),
      place(bias, panels(1, INPUT_ORDER)),
      place(recurrentWeight, this.#recurrentWeight),
      place(recurrentBias, panels(1, RECURRENT_ORDER)),
    ];
    this.size = size;
    this.outputSize = units;
    this.outputStride = rowStride(group);
  }

  bind(arena: Arena, capacity: Capacity): LayerRun {
    const { rows: most, keep } = capacity;
    const buffers: GruBuffers = {
      outputs: arena.rows(most, this.outputStride),
      gates: arena.rows(most, rowStride(4 * this.#group)),
      products: arena.rows(most, 3 * this.#group),
      initial: arena.rows(most, this.#group),
      carry: arena.rows(keep ? most : 0, this.#group),
      transposed: arena.take(keep ? this.#transposed.size : 0),
      recurrentTransposed: arena.take(keep ? this.#recurrentTransposed.size : 0),
    };
    return {
      forward: (parameters, input, rows, pass) => {
        this.#forward(parameters, input, rows, pass, buffers);
        return buffers.outputs;
      },
      backward: (parameters, gradient, input, rows, d, dInput, { steps }) => {
        this.#backwardThroughTime(parameters, rows, steps, buffers, d);
        this.#recurrentGradient(gradient, rows, rows / steps, buffers);
        this.#inputGradient(parameters, gradient, input, rows, buffers, dInput);
      },
    };
  }

  #forward(parameters: number, input: Rows, rows: number, { steps, states }: Pass, buffers: GruBuffers): void {
    const kernels = this.#kernels;
    const { outputs, gates, products, initial } = buffers;
    const { start, stateSize } = this.#place;
    const [, bias, recurrentWeight, recurrentBias] = this.parameters;
    const units = this.outputSize;
    const group = this.#group;
    const sequences = rows / steps;
    const first = gates.at + group * 4;
    // prettier-ignore
    multiplyByPanels(
      kernels, this.#sparseInput, rows, input.at, input.stride, this.#weight, parameters, first, gates.stride, parameters + bias.offset,
    );
    kernels.copyRows(sequences, units, states + start * 4, stateSize * 4, initial.at, initial.stride);
    let h = initial.at;
    let hRow = initial.stride;
    for (let t = 0; t < steps; t++) {
      // prettier-ignore
      multiplyByPanels(
        kernels, 0, sequences, h, hRow, this.#recurrentWeight, parameters + recurrentWeight.offset, products.at, products.stride,
        parameters + recurrentBias.offset,
      );
      const row = t * sequences;
      const next = outputs.at + row * outputs.stride;
      const at = gates.at + row * gates.stride;
      this.#further.gru(sequences, group, at, gates.stride, products.at, products.stride, h, hRow, next, outputs.stride);
      h = next;
      hRow = outputs.stride;
    }
    kernels.copyRows(sequences, units, h, hRow, states + start * 4, stateSize * 4);
  }

  /** From ∂L/∂outputs to the gradients of all gates, in their place. */
  #backwardThroughTime(parameters: number, rows: number, steps: number, buffers: GruBuffers, d: Rows): void {
    const kernels = this.#kernels;
    const { outputs, gates, initial, carry, recurrentTransposed } = buffers;
    const group = this.#group;
    const sequences = rows / steps;
    const transposed = this.#recurrentTransposed;
    const weight = parameters + this.parameters[2].offset;
    kernels.transpose(this.outputSize, 3 * group, weight, this.#recurrentWeight.tail, recurrentTransposed.at, transposed.tail);
    kernels.clear(sequences * group, carry.at);
    for (let t = steps - 1; t >= 0; t--) {
      const row = t * sequences;
      const at = gates.at + row * gates.stride;
      const h = t === 0 ? initial.at : outputs.at + (row - sequences) * outputs.stride;
      const hRow = t === 0 ? initial.stride : outputs.stride;
      const dStep = d.at + row * d.stride;
      this.#further.gruBackward(sequences, this.#width, group, at, gates.stride, h, hRow, dStep, d.stride, carry.at, carry.stride);
      // No gradient flows into the initial state.
      if (t === 0) break;
      addProductByPanels(kernels, sequences, at, gates.stride, transposed, recurrentTransposed.at, carry.at, carry.stride);
    }
  }

  /** ∂L/∂U = hᵀ · d with h the initial states, then the outputs of all steps but the last. */
  #recurrentGradient(gradient: number, rows: number, sequences: number, { outputs, gates, initial }: GruBuffers): void {
    const kernels = this.#kernels;
    const [, , weight, bias] = this.parameters;
    const panels = this.#recurrentWeight;
    const { at, stride } = gates;
    const later = at + sequences * stride;
    productIntoPanels(kernels, 0, sequences, initial.at, initial.stride, at, stride, panels, gradient + weight.offset);
    // prettier-ignore
    addProductIntoPanels(
      kernels, rows - sequences, outputs.at, outputs.stride, later, stride, panels, gradient + weight.offset,
    );
    kernels.columnSums(rows, panels.width, at, stride, gradient + bias.offset);
  }

  /** ∂L/∂W = xᵀ · d and ∂L/∂x = d · Wᵀ, for all rows at once. */
  #inputGradient(
    parameters: number,
    gradient: number,
    input: Rows,
    rows: number,
    { gates, transposed }: GruBuffers,
    dInput: Rows | undefined,
  ): void {
    const kernels = this.#kernels;
    const panels = this.#weight;
    const at = gates.at + this.#group * 4;
    const { stride } = gates;
    productIntoPanels(kernels, this.#sparseInput, rows, input.at, input.stride, at, stride, panels, gradient);
    kernels.columnSums(rows, panels.width, at, stride, gradient + this.parameters[1].offset);
    if (!dInput) return;
    kernels.transpose(panels.rows, panels.columns, parameters, panels.tail, transposed.at, this.#transposed.tail);
    multiplyByPanels(kernels, 0, rows, at, stride, this.#transposed, transposed.at, dInput.at, dInput.stride, 0);
  }
}

/** Builds {@link GruLayer}. */
export const buildGru: LayerBuilder<GruSpec> = ({ runtime, spec, plan, sparseInput, foundation }) => {
  const { stateTaken: start, stateSize } = foundation;
  foundation.stateTaken += spec.units;
  return new GruLayer(runtime, plan.parameters, sparseInput, { start, stateSize });
};

/** Where a GRU keeps what it computes for a batch. */
interface GruBuffers {
  readonly outputs: Rows;
  /** See {@link GruLayer}. */
  readonly gates: Rows;
  /** `h U + c` of one step. */
  readonly products: Rows;
  /** The states before the first step. */
  readonly initial: Rows;
  /** The gradient of the states between one step and the next. */
  readonly carry: Rows;
  readonly transposed: Slot;
  readonly recurrentTransposed: Slot;
}
