import { DqnError, describe } from '../../common/errors.ts';

/** What every PNG file begins with: its signature, and the length and name of its first chunk. */
const BEGINNING = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52];
/** Numbers of a pixel by the type of its colour: grey, red-green-blue, one of a palette's, and the first two with opacity. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

/**
 * What the header of a PNG file tells (www.w3.org/TR/png-3, IHDR).
 *
 * @throws DqnError `invalid-option` where the bytes begin otherwise.
 */
export function pngHeader(
  where: string,
  bytes: Uint8Array,
): { readonly width: number; readonly height: number; readonly channels: number } {
  const channels = bytes instanceof Uint8Array ? CHANNELS[bytes[25]] : undefined;
  if (channels === undefined || BEGINNING.some((byte, i) => bytes[i] !== byte)) {
    throw new DqnError({
      code: 'invalid-option',
      where,
      expected: 'the bytes of a PNG file',
      received: describe(bytes),
      remedy: 'Encode the picture as PNG: in a browser canvas.toBlob() does so.',
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20), channels };
}
