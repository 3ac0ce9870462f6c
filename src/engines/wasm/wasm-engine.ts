import { DqnError, describe } from '../../common/errors.ts';
import { checkNetworkSpec } from '../../networks/check-spec.ts';
import { disposedEngine } from '../../networks/network-checks.ts';
import type { Engine, NetworkOptions, QNetwork } from '../../networks/q-network.ts';
import type { NetworkSpec } from '../../networks/spec.ts';
import { type KernelVariant, chooseKernels, loadKernels } from './load-kernels.ts';
import { Runtime } from './runtime.ts';
import { WasmNetwork } from './wasm-network.ts';

/** Options of {@link wasm}. */
export interface WasmOptions {
  /**
   * `auto` takes the fastest kernels of the platform; on those with relaxed SIMD a product and its sum are rounded once.
   * `strict` takes the plain ones, whose results are the same, bit for bit, on every platform. Default `auto`.
   */
  readonly simd?: 'auto' | 'strict';
}

/** The embedded engine: WebAssembly kernels with a memory of their own, shared by its networks. */
export class WasmEngine implements Engine<'sync'> {
  readonly kind = 'wasm';
  readonly description: string;
  readonly #networks = new Set<WasmNetwork>();
  #runtime: Runtime | undefined;

  constructor(variant: KernelVariant) {
    this.description = variant === 'plain' ? 'WebAssembly SIMD' : 'WebAssembly relaxed SIMD';
    this.#runtime = new Runtime(loadKernels(variant));
  }

  /** Size of the engine's memory in bytes. It grows when networks or larger batches need it, and never shrinks. */
  get memoryBytes(): number {
    return this.#runtime?.heap.size ?? 0;
  }

  createNetwork(spec: NetworkSpec, options: NetworkOptions): QNetwork<'sync'> {
    if (!this.#runtime) throw disposedEngine('wasm');
    const network = new WasmNetwork(this.#runtime, checkNetworkSpec(spec), options, (gone) => this.#networks.delete(gone));
    this.#networks.add(network);
    return network;
  }

  dispose(): void {
    for (const network of this.#networks) network.dispose();
    this.#runtime = undefined;
  }
}

/**
 * The embedded engine, and the default: single-precision WebAssembly-SIMD kernels, the same in browsers, workers, Node, Deno
 * and Bun. Synchronous, allocates nothing per step, and the same seed gives the same numbers, bit for bit (across platforms
 * with `simd: 'strict'`). Networks of one engine share one memory, so copying between them is a move inside it.
 * @throws DqnError `unsupported-platform` without WebAssembly SIMD, `invalid-option` on an unknown option.
 */
export function wasm({ simd = 'auto' }: WasmOptions = {}): WasmEngine {
  if (simd !== 'auto' && simd !== 'strict') {
    throw new DqnError({
      code: 'invalid-option',
      where: 'wasm(simd)',
      expected: 'auto or strict',
      received: describe(simd),
      remedy: "Leave it out, or pass 'strict' for results that are the same on every platform.",
    });
  }
  return new WasmEngine(chooseKernels(simd === 'strict'));
}
