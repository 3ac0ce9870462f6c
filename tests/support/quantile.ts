/** A quantile from its definition: of n sorted values the i-th is that at i / (n − 1), and those between lie on lines. */
export function naiveQuantile(values: readonly number[], probability: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 1) return sorted[0];
  const step = 1 / (sorted.length - 1);
  for (let i = 0; i + 1 < sorted.length; i++) {
    if (probability > (i + 1) * step && i + 2 < sorted.length) continue;
    const part = (probability - i * step) / step;
    return (1 - part) * sorted[i] + part * sorted[i + 1];
  }
  return NaN;
}
