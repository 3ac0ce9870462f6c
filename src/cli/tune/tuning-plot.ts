import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { escapeText, round } from '../svg.ts';
import type { Trial } from './study-file.ts';

const width = 860;
const height = 360;
const top = 56;
const bottom = height - 48;
/** The left and right ends of the panels. */
const history = [64, 500] as const;
const bars = [650, width - 48] as const;

/** How a study went, and what mattered, as an SVG document: the score of each trial with the best so far, and the importance of each range. */
export function tuningPlot(title: string, trials: readonly Trial[], importance: Readonly<Record<string, number>> = {}): string {
  const points = trials.flatMap(({ number, state, scores }) => {
    const last = scores.at(-1);
    return last === undefined ? [] : [{ number, finished: state === 'finished', score: last[1] }];
  });
  const x = scaleLinear([1, Math.max(2, ...points.map(({ number }) => number))], [...history]);
  const scores = points.map(({ score }) => score);
  const y = scaleLinear([Math.min(0, ...scores), Math.max(1, ...scores)], [bottom, top]).nice();
  let best = -Infinity;
  const steps = points.flatMap(({ number, finished, score }) => {
    if (!finished) return [];
    best = Math.max(best, score);
    return [{ number, best }];
  });
  const path = line<{ number: number; best: number }>(
    (point) => round(x(point.number)),
    (point) => round(y(point.best)),
  )(steps);
  const rows = Object.entries(importance).sort(([, a], [, b]) => b - a);
  const across = scaleLinear([0, Math.max(0.01, ...rows.map(([, share]) => share))], [...bars]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${history[0]}" y="24" font-size="16" font-weight="600">${escapeText(title)}</text>`,
    ...y.ticks(6).flatMap((tick) => {
      const at = round(y(tick));
      return [
        `<line x1="${history[0]}" x2="${history[1]}" y1="${at}" y2="${at}" stroke="#e5e7eb"/>`,
        `<text x="${history[0] - 8}" y="${at + 4}" text-anchor="end">${tick.toLocaleString('en')}</text>`,
      ];
    }),
    ...x.ticks(6).map((tick) => `<text x="${round(x(tick))}" y="${bottom + 18}" text-anchor="middle">${tick}</text>`),
    `<text x="${(history[0] + history[1]) / 2}" y="${height - 10}" text-anchor="middle">trial (hollow: stopped early; line: best so far)</text>`,
    ...points.map(
      ({ number, finished, score }) =>
        `<circle cx="${round(x(number))}" cy="${round(y(score))}" r="3" fill="${finished ? '#93c5fd' : '#ffffff'}" stroke="#93c5fd"/>`,
    ),
    path === null ? '' : `<path d="${path}" fill="none" stroke="#1d4ed8" stroke-width="2"/>`,
    rows.length === 0 ? '' : `<text x="${bars[0]}" y="44" font-weight="600">importance</text>`,
    ...rows.flatMap(([name, share], i) => {
      const at = top + i * 28;
      return [
        `<text x="${bars[0] - 8}" y="${at + 14}" text-anchor="end">${escapeText(name)}</text>`,
        `<rect x="${bars[0]}" y="${at}" width="${round(across(share) - bars[0])}" height="18" fill="#1d4ed8"/>`,
        `<text x="${round(across(share)) + 6}" y="${at + 14}">${Math.round(share * 100)} %</text>`,
      ];
    }),
    '</svg>\n',
  ].join('\n');
}
