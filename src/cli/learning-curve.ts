import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { escapeText, round } from './svg.ts';

/** The end of an episode in a learning curve. */
export interface CurvePoint {
  readonly step: number;
  readonly return: number;
}

const width = 720;
const height = 400;
const margin = { top: 40, right: 36, bottom: 48, left: 64 };

/** A learning curve as an SVG document: each episode's return, and the mean over a moving window. */
export function learningCurve(title: string, points: readonly CurvePoint[], window = 20): string {
  const returns = points.map((point) => point.return);
  // One by one: a call takes some hundred thousand arguments at most, and short episodes are more.
  const last = points.reduce((most, { step }) => Math.max(most, step), 1);
  const low = returns.reduce((least, value) => Math.min(least, value), 0);
  const high = returns.reduce((most, value) => Math.max(most, value), low + 1);
  const x = scaleLinear([0, last], [margin.left, width - margin.right]).nice();
  const y = scaleLinear([low, high], [height - margin.bottom, margin.top]).nice();
  const means = points.map(({ step }, i) => {
    const recent = returns.slice(Math.max(0, i + 1 - window), i + 1);
    return { step, return: recent.reduce((sum, value) => sum + value, 0) / recent.length };
  });
  const path = line<CurvePoint>(
    (point) => round(x(point.step)),
    (point) => round(y(point.return)),
  )(means);
  const dots = points.map((point) => `<circle cx="${round(x(point.step))}" cy="${round(y(point.return))}" r="1.5"/>`).join('');
  const xTicks = x.ticks(6).map((tick) => {
    const at = round(x(tick));
    return `<text x="${at}" y="${height - margin.bottom + 18}" text-anchor="middle">${tick.toLocaleString('en')}</text>`;
  });
  const yTicks = y.ticks(6).map((tick) => {
    const at = round(y(tick));
    const grid = `<line x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}" stroke="#e5e7eb"/>`;
    return `${grid}<text x="${margin.left - 8}" y="${at + 4}" text-anchor="end">${tick.toLocaleString('en')}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${margin.left}" y="24" font-size="16" font-weight="600">${escapeText(title)}</text>`,
    ...yTicks,
    ...xTicks,
    `<text x="${(margin.left + width - margin.right) / 2}" y="${height - 10}" text-anchor="middle">environment steps</text>`,
    `<text transform="translate(16 ${(margin.top + height - margin.bottom) / 2}) rotate(-90)" text-anchor="middle">episode return (line: mean of ${window})</text>`,
    `<g fill="#93c5fd">${dots}</g>`,
    path === null ? '' : `<path d="${path}" fill="none" stroke="#1d4ed8" stroke-width="2"/>`,
    '</svg>',
  ].join('\n');
}
