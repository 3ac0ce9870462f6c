import { Argument, Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

/**
 * `dqn completion`, which prints what a shell is to load, and the hidden `dqn complete -- words`, which the shell then asks.
 *
 * @param described - gives the command without these two.
 */
export function completionCommands(described: () => Command): Command[] {
  const load = async () => (await import('../completion/complete.ts')).completions(described());
  return [
    new Command('completion')
      .description('Print the script that completes commands, options and names at the Tab key.')
      .addArgument(new Argument('<shell>', 'whose script').choices(SHELLS))
      .action(async (shell: string) => (await load()).setup('dqn', 'dqn', shell)),
    new Command('complete')
      .description('Tell a shell how words may go on.')
      .argument('[words...]')
      .action(async (words: string[]) => (await load()).parse(words)),
  ];
}
