import { type LayerPlan, convolutionGeometry } from '../../networks/plan.ts';
import type { Conv2dSpec } from '../../networks/spec.ts';
import { ACTIVATION_CODES } from './activation-codes.ts';
import { KERNELS } from './convolution-kernels.generated.ts';
import type { ConvolutionKernels, Kernels } from './kernel-exports.ts';
import type { LayerBuilder } from './layer-builder.ts';
import { type LayerBuffers, type ParameterPlace, type PlainLayer, type Rows, rowStride } from './layer.ts';
import { Panels } from './panels.ts';
import { PlainNode } from './plain-run.ts';
import type { Runtime } from './runtime.ts';

/** An image of which at most this share of the numbers is not zero is convolved number by number. */
const SPARSE_SHARE = 0.1;
/** `gatherPatches` may write this many numbers behind the last patch. */
const PATCH_SLACK = 4;

const lines = (numbers: number): number => Math.ceil(numbers / 16) * 16;

/** What a convolution must know of its neighbours. */
export interface ConvolutionNeighbours {
  /** Whether its inputs are the observations, which may be mostly zero (binary images). */
  readonly first: boolean;
  /** Whether many inputs may be zero otherwise: after a relu. */
  readonly sparseInput: boolean;
}

/**
 * `y = activation(x ∗ W + b)`, one image after the other: the patches under the filters form a matrix `[H'·W', kh·kw·C]`, which stays in the cache,
 * and its product with W `[kh·kw·C, F]` is the image of outputs. Observations that are mostly zero are convolved number by number instead; either
 * way the terms of one sum are added in the same order.
 */
