import type { ParameterInfo } from '../../networks/plan.ts';
import { GroupedPanels } from './grouped-panels.ts';
import type { Kernels } from './kernel-exports.ts';
import { type ParameterPlace, type Rows, rowStride } from './layer.ts';
import { Panels } from './panels.ts';

interface GruBuffers {
  gates: number;
  recurrent: number;
  initial: number;
  carry: number;
  transposed: number;
  recurrentTransposed: number;
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
export class GruLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly #kernels: Kernels;
  readonly #sparseInput: number;
  /** Numbers in a group, padding included. */
  readonly #group: number;
  /** Numbers of state that gradients come for, padding included. */
  readonly #width: number;
  readonly #weight: Panels;
  readonly #recurrent: Panels;
  readonly #transposed: Panels;
  readonly #recurrentTransposed: Panels;
  readonly #gatesRow: number;

  constructor(kernels: Kernels, [weight, bias, recurrentWeight, recurrentBias]: readonly ParameterInfo[], sparseInput: boolean) {
    const [units] = recurrentWeight.shape;
    const [inputs] = weight.shape;
    const { width, tail } = new Panels(1, units);
    // Three groups must fill their panels: what lies behind the groups of a row is no padding.
    const group = tail === 8 ? width + 4 : width;
    const panels = (rows: number, order: readonly number[]) => new GroupedPanels(rows, units, group, order);
    this.#kernels = kernels;
    this.#sparseInput = sparseInput ? 1 : 0;
    this.#group = group;
    this.#width = width;
    this.#weight = panels(inputs, INPUT_ORDER);
    this.#recurrent = panels(units, RECURRENT_ORDER);
    this.#transposed = new Panels(3 * group, inputs);
    this.#recurrentTransposed = new Panels(3 * group, units);
    this.#gatesRow = 4 * rowStride(4 * group);
    let size = 0;
    const place = (parameter: ParameterInfo, of: Panels): ParameterPlace => {
      const offset = size * 4;
      size += of.size;
      return { ...parameter, panels: of, offset };
    };
    this.parameters = [
      place(weight, this.#weight),
      place(bias, panels(1, INPUT_ORDER)),
      place(recurrentWeight, this.#recurrent),
      place(recurrentBias, panels(1, RECURRENT_ORDER)),
    ];
    this.size = size;
    this.outputSize = units;
    this.outputStride = rowStride(group);
  }

  forward(
    parameters: number,
    input: Rows,
    batch: number,
    steps: number,
    { gates, recurrent, initial }: GruBuffers,
    outputs: Rows,
  ): void {
    const kernels = this.#kernels;
    const group = this.#group * 4;
    const sequences = batch / steps;
    const { full, tail, panelBytes, tailStart } = this.#weight;
    const first = gates + group;
    kernels.multiply(
      this.#sparseInput,
      batch,
      this.#weight.rows,
      full,
      tail,
      input.at,
      input.stride,
      4,
      parameters,
      panelBytes,
      128,
      parameters + tailStart,
      tail * 4,
      first,
      128,
      this.#gatesRow,
      first + full * 128,
      this.#gatesRow,
      parameters + this.parameters[1].offset,
      -Infinity,
    );
    const weight = parameters + this.parameters[2].offset;
    const units = this.outputSize;
    let h = initial;
    let hRow = group;
    for (let t = 0; t < steps; t++) {
      kernels.multiply(
        0,
        sequences,
        units,
        full,
        tail,
        h,
        hRow,
        4,
        weight,
        this.#recurrent.panelBytes,
        128,
        weight + this.#recurrent.tailStart,
        tail * 4,
        recurrent,
        128,
        3 * group,
        recurrent + full * 128,
        3 * group,
        parameters + this.parameters[3].offset,
        -Infinity,
      );
      const next = outputs.at + t * sequences * outputs.stride;
      const stepGates = gates + t * sequences * this.#gatesRow;
      kernels.gru(sequences, this.#group, stepGates, this.#gatesRow, recurrent, 3 * group, h, hRow, next, outputs.stride);
      h = next;
      hRow = outputs.stride;
    }
  }

  backward(
    parameters: number,
    gradient: number,
    input: Rows,
    batch: number,
    steps: number,
    { gates, initial, carry, transposed, recurrentTransposed }: GruBuffers,
    outputs: Rows,
    d: Rows,
    dInput: Rows | undefined,
  ): void {
    const kernels = this.#kernels;
    const row = this.#gatesRow;
    const width = 3 * this.#group;
    const stateRow = this.#group * 4;
    const units = this.outputSize;
    const sequences = batch / steps;
    const { full, tail, panelBytes, tailStart } = this.#recurrent;
    const turned = this.#recurrentTransposed;
    kernels.transpose(units, width, parameters + this.parameters[2].offset, tail, recurrentTransposed, turned.tail);
    kernels.clear(sequences * this.#group, carry);
    for (let t = steps - 1; t >= 0; t--) {
      const at = gates + t * sequences * row;
      const h = t === 0 ? initial : outputs.at + (t - 1) * sequences * outputs.stride;
      const hRow = t === 0 ? stateRow : outputs.stride;
      kernels.gruBackward(
        sequences,
        this.#width,
        this.#group,
        at,
        row,
        h,
        hRow,
        d.at + t * sequences * d.stride,
        d.stride,
        carry,
        stateRow,
      );
      if (t === 0) break;
      kernels.multiplyAdd(
        0,
        sequences,
        width,
        turned.full,
        turned.tail,
        at,
        row,
        4,
        recurrentTransposed,
        turned.panelBytes,
        128,
        recurrentTransposed + turned.tailStart,
        turned.tail * 4,
        carry,
        128,
        stateRow,
        carry + turned.full * 128,
        stateRow,
      );
    }
    const first = gates + stateRow;
    // ∂L/∂U: the states before the first step, then the outputs of all steps but the last.
    const dU = gradient + this.parameters[2].offset;
    kernels.multiply(
      0,
      units,
      sequences,
      full,
      tail,
      initial,
      4,
      stateRow,
      gates,
      128,
      row,
      gates + full * 128,
      row,
      dU,
      panelBytes,
      128,
      dU + tailStart,
      tail * 4,
      0,
      -Infinity,
    );
    const second = gates + sequences * row;
    kernels.multiplyAdd(
      0,
      units,
      batch - sequences,
      full,
      tail,
      outputs.at,
      4,
      outputs.stride,
      second,
      128,
      row,
      second + full * 128,
      row,
      dU,
      panelBytes,
      128,
      dU + tailStart,
      tail * 4,
    );
    kernels.columnSums(batch, width, gates, row, gradient + this.parameters[3].offset);
    // ∂L/∂W = xᵀ · d
    kernels.multiply(
      this.#sparseInput,
      this.#weight.rows,
      batch,
      full,
      tail,
      input.at,
      4,
      input.stride,
      first,
      128,
      row,
      first + full * 128,
      row,
      gradient,
      this.#weight.panelBytes,
      128,
      gradient + this.#weight.tailStart,
      tail * 4,
      0,
      -Infinity,
    );
    kernels.columnSums(batch, width, first, row, gradient + this.parameters[1].offset);
    if (!dInput) return;
    // ∂L/∂x = d · Wᵀ
    const back = this.#transposed;
    kernels.transpose(this.#weight.rows, width, parameters, tail, transposed, back.tail);
    kernels.multiply(
      0,
      batch,
      width,
      back.full,
      back.tail,
      first,
      row,
      4,
      transposed,
      back.panelBytes,
      128,
      transposed + back.tailStart,
      back.tail * 4,
      dInput.at,
      128,
      dInput.stride,
      dInput.at + back.full * 128,
      dInput.stride,
      0,
      -Infinity,
    );
  }
}
