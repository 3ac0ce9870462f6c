import type { ParameterInfo } from '../../networks/plan.ts';
import type { DenseSpec } from '../../networks/spec.ts';
import { ACTIVATION_CODES } from './activation-codes.ts';
import type { GroupedRows } from './grouped-rows.ts';
import type { Kernels } from './kernel-exports.ts';
import type { LayerBuilder } from './layer-builder.ts';
import { type LayerBuffers, type ParameterPlace, type Rows, type PlainLayer, rowStride } from './layer.ts';
import { productIntoPanels } from './panel-products.ts';
import { Panels } from './panels.ts';
import { PlainNode } from './plain-run.ts';

/** Below this length a row is not worth searching for zeros. */
const MIN_SPARSE = 8;

/** What a dense layer must know of its neighbours. */
export interface DenseNeighbours {
  /** Whether many inputs may be zero: after a relu, and in observations (one-hot, binary images). */
  readonly sparseInput: boolean;
  /** Whether many elements of ∂L/∂outputs may be zero although there is no relu: in the last layer, where only the taken action's are not. */
  readonly sparseGradient: boolean;
  /** Numbers that a row of outputs, and of their gradient, has room for; as many as there are, if it is less. */
  readonly room?: number;
}

/** Some of the panels of a matrix. */
interface PanelRange {
  /** The first of them. */
  readonly panel: number;
  /** How many whole ones. */
  readonly full: number;
  /** Columns of the narrow one, or 0 where it is not among them. */
  readonly tail: number;
}

