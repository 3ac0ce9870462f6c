import type { Agent, UpdateReport } from '../agent/agent.ts';
import type { Policy } from '../agent/policy.ts';
import { decodeArchive, encodeArchive } from '../common/archive.ts';
import { checkInteger, checkNames } from '../common/check.ts';
import { crc32 } from '../common/crc32.ts';
import { DqnError } from '../common/errors.ts';
import { Breather } from '../common/macrotask.ts';
import { isPromise, type Timing } from '../common/maybe-promise.ts';
import { checkSame, damagedState, readCount, readFields, readString } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import { throwIfAborted, type AbortSignalLike } from '../training/abort.ts';
import { checkEvaluation } from '../training/check-evaluation.ts';
import { evaluate } from '../training/evaluate.ts';
import type { CheckpointEvent, EvaluationEvent } from '../training/events.ts';
import type { TrainEvaluation } from '../training/train.ts';
import type { ActionConstraint } from './action-constraint.ts';
import type { Dataset } from './dataset.ts';
import { AgentLearner, type OfflineLearner, type OfflineReport } from './offline-learner.ts';

/** How to learn from a dataset. */
export interface TrainOfflineOptions<Observation> {
  /** Updates of this run; a run that is resumed goes on to the same end. */
  readonly updates: number;
  /** Which actions an agent may take, in its targets and in evaluation. Default: all. */
  readonly constraint?: ActionConstraint;
  /** When and on what to evaluate; its period counts updates. Default: none. */
  readonly evaluation?: TrainEvaluation<Observation>;
  /** Updates between `checkpoint` events. Default: none. */
  readonly checkpointPeriod?: number;
  /** The bytes of a checkpoint to go on from; the learner must be made as it was, and the dataset be the same. */
  readonly resume?: Uint8Array | undefined;
  /** Stops the run with an `aborted` error at the next update; what was learned is kept. */
  readonly signal?: AbortSignalLike;
}

/** An update was done. */
export type OfflineUpdateEvent<R extends OfflineReport = OfflineReport> = R & {
  readonly kind: 'update';
  /** Updates of the run so far. */
  readonly step: number;
};

/** What {@link trainOffline} tells, told apart by `kind`; their `step` counts updates of the run. Those of an agent are events of `train` too. */
export type OfflineEvent<R extends OfflineReport = OfflineReport> = OfflineUpdateEvent<R> | EvaluationEvent | CheckpointEvent;

/** A run of learning from a dataset: the events, one by one. Nothing happens until they are asked for, and to stop asking stops the run. */
export interface OfflineRun<R extends OfflineReport = OfflineReport> extends AsyncGenerator<OfflineEvent<R>, void, void> {
  /** The whole run as it is now, as the bytes of a file. Call it between two events. */
  checkpoint(): Promise<Uint8Array<ArrayBuffer>>;
}

/** The version of the layout of a run's checkpoint. */
const version = 1;

/** What a run tells, in its order: an update, and what of the other two is due after it. */
const TURNS = ['update', 'evaluation', 'checkpoint'] as const;

const known = { updates: true, constraint: true, evaluation: true, checkpointPeriod: true, resume: true, signal: true } as const;

/**
 * Learns from recorded episodes alone. An agent takes all of the dataset into its empty replay buffer and then learns as it is made to learn: its head, rule, n-step returns, replay and target updates
 * stand, and every update moves its clock by one step, so that periods and schedules count updates. Other learners, such as {@link BehaviorCloning}, do as they say.
 * With the same seeds the same run, bit for bit; and a run that is resumed from a checkpoint ends as if it had never stopped.
 *
 * @example
 * ```ts no-run
 * import { createAgent, expected } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 * import { conservative, recordDataset, trainOffline } from '@scope/dqn/offline';
 *
 * const environment = new CartPole();
 * const dataset = await recordDataset('random', environment, { steps: 5_000 });
 * const agent = await createAgent(environment, { head: conservative(expected()) });
 * for await (const event of trainOffline(agent, dataset, { updates: 2_000 })) console.log(event.kind);
 * ```
 * @throws DqnError `invalid-option`; and from the events `invalid-dataset` if the dataset is of other spaces, `invalid-option` if the agent remembers something already or has too little
 * room, `invalid-part` if the constraint allows no action, `diverged`, `aborted`, `invalid-checkpoint` or `incompatible-checkpoint`.
 */
