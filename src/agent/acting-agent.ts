import { Random } from '../common/random.ts';
import { wasm } from '../engines/wasm/wasm-engine.ts';
import type { Environment } from '../environment/environment.ts';
import type { Explorer, RememberingExplorer } from '../exploration/explorer.ts';
import type { QNetwork } from '../networks/q-network.ts';
import { ActingMemory } from './acting-memory.ts';
import { Actor } from './actor.ts';
import { designAgent, type AgentDesign } from './design-agent.ts';
import type { ObservationCodec } from './observation-codec.ts';
import type { AgentOptions } from './options.ts';

/** The half of an agent that acts and explores, on the embedded engine: what a thread needs that collects steps for an agent elsewhere. */
export class ActingAgent<Observation> {
  readonly codec: ObservationCodec<Observation>;
  readonly network: QNetwork<'sync'>;
  readonly actions: number;
  readonly #actor: Actor<Observation, 'sync'>;
  readonly #memory: ActingMemory;
  readonly #remembering: RememberingExplorer | undefined;
  readonly #explorer: Explorer;

  constructor(
    { resolved, observationSpace, actionSpace, heads }: AgentDesign<Observation>,
    network: QNetwork<'sync'>,
    seed: number,
  ) {
    const { head, explorer } = resolved;
    const random = new Random(seed);
    this.network = network;
    this.actions = actionSpace.n;
    this.#actor = new Actor({
      observationSpace,
      actionSpace,
      network,
      head,
      heads,
      random: random.split('exploration'),
      noise: random.split('acting noise'),
    });
    this.codec = this.#actor.codec;
    this.#memory = new ActingMemory(network.stateSize);
    this.#remembering = explorer.fresh?.();
    this.#explorer = this.#remembering ?? explorer;
  }

  /**
   * The action for an observation, exploring.
   * @param step - environment steps of the whole run so far, by which schedules go.
   */
  act(observation: Observation, actionMask: Uint8Array | undefined, stream: number, step: number): number {
    return this.#actor.act(observation, { explorer: this.#explorer, noisy: true, memory: this.#memory, step }, stream, actionMask);
  }

  endEpisode(stream: number): void {
    this.#memory.begin(stream);
    this.#remembering?.endEpisode?.(stream);
  }
}

/** Makes one from what `createAgent` takes; of the options it uses those of acting. @throws DqnError as `createAgent`. */
export async function createActingAgent<Observation>(
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: AgentOptions,
  seed: number,
): Promise<ActingAgent<Observation>> {
  const design = designAgent(environment, options);
  const engine = wasm();
  await engine.prepare?.(design.spec);
  return new ActingAgent(design, engine.createNetwork(design.spec, { random: new Random(0) }), seed);
}
