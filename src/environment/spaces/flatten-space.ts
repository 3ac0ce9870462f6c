import { type BoxSpace, box, isBox } from './box.ts';
import type { DictSpace } from './dict.ts';
import type { Space } from './space.ts';
import type { TupleSpace } from './tuple.ts';

interface Bounds {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

function writeBounds(space: Space, { low, high }: Bounds, offset: number): void {
  const end = offset + space.flatSize;
  if (isBox(space)) {
    low.set(space.low, offset);
    high.set(space.high, offset);
  } else if (space.kind === 'dict' || space.kind === 'tuple') {
    for (const part of Object.values<Space>((space as DictSpace | TupleSpace).spaces)) {
      writeBounds(part, { low, high }, offset);
      offset += part.flatSize;
    }
  } else {
    // One-hot vectors and switches; nothing is known of the numbers of other spaces.
    const bounded = space.kind === 'discrete' || space.kind === 'multiDiscrete' || space.kind === 'multiBinary';
    low.fill(bounded ? 0 : -Infinity, offset, end);
    high.fill(bounded ? 1 : Infinity, offset, end);
  }
}

/** The box `[flatSize]` in which the flattened elements of a space lie: [0, 1] for discrete parts, a box's own bounds, none for other spaces. */
export function flattenSpace(space: Space): BoxSpace<'float32'> {
  const bounds: Bounds = { low: new Float32Array(space.flatSize), high: new Float32Array(space.flatSize) };
  writeBounds(space, bounds, 0);
  return box(bounds);
}
