import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { checkSame, readFields, readInteger } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import type { SampleContext, Sampler } from './sampler.ts';
import { sampled, type SampledSpec } from './stored-replay.ts';

/** How much {@link recentFirst} keeps, and how it draws. */
export interface RecentFirstOptions {
  /** The most transitions it holds, in [1, 2³⁰]. */
  readonly capacity: number;
  /** η in (0, 1]: the smaller, the stronger the emphasis; 1 is uniform. Default 0.996. */
  readonly recency?: number;
  /** K: after so many batches the range starts from the whole memory again, at least 1; in the paper the steps of the last episode. Default 1000. */
  readonly cycle?: number;
  /** c_min: the range is never smaller than this many transitions, at least 1. Default 5000. */
  readonly minimum?: number;
}

type Checked = Required<Omit<RecentFirstOptions, 'capacity'>>;

const known = { capacity: true, recency: true, cycle: true, minimum: true } as const;

class RecentFirstSampler implements Sampler {
  readonly kind = 'recentFirst';
  readonly #options: Checked;
  /** Batches drawn in this cycle. */
  #drawn = 0;

  constructor(options: Checked) {
    this.#options = options;
  }

  added(): void {}

  draw({ oldest, size, random }: SampleContext, ids: Float64Array): void {
    const { recency, cycle, minimum } = this.#options;
    const k = this.#drawn + 1;
    this.#drawn = k % cycle;
    const range = Math.min(size, Math.max(minimum, Math.floor(size * recency ** ((1000 * k) / cycle))));
    const first = oldest + size - range;
    for (let b = 0; b < ids.length; b++) ids[b] = first + random.integer(range);
  }

  getState(): State {
    return { cycle: this.#options.cycle, drawn: this.#drawn };
  }

  setState(state: State): void {
    const where = 'recentFirst.setState(state)';
    const { cycle } = this.#options;
    const fields = readFields(where, state);
    checkSame(where, fields, { cycle });
    this.#drawn = readInteger(where, fields, 'drawn', 0, cycle - 1);
  }
}

/**
 * Emphasizing recent experience (ERE; Wang and Ross 2019, eq. 1): the k-th batch of a cycle of K is drawn uniformly from the last
 * `c_k = max(N · η^(1000 k / K), c_min)` of the N transitions held, k = 1 … K, so that the newest are drawn most, and old ones sometimes. The weights are 1.
 * @throws DqnError `invalid-option` if an option is outside its range or unknown.
 */
export function recentFirst(options: RecentFirstOptions): SampledSpec {
  checkNames('recentFirst(options)', options, known);
  const { capacity, recency = 0.996, cycle = 1000, minimum = 5000 } = options;
  checkNumber('recentFirst(recency)', recency, { min: 0, max: 1, exclusiveMin: true });
  checkInteger('recentFirst(cycle)', cycle, { min: 1 });
  checkInteger('recentFirst(minimum)', minimum, { min: 1 });
  const checked = { recency, cycle, minimum };
  return sampled({ capacity, sampler: { kind: 'recentFirst', create: () => new RecentFirstSampler(checked) } });
}
