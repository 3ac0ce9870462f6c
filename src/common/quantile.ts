/** A quantile of sorted values, linear between neighbours (Hyndman and Fan 1996, definition 7, as numpy's). */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const position = probability * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below];
  return low + (position - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - low);
}
