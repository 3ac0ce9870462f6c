import { extname } from 'node:path';
import { Command } from 'commander';
import { aboutMachine, writeFileAtomic } from '../../node/index.ts';
import { htmlReport, learningCurves, type ReportedRun } from '../../workbench/index.ts';
import { readRuns } from '../plot/read-runs.ts';
import { UserMistake } from '../user-mistake.ts';

interface PlotFlags {
  readonly out?: string;
  readonly html?: string;
  readonly name?: string;
  readonly title?: string;
  readonly json?: boolean;
}

/** `dqn plot` */
export function plotCommand(): Command {
  return new Command('plot')
    .description('Draw the learning curves of runs; those that differ in their seed alone are one curve.')
    .argument('<folders...>', 'the folders of runs')
    .option('-o, --out <file>', 'a picture: .svg')
    .option('--html <file>', 'a report on all that was logged, as one page')
    .option('--name <number>', 'what the picture shows (default: evaluation/return)')
    .option('--title <text>', 'what it is called (default: the environments)')
    .option('--json', 'print what was drawn as JSON')
    .action(async (folders: readonly string[], flags: PlotFlags) => {
      const { out, html, name, json } = flags;
      if (out === undefined && html === undefined) throw new UserMistake('Where to? Write --out curves.svg or --html report.html.');
      if (out !== undefined && extname(out).toLowerCase() !== '.svg') {
        throw new UserMistake(`${out}: expected a name that ends in .svg but received ${extname(out) || 'no ending'}.`);
      }
      const runs = await readRuns(folders);
      const title = flags.title ?? [...new Set(runs.map(({ settings }) => String(settings?.environment)))].join(', ');
      const files: [string, string][] = [];
      if (out !== undefined) files.push([out, learningCurves({ title, runs, name })]);
      if (html !== undefined) files.push([html, htmlReport({ title, runs, about: aboutMachine() })]);
      for (const [path, text] of files) await writeFileAtomic(path, text);
      const drawn = { files: files.map(([path]) => path), groups: sizes(runs) };
      if (json) console.log(JSON.stringify(drawn));
      else {
        for (const [group, count] of Object.entries(drawn.groups))
          console.log(`${group}: ${count} ${count === 1 ? 'run' : 'runs'}`);
        console.log(drawn.files.join('\n'));
      }
    });
}

function sizes(runs: readonly ReportedRun[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { group } of runs) counts[group] = (counts[group] ?? 0) + 1;
  return counts;
}
