import { Command } from 'commander';
import { createAgent } from '../../index.ts';
import { CartPole } from '../../environments/index.ts';
import { presets } from '../presets.ts';
import { printTable } from '../print.ts';
import { settings } from '../settings.ts';

/** `dqn presets` */
export function presetsCommand(): Command {
  return new Command('presets')
    .description('List the sets of hyperparameters that runs can start from.')
    .option('--json', 'print JSON, with the numbers of each')
    .action(async ({ json }: { json?: boolean }) => {
      const tuned = Object.values(settings).map(({ name, steps, options }) => ({
        name: 'tuned',
        description: `tuned for ${name} in ${steps.toLocaleString('en')} steps: Double DQN`,
        create: () => options(steps),
      }));
      const all = [...presets, ...tuned];
      if (!json) {
        printTable(
          ['preset', 'what it is'],
          all.map(({ name, description }) => [name, description]),
        );
        return;
      }
      const rows: object[] = [];
      for (const { name, description, create } of all) {
        // What a preset leaves out has the library's default: an agent tells it. Replay of a million takes its memory as it fills.
        const agent = await createAgent(new CartPole(), create(50_000));
        rows.push({ name, description, options: agent.options });
        agent.dispose();
      }
      console.log(JSON.stringify(rows, undefined, 2));
    });
}
