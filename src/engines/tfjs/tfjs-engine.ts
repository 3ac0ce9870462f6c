import { version_core } from '@tensorflow/tfjs-core';
import type { Answer, Timing } from '../../common/maybe-promise.ts';
import { checkNetworkSpec } from '../../networks/check-spec.ts';
import type { DeviceUpdate, DeviceUpdateParts } from '../../networks/device-update.ts';
import { disposedEngine } from '../../networks/disposed-engine.ts';
import type { Engine, NetworkOptions, QNetwork } from '../../networks/q-network.ts';
import type { NetworkSpec } from '../../networks/spec.ts';
import { layersOf } from '../../networks/traits.ts';
import { Device, type DeviceTraits } from './device.ts';
import { loadPackage } from './load-package.ts';
import type { TfjsPackages } from './packages.ts';
import { updateOnDevice } from './learning/update.ts';
import { Recovery, type RecoveryOptions } from './recovery.ts';
import { TfjsNetwork } from './tfjs-network.ts';

/** How an engine recovers where nothing else is said. */
export const RECOVERY: RecoveryOptions = {
  copyPeriod: 100,
  onRecovered: ({ backend, reason, lostUpdates }) =>
    console.warn(
      `tfjs(${backend}): the device was lost (${reason}). Another one goes on from the last copy of the weights; updates lost: ${lostUpdates}.`,
    ),
};

/** TensorFlow.js on one of its backends. */
export class TfjsEngine<M extends Timing = Timing> implements Engine<M> {
  readonly kind = 'tfjs';
  readonly description: string;
  readonly #device: Device;
  readonly #packages: Pick<TfjsPackages, 'layers'>;
  readonly #networks = new Set<TfjsNetwork<M>>();
  readonly #recovery: Recovery;
  #disposed = false;

  /**
   * @param traits - of a backend that is ready.
   * @param about - what is worth knowing of it, for people.
   * @param packages - where models of layers come from.
   */
  constructor(traits: DeviceTraits, about: string, packages: Pick<TfjsPackages, 'layers'>, recovery: RecoveryOptions = RECOVERY) {
    this.description = `TensorFlow.js ${version_core}, ${about}`;
    this.#device = new Device(traits);
    this.#packages = packages;
    this.#recovery = new Recovery(this.#device, this.#networks, recovery);
  }

  /** @throws DqnError `invalid-option` if the spec is malformed, `missing-package` where it needs one that is not installed. */
  async prepare(spec: NetworkSpec): Promise<void> {
    if (layersOf(checkNetworkSpec(spec)).some(({ kind }) => kind === 'layersModel')) await loadPackage(this.#packages, 'layers');
  }

  createNetwork(spec: NetworkSpec, options: NetworkOptions): Answer<QNetwork<M>, M> {
    if (this.#disposed) throw disposedEngine('tfjs');
    const parts = {
      device: this.#device,
      recovery: this.#recovery,
      onDispose: (gone: TfjsNetwork<M>) => this.#networks.delete(gone),
    };
    const network = new TfjsNetwork<M>(parts, checkNetworkSpec(spec), options);
    this.#networks.add(network);
    return network as unknown as Answer<QNetwork<M>, M>;
  }

  deviceUpdate(parts: DeviceUpdateParts): DeviceUpdate | undefined {
    return this.#device.traits.slowReading ? updateOnDevice(this.#device, this.#recovery, parts) : undefined;
  }

  /** Frees the engine's networks. TensorFlow.js itself and its backend stay as they are: others may use them. */
  dispose(): void {
    for (const network of this.#networks) network.dispose();
    this.#disposed = true;
  }
}
