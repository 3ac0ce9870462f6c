import type { ParameterInfo } from '../../networks/plan.ts';
import type { LayerNormSpec } from '../../networks/spec.ts';
import { ACTIVATION_CODES } from './activation-codes.ts';
import type { Kernels, LayerNormKernels } from './kernel-exports.ts';
import type { LayerBuilder } from './layer-builder.ts';
import { KERNELS } from './layer-norm-kernels.generated.ts';
import { type LayerBuffers, type ParameterPlace, type Rows, type PlainLayer, rowStride } from './layer.ts';
import { Panels } from './panels.ts';
import { PlainNode } from './plain-run.ts';
import type { Runtime } from './runtime.ts';

const DEFAULT_EPSILON = 1e-5;

/** `y = activation((x − mean) / √(variance + epsilon) · gain + offset)`. */
export class LayerNormLayer implements PlainLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly keepsArguments: boolean;
  readonly workSize = 0;
  readonly #kernels: Kernels;
  readonly #further: LayerNormKernels;
  readonly #width: number;
  readonly #epsilon: number;
  readonly #activation: number;

  constructor(runtime: Runtime, spec: LayerNormSpec, [gain, offset]: readonly ParameterInfo[]) {
    const panels = new Panels(1, gain.shape[0]);
    this.#kernels = runtime.kernels;
    this.#further = runtime.further(KERNELS);
    this.#width = panels.width;
    this.#epsilon = spec.epsilon ?? DEFAULT_EPSILON;
    this.#activation = ACTIVATION_CODES[spec.activation ?? 'linear'];
    this.parameters = [
      { ...gain, panels, offset: 0 },
      { ...offset, panels, offset: panels.width * 4 },
    ];
    this.size = 2 * panels.width;
    this.outputSize = panels.columns;
    this.outputStride = rowStride(panels.width);
    this.keepsArguments = spec.activation === 'silu';
  }

  forward(parameters: number, input: Rows, batch: number, buffers: LayerBuffers): void {
    const { at, stride } = buffers.outputs;
    const to = this.keepsArguments ? buffers.arguments : at;
    const offset = parameters + this.#width * 4;
    this.#further.layerNorm(
      batch,
      this.outputSize,
      input.at,
      input.stride,
      parameters,
      offset,
      this.#epsilon,
      to,
      stride,
      buffers.statistics,
    );
    if (this.#activation !== 0) this.#kernels.activate(this.#activation, (batch * stride) / 4, to, at);
  }

  backward(
    parameters: number,
    gradient: number,
    _work: number,
    input: Rows,
    batch: number,
    buffers: LayerBuffers,
    d: Rows,
    dInput: Rows | undefined,
  ): void {
    if (this.#activation !== 0) {
      const source = this.keepsArguments ? buffers.arguments : buffers.outputs.at;
      this.#kernels.derive(this.#activation, (batch * d.stride) / 4, source, d.at);
    }
    this.#further.layerNormBackward(
      batch,
      this.outputSize,
      this.#width,
      input.at,
      input.stride,
      buffers.statistics,
      parameters,
      d.at,
      d.stride,
      dInput?.at ?? 0,
      dInput?.stride ?? 0,
      gradient,
      gradient + this.#width * 4,
    );
  }
}

/** Builds {@link LayerNormLayer}. */
export const buildLayerNorm: LayerBuilder<LayerNormSpec> = ({ runtime, spec, plan }) =>
  new PlainNode(new LayerNormLayer(runtime, spec, plan.parameters));
