import { inputSizeOf, planNetwork } from '../../networks/plan.ts';
import type { NetworkSpec } from '../../networks/spec.ts';
import { DenseLayer } from './dense-layer.ts';
import type { Heap } from './heap.ts';
import { LayerNormLayer } from './layer-norm-layer.ts';
import type { LayerBuffers, Rows, WasmLayer } from './layer.ts';
import type { Runtime } from './runtime.ts';

/** Below this length observations are not worth searching for zeros. */
const MIN_SPARSE_INPUT = 16;

const LINE = 16;
const lines = (numbers: number): number => Math.ceil(numbers / LINE) * LINE;

function buildLayers({ kernels }: Runtime, spec: NetworkSpec): WasmLayer[] {
  return planNetwork(spec).map(({ spec: layer, parameters }, i) => {
    if (layer.kind === 'layerNorm') return new LayerNormLayer(kernels, layer, parameters);
    if (layer.kind !== 'dense') throw new Error(`${layer.kind} is not built yet`);
    const previous = spec.layers[i - 1];
    const sparseInput =
      i === 0 ? inputSizeOf(spec) >= MIN_SPARSE_INPUT : 'activation' in previous && previous.activation === 'relu';
    return new DenseLayer(kernels, layer, parameters, { sparseInput, sparseGradient: i === spec.layers.length - 1 });
  });
}

/** Where a forward pass that a backward pass follows keeps its results, for batches up to `capacity`. */
interface Tape {
  readonly capacity: number;
  readonly block: number;
  readonly input: Rows;
  readonly layers: readonly LayerBuffers[];
  /** Two buffers for ∂L/∂outputs, by turns: layer i's are in number i mod 2. */
  readonly gradients: readonly Rows[];
  /** Working space of each layer's backward pass. */
  readonly work: readonly number[];
}

/** The layers of a network and the working memory they need; parameters and gradients are the caller's. */
export class LayerStack {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly layers: readonly WasmLayer[];
  /** Where each layer's parameters begin, in bytes from the first layer's. */
  readonly offsets: readonly number[];
  /** Numbers in all parameters, padding included: a multiple of 4. */
  readonly size: number;
  readonly #runtime: Runtime;
  readonly #inputScale: number;
  /** Buffers of forward passes that keep nothing, in the runtime's scratch: their addresses are set at each. */
  readonly #passing: { readonly input: Rows; readonly layers: readonly LayerBuffers[]; readonly widest: number };
  #tape: Tape | undefined;

