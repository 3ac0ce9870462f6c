// One training run of the study.
import { createAgent, train } from '../../src/index.ts';
import { agentOptions, configurations } from './configurations.ts';
import { studies } from './studies.ts';

/** Which run. */
export interface Job {
  readonly study: string;
  readonly configuration: string;
  readonly seed: number;
}

/** What came of it. */
export interface Result extends Job {
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Trains one configuration in one world with one seed, and measures. */
export async function run(job: Job): Promise<Result> {
  const study = studies.find(({ name }) => name === job.study);
  const configuration = configurations.find(({ name }) => name === job.configuration);
  if (study === undefined || configuration === undefined) throw new Error(`There is no such run: ${JSON.stringify(job)}`);
  const began = performance.now();
  const environment = study.create();
  const agent = await createAgent(environment, agentOptions(study, configuration, job.seed));
  const recorder = study.record(job.seed);
  for await (const event of train(agent, environment, { steps: study.steps, seed: job.seed })) {
    if (event.kind === 'episode') recorder.episode?.(event);
    else if (event.kind === 'step' && event.step % study.probePeriod === 0) recorder.probe?.(agent, event.step);
  }
  const metrics = await recorder.finish(agent);
  agent.dispose();
  return { ...job, metrics, seconds: (performance.now() - began) / 1000 };
}
