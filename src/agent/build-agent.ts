import { loadPart } from '../common/load-part.ts';
import type { Timing } from '../common/maybe-promise.ts';
import { Random } from '../common/random.ts';
import { wasm } from '../engines/wasm/wasm-engine.ts';
import type { Environment } from '../environment/environment.ts';
import type { Engine, QNetwork } from '../networks/q-network.ts';
import { startWith } from './start-with.ts';
import type { Agent } from './agent.ts';
import { designAgent } from './design-agent.ts';
import { DqnAgent } from './dqn-agent.ts';
import { TransitionLearner, type LearnerFactory } from './learner.ts';
import type { AgentOptions, ResolvedAgentOptions } from './options.ts';

/** What `createAgent` does, loaded when it is first called. */
export async function buildAgent<Observation, M extends Timing = 'sync'>(
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: AgentOptions<M>,
): Promise<Agent<Observation, M>> {
  const { resolved, observationSpace, actionSpace, heads, networks, spec } = designAgent(environment, options);
  const { head, bootstrap } = resolved;
  const learner = await learnerFor(resolved);
  const engine = (options.engine ?? wasm()) as Engine<M>;
  const random = new Random(resolved.seed).split('weights');
  await engine.prepare?.(spec);
  const online = await engine.createNetwork(spec, { random, optimizer: resolved.optimizer.spec });
  const given = await resolved.network.initialWeights?.();
  if (given) await startWith(online, given, networks);
  const snapshots: QNetwork<M>[] = [];
  for (let i = 0; i < (bootstrap.targets ?? 1); i++) {
    snapshots.push(await engine.createNetwork(spec, { random: random.split('target') }));
  }
  const target = snapshots.length === 1 ? snapshots[0] : await averaged(snapshots);
  await target.copyFrom(online);
  const device = engine.deviceUpdate?.({ online, head, bootstrap, actions: actionSpace.n, heads });
  return new DqnAgent({
    observationSpace,
    actionSpace,
    options: resolved,
    online,
    target,
    heads,
    learner: (parts, layout) => learner({ ...parts, device }, layout),
  });
}

/** The learner for a replay; that of sequences is loaded when there are any. */
async function learnerFor({ replay }: ResolvedAgentOptions): Promise<LearnerFactory> {
  if (!('sequences' in replay)) return (parts, layout) => new TransitionLearner(parts, replay, layout);
  const { SequenceLearner } = await loadPart('learning from sequences', () => import('./sequence-learner.ts'));
  return (parts, layout) => new SequenceLearner(parts, replay, layout);
}

/** The mean of several networks as one. */
async function averaged<M extends Timing>(snapshots: readonly QNetwork<M>[]): Promise<QNetwork<M>> {
  const { AveragedNetwork } = await loadPart('averages of networks', () => import('./averaged-network.ts'));
  return new AveragedNetwork(snapshots);
}
