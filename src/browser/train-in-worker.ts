import { watchLifeLine } from './life-line.ts';
import { connect, type Trainer, type TrainerOptions } from '../remote/trainer.ts';

/**
 * Trains in a web worker, so that the page stays free. The worker's module calls {@link serveTraining}.
 *
 * @param config - what the worker makes its agent from: anything that `structuredClone` copies.
 * @example
 * ```ts no-run
 * import { trainInWorker } from '@scope/dqn/browser';
 *
 * interface Config {
 *   readonly steps: number;
 *   readonly seed: number;
 * }
 * // worker.js: serveTraining({ async create({ steps, seed }: Config) { … } });
 * const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
 * const trainer = trainInWorker<Config>(worker, { steps: 20_000, seed: 1 });
 * trainer.listen((event) => {
 *   if (event.kind === 'progress') for (const episode of event.episodes) console.log(episode.step, episode.return);
 * });
 * await trainer.start();
 * ```
 * @throws DqnError `invalid-option` if an option is out of range; everything else comes from the trainer's calls.
 */
export function trainInWorker<Config>(worker: Worker, config: Config, options: TrainerOptions = {}): Trainer {
  return connect(
    {
      send: (message, moved) => worker.postMessage(message, [...moved]),
      receive: (listener) => worker.addEventListener('message', (event) => listener(event.data)),
      onDeath: (listener) => {
        worker.addEventListener('error', (event) => listener(...explain(event)));
        watchLifeLine(worker, () => listener('one that has ended'));
        worker.addEventListener('messageerror', () => listener('a message that could not be read'));
      },
      terminate: () => worker.terminate(),
    },
    config,
    options,
  );
}

/** What an error of a worker says; nothing is known of one whose module could not be loaded. */
function explain({ message, filename, lineno, error }: Partial<ErrorEvent>): [received: string, cause: unknown] {
  if (!message) return ['a module that could not be loaded', error];
  return [`an error that nobody caught: ${message} (${filename}:${lineno})`, error];
}
