import { chain, type MaybePromise } from '../common/maybe-promise.ts';
import type { Random } from '../common/random.ts';
import type { Stateful } from '../common/state.ts';
import { NStepAccumulator, type Step } from '../replay/n-step.ts';
import type { ReplayBuffer, ReplayLayout, ReplaySpec, Transition } from '../replay/replay-buffer.ts';
import type { SequenceReplay } from '../replay/sequence-replay.ts';
import { TransitionUpdate, type UpdateParts } from './transition-update.ts';

/** One step of one environment, with the network's recurrent state when it saw the observation. */
export interface LearnerStep extends Step {
  /** `[H]`; empty for networks without memory. */
  readonly state: Float32Array;
}

/** How an agent remembers and learns: from single transitions or from sequences. */
export interface Learner {
  readonly replay: ReplayBuffer | SequenceReplay;
  /** What it holds beside the replay buffer and saves with the agent. */
  readonly windows?: Stateful;
  /** Whether a batch can be drawn. */
  readonly ready: boolean;
  /** Takes a step in, and at its end whatever the episode leaves. */
  remember(step: LearnerStep): void;
  /** Ends the running episodes of environments 0 … streams − 1 as if cut off here. */
  cutEpisodes(streams: number): void;
  /** One update on a sampled batch; gives the gradient norm before clipping. */
  learn(random: Random, learningRate: number, step: number): MaybePromise<number>;
}

/** Builds the learner of an agent, once its parts are known. */
export type LearnerFactory = (parts: UpdateParts, layout: ReplayLayout) => Learner;

/** Learns from single transitions over n steps each. */
export class TransitionLearner implements Learner {
  readonly replay: ReplayBuffer;
  readonly windows: NStepAccumulator;
  readonly #parts: UpdateParts;
  readonly #update: TransitionUpdate;
  readonly #add: (transition: Transition) => void;

  constructor(parts: UpdateParts, spec: ReplaySpec, layout: ReplayLayout) {
    const { nStep, discount } = parts.options;
    this.replay = spec.create(layout);
    this.windows = new NStepAccumulator({ n: nStep, discount, layout });
    this.#parts = parts;
    this.#update = new TransitionUpdate(parts);
    this.#add = (transition) => this.replay.add(transition);
  }

  get ready(): boolean {
    return this.replay.size > 0;
  }

  remember(step: LearnerStep): void {
    this.windows.push(step, this.#add);
    if (step.terminated || step.truncated) this.replay.endEpisode?.(step.stream);
  }

  cutEpisodes(streams: number): void {
    for (let stream = 0; stream < streams; stream++) {
      this.windows.end(stream, this.#add);
      this.replay.endEpisode?.(stream);
    }
  }

  learn(random: Random, learningRate: number, step: number): MaybePromise<number> {
    const batch = this.replay.sample(this.#parts.options.batchSize, random, step);
    return chain(this.#update.run(batch, learningRate, step), (norm) => {
      this.replay.updatePriorities?.(batch.ids, this.#parts.rows.tdErrors);
      return norm;
    });
  }
}
