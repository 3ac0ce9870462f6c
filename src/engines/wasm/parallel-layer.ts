import type { ParallelSpec } from '../../networks/spec.ts';
import type { Arena } from './arena.ts';
import { buildStacks, type JointEntry } from './joint-entry.ts';
import type { Kernels } from './kernel-exports.ts';
import type { LayerBuilder } from './layer-builder.ts';
import { type Capacity, type LayerRun, type ParameterPlace, type RateRange, type WasmLayer, rowStride } from './layer.ts';
import { Panels } from './panels.ts';
import { SideBySide } from './side-by-side.ts';
import type { Stack } from './stack.ts';

/** `y = [branches[0](x), branches[1](x), …]`. */
export class ParallelLayer implements WasmLayer {
  readonly parameters: readonly ParameterPlace[];
  readonly size: number;
  readonly rates: readonly RateRange[];
  readonly outputSize: number;
  readonly outputStride: number;
  readonly #kernels: Kernels;
  readonly #branches: SideBySide;

  /** @param branches - on the inputs, or on what the entry makes of them. */
  constructor(kernels: Kernels, branches: readonly Stack[], inputSize: number, entry: JointEntry | undefined) {
    this.#branches = new SideBySide(kernels, branches, inputSize, entry);
    this.parameters = this.#branches.parameters;
    this.size = this.#branches.size;
    this.rates = this.#branches.rates;
    this.outputSize = branches.reduce((sum, branch) => sum + branch.outputSize, 0);
    this.outputStride = rowStride(new Panels(1, this.outputSize).width);
    this.#kernels = kernels;
  }

  bind(arena: Arena, capacity: Capacity): LayerRun {
    const kernels = this.#kernels;
    const { stacks } = this.#branches;
    const branches = this.#branches.bind(arena, capacity);
    const y = arena.rows(capacity.rows, this.outputStride);
    return {
      forward(parameters, input, rows, pass) {
        let to = y.at;
        branches.enter(parameters, input, rows, pass);
        for (let i = 0; i < stacks.length; i++) {
          const part = branches.forward(i, parameters, input, rows, pass);
          kernels.copyRows(rows, stacks[i].outputSize, part.at, part.stride, to, y.stride);
          to += stacks[i].outputSize * 4;
        }
        return y;
      },
      backward(parameters, gradient, input, rows, d, dInput, pass) {
        branches.clear(rows);
        let from = d.at;
        for (let i = 0; i < stacks.length; i++) {
          const part = branches.gradients[i];
          kernels.copyRows(rows, stacks[i].outputSize, from, d.stride, part.at, part.stride);
          from += stacks[i].outputSize * 4;
        }
        branches.backward(parameters, gradient, input, rows, dInput, pass);
      },
    };
  }
}

/** Builds {@link ParallelLayer}. */
export const buildParallel: LayerBuilder<ParallelSpec> = (site) => {
  const { stacks, entry } = buildStacks(site, site.last);
  return new ParallelLayer(site.runtime.kernels, stacks, site.inputSize, entry);
};
