import { DqnError } from '../../common/errors.ts';
import { type BoxSpace, isBox } from '../spaces/box.ts';
import type { Space } from '../spaces.ts';

/**
 * Returns the space if it is one of images of bytes, `[H, W]` or `[H, W, C]`; otherwise throws `invalid-space`.
 * @param channels - how many it must have; any number where left out.
 */
export function requireImage(kind: string, space: Space, channels?: number): BoxSpace<'uint8'> {
  const box: BoxSpace | undefined = isBox(space) ? space : undefined;
  const { shape = [] } = box ?? {};
  const fits = channels === undefined ? shape.length === 2 || shape.length === 3 : shape.length === 3 && shape[2] === channels;
  if (box?.dtype === 'uint8' && fits) return box as BoxSpace<'uint8'>;
  throw new DqnError({
    code: 'invalid-space',
    where: `${kind}(environment)`,
    expected: `images of bytes, a uint8 box of shape [H, W${channels === undefined ? '] or [H, W, C]' : `, ${channels}]`}`,
    received: box ? `a ${box.dtype} box of shape [${shape.join(', ')}]` : `observations in a ${space.kind} space`,
    remedy: 'Wrap an environment whose observations are pictures.',
  });
}
