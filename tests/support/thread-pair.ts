import { MessageChannel } from 'node:worker_threads';
import type { Port, WorkerPort } from '../../src/remote/port.ts';

/** Both ends of a channel, in one thread; `die` plays the worker's death. */
export interface ThreadPair {
  readonly worker: Port;
  readonly page: WorkerPort;
  readonly terminated: () => boolean;
  die(received: string, cause?: unknown): void;
  close(): void;
}

export function threadPair(): ThreadPair {
  const { port1, port2 } = new MessageChannel();
  let deathListener: ((received: string, cause?: unknown) => void) | undefined;
  let terminated = false;
  return {
    worker: {
      send: (message, moved) => port1.postMessage(message, [...moved]),
      receive: (listener) => void port1.on('message', listener),
    },
    page: {
      send: (message, moved) => port2.postMessage(message, [...moved]),
      receive: (listener) => void port2.on('message', listener),
      onDeath: (listener) => (deathListener = listener),
      terminate: () => {
        terminated = true;
        port1.close();
      },
    },
    terminated: () => terminated,
    die: (received, cause) => deathListener?.(received, cause),
    close: () => port1.close(),
  };
}
