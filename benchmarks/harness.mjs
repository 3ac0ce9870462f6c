// Compares by alternating: other work on the machine slows a round of everybody, not all rounds of somebody.

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value that a tenth of all are below: the least disturbed rounds. */
export function bestDecile(values) {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 10)];
}

/**
 * Measures ours and each peer in alternating rounds.
 *
 * @param options.ours measures one round: gives a cost, such as milliseconds for one update (less is better).
 * @param options.peers the same for each peer, by name.
 * @param options.rounds how often each is measured.
 * @param options.warmUp whether one round each goes before that does not count.
 * @returns by name, `ours` included: `{ median, best, ratio, values }`, where `ratio` is the median over rounds of its cost divided by ours in
 * the same round: how many times faster ours is.
 */
export async function measureAlternating({ ours, peers, rounds = 15, warmUp = true }) {
  const all = Object.entries({ ours, ...peers });
  const values = new Map(all.map(([name]) => [name, []]));
  if (warmUp) for (const [, measure] of all) await measure();
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of all) values.get(name).push(await measure());
  }
  const own = values.get('ours');
  return Object.fromEntries(
    all.map(([name]) => {
      const costs = values.get(name);
      const ratio = median(costs.map((cost, round) => cost / own[round]));
      return [name, { median: median(costs), best: bestDecile(costs), ratio, values: costs }];
    }),
  );
}

/** How often to run something so that a round takes about `milliseconds`, given a measure of `count` runs: milliseconds for one. */
export async function calibrate(measure, milliseconds = 150) {
  let count = 1;
  for (;;) {
    const one = await measure(count);
    const next = Math.max(1, Math.round(milliseconds / one));
    if (next <= count * 4) return next;
    count *= 4;
  }
}

/** Times `count` calls: milliseconds for one. */
export function timeCalls(run, count) {
  const began = performance.now();
  for (let i = 0; i < count; i++) run();
  return (performance.now() - began) / count;
}

/** Three figures that say something. */
export function format(value) {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(3)).toString();
}

/** A Markdown table. */
export function table(header, rows) {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
