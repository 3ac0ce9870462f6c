// Turns the results of the study into a document and pictures.
import { benchmarkRows, markdownTable, type BenchmarkRow } from '../../src/cli/benchmark/tables.ts';
import type { BenchmarkResult } from '../../src/cli/benchmark/result.ts';
import { zoo } from '../../src/cli/zoo.ts';
import { intervalPlot } from '../plots/interval-plot.ts';
import { compared, takes, tasks, type StudyTask } from './tasks.ts';

const PIECES = { classic: 'Classic control and LunarLander', deepsea: 'DeepSea', minatar: 'MinAtar' } as const;

interface Section {
  readonly task: StudyTask;
  readonly steps: number;
  readonly rows: readonly BenchmarkRow[];
}

/** The document, and a picture for every piece of the study that has results, by its name. */
export function report(results: readonly BenchmarkResult[]): { markdown: string; pictures: ReadonlyMap<string, string> } {
  const sections = tasks.flatMap((task): Section[] => {
    const own = results.filter((result) => result.task === task.name);
    const { environment, steps } = task.configuration;
    const tuned = zoo[environment];
    return own.length === 0 ? [] : [{ task, steps: steps ?? tuned.steps, rows: benchmarkRows(own, tuned.solved) }];
  });
  const hours = results.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0) / 3_600;
  const pictures = new Map<string, string>();
  const parts: string[] = [];
  for (const [piece, title] of Object.entries(PIECES)) {
    const own = sections.filter(({ task }) => task.piece === piece);
    if (own.length === 0) continue;
    pictures.set(piece, picture(title, own));
    parts.push(`## ${title}`, `![Interquartile means and intervals](learning-study-${piece}.svg)`);
    for (const { task, steps, rows } of own) {
      parts.push(
        `### ${task.name}`,
        `${steps.toLocaleString('en')} steps. ${missing(task, rows)}`,
        markdownTable(rows),
        published(task, steps, rows),
      );
    }
  }
  const markdown = [
    '# The learning study',
    'Every preset with the numbers that `dqn presets <environment>` gives, on every task. A score is the mean return over 100 greedy episodes of the **final** network, on starts that training never saw; nothing is picked among checkpoints. Seeds are 101 and on; the numbers were tuned on lower ones, for Double DQN alone: what other presets have is the same network, learning rate, number of updates and exploration, not the best for them, but where the zoo (`src/cli/zoo.ts`) has numbers of their own. `LunarLander 100k` has those of Stable-Baselines3 (`benchmarks/study/tasks.ts`).',
    '```sh\nnpm run bench:learning             # goes on where it stopped; days for everything\nnpm run bench:learning -- --report # writes this page anew from docs/learning-study.jsonl\n```',
    `${results.length} runs and ${hours.toFixed(1)} hours of training so far, on shared machines of two cores: seconds are of runs two at a time beside other work, and only tell what is quick and what is slow. Each figure is the interquartile mean over seeds with its 95 % bootstrap interval; with five seeds or fewer such intervals are too narrow. “Solved” counts the seeds of which an evaluation of ten episodes on the way reached what Gymnasium calls solved (0.9 in DeepSea), and the median step at which it did.`,
    ...parts,
  ].join('\n\n');
  return { markdown: `${markdown}\n`, pictures };
}

/** Says what has no result yet, so that nobody takes the study for whole. */
function missing(task: StudyTask, rows: readonly BenchmarkRow[]): string {
  const absent = compared.filter((preset) => takes(task, preset) && !rows.some((row) => row.preset === preset.name));
  return absent.length === 0 ? '' : `Not run yet: ${absent.map(({ name }) => name).join(', ')}.`;
}

/** What others have published, and the best of ours beside it. */
function published({ published: figures }: StudyTask, steps: number, [best]: readonly BenchmarkRow[]): string {
  return figures
    .map(({ who, mean, steps: after }) => {
      const reached = best.interquartileMean.estimate >= mean ? 'reached' : 'not reached';
      const ours = `${best.preset} has ${best.interquartileMean.estimate.toFixed(1)} after ${steps.toLocaleString('en')}, on ${best.seeds === 1 ? 'one seed' : `${best.seeds} seeds`}`;
      return `- ${who}: ${mean} after ${after.toLocaleString('en')} steps. ${reached}: ${ours}.`.replaceAll(' -', ' −');
    })
    .join('\n');
}

function picture(title: string, sections: readonly Section[]): string {
  const panels = sections.map(({ task, steps, rows }) => ({
    title: task.name,
    label: `mean return after ${steps.toLocaleString('en')} steps`,
    rows: compared.flatMap(({ name }) => {
      const row = rows.find(({ preset }) => preset === name);
      if (!row) return [];
      const { estimate, low, high } = row.interquartileMean;
      return [{ name, estimate: { value: estimate, low, high }, color: '#1d4ed8', reference: name === 'dqn' }];
    }),
  }));
  return intervalPlot(`${title}: interquartile means, 95 % intervals`, panels);
}
