import type { UpdateReport } from '../agent/agent.ts';
import { TdErrorPool } from './td-error-pool.ts';

/** What the updates of a stretch of a run were like. */
export interface UpdateSummary {
  /** Mean of the weighted losses. */
  readonly loss: number;
  /** Mean of Q(s, a) over the batches, for the actions taken. */
  readonly meanQ: number;
  /** The largest of them. */
  readonly maxQ: number;
  /** Mean of |target − estimate|. */
  readonly meanTdError: number;
  /** The 10 % quantile of |target − estimate| over single transitions: of all, or of those of some thousands spread evenly over the updates. */
  readonly tdErrorP10: number;
  /** Their median. */
  readonly tdErrorP50: number;
  /** Their 90 % quantile. */
  readonly tdErrorP90: number;
  /** The largest |target − estimate| of all transitions. */
  readonly maxTdError: number;
  /** Mean global norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** That of the latest update. */
  readonly learningRate: number;
}

/** Sums up updates, in bounded memory. */
export class UpdateTally {
  #count = 0;
  #loss = 0;
  #meanQ = 0;
  #maxQ = NaN;
  #meanTdError = 0;
  #gradientNorm = 0;
  #learningRate = 0;
  readonly #tdErrors = new TdErrorPool();

  /** Updates since the last `take`. */
  get count(): number {
    return this.#count;
  }

  add({ loss, meanQ, maxQ, meanTdError, tdErrors, gradientNorm, learningRate }: UpdateReport): void {
    this.#count++;
    this.#loss += loss;
    this.#meanQ += meanQ;
    if (maxQ > this.#maxQ || Number.isNaN(this.#maxQ)) this.#maxQ = maxQ;
    this.#meanTdError += meanTdError;
    this.#gradientNorm += gradientNorm;
    this.#learningRate = learningRate;
    this.#tdErrors.add(tdErrors);
  }

  /** The sum of it, where there was an update; then begins anew. */
  take(): UpdateSummary | undefined {
    const n = this.#count;
    const { quantiles, max } = this.#tdErrors.take([0.1, 0.5, 0.9]);
    const summary = {
      loss: this.#loss / n,
      meanQ: this.#meanQ / n,
      maxQ: this.#maxQ,
      meanTdError: this.#meanTdError / n,
      tdErrorP10: quantiles[0],
      tdErrorP50: quantiles[1],
      tdErrorP90: quantiles[2],
      maxTdError: max,
      gradientNorm: this.#gradientNorm / n,
      learningRate: this.#learningRate,
    };
    this.#count = this.#loss = this.#meanQ = this.#meanTdError = this.#gradientNorm = 0;
    this.#maxQ = NaN;
    return n > 0 ? summary : undefined;
  }
}
