import type { PassInputs } from '../../networks/network-checks.ts';
import { inputSizeOf, planNetwork, sizeOf } from '../../networks/plan.ts';
import type { NetworkSpec } from '../../networks/spec.ts';
import type { OutputFocus } from '../../networks/q-network.ts';
import { traitsOf } from '../../networks/traits.ts';
import { Arena, type Slot } from './arena.ts';
import { buildStack } from './build-layers.ts';
import { GroupedRows } from './grouped-rows.ts';
import type { LayerRun, ParameterPlace, Pass, RateRange, Rows } from './layer.ts';
import type { Runtime } from './runtime.ts';
import type { Stack } from './stack.ts';

/** Below this length observations are not worth searching for zeros. */
const MIN_SPARSE_INPUT = 16;

/** So many numbers are moved by JavaScript as fast as by kernels. */
const FEW = 512;

/** From this length on it pays to compute of a row one group of outputs alone. */
const MIN_FOCUS = 16;

/** Layers bound to memory, for passes of so many rows and fractions at most. */
interface Bound {
  readonly arena: Arena;
  readonly rows: number;
  readonly samples: number;
  readonly input: Rows;
  readonly fractions: Slot;
  readonly states: Slot;
  readonly dOutputs: Rows;
  /** The outputs, or the gradient with respect to them, without gaps between rows. */
  readonly packed: Slot;
  readonly run: LayerRun;
}

/** Whether backward passes follow, and the memory for it as soon as there is any. */
interface Binding {
  readonly keep: boolean;
  bound: Bound | undefined;
}

/** The layers of a network and the working memory they need; parameters and gradients are the caller's. */
export class LayerStack {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly stateSize: number;
  readonly #runtime: Runtime;
  readonly #inputScale: number;
  readonly #stack: Stack;
  /** What layers keep as long as the network lives. */
  readonly #own = new Arena();
  /** Whether one row of inputs gives a row of outputs for each fraction. */
  readonly #multiplies: boolean;
  readonly #pass: Pass = { noise: undefined, fractions: 0, samples: 1, steps: 1, states: 0, focus: undefined };
  /** The rows of the last pass for a gradient, where it was given a focus. */
  readonly #grouped = new GroupedRows();
  /** For forward passes that keep nothing, and for those that a backward pass follows. */
  readonly #passing: Binding = { keep: false, bound: undefined };
  readonly #tape: Binding = { keep: true, bound: undefined };

