import { checkRest } from '../common/check.ts';
import type { State } from '../common/state.ts';
import type { ReplayLayout } from './replay-buffer.ts';
import type { SampleContext, Sampler } from './sampler.ts';
import { checkStateless } from './stateless.ts';
import { sampled, type SampledSpec, type StoredReplay } from './stored-replay.ts';

/** How much {@link uniform} keeps. */
export interface UniformOptions {
  /** The most transitions it holds, in [1, 2³⁰]. */
  readonly capacity: number;
}

/** What {@link uniform} builds: a {@link StoredReplay} that draws all its transitions with equal probability. */
export type UniformReplay = StoredReplay;

/** What {@link uniform} gives. */
export interface UniformSpec extends SampledSpec {
  readonly kind: 'uniform';
  /** Builds the buffer, once the problem is known. */
  create(layout: ReplayLayout): UniformReplay;
}

class UniformSampler implements Sampler {
  readonly kind = 'uniform';

  added(): void {}

  draw({ oldest, size, random }: SampleContext, ids: Float64Array): void {
    for (let b = 0; b < ids.length; b++) ids[b] = oldest + random.integer(size);
  }

  getState(): State {
    return null;
  }

  setState(state: State): void {
    checkStateless('uniform', state);
  }
}

/**
 * The replay memory of DQN: the last `capacity` transitions, drawn with equal probability and replacement (Lin 1992; Mnih et al. 2015).
 * Every observation is stored once, though two transitions hold it.
 * @throws DqnError `invalid-option` if the capacity is not a whole number in [1, 2³⁰], or a name is misspelt.
 */
export function uniform({ capacity, ...unknown }: UniformOptions): UniformSpec {
  checkRest('uniform(options)', unknown);
  return sampled({ capacity, sampler: { kind: 'uniform', create: () => new UniformSampler() } }) as UniformSpec;
}
