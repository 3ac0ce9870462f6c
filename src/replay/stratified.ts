import { checkNames } from '../common/check.ts';
import type { State } from '../common/state.ts';
import { fineUniform } from './proportional.ts';
import type { SampleContext, Sampler } from './sampler.ts';
import { checkStateless } from './stateless.ts';
import { sampled, type SampledSpec } from './stored-replay.ts';

/** How much {@link stratified} keeps. */
export interface StratifiedOptions {
  /** The most transitions it holds, in [1, 2³⁰]. */
  readonly capacity: number;
}

class StratifiedSampler implements Sampler {
  readonly kind = 'stratified';

  added(): void {}

  draw({ oldest, size, random }: SampleContext, ids: Float64Array): void {
    const count = ids.length;
    // The minimum: rounding may reach the end.
    for (let b = 0; b < count; b++) ids[b] = oldest + Math.min(size - 1, Math.floor(((b + fineUniform(random)) / count) * size));
  }

  getState(): State {
    return null;
  }

  setState(state: State): void {
    checkStateless(this.kind, state);
  }
}

/**
 * Uniform replay with less variance: of a batch of B, row b is drawn uniformly from the b-th of B equal parts of the memory by age, the oldest first
 * (stratified sampling; Cochran 1977, chapter 5). Every transition is expected as often as under {@link uniform}, `B / N` times a batch; no
 * age is ever left out or crowded.
 * @throws DqnError `invalid-option` if the capacity is not a whole number in [1, 2³⁰].
 */
export function stratified(options: StratifiedOptions): SampledSpec {
  checkNames('stratified(options)', options, { capacity: true });
  return sampled({ capacity: options.capacity, sampler: { kind: 'stratified', create: () => new StratifiedSampler() } });
}
