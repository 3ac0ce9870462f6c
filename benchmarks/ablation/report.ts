// Turns the results of the study into a document and a picture.
import { Random } from '../../src/common/random.ts';
import { configurations, type Configuration, type Part } from './configurations.ts';
import { intervalPlot, type PlotPanel, type PlotRow } from '../plots/interval-plot.ts';
import type { Result } from './run.ts';
import { bootstrapEstimate, differenceOfHalves, pooledInterquartileMean, type Estimate } from './statistics.ts';
import { studies, type Metric, type Study } from './studies.ts';

/** What the report says of the run as a whole. */
export interface ReportContext {
  readonly command: string;
  readonly machine: string;
  readonly wallSeconds: number;
  /** Of each bootstrap. Default 5,000. */
  readonly resamples?: number;
}

/** What a part did, as far as the interval of its difference tells. */
type Verdict = 'helps' | 'hurts' | 'no clear difference';

/** A row of a table. */
interface Row {
  readonly configuration: Configuration;
  /** One a metric. */
  readonly estimates: readonly Estimate[];
  /** Of the first metric to the reference: what the part adds. */
  readonly difference?: Estimate;
  readonly verdict?: Verdict;
}

/** The score of all worlds, each as a share of what is possible there. */
const pooledMetric: Metric = { key: 'pooled', label: 'normalised score', more: true, digits: 2 };

/**
 * The document and the picture.
 * @param results - the runs; configurations without any are left out.
 */
export function report(results: readonly Result[], context: ReportContext): { markdown: string; svg: string } {
  const sections = studies
    .map((study) => ({ study, rows: rowsOf(study, results, context.resamples) }))
    .filter(({ rows }) => rows.length > 0);
  const pooled = pooledRows(results, context.resamples);
  const seeds = new Set(results.map(({ seed }) => seed)).size;
  const minutes = (context.wallSeconds / 60).toFixed(0);
  const cpuMinutes = (results.reduce((sum, { seconds }) => sum + seconds, 0) / 60).toFixed(0);
  const markdown = [
    '# Ablation study',
    `What each part is worth: DQN, DQN with each part alone, Rainbow, and Rainbow without each of its parts, in ${sections.length} small worlds, ${seeds} seeds each. Everything else is the same: network, learning rate, replay capacity, number of steps and updates. Nothing was tuned for a part. The difficulty of the worlds was set beforehand, on other seeds of DQN, Double DQN and n-step returns alone, so that DQN neither always fails nor always succeeds.`,
    '```sh\n' + context.command + '\n```',
    `${results.length.toLocaleString('en')} runs, ${minutes} minutes of wall time in two processes (${cpuMinutes} of computing) on ${context.machine}. ${missing(results, seeds)} The file is written by that command.`,
    '![Interquartile means with their intervals](ablation.svg)',
    '## How to read it',
    [
      'Each figure is the interquartile mean over the seeds (the mean of what is left when the lowest and the highest quarter are cut off, ⌊n / 4⌋ runs each), with its 95 % percentile-bootstrap interval, as recommended by Agarwal et al. 2021.',
      'The difference of “DQN + part” is to DQN, that of Rainbow to DQN, and that of “Rainbow − part” is what Rainbow has more than it: in every case what the part adds, with the interval of a bootstrap stratified by the two sides. Differences are of the first metric.',
      '**Helps** and **hurts** are said only where that interval leaves out zero. With so many comparisons at 95 % about one in forty would be called so by chance on each side, and with few seeds such intervals are rather too narrow: a verdict whose interval just misses zero is weak.',
      'These are small worlds and small networks. A part without effect here may matter elsewhere, on Atari for example.',
    ].join('\n\n'),
    '## Summary',
    summary(sections),
    ...sections.flatMap(({ study, rows }) => [
      `## ${study.name}`,
      `${study.about} ${study.steps.toLocaleString('en')} steps.`,
      table(study.metrics, rows),
    ]),
    ...(pooled.length > 0
      ? [
          '## All worlds together',
          'Every score as a share of what is possible in its world (for Acrobot from −500 to −70), pooled; the bootstrap is stratified by world.',
          table([pooledMetric], pooled),
        ]
      : []),
  ].join('\n\n');
  const panels: PlotPanel[] = sections.map(({ study, rows }) => ({
    title: study.name,
    label: study.metrics[0].label,
    rows: rows.map(plotRow),
  }));
  if (pooled.length > 0) {
    panels.push({
      title: 'All worlds',
      label: pooledMetric.label,
      rows: pooled.map(plotRow),
    });
  }
  return { markdown: `${markdown}\n`, svg: intervalPlot('Ablation study: interquartile means, 95 % intervals', panels) };
}

/** Blue for DQN and what is added to it, red for Rainbow and what it is without. */
function plotRow({ configuration: { name }, estimates: [estimate] }: Row): PlotRow {
  const color = name.startsWith('Rainbow') ? '#b91c1c' : '#1d4ed8';
  return { name, estimate, color, reference: name === 'DQN' || name === 'Rainbow' };
}

/** What is not there, so that nobody takes the study for whole. */
function missing(results: readonly Result[], seeds: number): string {
  const absent = studies.length * configurations.length * seeds - results.length;
  return absent === 0 ? 'No run was left out.' : `**${absent} runs are missing.**`;
}