  constructor(runtime: Runtime, spec: NetworkSpec) {
    const plans = planNetwork(spec);
    const traits = traitsOf(spec);
    this.#runtime = runtime;
    this.#inputScale = spec.inputScale ?? 1;
    this.inputSize = inputSizeOf(spec);
    this.outputSize = sizeOf(plans[plans.length - 1].outputShape);
    this.stateSize = traits.stateSize;
    this.#multiplies = traits.fractions === 'given';
    const foundation = { own: this.#own, stateSize: this.stateSize, stateTaken: 0 };
    const sparseInput = this.inputSize >= MIN_SPARSE_INPUT;
    this.#stack = buildStack(runtime, plans, this.inputSize, { first: true, sparseInput, last: true, whole: true }, foundation);
    this.#own.place(runtime.heap);
  }

  /** All parameters, with their places in bytes from the first. */
  get parameters(): readonly ParameterPlace[] {
    return this.#stack.parameters;
  }

  /** Numbers in all parameters, padding included: a multiple of 4. */
  get size(): number {
    return this.#stack.size;
  }

  /** Parameters whose learning rate differs from the others'. */
  get rates(): readonly RateRange[] {
    return this.#stack.rates;
  }

  /** Outputs of a batch, into `out` `[batch · N, outputSize]`. Carries `inputs.state` on. */
  forward(parameters: number, observations: Float32Array, batch: number, inputs: PassInputs, out: Float32Array): void {
    const passing = this.#boundFor(this.#passing, batch, inputs.samples);
    this.#pass.focus = undefined;
    this.#run(passing, parameters, observations, batch, inputs, out);
    const { state } = inputs;
    if (state && state.length > 0)
      state.set(this.#runtime.heap.f32.subarray(this.#pass.states / 4, this.#pass.states / 4 + state.length));
  }

  /** As {@link LayerStack.forward}, keeping what {@link LayerStack.backward} needs and leaving the state. */
  forwardForGradient(parameters: number, observations: Float32Array, batch: number, inputs: PassInputs, out: Float32Array): void {
    const tape = this.#boundFor(this.#tape, batch, inputs.samples);
    const focus = this.#focusOf(inputs);
    if (focus) this.#grouped.arrange(focus, batch, this.outputSize / focus.width);
    this.#pass.focus = focus && this.#grouped;
    this.#run(tape, parameters, observations, batch, inputs, out);
  }

  /**
   * The gradient of all parameters, from ∂L/∂outputs `[batch · N, outputSize]` of the last {@link LayerStack.forwardForGradient}, of which `inputs`
   * must be the same.
   */
  backward(parameters: number, gradient: number, dOutputs: Float32Array, batch: number, inputs: PassInputs): void {
    const tape = this.#boundFor(this.#tape, batch, inputs.samples);
    this.#setPass(tape, inputs);
    this.#pass.focus = this.#focusOf(inputs) && this.#grouped;
    const d = tape.dOutputs;
    this.#writeGradient(tape, dOutputs, this.#multiplies ? batch * inputs.samples : batch);
    tape.run.backward(parameters, gradient, tape.input, batch, d, undefined, this.#pass);
  }

  /** The focus, where it is worth the arranging: rows are put in another order. */
  #focusOf({ focus, steps }: PassInputs): OutputFocus | undefined {
    return focus && focus.width >= MIN_FOCUS && focus.width < this.outputSize && this.#stack.focuses && steps === 1
      ? focus
      : undefined;
  }

  /**
   * Gives the memory of passes with gradients back, after one that failed: NaN left behind the rows of a later, smaller batch would
   * make its gradient NaN too, since zero times NaN is.
   */
  forgetGradients(): void {
    release(this.#tape);
  }

  /** Gives the working memory back. */
  dispose(): void {
    release(this.#passing);
    release(this.#tape);
    this.#own.free();
  }

  #run(bound: Bound, parameters: number, observations: Float32Array, batch: number, inputs: PassInputs, out: Float32Array): void {
    const numbers = batch * this.inputSize;
    const { heap, kernels } = this.#runtime;
    const { input } = bound;
    const start = input.at / 4;
    const { focus } = this.#pass;
    if (focus) gatherRows(observations, this.inputSize, focus.sources, heap.f32, start);
    else if (observations.length === numbers) heap.f32.set(observations, start);
    else for (let i = 0, to = heap.f32; i < numbers; i++) to[start + i] = observations[i];
    if (this.#inputScale !== 1) kernels.scale(Math.ceil(numbers / 4) * 4, input.at, this.#inputScale);
    if (inputs.fractions.length > 0) heap.f32.set(inputs.fractions, bound.fractions.at / 4);
    if (inputs.state) heap.f32.set(inputs.state, bound.states.at / 4);
    else heap.f32.fill(0, bound.states.at / 4, bound.states.at / 4 + (batch / inputs.steps) * this.stateSize);
    this.#setPass(bound, inputs);
    const outputs = bound.run.forward(parameters, input, batch, this.#pass);
    this.#readOutputs(bound, outputs, this.#multiplies ? batch * inputs.samples : batch, out);
  }

  #setPass(bound: Bound, { noise, samples, steps }: PassInputs): void {
    const pass = this.#pass;
    pass.noise = noise;
    pass.samples = samples;
    pass.steps = steps;
    pass.fractions = bound.fractions.at;
    pass.states = bound.states.at;
  }

  #readOutputs({ packed }: Bound, { at, stride }: Rows, rows: number, out: Float32Array): void {
    const { heap, kernels } = this.#runtime;
    const memory = heap.f32;
    const { outputSize } = this;
    const numbers = rows * outputSize;
    const { focus } = this.#pass;
    if (focus) {
      const { sources, starts, width } = focus;
      for (let g = 0, row = 0; row < rows; g++) {
        const column = g * width * 4;
        for (; row < starts[g + 1]; row++) {
          kernels.copyRows(1, width, at + row * stride + column, 0, packed.at + sources[row] * outputSize * 4 + column, 0);
        }
      }
      out.set(memory.subarray(packed.at / 4, packed.at / 4 + numbers));
      return;
    }
    if (numbers > FEW) {
      kernels.copyRows(rows, outputSize, at, stride, packed.at, outputSize * 4);
      out.set(memory.subarray(packed.at / 4, packed.at / 4 + numbers));
      return;
    }
    let to = 0;
    for (let row = 0, from = at / 4; row < rows; row++, from += stride / 4) {
      for (let j = 0; j < outputSize; j++) out[to++] = memory[from + j];
    }
  }

  #writeGradient({ packed, dOutputs: { at, stride } }: Bound, dOutputs: Float32Array, rows: number): void {
    const { heap, kernels } = this.#runtime;
    const memory = heap.f32;
    const { outputSize } = this;
    const { focus } = this.#pass;
    const many = focus !== undefined || rows * outputSize > FEW;
    if (focus) {
      const { sources } = focus;
      memory.set(dOutputs, packed.at / 4);
      for (let row = 0; row < rows; row++) {
        kernels.copyRows(1, outputSize, packed.at + sources[row] * outputSize * 4, 0, at + row * stride, 0);
      }
    } else if (many) {
      memory.set(dOutputs, packed.at / 4);
      kernels.copyRows(rows, outputSize, packed.at, outputSize * 4, at, stride);
    }
    let from = 0;
    for (let row = 0, to = at / 4; row < rows; row++, to += stride / 4) {
      if (!many) for (let j = 0; j < outputSize; j++) memory[to + j] = dOutputs[from++];
      for (let j = outputSize; j < stride / 4; j++) memory[to + j] = 0;
    }
  }

  #boundFor(binding: Binding, rows: number, samples: number): Bound {
    const { bound, keep } = binding;
    if (bound && rows <= bound.rows && samples <= bound.samples) return bound;
    release(binding);
    binding.bound = this.#bind(Math.max(rows, bound?.rows ?? 0), Math.max(samples, bound?.samples ?? 1), keep);
    return binding.bound;
  }

  #bind(rows: number, samples: number, keep: boolean): Bound {
    const arena = new Arena();
    const input = arena.rows(rows, this.inputSize);
    const fractions = arena.take(this.#multiplies ? rows * samples : 0);
    const states = arena.take(rows * this.stateSize);
    const run = this.#stack.bind(arena, { rows, samples, keep });
    const dOutputs = arena.rows(keep ? rows * samples : 0, this.#stack.outputStride);
    const packed = arena.take(rows * samples * this.outputSize);
    arena.place(this.#runtime.heap);
    return { arena, rows, samples, input, fractions, states, dOutputs, packed, run };
  }
}

/** Copies rows of `size` numbers, row i being row `sources[i]`, to element `start` on. */
function gatherRows(rows: Float32Array, size: number, sources: Int32Array, to: Float32Array, start: number): void {
  for (let i = 0; i < sources.length; i++, start += size) {
    const from = sources[i] * size;
    if (size > FEW) to.set(rows.subarray(from, from + size), start);
    else for (let k = 0; k < size; k++) to[start + k] = rows[from + k];
  }
}

function release(binding: Binding): void {
  binding.bound?.arena.free();
  binding.bound = undefined;
}
