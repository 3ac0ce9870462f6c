import { Command } from 'commander';
import { DqnError } from '../../index.ts';
import { environments, type RegisteredEnvironment } from '../environments.ts';
import { printTable } from '../print.ts';
import { zoo } from '../zoo.ts';

/** `dqn environments` */
export function environmentsCommand(): Command {
  return new Command('environments')
    .description('List the environments of the package.')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const rows = await Promise.all(environments.map(describe));
      if (json) console.log(JSON.stringify(rows, undefined, 2));
      else
        printTable(
          ['id', 'observations', 'actions', 'task'],
          rows.map((row) => [row.id, row.observations ?? '?', row.actions ?? '?', 'remedy' in row ? row.remedy : row.description]),
        );
    });
}

async function describe({ id, description, load }: RegisteredEnvironment) {
  const create = await load().catch(missing);
  const about = { id, description, tuned: Object.hasOwn(zoo, id) };
  if (create instanceof DqnError) return { ...about, observations: null, actions: null, remedy: create.remedy };
  const { observationSpace, actionSpace } = await create();
  const observations = 'shape' in observationSpace ? `[${(observationSpace.shape as number[]).join(', ')}]` : observationSpace.kind;
  const actions = (actionSpace as { n?: number }).n ?? actionSpace.flatSize;
  return { ...about, observations, actions };
}

/** What says that a package must be installed; anything else is thrown. */
function missing(error: unknown): DqnError {
  if (error instanceof DqnError && error.code === 'missing-package') return error;
  throw error;
}
