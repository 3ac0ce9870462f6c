import { inflateSync } from 'node:zlib';

/** Bytes of a header of WOFF, of an entry of its directory, of a header and of an entry of an OpenType file. */
const [WOFF_HEADER, WOFF_ENTRY, HEADER, ENTRY] = [44, 20, 12, 16];

/** The OpenType file in a WOFF 1.0 one, which holds the same tables compressed one by one (www.w3.org/TR/WOFF). The file is taken for a sound one. */
export function unpackWoff(woff: Uint8Array): Uint8Array {
  const view = new DataView(woff.buffer, woff.byteOffset, woff.byteLength);
  const count = view.getUint16(12);
  const font = new Uint8Array(view.getUint32(16));
  const written = new DataView(font.buffer);
  written.setUint32(0, view.getUint32(4));
  written.setUint16(4, count);
  // For a binary search over the tables: the largest power of two among their numbers.
  const depth = Math.floor(Math.log2(count));
  written.setUint16(6, ENTRY << depth);
  written.setUint16(8, depth);
  written.setUint16(10, ENTRY * count - (ENTRY << depth));
  let end = HEADER + ENTRY * count;
  for (let i = 0; i < count; i++) {
    const [tag, offset, packed, length, checksum] = [0, 4, 8, 12, 16].map((at) =>
      view.getUint32(WOFF_HEADER + WOFF_ENTRY * i + at),
    );
    [tag, checksum, end, length].forEach((value, j) => written.setUint32(HEADER + ENTRY * i + 4 * j, value));
    const table = woff.subarray(offset, offset + packed);
    font.set(packed < length ? inflateSync(table) : table, end);
    end += Math.ceil(length / 4) * 4;
  }
  return font;
}
