import { checkNetworkSpec } from '../../networks/check-spec.ts';
import type { NetworkOptions } from '../../networks/q-network.ts';
import type { NetworkSpec } from '../../networks/spec.ts';
import { loadLayers } from './build-layers.ts';
import type { KernelVariant } from './choose-kernels.ts';
import { Runtime } from './runtime.ts';
import { WasmNetwork } from './wasm-network.ts';

/**
 * Loads the layers of a network.
 * @throws DqnError `invalid-option` if the spec is malformed, `file-failed` if their code cannot be loaded.
 */
export async function prepareLayers(spec: NetworkSpec): Promise<void> {
  await loadLayers(checkNetworkSpec(spec).layers);
}

/** The networks of one engine, and the memory that they share: loaded when the first one is to be created. */
export class WasmNetworks {
  readonly #runtime: Runtime;
  readonly #networks = new Set<WasmNetwork>();

  /** @throws DqnError `unsupported-platform` if the platform lets no kernels be compiled. */
  constructor(variant: KernelVariant) {
    this.#runtime = new Runtime(variant);
  }

  /** Size of the memory in bytes. */
  get memoryBytes(): number {
    return this.#runtime.heap.size;
  }

  /** @throws DqnError as `Engine.createNetwork`. */
  create(spec: NetworkSpec, options: NetworkOptions): WasmNetwork {
    const network = new WasmNetwork(this.#runtime, checkNetworkSpec(spec), options, (gone) => this.#networks.delete(gone));
    this.#networks.add(network);
    return network;
  }

  /** Frees all of them. */
  dispose(): void {
    for (const network of this.#networks) network.dispose();
  }
}
