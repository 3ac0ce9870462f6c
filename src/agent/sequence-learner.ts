import { chain, type MaybePromise } from '../common/maybe-promise.ts';
import type { Random } from '../common/random.ts';
import type { ReplayLayout } from '../replay/replay-buffer.ts';
import type { SequenceReplay, SequenceReplaySpec } from '../replay/sequence-replay.ts';
import type { Learner, LearnerStep, UpdateNumbers } from './learner.ts';
import { SequenceUpdate } from './sequence-update.ts';
import type { UpdateParts } from './transition-update.ts';

/** Learns from sequences of steps, for networks with memory. */
export class SequenceLearner implements Learner {
  readonly replay: SequenceReplay;
  readonly #parts: UpdateParts;
  readonly #update: SequenceUpdate;

  constructor(parts: UpdateParts, spec: SequenceReplaySpec, layout: ReplayLayout) {
    const { nStep, discount } = parts.options;
    this.replay = spec.create({ ...layout, nStep, discount, stateSize: parts.online.stateSize });
    this.#parts = parts;
    this.#update = new SequenceUpdate(parts);
  }

  get ready(): boolean {
    return this.replay.sequences > 0;
  }

  remember(step: LearnerStep): void {
    this.replay.add(step);
    if (step.terminated || step.truncated) this.replay.endEpisode(step.stream);
  }

  cutEpisode(stream: number): void {
    this.replay.endEpisode(stream);
  }

  learn(random: Random, learningRate: number, step: number): MaybePromise<UpdateNumbers> {
    const { rows, options } = this.#parts;
    const batch = this.replay.sample(options.batchSize, random, step);
    return chain(this.#update.run(batch, learningRate, step), (gradientNorm) => {
      this.replay.updatePriorities?.(batch.ids, rows.tdErrors, batch.weights);
      return { ...rows.summary(), gradientNorm };
    });
  }
}
