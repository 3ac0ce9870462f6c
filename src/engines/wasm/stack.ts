import type { Arena } from './arena.ts';
import type { Kernels } from './kernel-exports.ts';
import {
  type Capacity,
  type LayerRun,
  type ParameterPlace,
  type Pass,
  type RateRange,
  type Rows,
  type WasmLayer,
  rowStride,
} from './layer.ts';
import { Panels } from './panels.ts';

/** Layers one after the other, as one layer. Without any it passes its inputs on. */
export class Stack implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly outputSize: number;
  readonly outputStride: number;
  readonly rates: readonly RateRange[];
  readonly focuses: boolean;
  readonly #kernels: Kernels;
  readonly #layers: readonly WasmLayer[];
  /** Where each layer's parameters begin, in bytes from the first layer's. */
  readonly #offsets: readonly number[];

  /** @param inputSize - numbers in one row of inputs. */
  constructor(kernels: Kernels, layers: readonly WasmLayer[], inputSize: number) {
    const last = layers.at(-1);
    let size = 0;
    this.#offsets = layers.map((layer) => {
      const offset = size * 4;
      size += layer.size;
      return offset;
    });
    this.#kernels = kernels;
    this.#layers = layers;
    this.size = size;
    this.outputSize = last?.outputSize ?? inputSize;
    this.focuses = last?.focuses ?? false;
    this.outputStride = last?.outputStride ?? rowStride(new Panels(1, inputSize).width);
    this.parameters = layers.flatMap(({ parameters }, i) =>
      parameters.map((each) => ({ ...each, offset: each.offset + this.#offsets[i] })),
    );
    this.rates = layers.flatMap(({ rates = [] }, i) => rates.map((each) => ({ ...each, offset: each.offset + this.#offsets[i] })));
  }

  bind(arena: Arena, capacity: Capacity): LayerRun {
    if (this.#layers.length === 0) return new EmptyRun(this.#kernels, new Panels(1, this.outputSize).width);
    const runs = this.#layers.map((layer) => layer.bind(arena, capacity));
    return new StackRun(runs, this.#offsets, capacity.keep ? takeGradients(arena, this.#layers, capacity.rows) : []);
  }
}

/** For ∂L/∂outputs of each layer but the last: two buffers by turns, layer i's in number i mod 2. */
function takeGradients(arena: Arena, layers: readonly WasmLayer[], rows: number): Rows[] {
  const inner = layers.slice(0, -1);
  const turns = [0, 1].map((turn) => {
    const widest = Math.max(0, ...inner.filter((_, i) => i % 2 === turn).map((layer) => layer.outputStride));
    return arena.take(rows * widest);
  });
  return inner.map((layer, i) => ({
    get at() {
      return turns[i % 2].at;
    },
    stride: layer.outputStride * 4,
  }));
}

class StackRun implements LayerRun {
  readonly #runs: readonly LayerRun[];
  readonly #offsets: readonly number[];
  readonly #gradients: readonly Rows[];
  /** The inputs of each layer in the last pass. */
  readonly #inputs: Rows[];

  constructor(runs: readonly LayerRun[], offsets: readonly number[], gradients: readonly Rows[]) {
    this.#runs = runs;
    this.#offsets = offsets;
    this.#gradients = gradients;
    this.#inputs = runs.map(() => ({ at: 0, stride: 0 }));
  }

  forward(parameters: number, input: Rows, rows: number, pass: Pass): Rows {
    let inputs = input;
    for (let i = 0; i < this.#runs.length; i++) {
      this.#inputs[i] = inputs;
      inputs = this.#runs[i].forward(parameters + this.#offsets[i], inputs, rows, pass);
    }
    return inputs;
  }

  backward(parameters: number, gradient: number, _input: Rows, rows: number, d: Rows, dInput: Rows | undefined, pass: Pass): void {
    let dOutputs = d;
    for (let i = this.#runs.length - 1; i >= 0; i--) {
      const offset = this.#offsets[i];
      const dInputs = i === 0 ? dInput : this.#gradients[i - 1];
      this.#runs[i].backward(parameters + offset, gradient + offset, this.#inputs[i], rows, dOutputs, dInputs, pass);
      if (dInputs) dOutputs = dInputs;
    }
  }
}

class EmptyRun implements LayerRun {
  readonly #kernels: Kernels;
  readonly #width: number;

  constructor(kernels: Kernels, width: number) {
    this.#kernels = kernels;
    this.#width = width;
  }

  forward(_parameters: number, input: Rows): Rows {
    return input;
  }

  backward(_parameters: number, _gradient: number, _input: Rows, rows: number, d: Rows, dInput: Rows | undefined): void {
    if (dInput) this.#kernels.copyRows(rows, this.#width, d.at, d.stride, dInput.at, dInput.stride);
  }
}
