import { Worker } from 'node:worker_threads';
import { serveActor, startActors, type Actors } from '../../node/index.ts';
import { agentOptions } from '../configuration/agent-options.ts';
import { resolveConfiguration } from '../configuration/resolve-configuration.ts';
import type { Configuration } from '../configuration/schema.ts';

/** Starts the actors that a configuration asks for, each in a worker that runs this program. */
export function configuredActors(configuration: Configuration): Actors {
  const program = process.argv[1];
  return startActors(() => new Worker(program), configuration, { actors: configuration.actors });
}

/** What this program is in a worker: an actor of a run. */
export function serveConfiguredActor(): void {
  serveActor<Configuration, unknown>({
    async create(configuration) {
      const { environment } = await resolveConfiguration(configuration);
      // The learner alone may have a device.
      return {
        environment: await environment.create(configuration.environmentOptions),
        agent: await agentOptions({ ...configuration, engine: 'wasm' }),
      };
    },
  });
}
