import type { Worker } from 'node:worker_threads';
import type { Agent } from '../../agent/agent.ts';
import { checkInteger, checkNames, checkNumber } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { Timing } from '../../common/maybe-promise.ts';
import type { CollectedStep, Collector, CollectorProblem } from '../../training/collector.ts';
import { Learning, notBegun } from './learning.ts';
import type { ActorMode } from './messages.ts';

/** How actors collect. */
export interface StartActorsOptions {
  /** N: how many, each in a worker of its own. */
  readonly actors: number;
  /**
   * When the learner takes what they have collected. Default `synchronous`.
   *
   * - `synchronous`: in rounds. While the agent learns from one, the actors collect the next with the weights of before; the order of steps is fixed, so that the same seeds give the same run.
   * - `free`: whatever is there, so that no actor waits for a slower one.
   */
  readonly mode?: ActorMode;
  /** Steps of each actor in a round, at least 1: in `free` mode it may be ahead of the learner by twice as many. Default 16. */
  readonly stepsPerRound?: number;
  /** Milliseconds within which an actor must be made, and then take a step; longer, and another one takes its place. Default 30,000. */
  readonly answerTimeout?: number;
}

/** Actors in worker threads, for `train` in place of an environment. The process lives on until they are closed. */
export interface Actors extends Collector {
  /** Ends the actors and closes their environments. They begin anew where they are trained with again. */
  close(): Promise<void>;
}

/** The same as {@link Actors}, run by one {@link Learning} at a time. */
class WorkerActors implements Actors {
  readonly size: number;
  readonly #begin: (agent: Agent<unknown, Timing>, seed: number) => Learning;
  #learning: Learning | undefined;

  constructor(size: number, begin: (agent: Agent<unknown, Timing>, seed: number) => Learning) {
    this.size = size;
    this.#begin = begin;
  }

  async begin<Observation, M extends Timing>(agent: Agent<Observation, M>, seed: number): Promise<void> {
    await this.close();
    this.#learning = this.#begin(agent as unknown as Agent<unknown, Timing>, seed);
    await this.#learning.begin();
  }

  async collect<Observation>(): Promise<readonly (CollectedStep<Observation> | CollectorProblem)[]> {
    if (!this.#learning) throw notBegun();
    return (await this.#learning.collect()) as readonly (CollectedStep<Observation> | CollectorProblem)[];
  }

  async close(): Promise<void> {
    const learning = this.#learning;
    this.#learning = undefined;
    await learning?.close();
  }
}

/**
 * Starts actors in worker threads: each steps an environment of its own with the agent's network, explores by itself, and shares weights and steps with this thread, where the agent learns.
 * With `epsilonLadder` every actor has an ε of its own (Horgan et al. 2018, "Distributed Prioritized Experience Replay", section 4.1).
 * The workers' module calls {@link serveActor}. An actor that dies or hangs is replaced, which the run tells as a `problem` event; one whose environment keeps failing ends the run.
 *
 * Actor i resets its environment with `seed + i`. A run that is resumed from a checkpoint begins new episodes. Explorers that remember, as `ucb` does, remember in each actor by itself.
 *
 * @example
 * ```ts no-run
 * import { Worker } from 'node:worker_threads';
 * import { createAgent, train } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 * import { startActors } from '@scope/dqn/node';
 *
 * const agent = await createAgent(new CartPole(), { seed: 1 });
 * // actor.js: serveActor({ create: () => ({ environment: new CartPole(), agent: {} }) });
 * const actors = startActors(() => new Worker(new URL('./actor.js', import.meta.url)), undefined, { actors: 2 });
 * for await (const event of train(agent, actors, { steps: 50_000 })) if (event.kind === 'problem') console.warn(event.error.message);
 * await actors.close();
 * ```
 * @param spawn - starts a worker.
 * @param config - what a worker makes its environment from: anything that `structuredClone` copies.
 * @throws DqnError `invalid-option` if an option is out of range; everything else comes from the run.
 */
export function startActors<Config>(spawn: () => Worker, config: Config, options: StartActorsOptions): Actors {
  checkNames('startActors(options)', options, { actors: true, mode: true, stepsPerRound: true, answerTimeout: true });
  const actors = checkInteger('startActors({ actors })', options.actors, { min: 1, max: 1_024 });
  const stepsPerRound = checkInteger('startActors({ stepsPerRound })', options.stepsPerRound ?? 16, { min: 1, max: 2 ** 20 });
  const answerTimeout = checkNumber('startActors({ answerTimeout })', options.answerTimeout ?? 30_000, { min: 1 });
  const mode = options.mode ?? 'synchronous';
  if (mode !== 'synchronous' && mode !== 'free') throw unknownMode(mode);
  return new WorkerActors(
    actors,
    (agent, seed) => new Learning({ agent, seed, spawn, config, actors, mode, stepsPerRound, answerTimeout }),
  );
}

function unknownMode(mode: unknown): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: 'startActors({ mode })',
    expected: "'synchronous' or 'free'",
    received: describe(mode),
    remedy: "Leave it out for 'synchronous'.",
  });
}