export class Conv2dLayer implements PlainLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly keepsArguments: boolean;
  readonly workSize: number;
  readonly worksForward = true;
  readonly #kernels: Kernels;
  readonly #further: ConvolutionKernels;
  readonly #geometry: ReturnType<typeof convolutionGeometry>;
  readonly #height: number;
  readonly #channels: number;
  /** Numbers in a row of the image. */
  readonly #imageRow: number;
  /** Numbers in a row of the padded image, and in all of it, rounded up to a multiple of 4; without padding those of the image. */
  readonly #paddedRow: number;
  readonly #paddedSize: number;
  readonly #padded: boolean;
  /** Where the image begins in the padded one, in bytes. */
  readonly #paddedStart: number;
  /** Positions of the filters: H'·W'. */
  readonly #positions: number;
  readonly #weight: Panels;
  readonly #transposed: Panels;
  readonly #biasOffset: number;
  /** Whether panels are wider than the filters are many, so that outputs are computed elsewhere and copied. */
  readonly #wide: boolean;
  /** Bytes from one patch to the next. */
  readonly #patchRow: number;
  /** Where parts of the working space begin, in bytes: the padded image, outputs of the panels' width, and the transposed weight; patches come first. */
  readonly #paddedPlace: number;
  readonly #widePlace: number;
  readonly #transposedPlace: number;
  readonly #activation: number;
  readonly #mostNonZeros: number;
  readonly #sparseInput: number;
  readonly #sparseGradient: number;

  constructor(
    runtime: Runtime,
    spec: Conv2dSpec,
    { inputShape, parameters: [weight, bias] }: LayerPlan,
    neighbours: ConvolutionNeighbours,
  ) {
    const geometry = convolutionGeometry(spec, inputShape);
    const { kernelHeight, kernelWidth, strideY, strideX, outputHeight, outputWidth, paddingTop, paddingLeft } = geometry;
    const [height, width, channels] = inputShape;
    const { filters } = spec;
    const taps = kernelHeight * kernelWidth * channels;
    const activation = spec.activation ?? 'linear';
    this.#kernels = runtime.kernels;
    this.#further = runtime.further(KERNELS);
    this.#geometry = geometry;
    this.#height = height;
    this.#channels = channels;
    this.#imageRow = width * channels;
    const paddedHeight = Math.max(height, paddingTop + height, (outputHeight - 1) * strideY + kernelHeight);
    const paddedWidth = Math.max(width, paddingLeft + width, (outputWidth - 1) * strideX + kernelWidth);
    this.#padded = paddedHeight > height || paddedWidth > width;
    this.#paddedRow = paddedWidth * channels;
    this.#paddedSize = Math.ceil((paddedHeight * this.#paddedRow) / 4) * 4;
    this.#paddedStart = (paddingTop * this.#paddedRow + paddingLeft * channels) * 4;
    this.#positions = outputHeight * outputWidth;
    this.#weight = new Panels(taps, filters);
    this.#transposed = new Panels(filters, taps);
    this.#biasOffset = this.#weight.size * 4;
    const biasPanels = new Panels(1, filters);
    this.parameters = [
      { ...weight, panels: this.#weight, offset: 0 },
      { ...bias, panels: biasPanels, offset: this.#biasOffset },
    ];
    this.size = this.#weight.size + biasPanels.size;
    this.outputSize = this.#positions * filters;
    this.outputStride = rowStride(new Panels(1, this.outputSize).width);
    this.keepsArguments = activation === 'silu';
    this.#wide = this.#weight.width !== filters;
    const patchWidth = rowStride(this.#transposed.width);
    this.#patchRow = patchWidth * 4;
    this.#paddedPlace = 4 * lines(this.#positions * patchWidth + PATCH_SLACK);
    this.#widePlace = this.#paddedPlace + (this.#padded ? 4 * lines(this.#paddedSize) : 0);
    this.#transposedPlace = this.#widePlace + (this.#wide ? 4 * lines(this.#positions * this.#weight.width) : 0);
    this.workSize = this.#transposedPlace / 4 + lines(this.#transposed.size);
    this.#activation = ACTIVATION_CODES[activation];
    this.#mostNonZeros = neighbours.first ? SPARSE_SHARE * this.#imageRow * height : -1;
    this.#sparseInput = neighbours.sparseInput ? 1 : 0;
    this.#sparseGradient = activation === 'relu' ? 1 : 0;
  }

  forward(parameters: number, input: Rows, batch: number, buffers: LayerBuffers): void {
    const kernels = this.#kernels;
    const { work, outputs } = buffers;
    const { rows: taps, columns: filters, full, tail, width, panelBytes, tailStart } = this.#weight;
    const to = this.keepsArguments ? buffers.arguments : outputs.at;
    const bias = parameters + this.#biasOffset;
    const row = (this.#wide ? width : filters) * 4;
    for (let i = 0; i < batch; i++) {
      const out = to + i * outputs.stride;
      const products = this.#wide ? work + this.#widePlace : out;
      const image = input.at + i * input.stride;
      const padded = this.#pad(image, work);
      if (this.#isSparse(image)) {
        kernels.copyRows(this.#positions, width, bias, 0, products, row);
        this.#convolveNonZeros(0, padded, products, row, parameters);
      } else {
        this.#gather(padded, work);
        kernels.multiply(
          this.#sparseInput,
          this.#positions,
          taps,
          full,
          tail,
          work,
          this.#patchRow,
          4,
          parameters,
          panelBytes,
          128,
          parameters + tailStart,
          tail * 4,
          products,
          128,
          row,
          products + full * 128,
          row,
          bias,
          -Infinity,
        );
      }
      if (this.#wide) kernels.copyRows(this.#positions, filters, products, row, out, filters * 4);
    }
    if (this.#activation !== 0) kernels.activate(this.#activation, (batch * outputs.stride) / 4, to, outputs.at);
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
    const { rows: taps, columns: filters, full, tail, width, panelBytes, tailStart } = this.#weight;
    const transposed = this.#transposed;
    if (this.#activation !== 0) {
      const source = this.keepsArguments ? buffers.arguments : buffers.outputs.at;
      kernels.derive(this.#activation, (batch * d.stride) / 4, source, d.at);
    }
    kernels.clear(this.size, gradient);
    if (dInput) kernels.transpose(taps, filters, parameters, tail, work + this.#transposedPlace, transposed.tail);
    const row = (this.#wide ? width : filters) * 4;
    for (let i = 0; i < batch; i++) {
      let products = d.at + i * d.stride;
      if (this.#wide) {
        const from = products;
        // What pads the columns is zero since the pass forward.
        products = work + this.#widePlace;
        kernels.copyRows(this.#positions, filters, from, filters * 4, products, row);
      }
      const image = input.at + i * input.stride;
      const padded = this.#pad(image, work);
      // ∂L/∂W += patchesᵀ · d
      if (this.#isSparse(image)) this.#convolveNonZeros(1, padded, products, row, gradient);
      else {
        this.#gather(padded, work);
        kernels.multiplyAdd(
          this.#sparseInput,
          taps,
          this.#positions,
          full,
          tail,
          work,
          4,
          this.#patchRow,
          products,
          128,
          row,
          products + full * 128,
          row,
          gradient,
          panelBytes,
          128,
          gradient + tailStart,
          tail * 4,
        );
      }
      kernels.addColumnSums(this.#positions, width, products, row, gradient + this.#biasOffset);
      if (!dInput) continue;
      // ∂L/∂patches = d · Wᵀ, and ∂L/∂x sums those of the patches that a pixel lies in.
      const weights = work + this.#transposedPlace;
      kernels.multiply(
        this.#sparseGradient,
        this.#positions,
        filters,
        transposed.full,
        transposed.tail,
        products,
        row,
        4,
        weights,
        transposed.panelBytes,
        128,
        weights + transposed.tailStart,
        transposed.tail * 4,
        work,
        128,
        this.#patchRow,
        work + transposed.full * 128,
        this.#patchRow,
        0,
        -Infinity,
      );
      const to = dInput.at + i * dInput.stride;
      kernels.clear(dInput.stride / 4, to);
      if (!this.#padded) this.#scatter(to, work);
      else {
        const sums = work + this.#paddedPlace;
        kernels.clear(this.#paddedSize, sums);
        this.#scatter(sums, work);
        const imageRow = this.#imageRow;
        kernels.copyRows(this.#height, imageRow, sums + this.#paddedStart, this.#paddedRow * 4, to, imageRow * 4);
      }
    }
  }

  #isSparse(image: number): boolean {
    if (this.#mostNonZeros < 0) return false;
    return this.#further.countNonZeros(this.#height * this.#imageRow, image) <= this.#mostNonZeros;
  }

  /** The address of the image with zeros around it. */
  #pad(image: number, work: number): number {
    if (!this.#padded) return image;
    const to = work + this.#paddedPlace;
    const imageRow = this.#imageRow;
    this.#kernels.clear(this.#paddedSize, to);
    this.#kernels.copyRows(this.#height, imageRow, image, imageRow * 4, to + this.#paddedStart, this.#paddedRow * 4);
    return to;
  }

  #gather(image: number, patches: number): void {
    const { kernelHeight, kernelWidth, strideY, strideX, outputHeight, outputWidth } = this.#geometry;
    const row = this.#paddedRow * 4;
    const channels = this.#channels;
    const [yStep, xStep] = [strideY * row, strideX * channels * 4];
    const span = kernelWidth * channels;
    this.#further.gatherPatches(outputHeight, outputWidth, kernelHeight, span, image, row, yStep, xStep, patches, this.#patchRow);
  }

  #scatter(image: number, patches: number): void {
    const { kernelHeight, kernelWidth, strideY, strideX, outputHeight, outputWidth } = this.#geometry;
    const row = this.#paddedRow * 4;
    const channels = this.#channels;
    const [yStep, xStep] = [strideY * row, strideX * channels * 4];
    const span = kernelWidth * channels;
    this.#further.scatterPatches(outputHeight, outputWidth, kernelHeight, span, image, row, yStep, xStep, patches, this.#patchRow);
  }

  #convolveNonZeros(adjoint: number, image: number, products: number, row: number, weights: number): void {
    const { kernelHeight, kernelWidth, strideY, strideX, outputHeight, outputWidth } = this.#geometry;
    const { full, tail, panelBytes } = this.#weight;
    for (let panel = 0; panel < full + (tail > 0 ? 1 : 0); panel++) {
      this.#further.convolveNonZeros(
        adjoint,
        outputHeight,
        outputWidth,
        kernelHeight,
        kernelWidth,
        this.#channels,
        strideY,
        strideX,
        image,
        this.#paddedRow * 4,
        panel < full ? 32 : tail,
        products + panel * 128,
        row,
        weights + panel * panelBytes,
        panel < full ? 128 : tail * 4,
      );
    }
  }
}

/** Builds {@link Conv2dLayer}. */
export const buildConv2d: LayerBuilder<Conv2dSpec> = ({ runtime, spec, plan, first, sparseInput }) =>
  new PlainNode(new Conv2dLayer(runtime, spec, plan, { first, sparseInput: sparseInput && !first }));
