import { createActingAgent, type ActingAgent } from '../../agent/acting-agent.ts';
import type { AgentOptions } from '../../agent/options.ts';
import { isPromise, type MaybePromise } from '../../common/maybe-promise.ts';
import type { Environment } from '../../environment/environment.ts';
import { toWire } from '../../remote/wire-error.ts';
import { checkMask } from '../../replay/check-transition.ts';
import { callEnvironment, stepEnvironment } from '../../training/call-environment.ts';
import { parentThread } from '../parent-thread.ts';
import type { FromActor, ToActor } from './messages.ts';
import { FIRST, MASKED, SharedSteps, TERMINATED, TRUNCATED } from './shared-steps.ts';
import { SharedWeights } from './shared-weights.ts';

/** What an actor acts with. */
export interface ActorSetup<Observation> {
  readonly environment: Environment<Observation, number>;
  /** What the agent was created with; network, head and explorer count here. The engine is the embedded one, whatever the agent's is. */
  readonly agent: AgentOptions;
}

/** Which actor it is. */
export interface ActorPlace {
  /** Its number, from 0. */
  readonly actor: number;
  readonly actors: number;
}

/** How an actor makes what it acts with. */
export interface ActorRecipe<Config, Observation> {
  /** Makes the environment, in the worker, from what the learner sent. */
  create(config: Config, place: ActorPlace): MaybePromise<ActorSetup<Observation>>;
}

/**
 * Serves an actor from a worker thread to the learner that started it: call it once in the worker's module, with how to make its environment. See {@link startActors}.
 *
 * @throws DqnError `unsupported-platform` outside a worker thread.
 */
export function serveActor<Config, Observation>(recipe: ActorRecipe<Config, Observation>): void {
  const port = parentThread('serveActor(recipe)');
  const send = (message: FromActor): void => port.postMessage(message);
  let actor: Actor<Observation> | undefined;
  const perform = async (message: ToActor): Promise<void> => {
    if (message.kind === 'create') {
      const { config, seed, ...place } = message;
      const { environment, agent } = await recipe.create(config as Config, { actor: place.actor, actors: place.actors });
      actor = new Actor(environment, await createActingAgent(environment, agent, seed), place, send);
      const { actions, codec, network } = actor.agent;
      send({ kind: 'made', spec: network.spec, observationSize: codec.size, observationType: codec.type, actions });
      return;
    }
    await actor?.work(message);
    // Nothing is left to do, and other handles of the environment shall not keep the thread.
    process.exit(0);
  };
  port.on('message', (message: ToActor) => {
    perform(message).catch((error: unknown) => send({ kind: 'failed', error: toWire(error) }));
  });
}

/** Acts in an environment, as many steps as it is granted, and leaves them in shared memory. */
class Actor<Observation> {
  readonly agent: ActingAgent<Observation>;
  readonly #environment: Environment<Observation, number>;
  readonly #place: ActorPlace;
  readonly #send: (message: FromActor) => void;

  constructor(
    environment: Environment<Observation, number>,
    agent: ActingAgent<Observation>,
    place: ActorPlace,
    send: (message: FromActor) => void,
  ) {
    this.agent = agent;
    this.#environment = environment;
    this.#place = place;
    this.#send = send;
  }

  /** Works until it is to end. */
  async work(message: Extract<ToActor, { kind: 'act' }>): Promise<void> {
    const { agent } = this;
    const environment = this.#environment;
    const { actor, actors } = this.#place;
    const { codec, network } = agent;
    const steps = new SharedSteps(message.layout, message.steps);
    const weights = new SharedWeights(network.weights(), message.weights);
    const where = `actor ${actor} of ${actors}`;
    let published = { version: 0, step: 0 };
    let since = 0;
    let { observation, actionMask } = await callEnvironment(
      () => environment.reset({ seed: message.seed }),
      `${where}: environment.reset()`,
    );
    let first = true;
    while (steps.waitForGrant()) {
      const newer = weights.newerThan(published.version);
      if (newer) {
        network.setWeights(newer.weights);
        published = newer;
        since = 0;
      }
      const action = agent.act(observation, actionMask, actor, published.step + since * actors + actor);
      const stepping = stepEnvironment(environment, action, where);
      const result = isPromise(stepping) ? await stepping : stepping;
      const { reward, terminated, truncated } = result;
      const slot = steps.slot(steps.taken);
      codec.encode(observation, steps.observations, slot * codec.size, `${where}: observation`);
      codec.encode(result.observation, steps.nextObservations, slot * codec.size, `${where}: environment.step().observation`);
      checkMask(`${where}: environment.step().actionMask`, steps.layout, result.actionMask);
      if (result.actionMask) steps.masks.set(result.actionMask, slot * agent.actions);
      steps.actions[slot] = action;
      steps.rewards[slot] = reward;
      steps.flags[slot] =
        (first ? FIRST : 0) | (terminated ? TERMINATED : 0) | (truncated ? TRUNCATED : 0) | (result.actionMask ? MASKED : 0);
      steps.take();
      since++;
      first = terminated || truncated;
      // Counted, so that the learner has it while the next episode begins.
      if (message.mode === 'free' ? steps.watched : steps.open === 0) this.#send({ kind: 'steps' });
      if (first) agent.endEpisode(actor);
      const next = first ? callEnvironment(() => environment.reset(), `${where}: environment.reset()`) : result;
      ({ observation, actionMask } = isPromise(next) ? await next : next);
    }
    await environment.close?.();
  }
}
