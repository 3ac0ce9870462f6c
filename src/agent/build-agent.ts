import { DqnError } from '../common/errors.ts';
import { loadPart } from '../common/load-part.ts';
import type { Timing } from '../common/maybe-promise.ts';
import { Random } from '../common/random.ts';
import { wasm } from '../engines/wasm/wasm-engine.ts';
import type { Environment } from '../environment/environment.ts';
import type { ValueHead } from '../heads/value-head.ts';
import { planNetwork, sizeOf, type LayerPlan } from '../networks/plan.ts';
import type { Engine, QNetwork } from '../networks/q-network.ts';
import type { NetworkSpec } from '../networks/spec.ts';
import { startWith } from './start-with.ts';
import type { Agent } from './agent.ts';
import { discreteActions } from './discrete-actions.ts';
import { checkComposition, headsOf } from './check-composition.ts';
import { DqnAgent } from './dqn-agent.ts';
import { TransitionLearner, type LearnerFactory } from './learner.ts';
import { ObservationCodec } from './observation-codec.ts';
import { resolveAgentOptions, type AgentOptions, type ResolvedAgentOptions } from './options.ts';

/** What `createAgent` does, loaded when it is first called. */
export async function buildAgent<Observation, M extends Timing = 'sync'>(
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: AgentOptions<M>,
): Promise<Agent<Observation, M>> {
  const resolved = resolveAgentOptions(options);
  const { observationSpace } = environment;
  const actionSpace = discreteActions(environment.actionSpace, 'createAgent(environment)');
  const { shape, scale } = new ObservationCodec(observationSpace);
  const { head, bootstrap } = resolved;
  const heads = headsOf(resolved);
  const networks = bootstrap.networks ?? 1;
  // Networks side by side are branches of one, so that one update trains all of them.
  const built = heads / networks;
  const outputSize = actionSpace.n * head.width * built;
  const single = resolved.network.build({
    inputShape: shape,
    inputScale: scale,
    actions: actionSpace.n,
    width: head.width,
    heads: built,
    outputSize,
    quantiles: head.quantiles,
  });
  checkComposition(resolved, single, actionSpace.n, heads);
  checkOutputs(single, outputSize, head, `${actionSpace.n} actions × ${head.width}${built > 1 ? ` × ${built} heads` : ''}`);
  const spec: NetworkSpec =
    networks === 1
      ? single
      : { ...single, layers: [{ kind: 'parallel', branches: Array.from({ length: networks }, () => single.layers) }] };
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

/** Refuses a network of another size. @throws DqnError `invalid-option`. */
function checkOutputs(spec: NetworkSpec, outputSize: number, { quantiles }: ValueHead, product: string): void {
  const found = sizeOf((planNetwork(spec).at(-1) as LayerPlan).outputShape);
  const fractions = quantiles?.kind === 'proposedQuantiles' ? quantiles.fractions : 0;
  // A network that proposes its fractions gives values at all of them, and their logits.
  const wanted = fractions === 0 ? outputSize : (2 * fractions - 1) * outputSize + fractions;
  if (found === wanted) return;
  throw new DqnError({
    code: 'invalid-option',
    where: 'createAgent({ network })',
    expected: `a network with ${wanted} outputs (${product})`,
    received: `${found} outputs`,
    remedy: 'Let the last layer have outputSize units.',
  });
}
