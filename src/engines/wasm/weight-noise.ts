import { Random } from '../../common/random.ts';
import type { Arena, Slot } from './arena.ts';
import type { DenseLayer } from './dense-layer.ts';
import type { NoiseKernels } from './kernel-exports.ts';
import type { NoiseStream } from './layer-builder.ts';

/** ε of a dense layer's weights and biases, laid out as these are. Where parameters are padded it is any number: σ is zero there. */
export interface WeightNoise {
  /** Draws ε. */
  draw(seed: number): void;
  /** `y = a + b ⊙ ε`; with a = 0 `y = b ⊙ ε`. */
  perturb(a: number, b: number, y: number): void;
}

/** A number for every weight and bias. */
export class IndependentNoise implements WeightNoise {
  readonly #kernels: NoiseKernels;
  readonly #size: number;
  readonly #name: string;
  readonly #noise: Slot;

  constructor(kernels: NoiseKernels, { size }: DenseLayer, { name }: NoiseStream, own: Arena) {
    this.#kernels = kernels;
    this.#size = size;
    this.#name = name;
    this.#noise = own.take(size);
  }

  draw(seed: number): void {
    this.#kernels.normals(this.#size, ...keys(seed, this.#name), 0, this.#noise.at);
  }

  perturb(a: number, b: number, y: number): void {
    this.#kernels.perturb(this.#size, a, b, this.#noise.at, y);
  }
}

/** `f(ε_in) f(ε_out)ᵀ` for the weights and f(ε_out) for the biases, of each stream. */
export class FactorisedNoise implements WeightNoise {
  readonly #kernels: NoiseKernels;
  readonly #rows: number;
  readonly #streams: readonly StreamFactors[];

  constructor(kernels: NoiseKernels, { weight }: DenseLayer, streams: readonly NoiseStream[], own: Arena) {
    const { rows, full, tail, size, width } = weight;
    this.#kernels = kernels;
    this.#rows = rows;
    const inputs = Math.ceil(rows / 4) * 4;
    let first = 0;
    this.#streams = streams.map(({ name, units }, i) => {
      // The last has what pads the columns.
      const end = i + 1 < streams.length ? first + units : width;
      const blocks: ColumnBlock[] = [];
      for (let column = first; column < end;) {
        const panel = Math.floor(column / 32);
        const next = Math.min(end, (panel + 1) * 32);
        const at = weight.indexOf(0, column) * 4;
        blocks.push({ at, row: panel < full ? 128 : tail * 4, columns: next - column, output: (column - first) * 4 });
        column = next;
      }
      const count = end - first;
      const bias = (size + first) * 4;
      first = end;
      return { name, inputs, outputs: count, factors: own.take(inputs + count), blocks, bias };
    });
  }

  draw(seed: number): void {
    for (const { name, inputs, outputs, factors } of this.#streams) {
      this.#kernels.normals(inputs + outputs, ...keys(seed, name), 1, factors.at);
    }
  }

  perturb(a: number, b: number, y: number): void {
    for (const { inputs, outputs, factors, blocks, bias } of this.#streams) {
      const u = factors.at;
      const v = u + inputs * 4;
      for (const { at, row, columns, output } of blocks) {
        this.#kernels.perturbOuter(this.#rows, columns, a && a + at, b + at, u, v + output, y + at, row);
      }
      this.#kernels.perturb(outputs, a && a + bias, b + bias, v, y + bias);
    }
  }
}

/** The factors of a stream, and where what they make is. */
interface StreamFactors {
  readonly name: string;
  /** Of the layer, padded to a multiple of 4. */
  readonly inputs: number;
  /** Of the stream, likewise. */
  readonly outputs: number;
  /** f(ε_in), then f(ε_out). */
  readonly factors: Slot;
  /** Its weights. */
  readonly blocks: readonly ColumnBlock[];
  /** Bytes from the first parameter to its first bias. */
  readonly bias: number;
}

/** Columns within a panel. */
interface ColumnBlock {
  /** Bytes from the first parameter. */
  readonly at: number;
  /** Bytes from one row to the next. */
  readonly row: number;
  readonly columns: number;
  /** Bytes from the first of the stream's output factors to its own. */
  readonly output: number;
}

function keys(seed: number, name: string): readonly [number, number] {
  const random = new Random(seed).split(name);
  return [random.uint32(), random.uint32()];
}
