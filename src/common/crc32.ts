/** Tables for sixteen bytes at a time: `TABLES[256 k + b]` is the effect of byte `b` followed by `k` zero bytes. */
const TABLES = /* @__PURE__ */ makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = tables[i - 256];
    tables[i] = (shorter >>> 8) ^ tables[shorter & 255];
  }
  return tables;
}

/**
 * CRC-32 (ISO 3309, as in zip and PNG; reflected polynomial 0xEDB88320), sixteen bytes at a time (Kounavis and Berry 2005,
 * "slicing-by-8", doubled). It finds every change of up to 32 neighbouring bits, and any other with probability 1 − 2⁻³².
 *
 * @param bytes - what to sum up.
 * @param before - the sum of the bytes that come before these, 0 for none.
 * @returns an unsigned 32-bit number.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const t = TABLES;
  const end = bytes.length;
  let crc = ~before;
  let i = 0;
  for (; i < end && ((bytes.byteOffset + i) & 3) !== 0; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]) & 255];
  if (i === end) return ~crc >>> 0;

  // Every platform of this library is little-endian, so a word's lowest byte is the first one.
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + i, (end - i) >>> 2);
  const fours = words.length & ~3;
  for (let w = 0; w < fours; w += 4) {
    const a = words[w] ^ crc;
    const b = words[w + 1];
    const c = words[w + 2];
    const d = words[w + 3];
    crc =
      t[3840 + (a & 255)] ^
      t[3584 + ((a >>> 8) & 255)] ^
      t[3328 + ((a >>> 16) & 255)] ^
      t[3072 + (a >>> 24)] ^
      t[2816 + (b & 255)] ^
      t[2560 + ((b >>> 8) & 255)] ^
      t[2304 + ((b >>> 16) & 255)] ^
      t[2048 + (b >>> 24)] ^
      t[1792 + (c & 255)] ^
      t[1536 + ((c >>> 8) & 255)] ^
      t[1280 + ((c >>> 16) & 255)] ^
      t[1024 + (c >>> 24)] ^
      t[768 + (d & 255)] ^
      t[512 + ((d >>> 8) & 255)] ^
      t[256 + ((d >>> 16) & 255)] ^
      t[d >>> 24];
  }
  for (i += fours * 4; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}
