interface Platform {
  setImmediate?(callback: () => void): unknown;
  MessageChannel?: new () => {
    port1: { addEventListener(type: 'message', listener: () => void): void; start(): void; close(): void };
    port2: { postMessage(message: null): void };
  };
}

/**
 * Resolves in a later turn of the event loop, so that timers, signals, input and painting get their turn. Long loops
 * await this now and then: awaiting a promise that is already there lets nothing else run.
 */
export function nextMacrotask(): Promise<void> {
  const { setImmediate, MessageChannel } = globalThis as Platform;
  return new Promise((resolve) => {
    if (setImmediate) {
      setImmediate(resolve);
    } else if (MessageChannel) {
      // Not setTimeout: browsers round a nested one up to 4 ms.
      const { port1, port2 } = new MessageChannel();
      port1.addEventListener('message', () => {
        port1.close();
        resolve();
      });
      port1.start();
      port2.postMessage(null);
    } else {
      resolve();
    }
  });
}

/** Milliseconds of work between two turns of the event loop: below a frame at 60 Hz. */
const slice = 12;

/** Says when a loop has worked long enough to let the event loop turn. */
export class Breather {
  #since = performance.now();

  /** Whether {@link Breather.breathe} is due. */
  get due(): boolean {
    return performance.now() - this.#since > slice;
  }

  /** Lets the event loop turn once. */
  async breathe(): Promise<void> {
    await nextMacrotask();
    this.#since = performance.now();
  }
}
