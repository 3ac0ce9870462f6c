/** ` Did you mean X?` where one of the names is near to what was written, otherwise nothing. Case, `-` and `_` count for nothing. */
export function suggest(written: string, names: readonly string[]): string {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_\s]/g, '');
  const ranked = names
    .map((name) => ({ name, distance: editDistance(plain(written), plain(name)) }))
    .sort((a, b) => a.distance - b.distance);
  const nearest = ranked[0];
  // A third of the letters may be wrong.
  return nearest && nearest.distance <= Math.max(1, Math.floor(plain(nearest.name).length / 3))
    ? ` Did you mean ${nearest.name}?`
    : '';
}

/** The fewest insertions, deletions and replacements of a letter that make one text of the other (Levenshtein 1966). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
