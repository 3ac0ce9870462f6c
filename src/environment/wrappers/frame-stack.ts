import { checkInteger, checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import type { Environment } from '../environment.ts';
import { type BoxDtype, type BoxElement, BoxSpace } from '../spaces/box.ts';
import type { Space } from '../spaces.ts';
import { requireBox } from './require-box.ts';
import { damaged, wrap } from './wrapper.ts';

/** Where {@link frameStack} puts the axis of the frames. */
export interface FrameStackOptions {
  /** `first`: `[k, ...shape]`; `last`: `[...shape, k]`, as convolutions read channels. Default `first`. */
  readonly axis?: 'first' | 'last';
}

/**
 * Gives the last `k` observations as one, stacked on a new axis, oldest first. The first observation of an episode is repeated `k` times, after
 * truncation as after termination (Mnih et al. 2015, methods). A replay buffer keeps each of the frames once, though k stacks hold it.
 *
 * @param k - a whole number of at least 1.
 * @throws DqnError `invalid-option` if `k` or the axis is none that there is, `invalid-space` if the observation space is not a box.
 */
export function frameStack<Observation extends BoxElement<BoxDtype>, Action>(
  environment: Environment<Observation, Action>,
  k: number,
  options: FrameStackOptions = {},
): Environment<Observation, Action> {
  const kind = 'frameStack';
  checkInteger('frameStack(k)', k, { min: 1 });
  checkNames('frameStack(options)', options, { axis: true });
  const last = checkAxis(options.axis ?? 'first') === 'last';
  const { dtype, shape, low, high, flatSize: size } = requireBox(kind, environment.observationSpace);
  const repeat = (bound: ArrayLike<number>) =>
    Array.from({ length: k * size }, (_, i) => bound[last ? Math.floor(i / k) : i % size]);
  const stacking = k > 1 ? { frames: k, interleaved: last } : undefined;
  const space = new BoxSpace(dtype, last ? [...shape, k] : [k, ...shape], repeat(low), repeat(high), stacking);
  // The stack given out last is never kept: its owner may change it.
  const frames = space.unflatten(new Float32Array(space.flatSize));
  const place = (frame: ArrayLike<number>, j: number) => {
    if (last) for (let i = 0, to = j; i < size; i++, to += k) frames[to] = frame[i];
    else frames.set(frame, j * size);
  };
  return wrap(environment, {
    kind,
    // A box of the same dtype as the inner one: its elements are of the same type.
    observationSpace: space as unknown as Space<Observation>,
    begin(first) {
      for (let j = 0; j < k; j++) place(first.observation, j);
      return { ...first, observation: frames.slice() as Observation };
    },
    advance(result) {
      // One frame on: interleaved, what is left in the last place of a pixel is written over.
      frames.copyWithin(0, last ? 1 : size);
      place(result.observation, k - 1);
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

function checkAxis(axis: unknown): unknown {
  if (axis === 'first' || axis === 'last') return axis;
  throw new DqnError({
    code: 'invalid-option',
    where: 'frameStack(axis)',
    expected: "'first' or 'last'",
    received: describe(axis),
    remedy: "Pass 'last' for convolutions.",
  });
}
