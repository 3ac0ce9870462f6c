import type { ParameterInfo } from '../../networks/plan.ts';
import type { DenseSpec } from '../../networks/spec.ts';
import { ACTIVATION_CODES } from './activation-codes.ts';
import type { Kernels } from './kernel-exports.ts';
import type { LayerBuilder } from './layer-builder.ts';
import { type LayerBuffers, type ParameterPlace, type Rows, type PlainLayer, rowStride } from './layer.ts';
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
}

/** `y = activation(x · W + b)`. */
export class DenseLayer implements PlainLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly keepsArguments: boolean;
  readonly workSize: number;
  readonly #kernels: Kernels;
  readonly #weight: Panels;
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
    this.#weight = new Panels(inputs, outputs);
    this.#transposed = new Panels(outputs, inputs);
    this.#biasOffset = this.#weight.size * 4;
    const biasPanels = new Panels(1, outputs);
    this.parameters = [
      { ...weight, panels: this.#weight, offset: 0 },
      { ...bias, panels: biasPanels, offset: this.#biasOffset },
    ];
    this.size = this.#weight.size + biasPanels.size;
    this.outputSize = outputs;
    this.outputStride = rowStride(this.#weight.width);
    this.workSize = this.#transposed.size;
    this.keepsArguments = activation === 'silu';
    this.#activation = ACTIVATION_CODES[activation];
    this.#ownPass = activation !== 'linear' && activation !== 'relu';
    this.#floor = activation === 'relu' ? 0 : -Infinity;
    this.#sparseInput = neighbours.sparseInput && inputs >= MIN_SPARSE ? 1 : 0;
    this.#sparseGradient = (neighbours.sparseGradient || activation === 'relu') && outputs >= MIN_SPARSE ? 1 : 0;
  }

  forward(parameters: number, input: Rows, batch: number, buffers: LayerBuffers): void {
    const { rows, full, tail, panelBytes, tailStart } = this.#weight;
    const { at, stride } = buffers.outputs;
    const to = this.keepsArguments ? buffers.arguments : at;
    this.#kernels.multiply(
      this.#sparseInput,
      batch,
      rows,
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
      to,
      128,
      stride,
      to + full * 128,
      stride,
      parameters + this.#biasOffset,
      this.#floor,
    );
    if (this.#ownPass) this.#kernels.activate(this.#activation, (batch * stride) / 4, to, at);
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
  ): void {
    const kernels = this.#kernels;
    const { rows: inputs, columns: outputs, full, tail, width, panelBytes, tailStart } = this.#weight;
    if (this.#activation !== 0) {
      const source = this.keepsArguments ? buffers.arguments : buffers.outputs.at;
      kernels.derive(this.#activation, (batch * d.stride) / 4, source, d.at);
    }
    // ∂L/∂W = xᵀ · d
    kernels.multiply(
      this.#sparseInput,
      inputs,
      batch,
      full,
      tail,
      input.at,
      4,
      input.stride,
      d.at,
      128,
      d.stride,
      d.at + full * 128,
      d.stride,
      gradient,
      panelBytes,
      128,
      gradient + tailStart,
      tail * 4,
      0,
      -Infinity,
    );
    kernels.columnSums(batch, width, d.at, d.stride, gradient + this.#biasOffset);
    if (!dInput) return;
    // ∂L/∂x = d · Wᵀ
    const transposed = this.#transposed;
    kernels.transpose(inputs, outputs, parameters, tail, work, transposed.tail);
    kernels.multiply(
      this.#sparseGradient,
      batch,
      outputs,
      transposed.full,
      transposed.tail,
      d.at,
      d.stride,
      4,
      work,
      transposed.panelBytes,
      128,
      work + transposed.tailStart,
      transposed.tail * 4,
      dInput.at,
      128,
      dInput.stride,
      dInput.at + transposed.full * 128,
      dInput.stride,
      0,
      -Infinity,
    );
  }
}

/** Builds {@link DenseLayer}. */
export const buildDense: LayerBuilder<DenseSpec> = ({ runtime, spec, plan, sparseInput, last }) =>
  new PlainNode(new DenseLayer(runtime.kernels, spec, plan.parameters, { sparseInput, sparseGradient: last }));
