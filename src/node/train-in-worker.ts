import type { Worker } from 'node:worker_threads';
import { connect, type Trainer, type TrainerOptions } from '../remote/trainer.ts';
import { onWorkerDeath } from './on-worker-death.ts';

/**
 * Trains in a worker thread, so that this one stays free. The worker's module calls {@link serveTraining}. The process lives on until the trainer is
 * stopped.
 *
 * @param config - what the worker makes its agent from: anything that `structuredClone` copies.
 * @throws DqnError `invalid-option` if an option is out of range; everything else comes from the trainer's calls.
 */
export function trainInWorker<Config>(worker: Worker, config: Config, options: TrainerOptions = {}): Trainer {
  return connect(
    {
      send: (message, moved) => worker.postMessage(message, moved),
      receive: (listener) => void worker.on('message', listener),
      onDeath: (listener) => onWorkerDeath(worker, listener),
      terminate: () => void worker.terminate(),
    },
    config,
    options,
  );
}
