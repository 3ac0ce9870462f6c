import { Command } from 'commander';
import { environments } from '../environments.ts';
import { printTable } from '../print.ts';
import { tunedFor } from '../presets.ts';

/** `dqn environments` */
export function environmentsCommand(): Command {
  return new Command('environments')
    .description('List the environments of the package.')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => {
      const rows = environments.map(({ id, description, create }) => {
        const { observationSpace, actionSpace } = create();
        const observations =
          'shape' in observationSpace ? `[${(observationSpace.shape as number[]).join(', ')}]` : observationSpace.kind;
        const actions = (actionSpace as { n?: number }).n ?? actionSpace.flatSize;
        return { id, description, observations, actions, tuned: tunedFor(id) !== undefined };
      });
      if (json) console.log(JSON.stringify(rows, undefined, 2));
      else
        printTable(
          ['id', 'observations', 'actions', 'task'],
          rows.map((row) => [row.id, row.observations, row.actions, row.description]),
        );
    });
}
