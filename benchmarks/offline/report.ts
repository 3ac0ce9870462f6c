// Table and plot of the study of recorded experience.
import { algorithms, meanOf } from './study.ts';

/** What the study found. */
export interface Results {
  /** Bins an axis that observations were digitised in for SACo. */
  readonly bins: number;
  readonly sets: readonly {
    readonly world: string;
    readonly set: string;
    readonly saco: number;
    readonly tq: number;
    /** Mean returns of chance, and of the best online policy. */
    readonly random?: number;
    readonly online?: number;
    /** By the algorithm: the mean return of each seed's policy. */
    readonly scores: Readonly<Record<string, readonly number[]>>;
  }[];
}

type Entry = Results['sets'][number];

/** 0 for chance, 1 for the best online policy. */
function normalised({ random = 0, online = 1 }: Entry, score: number): number {
  return (score - random) / (online - random);
}

/** A row a dataset: coverage, quality, and of every algorithm the normalised score, with those of its seeds. */
export function table({ sets }: Results): string {
  const head = `| world | dataset | SACo | TQ | ${algorithms.join(' | ')} |\n|${' --- |'.repeat(4 + algorithms.length)}`;
  const rows = sets.map((entry) => {
    const scores = algorithms.map((algorithm) => {
      const own = entry.scores[algorithm].map((score) => normalised(entry, score));
      return `${meanOf(own).toFixed(2)} (${own.map((x) => x.toFixed(2)).join(', ')})`;
    });
    return `| ${[entry.world, entry.set, entry.saco.toFixed(2), entry.tq.toFixed(2), ...scores].join(' | ')} |`;
  });
  return `${head}\n${rows.join('\n')}\n`;
}

const side = 190;
const margin = { left: 56, top: 64, gap: 36, bottom: 76, right: 20 };

/** An SVG document: for each algorithm the datasets by coverage and quality, filled as well as its policies play; circles are the first world, squares the second. */
export function plot({ sets }: Results): string {
  const width = margin.left + algorithms.length * (side + margin.gap) - margin.gap + margin.right;
  const height = margin.top + side + margin.bottom;
  const most = Math.max(1, ...sets.map(({ saco }) => saco)) * 1.15;
  const worlds = [...new Set(sets.map(({ world }) => world))];
  const y = (tq: number) => margin.top + side * (1.1 - tq) * (1 / 1.25);
  const panels = algorithms.flatMap((algorithm, i) => {
    const left = margin.left + i * (side + margin.gap);
    const x = (saco: number) => left + (side * saco) / most;
    const placed: (readonly [number, number])[] = [];
    const points = sets.map((entry) => {
      const score = meanOf(entry.scores[algorithm].map((value) => normalised(entry, value)));
      let cx = round(x(entry.saco));
      const cy = round(y(entry.tq));
      // Moved aside where it would cover another.
      while (placed.some(([px, py]) => Math.hypot(px - cx, py - cy) < 15)) cx = round(cx + 2);
      placed.push([cx, cy]);
      const style = `fill="${colorOf(score)}" stroke="#374151"`;
      const shape =
        entry.world === worlds[0]
          ? `<circle cx="${cx}" cy="${cy}" r="9" ${style}/>`
          : `<rect x="${round(cx - 8)}" y="${round(cy - 8)}" width="16" height="16" ${style}/>`;
      return `<g><title>${entry.world}, ${entry.set}: ${score.toFixed(2)}</title>${shape}<text x="${cx}" y="${round(cy + 3)}" font-size="8" text-anchor="middle">${score.toFixed(1)}</text></g>`;
    });
    const ticks = [0, 0.5, 1].flatMap((tick) => [
      `<line x1="${left}" x2="${left + side}" y1="${round(y(tick))}" y2="${round(y(tick))}" stroke="#e5e7eb"/>`,
      `<text x="${left - 6}" y="${round(y(tick) + 4)}" text-anchor="end">${tick}</text>`,
      `<text x="${round(x(tick))}" y="${margin.top + side + 16}" text-anchor="middle">${tick}</text>`,
    ]);
    return [
      `<text x="${left}" y="52" font-weight="600">${algorithm}</text>`,
      `<rect x="${left}" y="${margin.top}" width="${side}" height="${side}" fill="none" stroke="#9ca3af"/>`,
      ...ticks,
      ...points,
      `<text x="${left + side / 2}" y="${margin.top + side + 34}" text-anchor="middle">SACo</text>`,
    ];
  });
  const legend = [0, 0.25, 0.5, 0.75, 1].map(
    (score, i) =>
      `<rect x="${margin.left + 290 + 60 * i}" y="${height - 28}" width="14" height="14" fill="${colorOf(score)}" stroke="#374151"/><text x="${margin.left + 310 + 60 * i}" y="${height - 17}">${score}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="11" fill="#374151">`,
    '<title>Learning from recorded experience, by coverage and quality</title>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    '<text x="16" y="26" font-size="16" font-weight="600">Learning from recorded experience, by coverage and quality</text>',
    `<text x="14" y="${margin.top + side / 2}" transform="rotate(-90 14 ${margin.top + side / 2})" text-anchor="middle">TQ</text>`,
    ...panels,
    `<text x="${margin.left}" y="${height - 17}">○ ${worlds[0]} □ ${worlds[1]}, normalised return:</text>`,
    ...legend,
    '</svg>\n',
  ].join('\n');
}

/** From red over yellow to green. */
function colorOf(score: number): string {
  return `hsl(${Math.round(130 * Math.min(1, Math.max(0, score)))} 70% 60%)`;
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}
