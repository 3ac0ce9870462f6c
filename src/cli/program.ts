import { Command } from 'commander';
import { benchmarkCommand } from './commands/benchmark.ts';
import { completionCommands } from './commands/completion.ts';
import { environmentsCommand } from './commands/environments.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { inspectCommand } from './commands/inspect.ts';
import { plotCommand } from './commands/plot.ts';
import { presetsCommand } from './commands/presets.ts';
import { trainCommand } from './commands/train.ts';
import { tuneCommand } from './commands/tune.ts';
import { watchCommand } from './commands/watch.ts';
import { packageVersion } from './run/package-version.ts';

/** The command `dqn`, with all its subcommands. */
export function program(): Command {
  const command = described();
  const [completion, complete] = completionCommands(described);
  command.addCommand(completion.copyInheritedSettings(command));
  return command.addCommand(complete.copyInheritedSettings(command), { hidden: true });
}

/** The command without what completes it. */
function described(): Command {
  const command = new Command('dqn')
    .description('Deep Q-learning from the command line.')
    .version(packageVersion())
    .configureHelp({ helpWidth: 100 })
    .showHelpAfterError('(--help tells all options)');
  for (const create of [
    trainCommand,
    tuneCommand,
    benchmarkCommand,
    evaluateCommand,
    watchCommand,
    plotCommand,
    exportCommand,
    inspectCommand,
    environmentsCommand,
    presetsCommand,
  ]) {
    command.addCommand(create().copyInheritedSettings(command));
  }
  return command;
}
