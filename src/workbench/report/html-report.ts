import { checkNames } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import { interquartileMean, meanScore } from '../../statistics/aggregates.ts';
import { bootstrapInterval } from '../../statistics/bootstrap.ts';
import type { LoggedScalar } from '../loggers/memory-logger.ts';
import { chart, type ChartCurve } from './chart.ts';
import { meanCurve } from './curves.ts';
import { escapeText } from './escape-text.ts';
import type { LoggedRun } from './read-log.ts';
import { STYLE } from './style.ts';

/** A number, word or switch that something was made with. */
export type ReportedSetting = string | number | boolean;

/** A run in a report. */
export interface ReportedRun extends Pick<LoggedRun, 'series'> {
  /** What it is a run of: runs of one group, seeds of the same thing, are one curve. */
  readonly group: string;
  /** What it was made with: shown as a table, those that differ between groups first. */
  readonly settings?: Readonly<Record<string, ReportedSetting>>;
}

/** What {@link htmlReport} shows. */
export interface ReportOptions {
  readonly title: string;
  /** At least one. */
  readonly runs: readonly ReportedRun[];
  /** Further facts: versions, the machine, the command. `aboutMachine()` of `@scope/dqn/node` gives some. */
  readonly about?: Readonly<Record<string, ReportedSetting>>;
}

/** What runs are compared by: the first that is there. */
export const RETURNS = ['evaluation/return', 'episode/return'];

/**
 * A report on a run, or a comparison of many, as one HTML document that needs nothing else: the returns of each group with their confidence, a chart of everything that was logged with the mean
 * over the runs of a group and its 95 % bootstrap band, settings, and facts. `memoryLogger().series` is the series of a run, or what `readLog` reads of a log of JSON lines.
 *
 * @example
 * ```ts
 * import { createAgent, train } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 * import { htmlReport, logTraining, memoryLogger, runTraining } from '@scope/dqn/workbench';
 *
 * const runs = [];
 * for (const seed of [1, 2, 3]) {
 *   const agent = await createAgent(new CartPole(), { seed });
 *   const logger = memoryLogger();
 *   await runTraining(train(agent, new CartPole(), { steps: 2_000 }), [logTraining({ agent, loggers: [logger], period: 500 })]);
 *   runs.push({ group: 'Double DQN', series: logger.series, settings: { seed } });
 * }
 * console.log(htmlReport({ title: 'CartPole', runs }).length);
 * ```
 * @throws DqnError `invalid-option`.
 */
