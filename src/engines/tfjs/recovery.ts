import { DqnError } from '../../common/errors.ts';
import { isPromise, type MaybePromise } from '../../common/maybe-promise.ts';
import type { Device } from './device.ts';
import { LostNumbers } from './loss-watch.ts';
import { restartBackend } from './restart-backend.ts';

/** What has been recovered after a WebGL context or GPU device was lost. */
export interface TfjsRecovery {
  /** The backend that was started anew. */
  readonly backend: string;
  /** What the platform said of the loss. */
  readonly reason: string;
  /** Updates that are gone: those since the networks were last copied. */
  readonly lostUpdates: number;
}

/** How an engine recovers. */
export interface RecoveryOptions {
  /** Updates between two copies. */
  readonly copyPeriod: number;
  readonly onRecovered: (recovery: TfjsRecovery) => void;
}

/** A network that survives its device, by copies of its numbers on the host. */
export interface Survivor {
  /** Begins to copy its numbers, and gives what keeps the copy once it is there; undefined where the last one is still right. */
  copyNumbers(): Promise<() => void> | undefined;
  /** Builds itself anew from the last copy, and says how many updates are gone. */
  restore(): number;
}

/** Milliseconds before each try to have another device. */
const PATIENT: readonly number[] = [0, 100, 400, 1_600, 6_400];
/** After these have failed a call tries once. */
const ONCE: readonly number[] = [0];
/** A call that loses one device after the other does not try for ever. */
const MOST_LOSSES = 3;

/** Brings an engine's networks back after its WebGL context or GPU device is lost. On other backends it does nothing. */
export class Recovery {
  readonly #device: Device;
  readonly #networks: Iterable<Survivor>;
  readonly #options: RecoveryOptions;
  #waits = PATIENT;
  #recovering: Promise<void> | undefined;
  #copying = false;
  #updates = 0;

  constructor(device: Device, networks: Iterable<Survivor>, options: RecoveryOptions) {
    this.#device = device;
    this.#networks = networks;
    this.#options = options;
  }

  /**
   * Calls; where the device turns out to be lost, recovers and calls again, from the beginning.
   * @param otherwise - gives the answer where nothing can be recovered.
   * @throws DqnError `device-lost` where there is no such answer.
   */
  attempt<T>(call: () => MaybePromise<T>, otherwise?: () => T): MaybePromise<T> {
    const { watch } = this.#device;
    if (!watch) return call();
    const answer = this.#attempt(call, 0);
    if (!otherwise || !isPromise(answer)) return answer;
    return answer.catch((error: unknown) => {
      if (error instanceof DqnError && error.code === 'device-lost') return otherwise();
      throw error;
    });
  }

  #attempt<T>(call: () => MaybePromise<T>, losses: number): MaybePromise<T> {
    const { watch } = this.#device;
    if (watch?.lost) return this.#recover(losses).then(() => this.#attempt(call, losses + 1));
    const again = async (error: unknown): Promise<T> => {
      const gone = error instanceof LostNumbers || this.#device.watch !== watch || (await watch?.confirm());
      if (!gone) throw error;
      return this.#attempt(call, losses);
    };
    try {
      const answer = call();
      return isPromise(answer)
        ? answer.catch((error: unknown) => (error instanceof DqnError ? refuse(error) : again(error)))
        : answer;
    } catch (error) {
      if (error instanceof DqnError) throw error;
      return again(error);
    }
  }

  #recover(losses: number): Promise<void> {
    if (losses === MOST_LOSSES) return Promise.reject(this.#lost());
    this.#recovering ??= this.#restart().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  async #restart(): Promise<void> {
    const device = this.#device;
    const { backend } = device.traits;
    const reason = device.watch?.reason ?? '';
    const restarted = await restartBackend(backend, this.#waits);
    this.#waits = restarted ? PATIENT : ONCE;
    if (!restarted) throw this.#lost();
    device.renew();
    let lostUpdates = 0;
    for (const network of this.#networks) lostUpdates += network.restore();
    this.#options.onRecovered({ backend, reason, lostUpdates });
  }

  #lost(): DqnError {
    const { traits, watch } = this.#device;
    return new DqnError({
      code: 'device-lost',
      where: `tfjs(${traits.backend})`,
      expected: 'a WebGL context or GPU device that stays, or another one',
      received: `one that is lost (${watch?.reason}), and none that stays in its place`,
      remedy:
        'What was learned until the last copy is here: agent.save() and savePolicy() work without the device. Go on from that file later, or on another engine.',
    });
  }

  /** Counts an update that has taken effect. From time to time the networks are copied then, while the device goes on. */
  count(): void {
    if (!this.#device.watch || ++this.#updates % this.#options.copyPeriod !== 0 || this.#copying) return;
    this.#copying = true;
    const copies = [...this.#networks].map((network) => network.copyNumbers());
    // All or none, so that they are of one moment. Where one fails those before stay; why is told by whoever needs the device next.
    void Promise.all(copies)
      .then((keep) => keep.forEach((each) => each?.()))
      .catch(() => undefined)
      .finally(() => {
        this.#copying = false;
      });
  }
}

function refuse(error: DqnError): never {
  throw error;
}