export function trainOffline<Observation, M extends Timing>(
  agent: Agent<Observation, M>,
  dataset: Dataset,
  options: TrainOfflineOptions<Observation>,
): OfflineRun<UpdateReport>;
export function trainOffline<Observation, R extends OfflineReport>(
  learner: OfflineLearner<R> & Policy<Observation>,
  dataset: Dataset,
  options: TrainOfflineOptions<Observation>,
): OfflineRun<R>;
export function trainOffline<R extends OfflineReport>(
  learner: OfflineLearner<R>,
  dataset: Dataset,
  options: Omit<TrainOfflineOptions<never>, 'evaluation' | 'constraint'>,
): OfflineRun<R>;
export function trainOffline<Observation>(
  learner: Agent<Observation, Timing> | OfflineLearner,
  dataset: Dataset,
  options: TrainOfflineOptions<Observation>,
): OfflineRun {
  checkNames('trainOffline(options)', options, known);
  checkInteger('trainOffline({ updates })', options.updates, { min: 1 });
  const { checkpointPeriod, evaluation } = options;
  if (checkpointPeriod !== undefined) checkInteger('trainOffline({ checkpointPeriod })', checkpointPeriod, { min: 1 });
  if (evaluation) checkEvaluation('trainOffline', evaluation);
  const agent = 'start' in learner ? undefined : new AgentLearner(learner, options.constraint);
  if (!agent && options.constraint) refuse('constraint', 'an agent to constrain', 'another learner', 'Leave it out.');
  const policy = agent ? agent.policy : (learner as Partial<Policy<Observation>>);
  if (evaluation && !policy.act) refuse('evaluation', 'a learner that acts', 'one without act()', 'Leave it out.');
  const run = new Run(agent ?? (learner as OfflineLearner), policy as Policy<Observation>, dataset, options);
  return Object.assign(run.events(), { checkpoint: () => run.checkpoint() });
}

class Run<Observation> {
  readonly #learner: OfflineLearner;
  readonly #policy: Policy<Observation>;
  readonly #dataset: Dataset;
  readonly #options: TrainOfflineOptions<Observation>;
  #done = 0;
  /** What comes next; where it is not due, what comes after it. */
  #next: (typeof TURNS)[number] = 'update';
  #starting: Promise<void> | undefined;

  constructor(learner: OfflineLearner, policy: Policy<Observation>, dataset: Dataset, options: TrainOfflineOptions<Observation>) {
    this.#learner = learner;
    this.#policy = policy;
    this.#dataset = dataset;
    this.#options = options;
  }

  async *events(): AsyncGenerator<OfflineEvent, void, void> {
    const { updates, evaluation, checkpointPeriod, signal } = this.#options;
    throwIfAborted(signal, 'trainOffline({ signal })');
    await this.#start();
    const breather = new Breather();
    while (this.#done < updates || this.#next !== 'update') {
      throwIfAborted(signal, 'trainOffline({ signal })');
      if (this.#next === 'update') {
        const learning = this.#learner.learn();
        const report = isPromise(learning) ? await learning : learning;
        this.#done++;
        this.#next = 'evaluation';
        yield { kind: 'update', step: this.#done, ...report };
      }
      const step = this.#done;
      if (this.#next === 'evaluation') {
        let told: EvaluationEvent | undefined;
        if (evaluation && step % evaluation.period === 0) {
          const { environment, episodes, seed } = evaluation;
          told = { kind: 'evaluation', step, ...(await evaluate(this.#policy, environment, { episodes, seed, signal })) };
        }
        this.#next = 'checkpoint';
        if (told) yield told;
      }
      this.#next = 'update';
      if (checkpointPeriod !== undefined && step % checkpointPeriod === 0) {
        yield { kind: 'checkpoint', step, bytes: await this.checkpoint() };
      }
      if (breather.due) await breather.breathe();
    }
  }

  async checkpoint(): Promise<Uint8Array<ArrayBuffer>> {
    await this.#start();
    const state = {
      done: this.#done,
      next: this.#next,
      dataset: fingerprint(this.#dataset),
      learner: await this.#learner.getState(),
    };
    return encodeArchive({ kind: 'offline training', version, state });
  }

  #start(): Promise<void> {
    return (this.#starting ??= this.#begin());
  }

  async #begin(): Promise<void> {
    const { resume } = this.#options;
    if (!resume) return this.#learner.start(this.#dataset);
    const where = 'trainOffline({ resume })';
    const fields = readFields(where, decodeArchive(resume, { kind: 'offline training', version }));
    checkSame(`${where}.dataset`, readFields(`${where}.dataset`, fields.dataset), fingerprint(this.#dataset));
    const done = readCount(where, fields, 'done');
    const name = readString(where, fields, 'next');
    const next = TURNS.find((turn) => turn === name);
    if (!next) throw damagedState(`${where}.next`, TURNS.join(', '), name);
    await this.#learner.start(this.#dataset, fields.learner as State);
    this.#done = done;
    this.#next = next;
  }
}

/** What tells datasets apart. */
function fingerprint(dataset: Dataset): Record<string, number> {
  const { size, episodes, observationSize, actionCount, observations, actions, rewards, terminations, truncations } = dataset;
  let checksum = 0;
  for (const { buffer, byteOffset, byteLength } of [
    observations,
    actions,
    rewards,
    terminations,
    truncations,
    dataset.episodeEnds,
  ]) {
    checksum = crc32(new Uint8Array(buffer, byteOffset, byteLength), checksum);
  }
  return { size, episodes, observationSize, actionCount, checksum };
}

function refuse(name: string, expected: string, received: string, remedy: string): never {
  throw new DqnError({ code: 'invalid-option', where: `trainOffline({ ${name} })`, expected, received, remedy });
}
