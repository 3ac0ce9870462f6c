import type { Environment, ResetResult } from '../environment.ts';
import { box } from '../spaces/box.ts';
import { requireImage } from './require-image.ts';
import { wrap } from './wrapper.ts';

/**
 * Turns colour pictures `[H, W, 3]` into their luminance `[H, W]`: `Y = 0.299 R + 0.587 G + 0.114 B` (ITU-R BT.601), rounded, as
 * DQN does (Mnih et al. 2015, methods: "the Y channel"). Of the Arcade Learning Environment's 130 colours one differs from its own greys, by one.
 *
 * @throws DqnError `invalid-space` unless observations are bytes of shape `[H, W, 3]`.
 */
export function grayscale<Action>(environment: Environment<Uint8Array, Action>): Environment<Uint8Array, Action> {
  const { shape } = requireImage('grayscale', environment.observationSpace, 3);
  const size = shape[0] * shape[1];
  const see = <R extends ResetResult<Uint8Array>>(result: R): R => {
    const { observation: rgb } = result;
    const gray = new Uint8Array(size);
    for (let i = 0, from = 0; i < size; i++, from += 3) {
      gray[i] = Math.floor((299 * rgb[from] + 587 * rgb[from + 1] + 114 * rgb[from + 2] + 500) / 1000);
    }
    return { ...result, observation: gray };
  };
  return wrap(environment, {
    kind: 'grayscale',
    observationSpace: box({ low: 0, high: 255, shape: shape.slice(0, 2), dtype: 'uint8' }),
    begin: see,
    advance: see,
  });
}