export function htmlReport(options: ReportOptions): string {
  checkNames('htmlReport(options)', options, { title: true, runs: true, about: true });
  const { title, runs, about = {} } = options;
  if (typeof title !== 'string' || title === '') throw invalid('htmlReport', 'title', 'some text', title);
  checkRuns('htmlReport', runs);
  const groups = groupsOf(runs);
  const names = [...new Set(runs.flatMap(({ series }) => [...series.keys()]))].toSorted(byImportance);
  const charts = names.flatMap((name) => chartOf(name, groups));
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${escapeText(title)}</h1>`,
    summary(groups),
    '<div class="charts">',
    ...charts,
    '</div>',
    settings(groups),
    facts(about),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

type Groups = ReadonlyMap<string, readonly ReportedRun[]>;

/** The runs of each group, in the order in which groups come first. */
export function groupsOf(runs: readonly ReportedRun[]): Groups {
  const groups = new Map<string, ReportedRun[]>();
  for (const run of runs) {
    const others = groups.get(run.group);
    if (others) others.push(run);
    else groups.set(run.group, [run]);
  }
  return groups;
}

/** Returns first, what was measured in evaluation before what was in training. */
function byImportance(a: string, b: string): number {
  const rank = (name: string): number => (RETURNS.includes(name) ? RETURNS.indexOf(name) : RETURNS.length);
  return rank(a) - rank(b) || a.localeCompare(b, 'en');
}

function chartOf(name: string, groups: Groups): string[] {
  const curves = [...groups].flatMap(([group, runs], color): ChartCurve[] => {
    const points = meanCurve(runs.flatMap(({ series }) => [series.get(name) ?? []]));
    return points.length === 0 ? [] : [{ name: group, color: color % 8, points }];
  });
  return curves.length === 0 ? [] : [`<figure><figcaption>${escapeText(name)}</figcaption>${chart(name, curves)}</figure>`];
}

function summary(groups: Groups): string {
  const rows = [...groups].map(([group, runs], color) => {
    const returns = runs.flatMap(({ series }) => {
      const name = RETURNS.find((each) => series.has(each));
      const values = (name === undefined ? [] : (series.get(name) as readonly LoggedScalar[])).filter(({ value }) =>
        Number.isFinite(value),
      );
      return values.length === 0 ? [] : [values];
    });
    const steps = Math.max(0, ...runs.flatMap(({ series }) => [...series.values()].map((values) => values.at(-1)?.step ?? 0)));
    const last = returns.map((values) => (values.at(-1) as LoggedScalar).value);
    // One by one: a call takes some hundred thousand arguments at most.
    const best = returns.map((values) => values.reduce((most, { value }) => Math.max(most, value), -Infinity));
    return cells('td', [
      `<span class="key c${color % 8}"></span>${escapeText(group)}`,
      String(runs.length),
      steps.toLocaleString('en'),
      last.length === 0 ? '–' : withInterval(last),
      last.length < 4 ? '–' : short(interquartileMean({ runs: last })),
      best.length === 0 ? '–' : short(meanScore({ runs: best })),
    ]);
  });
  const head = cells('th', ['', 'runs', 'steps', 'last return: mean [95 %]', 'interquartile mean', 'best return: mean']);
  return `<table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table>`;
}

function withInterval(scores: readonly number[]): string {
  if (scores.length === 1) return short(scores[0]);
  const { estimate, low, high } = bootstrapInterval(meanScore, [{ runs: scores }]);
  return `${short(estimate)} [${short(low)}, ${short(high)}]`;
}

function settings(groups: Groups): string {
  const values = new Map([...groups].map(([group, runs]) => [group, settingsOf(runs)]));
  const names = [...new Set([...values.values()].flatMap((each) => [...each.keys()]))];
  if (names.length === 0) return '';
  const differs = (name: string): boolean => new Set([...values.values()].map((each) => each.get(name))).size > 1;
  const rows = [...names.filter(differs), ...names.filter((name) => !differs(name))].map((name) =>
    cells('td', [escapeText(name), ...[...values.values()].map((each) => escapeText(each.get(name) ?? '–'))]),
  );
  const head = cells('th', ['', ...[...groups.keys()].map(escapeText)]);
  return `<h2>Settings</h2><table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table>`;
}

/** Of each setting the values that runs of a group have. */
function settingsOf(runs: readonly ReportedRun[]): Map<string, string> {
  const all = new Map<string, Set<string>>();
  for (const run of runs) {
    for (const [name, value] of Object.entries(run.settings ?? {})) {
      all.set(name, (all.get(name) ?? new Set()).add(String(value)));
    }
  }
  return new Map([...all].map(([name, values]) => [name, [...values].join(', ')]));
}

function facts(about: Readonly<Record<string, ReportedSetting>>): string {
  const rows = Object.entries(about).map(([name, value]) => cells('td', [name, String(value)].map(escapeText)));
  return rows.length === 0 ? '' : `<h2>About</h2><table><tbody>${rows.join('')}</tbody></table>`;
}

function cells(tag: 'td' | 'th', contents: readonly string[]): string {
  return `<tr>${contents.map((content) => `<${tag}>${content}</${tag}>`).join('')}</tr>`;
}

function short(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString('en');
}

/** @throws DqnError `invalid-option` unless there are runs, each with its group and its numbers. */
export function checkRuns(name: string, runs: readonly ReportedRun[]): void {
  if (!Array.isArray(runs) || runs.length === 0) throw invalid(name, 'runs', 'at least one run { group, series }', runs);
  runs.forEach(({ group, series }: ReportedRun, i) => {
    if (typeof group !== 'string' || group === '') throw invalid(name, `runs[${i}].group`, 'some text', group);
    if (!(series instanceof Map)) throw invalid(name, `runs[${i}].series`, 'a Map of numbers by name', series);
  });
}

/** The error of an argument that is none. */
export function invalid(name: string, argument: string, expected: string, received: unknown): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where: `${name}({ ${argument} })`,
    expected,
    received: describe(received),
    remedy: `Pass ${expected}.`,
  });
}
