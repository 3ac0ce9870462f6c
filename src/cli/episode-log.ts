import type { CurvePoint } from './learning-curve.ts';

const header = 'step,return';

/** The episodes of a run as CSV, so that a resumed run draws its whole curve. */
export function encodeEpisodes(points: readonly CurvePoint[]): Uint8Array {
  const rows = points.map((point) => `${point.step},${point.return}`);
  return new TextEncoder().encode([header, ...rows, ''].join('\n'));
}

/** The inverse of {@link encodeEpisodes}; rows that are no numbers are left out, since a curve is only a picture. */
export function decodeEpisodes(bytes: Uint8Array): CurvePoint[] {
  const rows = new TextDecoder().decode(bytes).split('\n').slice(1);
  return rows
    .map((row) => row.split(',').map(Number))
    .filter((numbers) => numbers.length === 2 && numbers.every(Number.isFinite))
    .map(([step, value]) => ({ step, return: value }));
}
