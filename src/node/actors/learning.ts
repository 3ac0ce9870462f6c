import type { Worker } from 'node:worker_threads';
import type { Agent } from '../../agent/agent.ts';
import { ObservationCodec } from '../../agent/observation-codec.ts';
import { deepEqual } from '../../common/deep.ts';
import { DqnError } from '../../common/errors.ts';
import type { Timing } from '../../common/maybe-promise.ts';
import { Random } from '../../common/random.ts';
import type { CollectedStep, CollectorProblem } from '../../training/collector.ts';
import type { ActorMake, ActorMode } from './messages.ts';
import { Seat } from './seat.ts';
import { FIRST, MASKED, SharedSteps, TERMINATED, TRUNCATED, type SharedStepsLayout } from './shared-steps.ts';
import { SharedWeights } from './shared-weights.ts';

/** What a {@link Learning} is made of; see `startActors`. */
export interface LearningParts {
  readonly agent: Agent<unknown, Timing>;
  readonly seed: number;
  readonly spawn: () => Worker;
  readonly config: unknown;
  readonly actors: number;
  readonly mode: ActorMode;
  readonly stepsPerRound: number;
  readonly answerTimeout: number;
}

/** How often in a row an actor may die before it has taken a step; then the run ends. */
const PATIENCE = 3;
/** Milliseconds for an actor to close its environment. */
const CLOSING = 5_000;

/** An actor, whichever worker it is at the time. */
interface Place {
  readonly actor: number;
  readonly steps: SharedSteps;
  seat: Seat | undefined;
  /** Whether the worker acts, and not only prepares to. */
  acting: boolean;
  /** Steps read, modulo 2³². */
  read: number;
  /** Steps handed out by the last `collect` in free mode, whose room may be written again at the next. */
  handedOut: number;
  starts: number;
  /** Deaths in a row without a step. */
  deaths: number;
  /** Steps taken when its worker was started. */
  before: number;
  /** Steps taken when it was last seen to have taken one, and when that was. */
  seen: number;
  seenAt: number;
}

/** The learner's half of a run with actors, from its beginning to its end. */
export class Learning {
  readonly #parts: LearningParts;
  readonly #codec: ObservationCodec<unknown>;
  readonly #make: ActorMake;
  readonly #places: readonly Place[];
  readonly #problems: CollectorProblem[] = [];
  #weights: SharedWeights | undefined;
  /** Updates of the agent when the weights were published. */
  #published = -1;
  #failure: DqnError | undefined;
  #wake: (() => void) | undefined;

