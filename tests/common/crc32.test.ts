import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/common/crc32.ts';

/** One bit at a time, straight from the definition. */
function slowCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const bytesArb = fc.uint8Array({ maxLength: 100 });

describe('crc32', () => {
  it('gives the published check value and the sums of trivial inputs', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
    expect(crc32(new Uint8Array([0]))).toBe(0xd202ef8d);
  });

  it('equals the bitwise definition at every length and alignment', () => {
    fc.assert(
      fc.property(bytesArb, fc.nat(20), fc.nat(20), (bytes, skip, drop) => {
        const part = bytes.subarray(Math.min(skip, bytes.length), Math.max(Math.min(skip, bytes.length), bytes.length - drop));
        expect(crc32(part)).toBe(slowCrc32(part));
      }),
      { numRuns: 2000 },
    );
    for (let offset = 0; offset <= 8; offset++) expect(crc32(new Uint8Array(8).subarray(offset, offset))).toBe(0);
  });

  it('goes on from an earlier sum', () => {
    fc.assert(
      fc.property(bytesArb, bytesArb, (a, b) => {
        expect(crc32(b, crc32(a))).toBe(crc32(new Uint8Array([...a, ...b])));
      }),
    );
  });

  // zlib.crc32 came with Node 20.15 and 22.2.
  it('agrees with zlib on a megabyte', () => {
    const bytes = new Uint8Array(1 << 20).map((_, i) => Math.imul(i, 2654435761) >>> 24);
    expect(crc32(bytes)).toBe(zlibCrc32(bytes));
  });
});