/** Says what an interval of a difference allows to say; `more` whether a larger metric is better. */
export function verdictOf({ low, high }: Estimate, more: boolean): Verdict {
  if (low > 0) return more ? 'helps' : 'hurts';
  if (high < 0) return more ? 'hurts' : 'helps';
  return 'no clear difference';
}

function rowsOf(study: Study, results: readonly Result[], resamples?: number): Row[] {
  const values = ({ name }: { name: string }, { key }: Metric) =>
    results.filter((result) => result.study === study.name && result.configuration === name).map(({ metrics }) => metrics[key]);
  return makeRows(study.metrics, resamples, (configuration, metric) => {
    const own = values(configuration, metric);
    return own.length > 0 ? [own] : undefined;
  });
}

function pooledRows(results: readonly Result[], resamples?: number): Row[] {
  return makeRows([pooledMetric], resamples, ({ name }) => {
    const strata = studies.map((study) =>
      results
        .filter((result) => result.study === study.name && result.configuration === name)
        .map(({ metrics }) => study.normalize(metrics[study.metrics[0].key])),
    );
    return strata.every((stratum) => stratum.length > 0) ? strata : undefined;
  });
}

/** A row for each configuration that has values; `strata` gives them for a metric. */
function makeRows(
  metrics: readonly Metric[],
  resamples: number | undefined,
  strata: (configuration: Configuration, metric: Metric) => readonly (readonly number[])[] | undefined,
): Row[] {
  return configurations.flatMap((configuration): Row[] => {
    const own = metrics.map((metric) => strata(configuration, metric));
    if (own.some((values) => values === undefined)) return [];
    const estimates = own.map((values) =>
      bootstrapEstimate(values ?? [], pooledInterquartileMean, { random: new Random(1), resamples }),
    );
    const reference = configurations.find(({ name }) => name === configuration.reference);
    const theirs = reference && strata(reference, metrics[0]);
    if (theirs === undefined || own[0] === undefined) return [{ configuration, estimates }];
    // What Rainbow without a part lacks is what the part adds.
    const sides = reference?.name === 'Rainbow' ? [...theirs, ...own[0]] : [...own[0], ...theirs];
    const difference = bootstrapEstimate(sides, differenceOfHalves, { random: new Random(1), resamples });
    return [{ configuration, estimates, difference, verdict: verdictOf(difference, metrics[0].more) }];
  });
}

function table(metrics: readonly Metric[], rows: readonly Row[]): string {
  const header = ['', ...metrics.map(({ label, more }) => `${label} ${more ? '↑' : '↓'}`), 'the part adds', ''];
  const lines = rows.map(({ configuration, estimates, difference, verdict }) => [
    configuration.name,
    ...estimates.map((estimate, i) => inWords(estimate, metrics[i].digits)),
    difference === undefined ? '' : inWords(difference, metrics[0].digits, true),
    verdict === undefined ? '' : emphasize(verdict),
  ]);
  return markdownTable(header, lines);
}

/** Each part in each world, alone and within Rainbow. */
function summary(sections: readonly { study: Study; rows: readonly Row[] }[]): string {
  const parts = [...new Set(configurations.flatMap(({ part }) => (part === undefined ? [] : [part])))];
  const find = (rows: readonly Row[], part: Part, reference: string) =>
    rows.find(({ configuration }) => configuration.part === part && configuration.reference === reference)?.verdict;
  const short = (verdict: Verdict | undefined) =>
    verdict === undefined ? '–' : verdict === 'no clear difference' ? '·' : emphasize(verdict);
  const lines = parts
    .filter((part) => sections.some(({ rows }) => find(rows, part, 'DQN') !== undefined))
    .map((part) => [
      part,
      ...sections.map(({ rows }) => `${short(find(rows, part, 'DQN'))} / ${short(find(rows, part, 'Rainbow'))}`),
    ]);
  const nowhere = parts.filter((part) => {
    const verdicts = sections.flatMap(({ rows }) => [find(rows, part, 'DQN'), find(rows, part, 'Rainbow')]);
    return verdicts.some((verdict) => verdict !== undefined) && !verdicts.includes('helps');
  });
  const harmful = parts.filter((part) =>
    sections.some(({ rows }) => find(rows, part, 'DQN') === 'hurts' || find(rows, part, 'Rainbow') === 'hurts'),
  );
  return [
    'Added to DQN / within Rainbow; · is no clear difference, – is not studied.',
    markdownTable(['part', ...sections.map(({ study }) => study.name)], lines),
    `Without a clear gain in any of these worlds: ${nowhere.join(', ') || 'none'}. With a clear loss in at least one: ${harmful.join(', ') || 'none'}.`,
  ].join('\n\n');
}

function emphasize(verdict: Verdict): string {
  return verdict === 'no clear difference' ? verdict : `**${verdict}**`;
}

/** `0.41 [0.30, 0.52]` */
function inWords({ value, low, high }: Estimate, digits: number, signed = false): string {
  const text = (number: number) => {
    const fixed = Math.abs(number).toFixed(digits);
    const zero = Number(fixed) === 0;
    return `${number < 0 && !zero ? '−' : signed && !zero ? '+' : ''}${fixed}`;
  };
  return `${text(value)} [${text(low)}, ${text(high)}]`;
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
