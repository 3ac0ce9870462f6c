import type { Arena } from './arena.ts';
import type { JointEntry } from './joint-entry.ts';
import type { Kernels } from './kernel-exports.ts';
import { type Capacity, type LayerRun, type ParameterPlace, type Pass, type RateRange, type Rows, rowStride } from './layer.ts';
import { Panels } from './panels.ts';
import type { Stack } from './stack.ts';

/** Stacks on the same inputs, or each on its part of what a joint entry makes of them: what dueling and parallel layers share. */
export class SideBySide {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly rates: readonly RateRange[];
  readonly stacks: readonly Stack[];
  readonly #kernels: Kernels;
  readonly #offsets: readonly number[];
  /** Numbers in one row of inputs, padded. */
  readonly #inputWidth: number;
  readonly #entry: JointEntry | undefined;

  constructor(kernels: Kernels, stacks: readonly Stack[], inputSize: number, entry?: JointEntry) {
    let size = entry?.layer.size ?? 0;
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
    this.#entry = entry;
    this.parameters = stacks.flatMap(({ parameters }, i) => [
      ...(entry?.parameters[i] ?? []),
      ...parameters.map((each) => move(each, i)),
    ]);
    this.rates = stacks.flatMap(({ rates }, i) => rates.map((each) => move(each, i)));
    this.#inputWidth = new Panels(1, inputSize).width;
  }

  bind(arena: Arena, capacity: Capacity): SideBySideRun {
    const { rows, keep } = capacity;
    const runs = this.stacks.map((stack) => stack.bind(arena, capacity));
    const gradients = this.stacks.map((stack) => arena.rows(keep ? rows : 0, stack.outputStride));
    const entry = this.#entry && bindEntry(this.#entry, arena, capacity);
    const dInput = arena.rows(keep && !entry ? rows : 0, rowStride(this.#inputWidth));
    return new SideBySideRun(this.#kernels, runs, this.#offsets, gradients, dInput, this.#inputWidth, entry);
  }
}

/** A joint entry with memory to run in. */
interface BoundEntry {
  readonly run: LayerRun;
  /** Where each stack's numbers begin in a row, in bytes. */
  readonly columns: readonly number[];
  /** What each stack reads, once the entry has run. */
  readonly inputs: readonly Rows[];
  /** ∂L/∂outputs of the entry, and of it what each stack writes. */
  readonly gradient: Rows;
  readonly gradients: readonly Rows[];
}

function bindEntry({ layer, columns }: JointEntry, arena: Arena, capacity: Capacity): BoundEntry {
  const gradient = arena.rows(capacity.keep ? capacity.rows : 0, layer.outputStride);
  const { stride } = gradient;
  return {
    run: layer.bind(arena, capacity),
    columns: columns.map((column) => column * 4),
    inputs: columns.map(() => ({ at: 0, stride })),
    gradient,
    gradients: columns.map((column) => ({
      get at() {
        return gradient.at + column * 4;
      },
      stride,
    })),
  };
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
  readonly #entry: BoundEntry | undefined;

  constructor(
    kernels: Kernels,
    runs: readonly LayerRun[],
    offsets: readonly number[],
    gradients: readonly Rows[],
    dInput: Rows,
    inputWidth: number,
    entry: BoundEntry | undefined,
  ) {
    this.#kernels = kernels;
    this.#runs = runs;
    this.#offsets = offsets;
    this.gradients = gradients;
    this.#dInput = dInput;
    this.#inputWidth = inputWidth;
    this.#entry = entry;
  }

  /** Runs what all stacks begin with; {@link SideBySideRun.forward} of each follows. */
  enter(parameters: number, input: Rows, rows: number, pass: Pass): void {
    if (!this.#entry) return;
    const { run, columns, inputs } = this.#entry;
    const { at } = run.forward(parameters, input, rows, pass);
    for (let i = 0; i < inputs.length; i++) inputs[i].at = at + columns[i];
  }

  /** The outputs of stack i. */
  forward(i: number, parameters: number, input: Rows, rows: number, pass: Pass): Rows {
    return this.#runs[i].forward(parameters + this.#offsets[i], this.#entry?.inputs[i] ?? input, rows, pass);
  }

  /** Zeros in all {@link SideBySideRun.gradients}, also behind their numbers. */
  clear(rows: number): void {
    for (const { at, stride } of this.gradients) this.#kernels.clear((rows * stride) / 4, at);
  }

  /** From the gradients of all outputs to those of all parameters and of the inputs, to which each stack adds its share. */
  backward(parameters: number, gradient: number, input: Rows, rows: number, dInput: Rows | undefined, pass: Pass): void {
    const entry = this.#entry;
    if (entry) {
      // In this order: what pads one part of a row is overwritten by the next.
      for (let i = 0; i < this.#runs.length; i++) {
        const offset = this.#offsets[i];
        const [from, to] = [entry.inputs[i], entry.gradients[i]];
        this.#runs[i].backward(parameters + offset, gradient + offset, from, rows, this.gradients[i], to, pass);
      }
      entry.run.backward(parameters, gradient, input, rows, entry.gradient, dInput, pass);
      return;
    }
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
