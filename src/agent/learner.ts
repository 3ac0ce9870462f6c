import { chain, type MaybePromise } from '../common/maybe-promise.ts';
import type { Random } from '../common/random.ts';
import type { Stateful } from '../common/state.ts';
import type { DeviceReport } from '../networks/device-update.ts';
import { diverged } from '../networks/network-checks.ts';
import { NStepAccumulator, type Step } from '../replay/n-step.ts';
import type { ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from '../replay/replay-buffer.ts';
import type { SequenceReplay } from '../replay/sequence-replay.ts';
import type { UpdateReport } from './agent.ts';
import { DeviceTransitionUpdate } from './device-transition-update.ts';
import { LateUpdate } from './late-update.ts';
import { TransitionUpdate, type UpdateParts } from './transition-update.ts';

/** One step of one environment, with the network's recurrent state when it saw the observation. */
export interface LearnerStep extends Step {
  /** `[H]`; empty for networks without memory. */
  readonly state: Float32Array;
}

/** The numbers of an update that depend on the batch. */
export type UpdateNumbers = Pick<UpdateReport, 'loss' | 'meanQ' | 'maxQ' | 'meanTdError' | 'tdErrors' | 'gradientNorm'>;

/** How an agent remembers and learns: from single transitions or from sequences. */
export interface Learner {
  readonly replay: ReplayBuffer | SequenceReplay;
  /** What it holds beside the replay buffer and saves with the agent. */
  readonly windows?: Stateful;
  /** Whether a batch can be drawn. */
  readonly ready: boolean;
  /** Takes a step in, and at its end whatever the episode leaves. */
  remember(step: LearnerStep): void;
  /** Ends the running episode of an environment as if cut off here. */
  cutEpisode(stream: number): void;
  /** What the last update still has to bring, where that comes late. */
  readonly late?: LateUpdate;
  /**
   * Lets what the last update still has to bring take effect, before the next one begins.
   * @returns an error if it turns out to have changed nothing, or is lost.
   */
  settle?(): MaybePromise<unknown>;
  /** One update on a sampled batch. */
  learn(random: Random, learningRate: number, step: number): MaybePromise<UpdateNumbers>;
}

/** Builds the learner of an agent, once its parts are known. */
export type LearnerFactory = (parts: UpdateParts, layout: ReplayLayout) => Learner;

/** Learns from single transitions over n steps each. */
export class TransitionLearner implements Learner {
  readonly replay: ReplayBuffer;
  readonly windows: NStepAccumulator;
  readonly late = new LateUpdate();
  readonly #parts: UpdateParts;
  readonly #update: TransitionUpdate | DeviceTransitionUpdate;
  readonly #add: (transition: Transition) => void;

  constructor(parts: UpdateParts, spec: ReplaySpec, layout: ReplayLayout) {
    const { device } = parts;
    const { nStep, discount } = parts.options;
    this.replay = spec.create(layout);
    this.windows = new NStepAccumulator({ n: nStep, discount, layout });
    this.#parts = parts;
    this.#update = device ? new DeviceTransitionUpdate(parts, device) : new TransitionUpdate(parts);
    this.#add = (transition) => this.replay.add(transition);
  }

  get ready(): boolean {
    return this.replay.size > 0;
  }

  remember(step: LearnerStep): void {
    this.windows.push(step, this.#add);
    if (step.terminated || step.truncated) this.replay.endEpisode?.(step.stream);
  }

  cutEpisode(stream: number): void {
    this.windows.end(stream, this.#add);
    this.replay.endEpisode?.(stream);
  }

  settle(): MaybePromise<unknown> {
    return chain(this.late.arrive(), () => {
      const failure = this.late.takeFailure();
      if (failure !== undefined) return failure;
      const report = this.late.take();
      if (!report) return undefined;
      if (!report.applied) return diverged('Agent.learn', report.gradientNorm);
      this.replay.updatePriorities?.(report.ids, report.tdErrors);
      return undefined;
    });
  }

  learn(random: Random, learningRate: number, step: number): MaybePromise<UpdateNumbers> {
    const { rows, options } = this.#parts;
    const batch = this.replay.sample(options.batchSize, random, step);
    const update = this.#update;
    if (update instanceof TransitionUpdate) {
      return chain(update.run(batch, learningRate, step), (gradientNorm) => {
        this.replay.updatePriorities?.(batch.ids, rows.tdErrors);
        return { ...rows.summary(), gradientNorm };
      });
    }
    const { late } = this;
    late.expect(batch.ids, update.run(batch, learningRate, step));
    // The first update has none before it to tell of.
    return chain(late.last ? undefined : late.arrive(), () => {
      const failure = late.takeFailure();
      if (failure !== undefined) throw failure;
      const { loss, meanQ, maxQ, meanTdError, tdErrors, gradientNorm, applied } = late.last as DeviceReport;
      if (applied) return { loss, meanQ, maxQ, meanTdError, tdErrors, gradientNorm };
      late.take();
      throw diverged('Agent.learn', gradientNorm);
    });
  }
}
