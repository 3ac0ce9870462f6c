import fc from 'fast-check';
import { Random } from '../../common/random.ts';
import { box, dict, discrete, multiBinary, multiDiscrete, type Space, tuple } from '../../environment/spaces.ts';

/** Spaces of every kind, also composed ones. */
export function spaceArb(): fc.Arbitrary<Space> {
  const sizeArb = fc.integer({ min: 1, max: 4 });
  const shapeArb = fc.array(sizeArb, { minLength: 1, maxLength: 2 });
  const simpleArb = fc.oneof<fc.Arbitrary<Space>[]>(
    fc.record({ n: sizeArb, start: fc.integer({ min: -2, max: 2 }) }).map(({ n, start }) => discrete(n, { start })),
    fc
      .record({ low: fc.integer({ min: -9, max: 0 }), width: fc.integer({ min: 1, max: 9 }), shape: shapeArb })
      .map(({ low, width, shape }) => box({ low, high: low + width, shape })),
    shapeArb.map((shape) => box({ low: 0, high: 255, shape, dtype: 'uint8' })),
    sizeArb.map((n) => multiBinary(n)),
    fc.array(sizeArb, { minLength: 1, maxLength: 3 }).map((sizes) => multiDiscrete(sizes)),
  );
  const partsArb = fc.array(simpleArb, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 4, arbitrary: simpleArb },
    { weight: 1, arbitrary: partsArb.map((parts): Space => tuple(parts)) },
    {
      weight: 1,
      arbitrary: partsArb.map((parts): Space => dict(Object.fromEntries(parts.map((part, i) => [`part${i}`, part])))),
    },
  );
}

/** Elements of a space, as the space draws them. */
export function observationArb<T>(space: Space<T>): fc.Arbitrary<T> {
  return fc.nat().map((seed) => space.sample(new Random(seed)));
}
