import type { Arena } from './arena.ts';
import type { Kernels } from './kernel-exports.ts';
import { type Capacity, type LayerRun, type ParameterPlace, type Pass, type RateRange, type Rows, rowStride } from './layer.ts';
import { Panels } from './panels.ts';
import type { Stack } from './stack.ts';

/** Stacks on the same inputs: what dueling and parallel layers share. */
export class SideBySide {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly rates: readonly RateRange[];
  readonly stacks: readonly Stack[];
  readonly #kernels: Kernels;
  readonly #offsets: readonly number[];
  /** Numbers in one row of inputs, padded. */
  readonly #inputWidth: number;

  constructor(kernels: Kernels, stacks: readonly Stack[], inputSize: number) {
    let size = 0;
    this.#offsets = stacks.map((stack) => {
      const offset = size * 4;
      size += stack.size;
      return offset;
    });
    const move = <T extends { readonly offset: number }>(each: T, i: number): T => ({
      ...each,
      offset: each.offset + this.#offsets[i],
    });
    this.#kernels = kernels;
    this.stacks = stacks;
    this.size = size;
    this.parameters = stacks.flatMap(({ parameters }, i) => parameters.map((each) => move(each, i)));
    this.rates = stacks.flatMap(({ rates }, i) => rates.map((each) => move(each, i)));
    this.#inputWidth = new Panels(1, inputSize).width;
  }

  bind(arena: Arena, capacity: Capacity): SideBySideRun {
    const { rows, keep } = capacity;
    const runs = this.stacks.map((stack) => stack.bind(arena, capacity));
    const gradients = this.stacks.map((stack) => arena.rows(keep ? rows : 0, stack.outputStride));
    const dInput = arena.rows(keep ? rows : 0, rowStride(this.#inputWidth));
    return new SideBySideRun(this.#kernels, runs, this.#offsets, gradients, dInput, this.#inputWidth);
  }
}

/** {@link SideBySide} with memory to run in. */
export class SideBySideRun {
  /** ∂L/∂outputs of each stack, to be filled before a pass backward. */
  readonly gradients: readonly Rows[];
  readonly #kernels: Kernels;
  readonly #runs: readonly LayerRun[];
  readonly #offsets: readonly number[];
  readonly #dInput: Rows;
  readonly #inputWidth: number;

  constructor(
    kernels: Kernels,
    runs: readonly LayerRun[],
    offsets: readonly number[],
    gradients: readonly Rows[],
    dInput: Rows,
    inputWidth: number,
  ) {
    this.#kernels = kernels;
    this.#runs = runs;
    this.#offsets = offsets;
    this.gradients = gradients;
    this.#dInput = dInput;
    this.#inputWidth = inputWidth;
  }

  /** The outputs of stack i. */
  forward(i: number, parameters: number, input: Rows, rows: number, pass: Pass): Rows {
    return this.#runs[i].forward(parameters + this.#offsets[i], input, rows, pass);
  }

  /** Zeros in all {@link SideBySideRun.gradients}, also behind their numbers. */
  clear(rows: number): void {
    for (const { at, stride } of this.gradients) this.#kernels.clear((rows * stride) / 4, at);
  }

  /** From the gradients of all outputs to those of all parameters and of the inputs, to which each stack adds its share. */
  backward(parameters: number, gradient: number, input: Rows, rows: number, dInput: Rows | undefined, pass: Pass): void {
    for (let i = 0; i < this.#runs.length; i++) {
      const offset = this.#offsets[i];
      const share = i === 0 ? dInput : dInput && this.#dInput;
      this.#runs[i].backward(parameters + offset, gradient + offset, input, rows, this.gradients[i], share, pass);
      if (dInput === undefined || share === undefined || i === 0) continue;
      const { at, stride } = dInput;
      this.#kernels.addRows(rows, this.#inputWidth, at, stride, share.at, share.stride, at, stride);
    }
  }
}
