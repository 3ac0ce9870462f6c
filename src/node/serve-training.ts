import type { Timing } from '../common/maybe-promise.ts';
import { serve, type TrainingRecipe } from '../remote/serve.ts';
import { parentThread } from './parent-thread.ts';

/**
 * Serves training from a worker thread to the thread that started it: call it once in the worker's module, with how to make agent and
 * environment.
 *
 * @throws DqnError `unsupported-platform` outside a worker thread.
 */
export function serveTraining<Config, Observation, M extends Timing>(recipe: TrainingRecipe<Config, Observation, M>): void {
  const port = parentThread('serveTraining(recipe)');
  serve(
    {
      send: (message, moved) => port.postMessage(message, moved),
      receive: (listener) => void port.on('message', listener),
    },
    recipe,
  );
}
