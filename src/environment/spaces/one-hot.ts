/** Writes `n` numbers at `offset`: 1 at `index`, 0 elsewhere. */
export function hot(index: number, n: number, out: Float32Array, offset: number): void {
  out.fill(0, offset, offset + n);
  out[offset + index] = 1;
}

/** The index of the largest of `n` numbers at `offset`; the first of equals. */
export function hotIndex(n: number, values: Float32Array, offset: number): number {
  let best = 0;
  for (let i = 1; i < n; i++) if (values[offset + i] > values[offset + best]) best = i;
  return best;
}
