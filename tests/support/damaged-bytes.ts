import fc from 'fast-check';

/** What happens to a stream of bytes on its way. */
type Damage =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'write'; readonly at: number; readonly value: number }
  | { readonly kind: 'insert' | 'remove'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly at: number };

// Places are fractions, so that they fit any stream; half of them lie in the header of the first message.
const placeArb = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 19 }).map((at) => -at - 1),
);

const damageArb: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: placeArb, bit: fc.nat(7) }),
  // Sizes and numbers at the edges of what 32 bits hold.
  fc.record({
    kind: fc.constant('write' as const),
    at: placeArb,
    value: fc.constantFrom(0, 1, 2 ** 24, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1),
  }),
  fc.record({
    kind: fc.constantFrom('insert' as const, 'remove' as const),
    at: placeArb,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 30 }),
  }),
  fc.record({ kind: fc.constant('truncate' as const), at: placeArb }),
);

function inflict(bytes: Uint8Array, damage: Damage): Uint8Array {
  const place = damage.at < 0 ? -damage.at - 1 : Math.floor(damage.at * bytes.length);
  const at = Math.min(place, bytes.length);
  switch (damage.kind) {
    case 'flip': {
      const flipped = bytes.slice();
      if (at < bytes.length) flipped[at] ^= 1 << damage.bit;
      return flipped;
    }
    case 'write': {
      const written = bytes.slice();
      if (at + 4 <= bytes.length) new DataView(written.buffer).setUint32(at, damage.value, true);
      return written;
    }
    case 'insert':
      return Uint8Array.of(...bytes.subarray(0, at), ...damage.bytes, ...bytes.subarray(at));
    case 'remove':
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + damage.bytes.length));
    case 'truncate':
      return bytes.slice(0, at);
  }
}

/** Makes other bytes of bytes, in one to three ways. */
export const damagesArb: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc
  .array(damageArb, { minLength: 1, maxLength: 3 })
  .map((damages) => (bytes: Uint8Array) => damages.reduce(inflict, bytes));
