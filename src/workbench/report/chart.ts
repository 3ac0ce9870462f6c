import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { CurvePoint } from './curves.ts';
import { escapeText } from './escape-text.ts';

/** A curve of a chart. */
export interface ChartCurve {
  readonly name: string;
  /** Which of the colours of the page. */
  readonly color: number;
  readonly points: readonly CurvePoint[];
}

const WIDTH = 560;
const HEIGHT = 300;
const MARGIN = { top: 12, right: 24, bottom: 40, left: 64 };

/** Curves with their bands as an SVG element; its colours are those of the page around it. */
export function chart(name: string, curves: readonly ChartCurve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const steps = points.map(({ step }) => step);
  const x = scaleLinear([Math.min(0, ...steps), Math.max(1, ...steps)], [MARGIN.left, WIDTH - MARGIN.right]);
  const [low, high] = [Math.min(...points.map((each) => each.low)), Math.max(...points.map((each) => each.high))];
  const pad = low === high ? Math.max(1, Math.abs(low)) / 2 : 0;
  const y = scaleLinear([low - pad, high + pad], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice();
  const across = (point: CurvePoint): number => round(x(point.step));
  const band = area<CurvePoint>(
    across,
    (point) => round(y(point.low)),
    (point) => round(y(point.high)),
  );
  const mean = line<CurvePoint>(across, (point) => round(y(point.mean)));
  const yFormat = y.tickFormat(6);
  const xFormat = x.tickFormat(6, '~s');
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(name)} over environment steps">`,
    ...y.ticks(6).map((tick) => {
      const at = round(y(tick));
      return `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}"/><text x="${MARGIN.left - 8}" y="${at + 4}" text-anchor="end">${yFormat(tick)}</text>`;
    }),
    ...x
      .ticks(6)
      .map((tick) => `<text x="${round(x(tick))}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${xFormat(tick)}</text>`),
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">environment steps</text>`,
    ...curves.map((curve) => `<path class="band c${curve.color}" d="${band([...curve.points]) ?? ''}"/>`),
    ...curves.map((curve) => {
      const last = curve.points.at(-1) as CurvePoint;
      const title = `<title>${escapeText(curve.name)}: ${yFormat(last.mean)} at the end</title>`;
      // A single point is no line.
      const dot =
        curve.points.length === 1
          ? `<circle class="dot c${curve.color}" cx="${across(last)}" cy="${round(y(last.mean))}" r="3">${title}</circle>`
          : '';
      return `<path class="mean c${curve.color}" d="${mean([...curve.points]) ?? ''}">${title}</path>${dot}`;
    }),
    '</svg>',
  ].join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
