import type { OutputFocus } from '../../networks/q-network.ts';

/** The rows of a batch put in the order of their groups, those of one group in the order they came in. */
export class GroupedRows {
  /** Outputs in a group. */
  width = 0;
  /** Group g is rows `starts[g] … starts[g + 1] − 1`. */
  starts = new Int32Array(1);
  /** For each row the one it was before. */
  sources = new Int32Array(0);

  /** @param count - how many groups there are. */
  arrange({ width, groups }: OutputFocus, batch: number, count: number): void {
    if (this.starts.length !== count + 1) this.starts = new Int32Array(count + 1);
    if (this.sources.length !== batch) this.sources = new Int32Array(batch);
    const { starts, sources } = this;
    this.width = width;
    starts.fill(0);
    for (let row = 0; row < batch; row++) starts[groups[row] + 1]++;
    for (let g = 0; g < count; g++) starts[g + 1] += starts[g];
    // Each group's start moves to its end, which is where the next one's was.
    for (let row = 0; row < batch; row++) sources[starts[groups[row]]++] = row;
    starts.copyWithin(1, 0, count);
    starts[0] = 0;
  }
}