  constructor(runtime: Runtime, spec: NetworkSpec) {
    this.#runtime = runtime;
    this.#inputScale = spec.inputScale ?? 1;
    this.inputSize = inputSizeOf(spec);
    this.layers = buildLayers(runtime, spec);
    this.outputSize = this.layers[this.layers.length - 1].outputSize;
    let size = 0;
    this.offsets = this.layers.map((layer) => {
      const offset = size * 4;
      size += layer.size;
      return offset;
    });
    this.size = size;
    this.#passing = {
      input: { at: 0, stride: this.inputSize * 4 },
      layers: this.layers.map((layer) => ({
        arguments: 0,
        outputs: { at: 0, stride: layer.outputStride * 4 },
        statistics: 0,
      })),
      widest: Math.max(...this.layers.map((layer) => layer.outputStride)),
    };
  }

  /** Outputs of a batch, into `out` `[batch, outputSize]`. */
  forward(parameters: number, observations: Float32Array, batch: number, out: Float32Array): void {
    const { input, layers, widest } = this.#passing;
    const inputNumbers = lines(batch * this.inputSize);
    const rowNumbers = lines(batch * widest);
    const start = this.#runtime.scratch(4 * (inputNumbers + 2 * rowNumbers + 2 * batch));
    input.at = start;
    const first = start + 4 * inputNumbers;
    const second = first + 4 * rowNumbers;
    const statistics = second + 4 * rowNumbers;
    for (let i = 0; i < layers.length; i++) {
      const buffers = layers[i];
      buffers.outputs.at = i % 2 === 0 ? first : second;
      buffers.arguments = buffers.outputs.at;
      buffers.statistics = statistics;
    }
    this.#run(parameters, observations, batch, input, layers);
    this.#readOutputs(layers[layers.length - 1].outputs, batch, out);
  }

  /** As {@link LayerStack.forward}, keeping what {@link LayerStack.backward} needs. */
  forwardForGradient(parameters: number, observations: Float32Array, batch: number, out: Float32Array): void {
    const tape = this.#tapeFor(batch);
    this.#run(parameters, observations, batch, tape.input, tape.layers);
    this.#readOutputs(tape.layers[tape.layers.length - 1].outputs, batch, out);
  }

  /** The gradient of all parameters, from ∂L/∂outputs `[batch, outputSize]` of the last {@link LayerStack.forwardForGradient}. */
  backward(parameters: number, gradient: number, dOutputs: Float32Array, batch: number): void {
    const { input, layers: buffers, gradients, work } = this.#tapeFor(batch);
    const { layers, offsets } = this;
    const last = layers.length - 1;
    this.#writeGradient(gradients[last], dOutputs, batch);
    for (let i = last; i >= 0; i--) {
      layers[i].backward(
        parameters + offsets[i],
        gradient + offsets[i],
        work[i],
        i === 0 ? input : buffers[i - 1].outputs,
        batch,
        buffers[i],
        gradients[i],
        i === 0 ? undefined : gradients[i - 1],
      );
    }
  }

  /** Gives the working memory back. */
  dispose(): void {
    if (this.#tape) this.#runtime.heap.free(this.#tape.block);
    this.#tape = undefined;
  }

  #run(parameters: number, observations: Float32Array, batch: number, input: Rows, buffers: readonly LayerBuffers[]): void {
    const numbers = batch * this.inputSize;
    const { heap, kernels } = this.#runtime;
    const start = input.at / 4;
    if (observations.length === numbers) heap.f32.set(observations, start);
    else for (let i = 0, to = heap.f32; i < numbers; i++) to[start + i] = observations[i];
    if (this.#inputScale !== 1) kernels.scale(Math.ceil(numbers / 4) * 4, input.at, this.#inputScale);
    let rows = input;
    for (let i = 0; i < this.layers.length; i++) {
      this.layers[i].forward(parameters + this.offsets[i], rows, batch, buffers[i]);
      rows = buffers[i].outputs;
    }
  }

  #readOutputs({ at, stride }: Rows, batch: number, out: Float32Array): void {
    const memory = this.#runtime.heap.f32;
    const { outputSize } = this;
    let to = 0;
    for (let row = 0, from = at / 4; row < batch; row++, from += stride / 4) {
      for (let j = 0; j < outputSize; j++) out[to++] = memory[from + j];
    }
  }

  #writeGradient({ at, stride }: Rows, dOutputs: Float32Array, batch: number): void {
    const memory = this.#runtime.heap.f32;
    const { outputSize } = this;
    let from = 0;
    for (let row = 0, to = at / 4; row < batch; row++, to += stride / 4) {
      for (let j = 0; j < outputSize; j++) memory[to + j] = dOutputs[from++];
      for (let j = outputSize; j < stride / 4; j++) memory[to + j] = 0;
    }
  }

  #tapeFor(batch: number): Tape {
    if (this.#tape && batch <= this.#tape.capacity) return this.#tape;
    this.dispose();
    this.#tape = buildTape(this.#runtime.heap, this.layers, this.inputSize, batch);
    return this.#tape;
  }
}

function buildTape(heap: Heap, layers: readonly WasmLayer[], inputSize: number, capacity: number): Tape {
  let numbers = 0;
  const place = (size: number): number => {
    const at = numbers * 4;
    numbers += lines(size);
    return at;
  };
  const input = place(capacity * inputSize);
  const places = layers.map((layer) => ({
    outputs: place(capacity * layer.outputStride),
    arguments: layer.keepsArguments ? place(capacity * layer.outputStride) : 0,
    statistics: place(2 * capacity),
    work: place(layer.workSize),
  }));
  const widest = Math.max(...layers.map((layer) => layer.outputStride));
  const turns = [place(capacity * widest), place(capacity * widest)];
  const block = heap.allocate(numbers * 4);
  // The padding of transposed weights must be zero; what else is read has been written before.
  places.forEach(({ work }, i) => heap.f32.fill(0, (block + work) / 4, (block + work) / 4 + layers[i].workSize));
  const strides = layers.map((layer) => layer.outputStride * 4);
  return {
    capacity,
    block,
    input: { at: block + input, stride: inputSize * 4 },
    layers: places.map((each, i) => ({
      arguments: block + each.arguments,
      outputs: { at: block + each.outputs, stride: strides[i] },
      statistics: block + each.statistics,
    })),
    gradients: strides.map((stride, i) => ({ at: block + turns[i % 2], stride })),
    work: places.map((each) => block + each.work),
  };
}
