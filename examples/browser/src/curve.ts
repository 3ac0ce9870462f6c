import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { show, svg } from './elements.ts';
import type { CurvePoint } from './saved-run.ts';

/** Episodes that a mean is taken over. */
export const WINDOW = 20;
/** Dots drawn at most. */
const DOTS = 1_200;
const HEIGHT = 260;
const margin = { top: 12, right: 12, bottom: 34, left: 48 };

/** The mean return of the last episodes; nothing before the first. */
export function recentMean(points: readonly CurvePoint[], end = points.length): number | undefined {
  const recent = points.slice(Math.max(0, end - WINDOW), end);
  return recent.length === 0 ? undefined : recent.reduce((sum, point) => sum + point.return, 0) / recent.length;
}

/** Draws the returns of all episodes, and their moving mean. */
export function drawCurve(place: Element, points: readonly CurvePoint[]): void {
  const width = place.clientWidth || 600;
  const stride = Math.max(1, Math.ceil(points.length / DOTS));
  const dots = points.filter((_, i) => i % stride === 0);
  const means = points.flatMap((point, i) =>
    i % stride === 0 && i >= WINDOW - 1 ? [[point.step, recentMean(points, i + 1) as number] as [number, number]] : [],
  );
  const values = points.map((point) => point.return);
  const [low, high] = points.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const x = scaleLinear()
    .domain([0, Math.max(500, points.at(-1)?.step ?? 0)])
    .range([margin.left, width - margin.right]);
  const y = scaleLinear()
    .domain([Math.min(0, low), low === high ? low + 1 : Math.max(0, high)])
    .nice(5)
    .range([HEIGHT - margin.bottom, margin.top]);

  const root = svg('svg', {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    width,
    height: HEIGHT,
    role: 'img',
    'aria-label': describe(points),
  });
  for (const tick of y.ticks(5)) {
    root.append(svg('line', { class: 'grid', x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) }));
    root.append(svg('text', { class: 'tick', x: margin.left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, y.tickFormat(5)(tick)));
  }
  const xTicks = width < 480 ? 4 : 7;
  for (const tick of x.ticks(xTicks)) {
    const label = tick >= 1_000 ? `${tick / 1_000}k` : String(tick);
    root.append(svg('text', { class: 'tick', x: x(tick), y: HEIGHT - margin.bottom + 18, 'text-anchor': 'middle' }, label));
  }
  root.append(svg('text', { class: 'tick', x: width - margin.right, y: HEIGHT - 2, 'text-anchor': 'end' }, 'environment steps'));
  root.append(svg('path', { class: 'dots', d: dots.map((dot) => `M${round(x(dot.step))},${round(y(dot.return))}h0`).join('') }));
  const path = line(
    ([step]) => round(x(step)),
    ([, mean]) => round(y(mean)),
  );
  root.append(svg('path', { class: 'mean', d: path(means) ?? '' }));
  if (points.length === 0) {
    root.append(svg('text', { class: 'empty', x: width / 2, y: HEIGHT / 2, 'text-anchor': 'middle' }, 'No episode yet'));
  }
  place.replaceChildren(root);
}

function describe(points: readonly CurvePoint[]): string {
  const [first, last] = [recentMean(points, Math.min(WINDOW, points.length)), recentMean(points)];
  if (first === undefined || last === undefined) return 'Learning curve: no episode yet';
  return `Learning curve over ${points.length} episodes: mean return ${show(first)} at first, ${show(last)} in the last ${WINDOW}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
