// Scores from 0 to 1 on axes around a centre.
import { curveLinearClosed, lineRadial } from 'd3-shape';
import { escapeText, round } from '../../src/cli/svg.ts';

/** One closed line: a score for every axis, in their order. */
export interface RadarSeries {
  readonly name: string;
  readonly scores: readonly number[];
}

const width = 680;
const height = 460;
const center = { x: 310, y: 240 };
const radius = 160;
const colors = ['#1d4ed8', '#b91c1c', '#15803d', '#a16207', '#7e22ce'];
/** bsuite, too, keeps the lines from collapsing into the centre. */
const least = 0.05;

/** An SVG document: one axis for each ability, one line for each agent. */
export function radarPlot(title: string, axes: readonly string[], series: readonly RadarSeries[]): string {
  const angle = (i: number): number => (2 * Math.PI * i) / axes.length;
  const point = (i: number, score: number) => ({
    x: round(center.x + radius * score * Math.sin(angle(i))),
    y: round(center.y - radius * score * Math.cos(angle(i))),
  });
  const path = lineRadial<number>()
    .angle((_, i) => angle(i))
    .radius((score) => round(radius * Math.max(least, score)))
    .curve(curveLinearClosed)
    .digits(1);
  const rings = [0.25, 0.5, 0.75, 1].map(
    (ring) =>
      `<circle cx="${center.x}" cy="${center.y}" r="${radius * ring}" fill="none" stroke="#e5e7eb"/><text x="${center.x + 4}" y="${center.y - radius * ring - 3}" font-size="10" fill="#9ca3af">${ring}</text>`,
  );
  const spokes = axes.map((axis, i) => {
    const end = point(i, 1);
    const label = point(i, 1.12);
    const anchor = Math.abs(label.x - center.x) < 1 ? 'middle' : label.x > center.x ? 'start' : 'end';
    // A name's part in brackets takes a line of its own.
    const lines = axis.split(/ (?=\()/).map((text, line) => `<tspan x="${label.x}" dy="${14 * line}">${escapeText(text)}</tspan>`);
    return `<line x1="${center.x}" y1="${center.y}" x2="${end.x}" y2="${end.y}" stroke="#d1d5db"/><text y="${label.y - 3}" text-anchor="${anchor}">${lines.join('')}</text>`;
  });
  const lines = series.map(({ scores }, i) => {
    const color = colors[i % colors.length];
    return `<path transform="translate(${center.x} ${center.y})" d="${path([...scores]) ?? ''}" fill="${color}" fill-opacity="0.08" stroke="${color}" stroke-width="2"/>`;
  });
  const legend = series.map(({ name }, i) => {
    const y = 70 + 20 * i;
    return `<rect x="${width - 150}" y="${y - 9}" width="10" height="10" fill="${colors[i % colors.length]}"/><text x="${width - 134}" y="${y}">${escapeText(name)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="24" font-size="16" font-weight="600">${escapeText(title)}</text>`,
    ...rings,
    ...spokes,
    ...lines,
    ...legend,
    '</svg>\n',
  ].join('\n');
}
