import type { Agent, UpdateReport } from '../agent/agent.ts';
import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { Breather } from '../common/macrotask.ts';
import { loadPart } from '../common/load-part.ts';
import { isPromise, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import type { Environment } from '../environment/environment.ts';
import type { VectorEnvironment } from '../environment/vector-environment.ts';
import { throwIfAborted, type AbortSignalLike } from './abort.ts';
import type { Collector } from './collector.ts';
import { checkEvaluation } from './check-evaluation.ts';
import { evaluate } from './evaluate.ts';
import type { TrainEvent } from './events.ts';
import type { Rollout } from './rollout.ts';

/** When and on what to evaluate while training. */
export interface TrainEvaluation<Observation> {
  /** Its own environment, not the one that is trained on. */
  readonly environment: Environment<Observation, number>;
  /** Environment steps between evaluations. */
  readonly period: number;
  /** Episodes of each. Default 10. */
  readonly episodes?: number;
  /** Episode i is reset with `seed + i`. Default 0. */
  readonly seed?: number;
}

/** How to train. */
export interface TrainOptions<Observation> {
  /** Environment steps of this run, all environments of a vector together; a run that is resumed goes on to the same end. */
  readonly steps: number;
  /** Seeds the environment. Default: the agent's seed. */
  readonly seed?: number;
  /** Default: none. */
  readonly evaluation?: TrainEvaluation<Observation>;
  /** Environment steps between `checkpoint` events. Default: none. */
  readonly checkpointPeriod?: number;
  /** The bytes of a checkpoint to go on from; the agent and the environment must be made as they were. */
  readonly resume?: Uint8Array | undefined;
  /** Stops the run with an `aborted` error at the next step; what was learned is kept. */
  readonly signal?: AbortSignalLike;
}

/** A run of training: the events, one by one. Nothing happens until they are asked for, and to stop asking stops the run. */
export interface TrainingRun extends AsyncGenerator<TrainEvent, void, void> {
  /**
   * The whole run as it is now, as the bytes of a file: agent, environment episode and loop. Call it between two events.
   * An environment without `getState` starts a new episode when the run is resumed. Before the first event of a run that is resumed it is what the run will go on from.
   */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The same bytes in parts, in order, which `CheckpointStore.save` takes: most are views of what the run holds, a replay of gigabytes among them, and not copies of it. Save them before asking for
   * the next event.
   */
  checkpointParts(): Promise<readonly Uint8Array[]>;
  /** How many events of the steps taken so far are still to be told. A run that is resumed from a checkpoint does not tell them: take it where this is 0. */
  readonly pending: number;
}

/** The version of the layout of a run's checkpoint. */
const version = 1;
/** Events that wait to be told, at most. */
const MOST_PENDING = 1_000;

/**
 * Trains an agent on an environment, a vector of them or those of actors elsewhere: acts, observes, and learns as often as the agent's options say.
 * With the same seeds the same run, bit for bit; and a run that is resumed from a checkpoint ends as if it had never stopped.
 *
 * @example
 * ```ts
 * import { createAgent, train } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 *
 * const environment = new CartPole();
 * const agent = await createAgent(environment, { seed: 1 });
 * for await (const event of train(agent, environment, { steps: 2_000 })) {
 *   if (event.kind === 'episode') console.log(event.step, event.return);
 * }
 * ```
 * @throws DqnError (from the events) `environment-failed` if the environment throws, `invalid-observation`, `invalid-reward` or
 * `invalid-environment` if it breaks its contract, `diverged`, `device-lost`, `aborted`; on any of them the agent keeps what it has learned and
 * can go on.
 */
export function train<Observation, M extends Timing>(
  agent: Agent<Observation, M>,
  environment: Environment<Observation, number> | VectorEnvironment<Observation, number> | Collector,
  options: TrainOptions<Observation>,
): TrainingRun {
  checkNames('train(options)', options, {
    steps: true,
    seed: true,
    evaluation: true,
    checkpointPeriod: true,
    resume: true,
    signal: true,
  });
  checkInteger('train({ steps })', options.steps, { min: 1 });
  checkNumber('train({ seed })', options.seed ?? 0);
  if (options.checkpointPeriod !== undefined) checkInteger('train({ checkpointPeriod })', options.checkpointPeriod, { min: 1 });
  if (options.evaluation) {
    checkEvaluation('train', options.evaluation);
    if (options.evaluation.environment === environment) throw sharedEnvironment();
  }
  if ('autoreset' in environment && environment.autoreset !== 'same-step') throw otherAutoreset(environment.autoreset);
  let loading: Promise<Rollout> | undefined;
  const load = () =>
    (loading ??= loadPart('training', () => import('./rollout.ts')).then(({ rolloutOf }) => rolloutOf(agent, environment)));
  // What is still to be gone on from.
  let { resume } = options;
  const begin = async () => {
    const rollout = await load();
    if (resume) {
      const { decodeArchive } = await import('../common/archive.ts');
      await rollout.resume(decodeArchive(resume, { kind: 'training', version }));
      resume = undefined;
    } else await rollout.start(options.seed ?? agent.options.seed);
    return rollout;
  };
  const checkpointParts = async () => {
    if (resume) return [resume];
    const { encodeArchiveParts } = await import('../common/archive.ts');
    const rollout = await load();
    const state = { agent: await agent.getState(), rollout: rollout.getState() };
    return encodeArchiveParts({ kind: 'training', version, state });
  };
  const checkpoint = async () => {
    const { joinParts } = await import('../common/archive.ts');
    return joinParts(await checkpointParts());
  };
  // Events are collected while the state is between two steps and told when it is whole again, so that a checkpoint taken at any event is sound.
  const pending: TrainEvent[] = [];
  const run = Object.assign(events(agent, begin, options, pending, checkpoint), { checkpoint, checkpointParts, pending: 0 });
  return Object.defineProperty(run, 'pending', { get: () => pending.length });
}

async function* events<Observation, M extends Timing>(
  agent: Agent<Observation, M>,
  begin: () => Promise<Rollout>,
  options: TrainOptions<Observation>,
  pending: TrainEvent[],
  checkpoint: () => Promise<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<TrainEvent, void, void> {
  const { steps, evaluation, checkpointPeriod, signal } = options;
  throwIfAborted(signal, 'train({ signal })');
  const rollout = await begin();
  const breather = new Breather();
  while (rollout.stepsTaken < steps || agent.updatesDue > 0) {
    throwIfAborted(signal, 'train({ signal })');
    const before = rollout.stepsTaken;
    if (agent.updatesDue === 0) {
      const stepping = rollout.step(pending);
      if (isPromise(stepping)) await stepping;
    }
    while (agent.updatesDue > 0) {
      throwIfAborted(signal, 'train({ signal })');
      const learning: MaybePromise<UpdateReport> = agent.learn();
      const report = isPromise(learning) ? await learning : learning;
      // An event stays as it is; the next update writes into what the agent has reported.
      pending.push({ kind: 'update', step: agent.step, ...report, tdErrors: report.tdErrors.slice() });
      // All but the last, which tells that the step is not over: more updates may be due than there is memory for.
      if (pending.length > MOST_PENDING) yield* pending.splice(0, MOST_PENDING);
      if (breather.due) await breather.breathe();
    }
    const after = rollout.stepsTaken;
    if (evaluation && crossed(before, after, evaluation.period)) {
      const { environment, episodes, seed } = evaluation;
      pending.push({ kind: 'evaluation', step: agent.step, ...(await evaluate(agent, environment, { episodes, seed, signal })) });
    }
    for (let event = pending.shift(); event; event = pending.shift()) yield event;
    if (checkpointPeriod !== undefined && crossed(before, after, checkpointPeriod)) {
      yield { kind: 'checkpoint', step: agent.step, bytes: await checkpoint() };
    }
    if (breather.due) await breather.breathe();
  }
}

function sharedEnvironment(): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: 'train({ evaluation: { environment } })',
    expected: 'an environment of its own',
    received: 'the one that is trained on',
    remedy: 'Make a second one: evaluating would end the episode that training is in.',
  });
}

function otherAutoreset(autoreset: string): DqnError {
  return new DqnError({
    code: 'invalid-environment',
    where: 'train(agent, environment)',
    expected: `a vector environment with autoreset 'same-step'`,
    received: `'${autoreset}'`,
    remedy: 'Leave the autoreset option of vectorize() out.',
  });
}

function crossed(before: number, after: number, period: number): boolean {
  return Math.floor(after / period) > Math.floor(before / period);
}
