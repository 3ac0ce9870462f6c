import type { Worker } from 'node:worker_threads';

/** Tells, in a noun phrase, that a worker has died or will never start. `cause` is the error it died of, where there is one. */
export function onWorkerDeath(worker: Worker, listener: (received: string, cause?: unknown) => void): void {
  worker.on('error', (error) => listener(`an error that nobody caught: ${error.name}: ${error.message}`, error));
  worker.on('messageerror', (error) => listener('a message that could not be read', error));
  worker.on('exit', (code) => listener(`one that exited with code ${code}`));
}
