import type { Support } from './categorical-projection.ts';
import type { CategoricalLossInput, CategoricalLossOutput, CategoricalRows, CategoricalTargetInput } from './categorical-rows.ts';
import { KERNELS } from './kernels.generated.ts';

/** Bytes of what the kernels tell of a row; as many numbers are eight of float64. */
const STATISTICS = 64;

/** The exports of kernels/index.ts. */
interface KernelExports {
  readonly memory: WebAssembly.Memory;
  base(): number;
  softmax(rows: number, atoms: number, logits: number, exps: number, stride: number, statistics: number): void;
  crossEntropy(rows: number, atoms: number, logits: number, exps: number, stride: number, masses: number, statistics: number): void;
  project(count: number, last: number, masses: number, scale: number, origin: number, step: number, out: number): number;
}

/** An instance of the kernels and the memory it works in, which everything that calls them shares: they keep nothing from call to call. */
export class CategoricalKernels {
  readonly run: KernelExports;
  /** The first byte to be used. */
  readonly base: number;
  f32: Float32Array;
  f64: Float64Array;

  constructor(run: KernelExports) {
    this.run = run;
    this.base = run.base();
    this.f32 = new Float32Array(run.memory.buffer);
    this.f64 = new Float64Array(run.memory.buffer);
  }

  /** Makes room for bytes from `base` on, and for the few behind them that the kernels read. */
  reserve(bytes: number): void {
    const missing = this.base + bytes + 64 - this.f32.byteLength;
    if (missing <= 0) return;
    const { memory } = this.run;
    memory.grow(Math.ceil(missing / 65536));
    this.f32 = new Float32Array(memory.buffer);
    this.f64 = new Float64Array(memory.buffer);
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

/** {@link CategoricalRows} by SIMD in float32, sums in float64: the same bits on every platform. */
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
    kernels.reserve(copies + logits.byteLength);
    kernels.f32.set(logits, copies / 4);
    kernels.run.softmax(rows, atoms, copies, exps, stride, statistics);
    const f64 = kernels.f64;
    for (let row = 0, at = statistics / 8; row < rows; row++, at += 8) out[row] = vMin + (spacing * f64[at + 1]) / f64[at];
  }

  targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy }: CategoricalTargetInput, out: Float32Array): number {
    const { atoms, vMin, vMax } = this.#support;
    const spacing = (vMax - vMin) / (atoms - 1);
    const kernels = this.#kernels;
    const stride = this.#stride;
    // One distribution is taken at a time, so that what lies between the masses and their places stays in the nearest cache.
    const statistics = kernels.base;
    const exps = statistics + STATISTICS;
    const copies = exps + stride;
    const row = copies + stride;
    kernels.reserve(row + stride);
    const { run, f32, f64 } = kernels;
    let clipped = 0;
    for (let b = 0; b < batch; b++) {
      const reward = rewards[b];
      const discount = discounts[b];
      let certain = true;
      for (let i = row / 4, end = i + atoms; i < end; i++) f32[i] = 0;
      for (let a = b * actions, end = a + actions; a < end; a++) {
        const probability = discount === 0 ? 0 : nextPolicy[a];
        if (probability === 0) continue;
        certain = false;
        for (let i = 0, from = a * atoms, to = copies / 4; i < atoms; i++) f32[to + i] = nextOutputs[from + i];
        run.softmax(1, atoms, copies, exps, stride, statistics);
        const scale = probability / f64[statistics / 8];
        clipped += run.project(atoms, atoms - 1, exps, scale, (reward + (discount - 1) * vMin) / spacing, discount, row);
      }
      if (certain) {
        f32[exps / 4] = 1;
        clipped += run.project(1, atoms - 1, exps, 1, (reward - vMin) / spacing, 0, row);
      }
      for (let i = 0, from = row / 4, to = b * atoms; i < atoms; i++) out[to + i] = f32[from + i];
    }
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
    const masses = copies + batch * stride;
    kernels.reserve(masses + targets.byteLength);
    const { run, f32, f64 } = kernels;
    for (let b = 0, to = copies / 4; b < batch; b++, to += atoms) {
      const from = (b * actions + taken[b]) * atoms;
      for (let i = 0; i < atoms; i++) f32[to + i] = outputs[from + i];
      f64[statistics / 8 + 8 * b + 3] = weights[b] / batch;
    }
    f32.set(targets, masses / 4);
    run.softmax(batch, atoms, copies, exps, stride, statistics);
    run.crossEntropy(batch, atoms, copies, exps, stride, masses, statistics);
    for (let b = 0, from = exps / 4, at = statistics / 8; b < batch; b++, from += stride / 4, at += 8) {
      const to = (b * actions + taken[b]) * atoms;
      for (let i = 0; i < atoms; i++) gradient[to + i] = f32[from + i];
      const sum = f64[at];
      const loss = f64[at + 4] * Math.log(sum) + f64[at + 5];
      losses[b] = loss;
      estimates[b] = vMin + (spacing * f64[at + 1]) / sum;
      tdErrors[b] = Math.max(0, loss + f64[at + 6]); // rounding may leave a little less than 0
    }
  }
}
