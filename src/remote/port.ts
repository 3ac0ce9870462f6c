/** One end of a channel between two threads; what is sent is copied, as by `structuredClone`, except for the buffers that move. */
export interface Port {
  /** @throws what the platform throws where a message cannot be copied. */
  send(message: unknown, moved: readonly ArrayBuffer[]): void;
  /** Calls the listener with every message; once for a port. */
  receive(listener: (message: unknown) => void): void;
}

/** The end of the thread that started a worker. */
export interface WorkerPort extends Port {
  /** Tells, in a noun phrase, that the worker has died or will never start. `cause` is the error it died of, where there is one. */
  onDeath(listener: (received: string, cause?: unknown) => void): void;
  /** Ends the worker at once. */
  terminate(): void;
}
