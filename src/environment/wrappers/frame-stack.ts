import { checkInteger } from '../../common/check.ts';
import type { Environment } from '../environment.ts';
import { type BoxDtype, type BoxElement, BoxSpace } from '../spaces/box.ts';
import type { Space } from '../spaces.ts';
import { requireBox } from './require-box.ts';
import { damaged, wrap } from './wrapper.ts';

/**
 * Gives the last `k` observations as one, stacked on a new leading axis: `[k, ...shape]`, oldest first. The first observation of an
 * episode is repeated `k` times, after truncation as after termination (Mnih et al. 2015, methods).
 *
 * @param k - a whole number of at least 1.
 * @throws DqnError `invalid-option` if `k` is out of range, `invalid-space` if the observation space is not a box.
 */
export function frameStack<Observation extends BoxElement<BoxDtype>, Action>(
  environment: Environment<Observation, Action>,
  k: number,
): Environment<Observation, Action> {
  const kind = 'frameStack';
  checkInteger('frameStack(k)', k, { min: 1 });
  const { dtype, shape, low, high, flatSize: size } = requireBox(kind, environment.observationSpace);
  const repeat = (bound: ArrayLike<number>) => Array.from({ length: k * size }, (_, i) => bound[i % size]);
  const space = new BoxSpace(dtype, [k, ...shape], repeat(low), repeat(high));
  // The stack given out last is never kept: its owner may change it.
  const frames = space.unflatten(new Float32Array(space.flatSize));
  return wrap(environment, {
    kind,
    // A box of the same dtype as the inner one: its elements are of the same type.
    observationSpace: space as unknown as Space<Observation>,
    begin(first) {
      for (let i = 0; i < k; i++) frames.set(first.observation, i * size);
      return { ...first, observation: frames.slice() as Observation };
    },
    advance(result) {
      frames.copyWithin(0, size);
      frames.set(result.observation, (k - 1) * size);
      return { ...result, observation: frames.slice() as Observation };
    },
    save: () => frames.slice(),
    load(state) {
      const saved = state as typeof frames;
      if (!(state instanceof frames.constructor) || saved.length !== frames.length) {
        throw damaged(kind, `a ${frames.constructor.name} of length ${frames.length}`, state);
      }
      return () => frames.set(saved);
    },
  });
}
