import type { Agent } from '../agent/agent.ts';
import { discreteActions } from '../agent/discrete-actions.ts';
import { decodePolicy, encodePolicy, type PolicyContents } from '../agent/policy-contents.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { Environment } from '../environment/environment.ts';
import { ConservativeHead } from '../heads/conservative.ts';
import { expected } from '../heads/expected.ts';
import type { ValueHead } from '../heads/value-head.ts';
import { checkNetworkSpec } from '../networks/check-spec.ts';
import { matchTensors } from '../networks/match-tensors.ts';
import { parametersOf, planNetwork, sizeOf, type LayerPlan } from '../networks/plan.ts';

/** A greedy policy as data: what every export is made from. */
export interface PolicyNetwork extends PolicyContents {
  /** The number of the first action. */
  readonly actionStart: number;
}

/** The greedy policy of an agent as it is now: a copy of its online network. Noisy layers are those of their means. */
export async function policyOf<Observation>(
  agent: Pick<Agent<Observation, 'sync' | 'async'>, 'online' | 'options' | 'actionSpace'>,
): Promise<PolicyNetwork> {
  const { online, options, actionSpace } = agent;
  // Only how it learns tells a conservative head from the one within.
  const head = options.head instanceof ConservativeHead ? options.head.inner : options.head;
  const { spec } = online;
  const { n: actions, start: actionStart } = actionSpace;
  const perEstimate = actions * head.width;
  const heads = head.quantiles ? 1 : online.outputSize / perEstimate;
  return { spec, head, actions, actionStart, heads, weights: await online.weights() };
}

/**
 * The policy in a file that `agent.savePolicy()` gave.
 *
 * @param environment - one that it fits, or anything with the two spaces.
 * @param options - the head that it was trained with. Default `expected()`.
 * @throws DqnError `invalid-checkpoint` if the bytes are damaged or foreign, `incompatible-checkpoint` if they are of another head or do not fit the environment's spaces.
 */
export function readPolicy<Observation>(
  bytes: Uint8Array,
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  { head = expected() }: { readonly head?: ValueHead } = {},
): PolicyNetwork {
  const where = 'readPolicy(bytes)';
  const { n: actions, start: actionStart } = discreteActions(environment.actionSpace, where);
  const use = { head, actions, observationSize: environment.observationSpace.flatSize };
  return { ...decodePolicy(bytes, use, where), actionStart };
}

/** The policy as the bytes of a file, for `loadPolicy` and {@link readPolicy}. */
export function writePolicy(policy: PolicyNetwork): Uint8Array<ArrayBuffer> {
  checkPolicy('writePolicy(policy)', policy);
  return encodePolicy(policy);
}

/** A policy that has been checked, its layers in their places. */
export interface PlannedPolicy {
  readonly plans: readonly LayerPlan[];
  /** By name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/**
 * Checks that a policy is whole: its weights are those of its network and finite, and the outputs are as many as its head reads.
 * @throws DqnError `invalid-option` if the network is malformed or does not fit the head, `incompatible-checkpoint` naming a tensor that is missing or has another shape,
 * `diverged` naming one that holds NaN or infinity.
 */
export function checkPolicy(where: string, policy: PolicyNetwork): PlannedPolicy {
  if (typeof policy !== 'object' || policy === null || !('spec' in policy)) {
    throw new DqnError({
      code: 'invalid-option',
      where,
      expected: 'a policy',
      received: describe(policy),
      remedy: 'Pass what policyOf(agent) or readPolicy(bytes, environment) gave.',
    });
  }
  const { spec, head, actions, heads } = policy;
  const plans = planNetwork(checkNetworkSpec(spec));
  const matched = matchTensors(`${where}.weights`, parametersOf(plans), policy.weights);
  matched.forEach((tensor) => checkFinite(`${where}.weights`, tensor.name, tensor.values));
  const found = sizeOf((plans.at(-1) as LayerPlan).outputShape);
  const fractions = head.quantiles?.kind === 'proposedQuantiles' ? head.quantiles.fractions : 0;
  const wanted = fractions > 0 ? (2 * fractions - 1) * actions + fractions : actions * head.width * heads;
  if (found !== wanted) {
    throw new DqnError({
      code: 'invalid-option',
      where,
      expected: `a network with ${wanted} outputs, for ${actions} actions of the head ${head.kind}`,
      received: `${found}`,
      remedy: 'Put the head beside the network that it was trained with.',
    });
  }
  return { plans, weights: new Map(matched.map(({ name, values }) => [name, values])) };
}

/** @throws DqnError `diverged` naming the tensor if it holds NaN or infinity. */
export function checkFinite(where: string, name: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new DqnError({
    code: 'diverged',
    where,
    expected: `finite numbers in ${name}`,
    received: `${values[at]} at index ${at}`,
    remedy: 'Take the weights of an earlier checkpoint: training has diverged in these.',
  });
}
