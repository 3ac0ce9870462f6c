import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAgent, DqnError, evaluate, train, type Agent, type TrainingRun } from '../index.ts';
import { readCheckpoint, saveCheckpoint, writeFileAtomic } from '../node/index.ts';
import type { Timing } from '../common/maybe-promise.ts';
import { parseArguments, type Arguments } from './arguments.ts';
import { agentOptions } from './configuration/agent-options.ts';
import { resolveConfiguration } from './configuration/resolve-configuration.ts';
import { INTERRUPTED } from './interrupted.ts';
import { decodeEpisodes, encodeEpisodes } from './episode-log.ts';
import { learningCurve, type CurvePoint } from './learning-curve.ts';
import { Progress } from './progress.ts';
import { zoo } from './zoo.ts';

async function main(): Promise<number> {
  const given = parseArguments(process.argv.slice(2));
  const { id, steps, seed, out } = given;
  const { configuration, environment } = await resolveConfiguration({ environment: id, steps, seed });
  const world = await environment.create();
  const agent = await createAgent<unknown, Timing>(world, await agentOptions(configuration));
  const checkpoint = join(out, 'checkpoint.safetensors');
  const episodes = join(out, 'episodes.csv');
  const resume = given.resume ? await readCheckpoint(checkpoint) : undefined;
  // A run that has lost its episodes still resumes; its curve begins here.
  const log = resume ? await readFile(episodes).catch(() => undefined) : undefined;
  const points: CurvePoint[] = log ? decodeEpisodes(log) : [];
  console.log(`Double DQN on ${id}, seed ${seed}, ${steps.toLocaleString('en')} steps, embedded engine`);
  const run = train(agent, world, { steps, resume });
  const finished = await follow(run, agent, given, points);
  await writeFileAtomic(episodes, encodeEpisodes(points));
  if (!finished) {
    await saveCheckpoint(checkpoint, await run.checkpoint());
    console.log(
      `\nStopped at step ${agent.step}. Go on with:  npm start -- --environment ${given.environment} --seed ${seed}${hint(given)} --resume`,
    );
    return INTERRUPTED;
  }
  const evaluation = await evaluate(agent, world, { episodes: given.episodes, seed: 1_000_000 + seed });
  const { mean, std, min, max } = evaluation;
  console.log(
    `Evaluation over ${evaluation.episodes} episodes: mean ${mean.toFixed(1)} ± ${std.toFixed(1)} (min ${min}, max ${max})`,
  );
  const curve = join(out, 'learning-curve.svg');
  const policy = join(out, 'policy.safetensors');
  await writeFileAtomic(curve, learningCurve(`${id}, Double DQN, seed ${seed}`, points));
  await saveCheckpoint(policy, await agent.savePolicy());
  console.log(`Learning curve: ${curve}\nPolicy: ${policy}; load it with\n`);
  console.log(usage(world.constructor.name, environment.entry ?? 'environments', policy));
  return 0;
}

/** Consumes the run's events: shows progress, collects the curve; false if Ctrl-C stopped it before its end. */
async function follow(
  run: TrainingRun,
  agent: Agent<unknown, Timing>,
  { steps }: Arguments,
  points: CurvePoint[],
): Promise<boolean> {
  let stop = false;
  const onInterrupt = () => {
    stop = true;
  };
  process.once('SIGINT', onInterrupt);
  let progress: Progress | undefined;
  try {
    for (;;) {
      const { done, value: event } = await run.next();
      if (done) return true;
      progress ??= new Progress(steps, agent.step - 1);
      if (event.kind === 'episode') points.push({ step: event.step, return: event.return });
      if (event.kind === 'step') {
        const recent = points.slice(-20);
        const mean = recent.reduce((sum, point) => sum + point.return, 0) / Math.max(1, recent.length);
        progress.update({ step: event.step, return: mean, epsilon: agent.options.explorer.rate?.(event.step) ?? 0 });
      }
      // Not before all events of the step are told: a run that is resumed does not tell them.
      if (stop && run.pending === 0) return false;
    }
  } finally {
    process.removeListener('SIGINT', onInterrupt);
    progress?.stop();
  }
}

function hint({ id, steps, out, environment, seed }: Arguments): string {
  const stepsHint = steps === zoo[id].steps ? '' : ` --steps ${steps}`;
  return out === `runs/${environment}-seed${seed}` ? stepsHint : `${stepsHint} --out ${out}`;
}

function usage(environment: string, entry: string, path: string): string {
  return [
    `import { loadPolicy } from '@scope/dqn';`,
    `import { ${environment} } from '@scope/dqn/${entry}';`,
    `import { readCheckpoint } from '@scope/dqn/node';`,
    ``,
    `const environment = new ${environment}();`,
    `const policy = await loadPolicy(await readCheckpoint('${path}'), environment);`,
    `const { observation } = environment.reset({ seed: 1 });`,
    `console.log(policy.act(observation));`,
  ].join('\n');
}

try {
  process.exitCode = await main();
} catch (error) {
  // A mistake of the user's gets its sentence; a mistake of ours keeps its stack.
  console.error(error instanceof DqnError ? `\n${error.message}` : error);
  process.exitCode = 1;
}
