import { parentPort } from 'node:worker_threads';
import { DqnError } from '../common/errors.ts';
import type { Timing } from '../common/maybe-promise.ts';
import { serve, type TrainingRecipe } from '../remote/serve.ts';

/**
 * Serves training from a worker thread to the thread that started it: call it once in the worker's module, with how to make agent and
 * environment.
 *
 * @throws DqnError `unsupported-platform` outside a worker thread.
 */
export function serveTraining<Config, Observation, M extends Timing>(recipe: TrainingRecipe<Config, Observation, M>): void {
  const port = parentPort;
  if (!port) {
    throw new DqnError({
      code: 'unsupported-platform',
      where: 'serveTraining(recipe)',
      expected: 'a worker thread',
      received: 'the main thread',
      remedy: 'Call it in the module that new Worker() of node:worker_threads is given.',
    });
  }
  serve(
    {
      send: (message, moved) => port.postMessage(message, moved),
      receive: (listener) => void port.on('message', listener),
    },
    recipe,
  );
}
