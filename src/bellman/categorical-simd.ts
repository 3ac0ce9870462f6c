import type { Support } from './categorical-projection.ts';
import type { CategoricalLossInput, CategoricalLossOutput, CategoricalRows, CategoricalTargetInput } from './categorical-rows.ts';
import { KERNELS } from './kernels.generated.ts';

/** Bytes of what the kernels tell of a row; as many numbers are eight of float64. */
const STATISTICS = 64;

/** The exports of kernels/index.ts. */
interface KernelExports {
  readonly memory: WebAssembly.Memory;
  base(): number;
  softmax(rows: number, atoms: number, logits: number, list: number, exps: number, stride: number, statistics: number): void;
  crossEntropy(
    rows: number,
    atoms: number,
    logits: number,
    list: number,
    exps: number,
    stride: number,
    masses: number,
    gradient: number,
    statistics: number,
  ): void;
  project(count: number, last: number, masses: number, scale: number, origin: number, step: number, out: number): number;
}

/** An instance of the kernels and the memory it works in, which everything that calls them shares: they keep nothing from call to call. */
export class CategoricalKernels {
  readonly run: KernelExports;
  /** The first byte to be used. */
  readonly base: number;
  f32: Float32Array;
  f64: Float64Array;
  i32: Int32Array;
  #view: Float32Array;

  constructor(run: KernelExports) {
    const { buffer } = run.memory;
    this.run = run;
    this.base = run.base();
    this.f32 = this.#view = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
  }

  /** Numbers in the memory from an address on; the same array again where the same is asked for. */
  view(at: number, length: number): Float32Array {
    const { buffer } = this.f32;
    const view = this.#view;
    if (view.buffer === buffer && view.byteOffset === at && view.length === length) return view;
    return (this.#view = new Float32Array(buffer, at, length));
  }

  /** Makes room up to an address, and for the few bytes behind it that the kernels read. */
  reserve(end: number): void {
    const missing = end + 64 - this.f32.byteLength;
    if (missing <= 0) return;
    const { memory } = this.run;
    memory.grow(Math.ceil(missing / 65536));
    this.f32 = new Float32Array(memory.buffer);
    this.f64 = new Float64Array(memory.buffer);
    this.i32 = new Int32Array(memory.buffer);
  }
}

/** Undefined until first asked for, null where there can be none. */
let shared: CategoricalKernels | null | undefined;

/** The kernels, compiled when first asked for; undefined where the platform has no WebAssembly SIMD or lets none be compiled. */
export function instantiateKernels(): CategoricalKernels | undefined {
  if (shared === undefined) {
    try {
      const bytes = Uint8Array.from({ length: KERNELS.length / 2 }, (_, i) => Number.parseInt(KERNELS.slice(2 * i, 2 * i + 2), 16));
      shared = new CategoricalKernels(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as KernelExports);
    } catch {
      shared = null;
    }
  }
  return shared ?? undefined;
}

/**
 * {@link CategoricalRows} by SIMD in float32, sums in float64: the same bits on every platform. Each call lays out the memory anew: statistics,
 * exponentials, logits, whatever else, and a list of rows.
 */
export class SimdCategoricalRows implements CategoricalRows {
  readonly #support: Support;
  readonly #kernels: CategoricalKernels;
  /** Bytes from one row of exponentials to the next. */
  readonly #stride: number;

  constructor(support: Support, kernels: CategoricalKernels) {
    this.#support = support;
    this.#kernels = kernels;
    this.#stride = Math.ceil(support.atoms / 4) * 16;
  }

  means(logits: Float32Array, rows: number, out: Float32Array): void {
    const { atoms, vMin, vMax } = this.#support;
    const spacing = (vMax - vMin) / (atoms - 1);
    const kernels = this.#kernels;
    const stride = this.#stride;
    const statistics = kernels.base;
    const exps = statistics + rows * STATISTICS;
    const copies = exps + rows * stride;
    const list = copies + logits.byteLength;
    kernels.reserve(list + rows * 4);
    const { run, f32, f64, i32 } = kernels;
    f32.set(logits, copies / 4);
    for (let row = 0, at = list / 4; row < rows; row++) i32[at + row] = row;
    run.softmax(rows, atoms, copies, list, exps, stride, statistics);
    for (let row = 0, at = statistics / 8; row < rows; row++, at += 8) out[row] = vMin + (spacing * f64[at + 1]) / f64[at];
  }

  targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy }: CategoricalTargetInput, out: Float32Array): number {
    const { atoms, vMin, vMax } = this.#support;
    const last = atoms - 1;
    const spacing = (vMax - vMin) / last;
    const kernels = this.#kernels;
    const stride = this.#stride;
    const statistics = kernels.base;
    const exps = statistics + batch * actions * STATISTICS;
    const copies = exps + batch * actions * stride;
    const projected = copies + nextOutputs.byteLength;
    const list = projected + batch * atoms * 4 + 16;
    kernels.reserve(list + batch * actions * 4);
    const { run, f32, f64, i32 } = kernels;
    f32.set(nextOutputs, copies / 4);
    let rows = 0;
    for (let b = 0, a = 0; b < batch; b++) {
      for (const end = a + actions; a < end; a++) if (discounts[b] !== 0 && nextPolicy[a] !== 0) i32[list / 4 + rows++] = a;
    }
    run.softmax(rows, atoms, copies, list, exps, stride, statistics);
    f32.fill(0, projected / 4, list / 4);
    let clipped = 0;
    for (let b = 0, row = 0, to = projected; b < batch; b++, to += atoms * 4) {
      const discount = discounts[b];
      const origin = (rewards[b] + (discount - 1) * vMin) / spacing;
      const before = row;
      for (; row < rows && i32[list / 4 + row] < (b + 1) * actions; row++) {
        const scale = nextPolicy[i32[list / 4 + row]] / f64[(statistics + row * STATISTICS) / 8];
        clipped += run.project(atoms, last, exps + row * stride, scale, origin, discount, to);
      }
      if (row > before) continue;
      // Nothing is bootstrapped: one mass of 1, at the reward. It stands where the logits have been read from.
      f32[copies / 4] = 1;
      clipped += run.project(1, last, copies, 1, (rewards[b] - vMin) / spacing, 0, to);
    }
    out.set(kernels.view(projected, batch * atoms));
    return clipped / batch;
  }

  loss(
    { batch, actions, outputs, taken, targets, weights }: CategoricalLossInput,
    { gradient, losses, tdErrors, estimates }: CategoricalLossOutput,
  ): void {
    const { atoms, vMin, vMax } = this.#support;
    const spacing = (vMax - vMin) / (atoms - 1);
    const kernels = this.#kernels;
    const stride = this.#stride;
    const statistics = kernels.base;
    const exps = statistics + batch * STATISTICS;
    const copies = exps + batch * stride;
    const slopes = copies + outputs.byteLength;
    const masses = slopes + outputs.byteLength + 16;
    const list = masses + targets.byteLength;
    kernels.reserve(list + batch * 4);
    const { run, f32, f64, i32 } = kernels;
    f32.set(outputs, copies / 4);
    f32.set(targets, masses / 4);
    f32.fill(0, slopes / 4, masses / 4);
    for (let b = 0; b < batch; b++) {
      i32[list / 4 + b] = b * actions + taken[b];
      f64[statistics / 8 + 8 * b + 3] = weights[b] / batch;
    }
    run.softmax(batch, atoms, copies, list, exps, stride, statistics);
    run.crossEntropy(batch, atoms, copies, list, exps, stride, masses, slopes, statistics);
    gradient.set(kernels.view(slopes, outputs.length));
    for (let b = 0, at = statistics / 8; b < batch; b++, at += 8) {
      const sum = f64[at];
      const loss = f64[at + 4] * Math.log(sum) + f64[at + 5];
      losses[b] = loss;
      estimates[b] = vMin + (spacing * f64[at + 1]) / sum;
      tdErrors[b] = Math.max(0, loss + f64[at + 6]); // rounding may leave a little less than 0
    }
  }
}
