import { Command } from 'commander';
import { createAgent } from '../../index.ts';
import type { Timing } from '../../common/maybe-promise.ts';
import { agentOptions } from '../configuration/agent-options.ts';
import { flagsOf } from '../configuration/flags-of.ts';
import { resolveConfiguration } from '../configuration/resolve-configuration.ts';
import { presets } from '../presets.ts';
import { printTable } from '../print.ts';
import { UserMistake } from '../user-mistake.ts';

/** `dqn presets` */
export function presetsCommand(): Command {
  return new Command('presets')
    .description('List the sets of parts and hyperparameters that runs can start from.')
    .argument('[environment]', 'with the numbers tuned for it, in place of those of the papers')
    .option('--json', 'print JSON, with the numbers of each')
    .action(async (environment: string | undefined, { json }: { json?: boolean }) => {
      if (!json && environment !== undefined) return printTuned(environment);
      if (!json) {
        printTable(
          ['preset', 'what it is'],
          presets.map(({ name, description }) => [name, description]),
        );
        return;
      }
      const rows: object[] = [];
      for (const { name, description } of presets) rows.push({ name, description, options: await optionsOf(name, environment) });
      console.log(JSON.stringify(rows, undefined, 2));
    });
}

/** @throws UserMistake where there are none. */
async function printTuned(environment: string): Promise<void> {
  const rows: string[][] = [];
  for (const { name } of presets) {
    const { configuration } = await resolveConfiguration({ environment, preset: name });
    const { numbers, agent, environment: id, steps } = configuration;
    if (numbers !== 'tuned') {
      throw new UserMistake(`There are no numbers tuned for ${id}: presets have those of their papers, which --json tells.`);
    }
    if (rows.length === 0) console.log(`Tuned for ${steps} steps of ${id}, as options of dqn train:`);
    rows.push([name, flagsOf(agent)]);
  }
  printTable(['preset', 'numbers'], rows);
}

/** All options of the agent that a preset makes. What it leaves out has the library's default: an agent tells it. */
async function optionsOf(preset: string, environment: string | undefined): Promise<object> {
  const given = environment === undefined ? ({ environment: 'CartPole-v1', numbers: 'paper' } as const) : { environment };
  const { configuration, environment: found } = await resolveConfiguration({ ...given, preset });
  // Replay of a million takes its memory as it fills.
  const world = await found.create();
  const agent = await createAgent<unknown, Timing>(world, await agentOptions(configuration));
  agent.dispose();
  await world.close?.();
  return agent.options;
}
