import { findBackend } from '@tensorflow/tfjs-core';

/** What a reading fails with whose numbers are gone with the device that held them. */
export class LostNumbers extends Error {
  override readonly name = 'LostNumbers';
}

/** How long an error waits for word that the device behind it is lost, which may come a little later. */
const LATE_WORD = 250;

/** The little of TensorFlow.js's WebGL backend that tells of a lost context. */
interface WebGlParts {
  readonly gpgpu?: {
    readonly gl: {
      readonly canvas: { addEventListener(type: 'webglcontextlost', listener: (event: { statusMessage?: string }) => void): void };
      isContextLost(): boolean;
    };
    readonly itemsToPoll: { resolveFn(): void }[];
  };
}

/** The little of TensorFlow.js's WebGPU backend that tells of a lost device. */
interface WebGpuParts {
  readonly device?: { readonly lost: Promise<{ readonly reason?: string; readonly message: string }> };
}

/** Notices that the WebGL context or the GPU device behind a backend is lost, and with it every number that it held. */
export class LossWatch {
  readonly #isGone: () => boolean;
  readonly #release: () => void;
  readonly #waiting = new Set<() => void>();
  #reason: string | undefined;

  /**
   * @param isGone - asks the platform.
   * @param release - ends what would wait for the device for ever.
   */
  constructor(isGone: () => boolean, release: () => void) {
    this.#isGone = isGone;
    this.#release = release;
  }

  /** Whether the device is lost; once it is, for good. */
  get lost(): boolean {
    if (this.#reason === undefined && this.#isGone()) this.tell('the context is lost');
    return this.#reason !== undefined;
  }

  /** What the platform says of the loss. */
  get reason(): string {
    return this.#reason ?? 'unknown';
  }

  /** Takes note of the loss: readings under way fail. */
  tell(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const fail of this.#waiting) fail();
    this.#waiting.clear();
    this.#release();
  }

  /** Whether the device is lost, as far as is known a moment later. */
  async confirm(): Promise<boolean> {
    if (!this.lost) await new Promise<void>((resolve) => void setTimeout(resolve, LATE_WORD));
    return this.lost;
  }

  /** What a reading gives; fails with {@link LostNumbers} where the device is lost before or meanwhile. */
  async read<T>(reading: () => Promise<T>): Promise<T> {
    if (this.lost) throw new LostNumbers();
    // Not a race of promises: what waits for the loss must not outlive the reading.
    let fail = (): void => undefined;
    const lost = new Promise<never>((_, reject) => {
      fail = () => reject(new LostNumbers());
    });
    this.#waiting.add(fail);
    try {
      const result = await Promise.race([reading(), lost]);
      if (this.lost) throw new LostNumbers();
      return result;
    } finally {
      this.#waiting.delete(fail);
    }
  }
}

const watches = new WeakMap<object, LossWatch>();

/** The watch over a backend at work, one for all who use it; undefined for one that cannot be lost. */
export function watchBackend(name: string): LossWatch | undefined {
  const backend = findBackend(name) as (WebGlParts & WebGpuParts & object) | null;
  if (!backend) return undefined;
  const known = watches.get(backend) ?? begin(backend);
  if (known) watches.set(backend, known);
  return known;
}

function begin({ gpgpu, device }: WebGlParts & WebGpuParts): LossWatch | undefined {
  if (gpgpu) {
    const { gl } = gpgpu;
    // TensorFlow.js asks a fence that will never pass again and again.
    const release = (): void => {
      for (const { resolveFn } of gpgpu.itemsToPoll.splice(0)) resolveFn();
    };
    const watch = new LossWatch(() => gl.isContextLost(), release);
    gl.canvas.addEventListener('webglcontextlost', ({ statusMessage }) => watch.tell(statusMessage || 'the context is lost'));
    return watch;
  }
  if (device) {
    const watch = new LossWatch(
      () => false,
      () => undefined,
    );
    void device.lost.then(({ reason, message }) =>
      watch.tell([reason, message].filter(Boolean).join(': ') || 'the device is lost'),
    );
    return watch;
  }
  return undefined;
}
