/** Writes `softmax(values / τ)` of the row at `offset`, as long as `out`; gives the logarithm of the sum of exponentials. */
export function softmaxRow(values: Float32Array, offset: number, temperature: number, out: Float64Array): number {
  let most = -Infinity;
  for (let a = 0; a < out.length; a++) most = Math.max(most, values[offset + a] / temperature);
  let sum = 0;
  for (let a = 0; a < out.length; a++) sum += out[a] = Math.exp(values[offset + a] / temperature - most);
  for (let a = 0; a < out.length; a++) out[a] /= sum;
  return most + Math.log(sum);
}
