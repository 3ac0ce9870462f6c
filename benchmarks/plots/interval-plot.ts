// Points with intervals, a panel for each world.
import { scaleLinear } from 'd3-scale';
import { escapeText, round } from '../../src/cli/svg.ts';

/** One row of a panel. */
export interface PlotRow {
  readonly name: string;
  readonly estimate: { readonly value: number; readonly low: number; readonly high: number };
  readonly color: string;
  /** Whether a dashed line goes through all rows at its value. */
  readonly reference?: boolean;
}

/** One panel: a row for each configuration. */
export interface PlotPanel {
  readonly title: string;
  /** What the axis shows. */
  readonly label: string;
  readonly rows: readonly PlotRow[];
}

const margin = { top: 72, right: 24, bottom: 48, left: 152 };
const panelWidth = 190;
const gap = 28;
const rowHeight = 20;

/**
 * An SVG document of the panels side by side. All rows that any panel has stand at the same height.
 */
export function intervalPlot(title: string, panels: readonly PlotPanel[]): string {
  const names = [...new Set(panels.flatMap(({ rows }) => rows.map(({ name }) => name)))];
  const width = margin.left + panels.length * (panelWidth + gap) - gap + margin.right;
  const bottom = margin.top + names.length * rowHeight;
  const height = bottom + margin.bottom;
  const y = (name: string) => margin.top + (names.indexOf(name) + 0.5) * rowHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="24" font-size="16" font-weight="600">${escapeText(title)}</text>`,
    ...names.map((name) => `<text x="${margin.left - 12}" y="${round(y(name) + 4)}" text-anchor="end">${escapeText(name)}</text>`),
    ...panels.flatMap((panel, i) => drawPanel(panel, margin.left + i * (panelWidth + gap), bottom, y)),
    '</svg>\n',
  ].join('\n');
}

function drawPanel({ title, label, rows }: PlotPanel, left: number, bottom: number, y: (name: string) => number): string[] {
  const low = Math.min(...rows.map(({ estimate }) => estimate.low));
  const high = Math.max(...rows.map(({ estimate }) => estimate.high));
  const x = scaleLinear([low, high > low ? high : low + 1], [left, left + panelWidth]).nice(4);
  const ticks = x.ticks(4).map((tick) => {
    const at = round(x(tick));
    return `<line x1="${at}" x2="${at}" y1="${margin.top}" y2="${bottom}" stroke="#e5e7eb"/><text x="${at}" y="${bottom + 16}" text-anchor="middle">${tick.toLocaleString('en')}</text>`;
  });
  const references = rows
    .filter(({ reference }) => reference)
    .map(({ color, estimate }) => {
      const at = round(x(estimate.value));
      return `<line x1="${at}" x2="${at}" y1="${margin.top}" y2="${bottom}" stroke="${color}" stroke-dasharray="3 3" opacity="0.6"/>`;
    });
  const points = rows.map(({ name, color, estimate }) => {
    const at = round(y(name));
    return `<g stroke="${color}" fill="${color}"><line x1="${round(x(estimate.low))}" x2="${round(x(estimate.high))}" y1="${at}" y2="${at}" stroke-width="2"/><circle cx="${round(x(estimate.value))}" cy="${at}" r="4"/></g>`;
  });
  return [
    `<text x="${left}" y="48" font-weight="600">${escapeText(title)}</text>`,
    `<text x="${left}" y="63" font-size="10">${escapeText(label)}</text>`,
    ...ticks,
    ...references,
    ...points,
  ];
}