/** `y = activation(x · W + b)`. */
export class DenseLayer implements PlainLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly keepsArguments: boolean;
  readonly workSize: number;
  readonly weight: Panels;
  readonly bias: Panels;
  readonly #kernels: Kernels;
  /** Of the transposed weight. */
  readonly #transposed: Panels;
  readonly #biasOffset: number;
  readonly #activation: number;
  /** Activations beyond a floor under the product have a pass of their own. */
  readonly #ownPass: boolean;
  readonly #floor: number;
  readonly #sparseInput: number;
  readonly #sparseGradient: number;

  constructor(kernels: Kernels, spec: DenseSpec, [weight, bias]: readonly ParameterInfo[], neighbours: DenseNeighbours) {
    const [inputs, outputs] = weight.shape;
    const activation = spec.activation ?? 'linear';
    this.#kernels = kernels;
    this.weight = new Panels(inputs, outputs);
    this.#transposed = new Panels(outputs, inputs);
    this.#biasOffset = this.weight.size * 4;
    this.bias = new Panels(1, outputs);
    this.parameters = [
      { ...weight, panels: this.weight, offset: 0 },
      { ...bias, panels: this.bias, offset: this.#biasOffset },
    ];
    this.size = this.weight.size + this.bias.size;
    this.outputSize = outputs;
    this.outputStride = rowStride(Math.max(this.weight.width, neighbours.room ?? 0));
    this.workSize = this.#transposed.size;
    this.keepsArguments = activation === 'silu';
    this.#activation = ACTIVATION_CODES[activation];
    this.#ownPass = activation !== 'linear' && activation !== 'relu';
    this.#floor = activation === 'relu' ? 0 : -Infinity;
    this.#sparseInput = neighbours.sparseInput && inputs >= MIN_SPARSE ? 1 : 0;
    this.#sparseGradient = (neighbours.sparseGradient || activation === 'relu') && outputs >= MIN_SPARSE ? 1 : 0;
  }

  forward(parameters: number, input: Rows, batch: number, buffers: LayerBuffers, focus?: GroupedRows): void {
    const { full, tail } = this.weight;
    const { at, stride } = buffers.outputs;
    const to = this.keepsArguments ? buffers.arguments : at;
    if (focus) {
      const { starts, width } = focus;
      for (let g = 0; g + 1 < starts.length; g++) {
        const first = starts[g];
        const rows = starts[g + 1] - first;
        if (rows > 0) this.#multiply(parameters, input, first, rows, to, stride, this.#panelsOf(g, width));
      }
    } else this.#multiply(parameters, input, 0, batch, to, stride, { panel: 0, full, tail });
    if (this.#ownPass) this.#kernels.activate(this.#activation, (batch * stride) / 4, to, at);
  }

  /** Rows of `x · W + b` from `first` on, some of the panels. */
  #multiply(parameters: number, input: Rows, first: number, rows: number, to: number, stride: number, columns: PanelRange): void {
    const { rows: inputs, full, tail, panelBytes, tailStart } = this.weight;
    const { panel, full: count, tail: narrow } = columns;
    const c = to + first * stride;
    this.#kernels.multiply(
      this.#sparseInput,
      rows,
      inputs,
      count,
      narrow,
      input.at + first * input.stride,
      input.stride,
      4,
      parameters + panel * panelBytes,
      panelBytes,
      128,
      parameters + tailStart,
      tail * 4,
      c + panel * 128,
      128,
      stride,
      c + full * 128,
      stride,
      parameters + this.#biasOffset + panel * 128,
      this.#floor,
    );
  }

  /** The panels that group g of `width` outputs lies in. */
  #panelsOf(g: number, width: number): PanelRange {
    const { full, tail } = this.weight;
    const end = (g + 1) * width;
    const panel = Math.min(full, Math.floor((g * width) / 32));
    return { panel, full: Math.min(full, Math.ceil(end / 32)) - panel, tail: end > full * 32 ? tail : 0 };
  }

  backward(
    parameters: number,
    gradient: number,
    work: number,
    input: Rows,
    batch: number,
    buffers: LayerBuffers,
    d: Rows,
    dInput: Rows | undefined,
    focus?: GroupedRows,
  ): void {
    const kernels = this.#kernels;
    const { rows: inputs, columns: outputs, full, tail, width, panelBytes, tailStart, size } = this.weight;
    if (this.#activation !== 0) {
      const source = this.keepsArguments ? buffers.arguments : buffers.outputs.at;
      kernels.derive(this.#activation, (batch * d.stride) / 4, source, d.at);
    }
    // ∂L/∂W = xᵀ · d
    if (focus) {
      const { starts, width: group } = focus;
      kernels.clear(size, gradient);
      for (let g = 0; g + 1 < starts.length; g++) {
        const first = starts[g];
        const rows = starts[g + 1] - first;
        if (rows === 0) continue;
        const columns = this.#panelsOf(g, group);
        const { panel } = columns;
        const a = input.at + first * input.stride;
        const b = d.at + first * d.stride;
        const bTail = b + full * 128;
        const c = gradient + panel * panelBytes;
        const cTail = gradient + tailStart;
        // prettier-ignore
        kernels.multiplyAdd(this.#sparseInput, inputs, rows, columns.full, columns.tail, a, 4, input.stride, b + panel * 128, 128, d.stride, bTail, d.stride, c, panelBytes, 128, cTail, tail * 4);
      }
    } else productIntoPanels(kernels, this.#sparseInput, batch, input.at, input.stride, d.at, d.stride, this.weight, gradient);
    kernels.columnSums(batch, width, d.at, d.stride, gradient + this.#biasOffset);
    if (!dInput) return;
    // ∂L/∂x = d · Wᵀ
    const transposed = this.#transposed;
    kernels.transpose(inputs, outputs, parameters, tail, work, transposed.tail);
    if (focus) {
      const { starts, width: group } = focus;
      for (let g = 0; g + 1 < starts.length; g++) {
        const first = starts[g];
        const rows = starts[g + 1] - first;
        if (rows > 0) this.#multiplyBack(work, g * group, group, 0, d, first, rows, dInput);
      }
    } else this.#multiplyBack(work, 0, outputs, this.#sparseGradient, d, 0, batch, dInput);
  }

  /** Rows of `d · Wᵀ` from `first` on; of d only `count` columns from `column` on. */
  #multiplyBack(
    work: number,
    column: number,
    count: number,
    sparse: number,
    d: Rows,
    first: number,
    rows: number,
    dInput: Rows,
  ): void {
    const { full, tail, panelBytes, tailStart } = this.#transposed;
    const c = dInput.at + first * dInput.stride;
    this.#kernels.multiply(
      sparse,
      rows,
      count,
      full,
      tail,
      d.at + first * d.stride + column * 4,
      d.stride,
      4,
      work + column * 128,
      panelBytes,
      128,
      work + tailStart + column * tail * 4,
      tail * 4,
      c,
      128,
      dInput.stride,
      c + full * 128,
      dInput.stride,
      0,
      -Infinity,
    );
  }
}

/** Builds {@link DenseLayer}. */
export const buildDense: LayerBuilder<DenseSpec> = ({ runtime, spec, plan, sparseInput, last, whole, joint }) => {
  const neighbours = { sparseInput, sparseGradient: last, room: joint?.room };
  return new PlainNode(new DenseLayer(runtime.kernels, spec, plan.parameters, neighbours), whole);
};
