import type { Timing } from '../common/maybe-promise.ts';
import { holdLifeLine } from './life-line.ts';
import { serve, type TrainingRecipe } from '../remote/serve.ts';

/**
 * Serves training from a web worker to the page that started it: call it once in the worker's module, with how to make agent and environment.
 *
 * @example
 * ```ts no-run
 * import { createAgent } from '@scope/dqn';
 * import { serveTraining } from '@scope/dqn/browser';
 * import { CartPole } from '@scope/dqn/environments';
 *
 * export interface Config {
 *   readonly steps: number;
 *   readonly seed: number;
 * }
 *
 * serveTraining({
 *   async create({ steps, seed }: Config) {
 *     const environment = new CartPole();
 *     return { agent: await createAgent(environment, { seed }), environment, options: { steps } };
 *   },
 * });
 * ```
 */
export function serveTraining<Config, Observation, M extends Timing>(recipe: TrainingRecipe<Config, Observation, M>): void {
  void holdLifeLine().then(() =>
    serve(
      {
        send: (message, moved) => postMessage(message, { transfer: [...moved] }),
        receive: (listener) => addEventListener('message', (event) => listener(event.data)),
      },
      recipe,
    ),
  );
}
