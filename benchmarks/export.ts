/**
 * What 8-bit weights and distillation cost and save, on trained policies: mean returns over the same 200 episodes, how often the best action is the same on what the policy meets, and
 * bytes (of the policy file; of the standalone program, code and weights, as it is and gzipped). Prints the tables of docs/export.md.
 */
import { gzipSync } from 'node:zlib';
import { cnn, createAgent, evaluate, loadPolicy, mlp, train } from '../src/index.ts';
import type { AgentOptions, Environment, LoadedPolicy } from '../src/index.ts';
import { Acrobot, Breakout, CartPole } from '../src/environments/index.ts';
import { agentOptions } from '../src/cli/configuration/agent-options.ts';
import { resolveConfiguration } from '../src/cli/configuration/resolve-configuration.ts';
import { distil, exportPolicy, policyOf, quantizeWeights, writePolicy, type PolicyNetwork } from '../src/export/index.ts';

const EPISODES = 200;

interface Task<Observation> {
  readonly name: string;
  readonly make: () => Environment<Observation, number>;
  readonly options: AgentOptions;
  readonly steps: number;
  /** The student of the distillation. */
  readonly student: Parameters<typeof distil<Observation>>[1]['network'];
}

const hundredths = (value: number) => value.toFixed(2);
const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`;
const row = (...cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`);

/** The share of what one policy meets in which both choose the same. */
async function agreement<Observation>(
  a: LoadedPolicy<Observation>,
  b: LoadedPolicy<Observation>,
  environment: Environment<Observation, number>,
): Promise<number> {
  let [same, all] = [0, 0];
  for (let episode = 0; episode < 20; episode++) {
    let { observation } = await environment.reset({ seed: 5_000 + episode });
    for (let ended = false; !ended; all++) {
      const action = a.act(observation);
      if (b.act(observation) === action) same++;
      const result = await environment.step(action);
      observation = result.observation;
      ended = result.terminated || result.truncated;
    }
  }
  return same / all;
}

/** A line for a policy, compared with the one that it was made from. */
async function report<Observation>(
  { name, make }: Task<Observation>,
  what: string,
  policy: PolicyNetwork,
  bits: 8 | 32,
  original: LoadedPolicy<Observation>,
): Promise<void> {
  const loaded = await loadPolicy<Observation>(writePolicy(policy), make());
  const { mean, std } = await evaluate(loaded, make(), { episodes: EPISODES, seed: 1_000 });
  const { source, weights } = exportPolicy(policy, { bits, weights: 'apart' });
  const program = source.length + weights.length;
  const zipped = gzipSync(source).length + gzipSync(weights).length;
  const same = await agreement(original, loaded, make());
  const error = hundredths(std / Math.sqrt(EPISODES));
  row(name, what, `${hundredths(mean)} ± ${error}`, `${(100 * same).toFixed(1)} %`, kilobytes(program), kilobytes(zipped));
}

async function measure<Observation>(task: Task<Observation>): Promise<void> {
  const { make, options, steps, student: network } = task;
  const agent = await createAgent<Observation>(make(), options);
  const run = train(agent, make(), { steps });
  while (!(await run.next()).done);
  const policy = await policyOf(agent);
  const original = await loadPolicy<Observation>(writePolicy(policy), make());
  await report(task, 'trained', policy, 32, original);
  await report(task, '8 bits', quantizeWeights(policy), 8, original);
  const { policy: student } = await distil(original, { network, environment: make(), steps: 10_000, seed: 1 });
  await report(task, 'distilled', student, 32, original);
  await report(task, 'distilled, 8 bits', quantizeWeights(student), 8, original);
}

async function measureTuned<Observation>(
  name: string,
  make: () => Environment<Observation, number>,
  student: Task<Observation>['student'],
): Promise<void> {
  const { configuration } = await resolveConfiguration({ environment: name, seed: 1 });
  await measure({ name, make, options: await agentOptions(configuration), steps: configuration.steps, student });
}

row('task', 'policy', `mean return of ${EPISODES} ± standard error`, 'same action', 'program', 'gzipped');
row('---', '---', '---', '---', '---', '---');
await measureTuned('CartPole-v1', () => new CartPole(), mlp({ hidden: [8] }));
await measureTuned('Acrobot-v1', () => new Acrobot(), mlp({ hidden: [16] }));
await measureTuned(
  'MinAtar/Breakout-v1',
  () => new Breakout(),
  cnn({ convolutions: [{ filters: 8, kernelSize: 3 }], hidden: [32] }),
);
