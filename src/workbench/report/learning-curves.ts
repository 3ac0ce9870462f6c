import { checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import { interquartileMean } from '../../statistics/aggregates.ts';
import { chart, type ChartCurve } from './chart.ts';
import { meanCurve } from './curves.ts';
import { escapeText } from './escape-text.ts';
import { checkRuns, groupsOf, invalid, RETURNS, type ReportedRun } from './html-report.ts';
import { curveStyle } from './style.ts';

/** What {@link learningCurves} draws. */
export interface LearningCurvesOptions {
  readonly title: string;
  /** At least one; those of one group are one curve. */
  readonly runs: readonly ReportedRun[];
  /** Which of the logged numbers. Default `evaluation/return`, or `episode/return` where no run was evaluated. */
  readonly name?: string;
}

const WIDTH = 720;
const HEAD = 44;
const CHART_HEIGHT = 386;
const LINE = 20;

/**
 * Learning curves of one run or many as an SVG document that needs nothing else: for each group the interquartile mean over its runs, with its 95 % band by stratified bootstrap (Agarwal et al. 2021).
 * Of less than four runs it is their mean.
 *
 * @throws DqnError `invalid-option`, also where no run has logged such a number.
 */
export function learningCurves(options: LearningCurvesOptions): string {
  checkNames('learningCurves(options)', options, { title: true, runs: true, name: true });
  const { title, runs } = options;
  if (typeof title !== 'string') throw invalid('learningCurves', 'title', 'some text', title);
  checkRuns('learningCurves', runs);
  const logged = [...new Set(runs.flatMap(({ series }) => [...series.keys()]))];
  const name = options.name ?? RETURNS.find((each) => logged.includes(each)) ?? RETURNS[0];
  const curves = [...groupsOf(runs)].flatMap(([group, members], color): ChartCurve[] => {
    const points = meanCurve(
      members.flatMap(({ series }) => [series.get(name) ?? []]),
      interquartileMean,
    );
    const label = `${group} (${members.length} ${members.length === 1 ? 'run' : 'runs'})`;
    return points.length === 0 ? [] : [{ name: label, color: color % 8, points }];
  });
  if (curves.length === 0) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'learningCurves({ name })',
      expected: logged.length === 0 ? 'runs that have logged numbers' : `one of ${logged.join(', ')}`,
      received: logged.length === 0 ? 'none' : describe(name),
      remedy: 'Pass the name of a number that the runs of a group have logged at common steps.',
    });
  }
  const height = HEAD + CHART_HEIGHT + curves.length * LINE + 12;
  const legend = curves.map(({ name: label, color }, i) => {
    const y = HEAD + CHART_HEIGHT + i * LINE + 16;
    return `<path class="mean c${color}" d="M84,${y - 4}H108"/><text x="116" y="${y}">${escapeText(label)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${curveStyle('#1f2937', '#e5e7eb')}</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="84" y="20" style="font-size:16px;font-weight:600">${escapeText(title)}</text>`,
    `<text x="84" y="38">${escapeText(name)}: interquartile mean and 95 % band</text>`,
    chart(name, curves).replace('<svg ', `<svg y="${HEAD}" width="${WIDTH}" height="${CHART_HEIGHT}" `),
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}
