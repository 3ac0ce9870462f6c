import { Command } from 'commander';
import { benchmarkCommand } from './commands/benchmark.ts';
import { environmentsCommand } from './commands/environments.ts';
import { presetsCommand } from './commands/presets.ts';
import { trainCommand } from './commands/train.ts';
import { packageVersion } from './run/package-version.ts';

/** The command `dqn`, with all its subcommands. */
export function program(): Command {
  const command = new Command('dqn')
    .description('Deep Q-learning from the command line.')
    .version(packageVersion())
    .configureHelp({ helpWidth: 100 })
    .showHelpAfterError('(--help tells all options)');
  for (const create of [trainCommand, benchmarkCommand, environmentsCommand, presetsCommand]) {
    command.addCommand(create().copyInheritedSettings(command));
  }
  return command;
}
