/** A matrix `[rows, columns]` as `[columns, rows]`. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  return result;
}

/**
 * Filters `[height, width, channels, filters]` as PyTorch and ONNX have them, `[filters, channels, height, width]`.
 * @param area - height · width.
 */
export function filtersFirst(values: Float32Array, area: number, channels: number, filters: number): Float32Array<ArrayBuffer> {
  const result = transposed(values, area * channels, filters);
  const size = area * channels;
  for (let at = 0; at < result.length; at += size) result.set(transposed(result.slice(at, at + size), area, channels), at);
  return result;
}

/** The inverse of {@link filtersFirst}. */
export function filtersLast(values: Float32Array, area: number, channels: number, filters: number): Float32Array<ArrayBuffer> {
  const result = Float32Array.from(values);
  const size = area * channels;
  for (let at = 0; at < result.length; at += size) result.set(transposed(values.slice(at, at + size), channels, area), at);
  return transposed(result, filters, size);
}