  constructor(parts: LearningParts) {
    const { agent, actors, stepsPerRound } = parts;
    this.#parts = parts;
    this.#codec = new ObservationCodec(agent.observationSpace);
    const { size: observationSize, type: observationType } = this.#codec;
    const shape = { observationSize, observationType, actions: agent.actionSpace.n };
    this.#make = { spec: agent.online.spec, ...shape };
    const layout: SharedStepsLayout = { ...shape, capacity: 2 ** Math.ceil(Math.log2(2 * stepsPerRound)) };
    this.#places = Array.from({ length: actors }, (_, actor) => ({
      actor,
      steps: new SharedSteps(layout),
      seat: undefined,
      acting: false,
      read: 0,
      handedOut: 0,
      starts: 0,
      deaths: 0,
      before: 0,
      seen: 0,
      seenAt: 0,
    }));
  }

  /** Starts the workers, and waits until all of them act. */
  async begin(): Promise<void> {
    const { mode, stepsPerRound } = this.#parts;
    await this.#publish();
    for (const place of this.#places) {
      place.steps.grant(mode === 'free' ? 2 * stepsPerRound : stepsPerRound);
      this.#start(place);
    }
    await this.#until(() => this.#places.every(({ acting }) => acting));
  }

  /** What has been collected, in order; at least one step. */
  async collect(): Promise<(CollectedStep<unknown> | CollectorProblem)[]> {
    return this.#parts.mode === 'free' ? this.#takeAll() : this.#takeRound();
  }

  async close(): Promise<void> {
    // Whoever still waits would do so for ever.
    this.#failure ??= notBegun();
    this.#wake?.();
    for (const { steps } of this.#places) steps.end();
    await Promise.all(this.#places.map(({ seat, acting }) => seat?.exit(acting ? CLOSING : 0)));
  }

  /** The round that the actors are in. While it is learned from, they are in the next. */
  async #takeRound(): Promise<(CollectedStep<unknown> | CollectorProblem)[]> {
    const { stepsPerRound } = this.#parts;
    await this.#until(() => this.#places.every(({ steps }) => steps.open === 0));
    await this.#publish();
    for (const { steps } of this.#places) steps.grant(stepsPerRound);
    return this.#read(() => stepsPerRound);
  }

  async #takeAll(): Promise<(CollectedStep<unknown> | CollectorProblem)[]> {
    for (const place of this.#places) {
      // Its time begins anew where it could do nothing while this thread was busy.
      if (place.steps.open === 0) place.seenAt = performance.now();
      if (place.handedOut > 0) place.steps.grant(place.handedOut);
      place.handedOut = 0;
    }
    await this.#publish();
    const waiting = ({ steps, read }: Place): number => (steps.taken - read) >>> 0;
    if (!this.#places.some((place) => waiting(place) > 0)) {
      for (const { steps } of this.#places) steps.watched = true;
      await this.#until(() => this.#places.some((place) => waiting(place) > 0));
      for (const { steps } of this.#places) steps.watched = false;
    }
    return this.#read((place) => (place.handedOut = waiting(place)));
  }

  async #publish(): Promise<void> {
    const { agent } = this.#parts;
    if (agent.updates === this.#published) return;
    this.#published = agent.updates;
    const weights = await agent.online.weights();
    this.#weights ??= new SharedWeights(weights);
    this.#weights.publish(weights, agent.step);
  }

  /** Reads so many steps of each actor: the first of all, the second of all, and so on. */
  #read(count: (place: Place) => number): (CollectedStep<unknown> | CollectorProblem)[] {
    const counts = this.#places.map((place) => count(place));
    const longest = Math.max(...counts);
    const found: (CollectedStep<unknown> | CollectorProblem)[] = this.#problems.splice(0);
    for (let t = 0; t < longest; t++) {
      for (const place of this.#places) if (t < counts[place.actor]) found.push(this.#step(place, place.read + t));
    }
    for (const place of this.#places) place.read = (place.read + counts[place.actor]) >>> 0;
    return found;
  }

  #step({ actor, steps }: Place, index: number): CollectedStep<unknown> {
    const { agent } = this.#parts;
    const { size } = this.#codec;
    const slot = steps.slot(index);
    const flags = steps.flags[slot];
    const { n } = agent.actionSpace;
    return {
      kind: 'step',
      first: (flags & FIRST) !== 0,
      experience: {
        observation: this.#codec.decode(steps.observations, slot * size),
        action: steps.actions[slot],
        reward: steps.rewards[slot],
        nextObservation: this.#codec.decode(steps.nextObservations, slot * size),
        terminated: (flags & TERMINATED) !== 0,
        truncated: (flags & TRUNCATED) !== 0,
        nextActionMask: (flags & MASKED) === 0 ? undefined : steps.masks.subarray(slot * n, (slot + 1) * n),
        stream: actor,
      },
    };
  }

  #start(place: Place): void {
    const { spawn, config, actors, seed } = this.#parts;
    const { actor, starts } = place;
    const name = `actor ${actor} of ${actors}`;
    place.acting = false;
    place.before = place.seen = place.steps.taken;
    place.seenAt = performance.now();
    place.starts++;
    const own = new Random(seed).split(`actor ${actor}, start ${starts}`).uint32();
    place.seat = new Seat(spawned(spawn), name, {
      made: (make) => this.#guard(() => this.#admit(place, make, seed + actor + actors * starts)),
      steps: () => this.#wake?.(),
      died: (error) => this.#guard(() => this.#replace(place, error)),
    });
    place.seat.send({ kind: 'create', config, actor, actors, seed: own });
  }

  /** Lets an actor act that is made as the agent is. */
  #admit(place: Place, make: ActorMake, seed: number): void {
    const { spec, observationSize, observationType, actions } = make;
    const own = { spec, observationSize, observationType, actions };
    if (!deepEqual(own, this.#make) || !this.#weights) throw madeOtherwise(own, this.#make);
    const { steps } = place;
    const { mode } = this.#parts;
    place.seat?.send({ kind: 'act', mode, layout: steps.layout, steps: steps.buffer, weights: this.#weights.buffer, seed });
    place.acting = true;
    place.seenAt = performance.now();
  }

  #replace(place: Place, error: DqnError): void {
    // One that cannot even be made never will be.
    const hopeless = place.starts === 1 && !place.acting;
    place.seat = undefined;
    place.acting = false;
    place.deaths = place.steps.taken === place.before ? place.deaths + 1 : 0;
    if (hopeless || place.deaths > PATIENCE) throw error.cause instanceof DqnError ? error.cause : error;
    this.#problems.push({ kind: 'problem', error });
    // The next one must hear how far the run is, though there be no newer weights.
    this.#published = -1;
    this.#start(place);
  }

  /** Runs what answers a worker: what it throws ends the run. */
  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#failure ??= error as DqnError;
    }
    this.#wake?.();
  }

  /** Waits for something that actors do. */
  async #until(done: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (done()) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, Math.min(1_000, this.#parts.answerTimeout));
      });
      clearTimeout(timer);
      for (const place of this.#places) this.#look(place);
    }
  }

  /** Gives up an actor that has something to do and does nothing. */
  #look(place: Place): void {
    const now = performance.now();
    const { taken, open } = place.steps;
    if (taken !== place.seen || (place.acting && open === 0)) {
      place.seen = taken;
      place.seenAt = now;
    }
    const { answerTimeout } = this.#parts;
    if (now - place.seenAt > answerTimeout) place.seat?.die(`nothing from it within ${answerTimeout} ms`);
  }
}

function madeOtherwise(own: ActorMake, wanted: ActorMake): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: 'serveActor({ create })',
    expected: `an environment and options as those of the agent: ${JSON.stringify(wanted)}`,
    received: JSON.stringify(own),
    remedy: 'Make both by one function that the learner and the actors import.',
  });
}

/** A new worker. @throws DqnError `worker-failed`. */
function spawned(spawn: () => Worker): Worker {
  try {
    return spawn();
  } catch (cause) {
    throw new DqnError({
      code: 'worker-failed',
      where: 'startActors(spawn)',
      expected: 'a new worker',
      received: `an error: ${cause instanceof Error ? cause.message : String(cause)}`,
      remedy: 'Let spawn() give new Worker(new URL(…)), a new one at every call. The original error is the cause.',
      cause,
    });
  }
}

/** The error of collecting from actors that do not act. */
export function notBegun(): DqnError {
  return new DqnError({
    code: 'worker-failed',
    where: 'Actors.collect()',
    expected: 'actors that have begun',
    received: 'none, or closed ones',
    remedy: 'Close them after the run, not while it goes on.',
  });
}
