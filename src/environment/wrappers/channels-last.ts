import { DqnError } from '../../common/errors.ts';
import type { Environment, ResetResult } from '../environment.ts';
import { type BoxDtype, type BoxElement, BoxSpace } from '../spaces/box.ts';
import type { Space } from '../spaces.ts';
import { requireBox } from './require-box.ts';
import { wrap } from './wrapper.ts';

/**
 * Turns images `[C, H, W]`, as PyTorch has them and as Gymnasium's `FrameStackObservation` stacks frames, into `[H, W, C]`, as convolutions read them here.
 *
 * @throws DqnError `invalid-space` unless observations are a box of shape `[C, H, W]`.
 */
export function channelsLast<Observation extends BoxElement<BoxDtype>, Action>(
  environment: Environment<Observation, Action>,
): Environment<Observation, Action> {
  const { dtype, shape, low, high, flatSize, stacking } = requireBox('channelsLast', environment.observationSpace);
  if (shape.length !== 3) {
    throw new DqnError({
      code: 'invalid-space',
      where: 'channelsLast(environment)',
      expected: 'images of shape [C, H, W]',
      received: `a box of shape [${shape.join(', ')}]`,
      remedy: 'Leave it out.',
    });
  }
  const [channels, height, width] = shape;
  const move = <To extends BoxElement<BoxDtype>>(from: ArrayLike<number>, to: To): To => {
    for (let c = 0, i = 0; c < channels; c++) for (let at = c; at < flatSize; at += channels) to[at] = from[i++];
    return to;
  };
  const space = new BoxSpace(
    dtype,
    [height, width, channels],
    move(low, low.slice()),
    move(high, high.slice()),
    // Frames that are channels stay frames.
    stacking?.frames === channels ? { frames: channels, interleaved: !stacking.interleaved } : undefined,
  );
  const blank = new Float32Array(flatSize);
  const see = <R extends ResetResult<Observation>>(result: R): R => ({
    ...result,
    observation: move(result.observation, space.unflatten(blank)) as Observation,
  });
  return wrap(environment, {
    kind: 'channelsLast',
    // A box of the same dtype as the inner one: its elements are of the same type.
    observationSpace: space as unknown as Space<Observation>,
    begin: see,
    advance: see,
  });
}
