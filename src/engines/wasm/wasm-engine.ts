import { checkRest } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import { loadPart } from '../../common/load-part.ts';
import { disposedEngine } from '../../networks/disposed-engine.ts';
import type { Engine, NetworkOptions, QNetwork } from '../../networks/q-network.ts';
import type { NetworkSpec } from '../../networks/spec.ts';
import { type KernelVariant, chooseKernels } from './choose-kernels.ts';
import type * as Code from './wasm-networks.ts';

/** Options of {@link wasm}. */
export interface WasmOptions {
  /**
   * `auto` takes the fastest kernels of the platform; on those with relaxed SIMD a product and its sum are rounded once.
   * `strict` takes the plain ones, whose results are the same, bit for bit, on every platform. Default `auto`.
   */
  readonly simd?: 'auto' | 'strict';
}

/** The code of networks, once it has been loaded. */
let code: typeof Code | undefined;

/** The embedded engine: WebAssembly kernels with a memory of their own, shared by its networks. */
export class WasmEngine implements Engine<'sync'> {
  readonly kind = 'wasm';
  readonly description: string;
  readonly #variant: KernelVariant;
  #networks: Code.WasmNetworks | undefined;
  #disposed = false;

  constructor(variant: KernelVariant) {
    this.description = variant === 'plain' ? 'WebAssembly SIMD' : 'WebAssembly relaxed SIMD';
    this.#variant = variant;
  }

  /** Size of the engine's memory in bytes; 0 before the first network. It grows when networks or larger batches need it, and never shrinks. */
  get memoryBytes(): number {
    return this.#networks?.memoryBytes ?? 0;
  }

  async prepare(spec: NetworkSpec): Promise<void> {
    code ??= await loadPart('networks', () => import('./wasm-networks.ts'));
    await code.prepareLayers(spec);
  }

  createNetwork(spec: NetworkSpec, options: NetworkOptions): QNetwork<'sync'> {
    if (this.#disposed) throw disposedEngine('wasm');
    if (!code) {
      throw new DqnError({
        code: 'not-loaded',
        where: 'Engine.createNetwork(spec)',
        expected: 'networks whose code has been loaded',
        received: 'the first call of this program',
        remedy: 'Await engine.prepare(spec) first, as createAgent and loadPolicy do.',
      });
    }
    this.#networks ??= new code.WasmNetworks(this.#variant);
    return this.#networks.create(spec, options);
  }

  dispose(): void {
    this.#networks?.dispose();
    this.#networks = undefined;
    this.#disposed = true;
  }
}

/**
 * The embedded engine, and the default: single-precision WebAssembly-SIMD kernels, the same in browsers, workers, Node, Deno
 * and Bun. Synchronous, allocates nothing per step, and the same seed gives the same numbers, bit for bit (across platforms
 * with `simd: 'strict'`). Networks of one engine share one memory, so copying between them is a move inside it. Its code and that of each kind of layer are
 * loaded by `prepare(spec)`, which `createAgent` and `loadPolicy` call.
 * @throws DqnError `unsupported-platform` without WebAssembly SIMD, `invalid-option` if an option is misspelt or unknown.
 */
export function wasm({ simd = 'auto', ...unknown }: WasmOptions = {}): WasmEngine {
  checkRest('wasm(options)', unknown);
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
