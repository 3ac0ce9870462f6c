import { decodeArchive, encodeArchive } from '../common/archive.ts';
import { DqnError } from '../common/errors.ts';
import { damagedState, readCount, readFields, readInteger, readString } from '../common/read-state.ts';
import type { ValueHead } from '../heads/value-head.ts';
import { checkNetworkSpec } from '../networks/check-spec.ts';
import { parametersOf, planNetwork, sizeOf, type LayerPlan } from '../networks/plan.ts';
import { matchTensors } from '../networks/match-tensors.ts';
import type { NamedTensor } from '../networks/q-network.ts';
import type { NetworkSpec } from '../networks/spec.ts';
import { readTensors, tensorsToState } from '../networks/tensor-state.ts';
import { traitsOf } from '../networks/traits.ts';

/** The version of the policy file's layout. */
const version = 2;

/** What a policy file holds. */
export interface PolicyContents {
  /** The network. */
  readonly spec: NetworkSpec;
  /** What its outputs mean. */
  readonly head: ValueHead;
  /** A: number of actions. */
  readonly actions: number;
  /** K: estimates of all action values side by side, of which the mean counts. */
  readonly heads: number;
  /** Its weights, in the order of its layers. */
  readonly weights: readonly NamedTensor[];
}

/** What a policy is to be used with. */
export interface PolicyUse {
  readonly head: ValueHead;
  /** Number of actions. */
  readonly actions: number;
  /** Numbers in one observation. */
  readonly observationSize: number;
}

/** A policy as the bytes of a file. */
export function encodePolicy({ spec, head, actions, heads, weights }: PolicyContents): Uint8Array<ArrayBuffer> {
  const network = JSON.stringify(spec);
  const state = { network, head: describeHead(head), actions, heads, weights: tensorsToState(weights) };
  return encodeArchive({ kind: 'policy', version, state });
}

/**
 * The inverse of {@link encodePolicy}.
 * @throws DqnError `invalid-checkpoint` if the bytes are damaged or foreign, `incompatible-checkpoint` if they are of another head or number of actions, or of observations
 * of another size.
 */
export function decodePolicy(bytes: Uint8Array, { head, actions, observationSize }: PolicyUse, where: string): PolicyContents {
  const fields = readFields(where, decodeArchive(bytes, { kind: 'policy', version }));
  const spec = readSpec(`${where}.network`, readString(where, fields, 'network'));
  const tensors = readTensors(where, fields, 'weights');
  agree(where, 'head', describeHead(head), readString(where, fields, 'head'));
  const heads = readInteger(where, fields, 'heads', 1, 2 ** 16);
  agree(where, 'number of actions', actions, readCount(where, fields, 'actions'));
  agree(where, 'observation size', observationSize, sizeOf(spec.inputShape));
  const { fractions } = traitsOf(spec);
  const wanted = head.quantiles?.kind === 'implicitQuantiles' ? 'given' : head.quantiles ? 'proposed' : 'none';
  agree(where, 'quantile fractions', wanted, fractions);
  const plans = planNetwork(spec);
  const { outputShape } = plans.at(-1) as LayerPlan;
  if (fractions !== 'proposed') agree(where, 'output size', actions * head.width * heads, sizeOf(outputShape));
  // Before a network takes memory: a few bytes can ask for gigabytes.
  const parameters = parametersOf(plans);
  const numbers = parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const saved = tensors.reduce((sum, { values }) => sum + values.length, 0);
  if (saved !== numbers) throw damagedState(`${where}.weights`, `the ${numbers} weights of the network`, saved);
  const weights = matchTensors(`${where}.weights`, parameters, tensors);
  return { spec, head, actions, heads, weights };
}

/** What weights mean, as text. */
function describeHead({ kind, width, settings = {} }: ValueHead): string {
  return `${kind} of width ${width}, ${JSON.stringify(settings)}`;
}

function readSpec(where: string, json: string): NetworkSpec {
  try {
    return checkNetworkSpec(JSON.parse(json));
  } catch (cause) {
    const { expected: wanted, received } = cause instanceof DqnError ? cause : { expected: 'JSON', received: 'other text' };
    throw new DqnError({ code: 'invalid-checkpoint', where, expected: wanted, received, remedy: 'Save the policy again.', cause });
  }
}

function agree(where: string, what: string, here: string | number, saved: string | number): void {
  if (here === saved) return;
  throw new DqnError({
    code: 'incompatible-checkpoint',
    where: `${where}: ${what}`,
    expected: String(here),
    received: String(saved),
    remedy: 'Load it with the environment and the head it was trained with.',
  });
}
