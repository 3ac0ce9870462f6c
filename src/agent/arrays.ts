/** An array without elements. */
export const none: Float32Array = new Float32Array(0);

/** The array if it has this length, otherwise a new one. */
export function sized(array: Float32Array, length: number): Float32Array {
  return array.length === length ? array : new Float32Array(length);
}

/** Copies columns `[from, from + width)` of the given rows of a matrix with `stride` columns into `out` `[rows, width]`. */
export function gatherRows(
  matrix: Float32Array,
  stride: number,
  from: number,
  width: number,
  rows: number,
  index: Int32Array | undefined,
  out: Float32Array,
): Float32Array {
  for (let r = 0, to = 0; r < rows; r++) {
    const start = (index ? index[r] : r) * stride + from;
    for (let i = 0; i < width; i++) out[to++] = matrix[start + i];
  }
  return out;
}
