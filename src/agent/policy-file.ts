import { decodeArchive, encodeArchive } from '../common/archive.ts';
import { DqnError } from '../common/errors.ts';
import type { Timing } from '../common/maybe-promise.ts';
import { Random } from '../common/random.ts';
import { damagedState, readCount, readFields, readInteger, readString } from '../common/read-state.ts';
import { wasm } from '../engines/wasm/wasm-engine.ts';
import type { Environment } from '../environment/environment.ts';
import { greedy } from '../exploration/greedy.ts';
import { expected } from '../heads/expected.ts';
import type { ValueHead } from '../heads/value-head.ts';
import { checkNetworkSpec } from '../networks/check-spec.ts';
import { parametersOf, planNetwork, sizeOf } from '../networks/plan.ts';
import type { Engine, NamedTensor } from '../networks/q-network.ts';
import type { NetworkSpec } from '../networks/spec.ts';
import { traitsOf } from '../networks/traits.ts';
import { readTensors, tensorsToState } from '../networks/tensor-state.ts';
import { ActingMemory } from './acting-memory.ts';
import { Actor } from './actor.ts';
import { discreteActions } from './discrete-actions.ts';
import type { ActOptions, LoadedPolicy, LoadPolicyOptions } from './policy.ts';

/** The version of the policy file's layout. */
const version = 2;

/** What a policy file holds. */
export interface PolicyContents {
  readonly spec: NetworkSpec;
  readonly head: ValueHead;
  readonly actions: number;
  /** K: estimates of all action values side by side. */
  readonly heads: number;
  readonly weights: readonly NamedTensor[];
}

/** A policy as the bytes of a file. */
export function encodePolicy({ spec, head, actions, heads, weights }: PolicyContents): Uint8Array<ArrayBuffer> {
  const network = JSON.stringify(spec);
  const state = { network, head: describeHead(head), actions, heads, weights: tensorsToState(weights) };
  return encodeArchive({ kind: 'policy', version, state });
}

/** What `loadPolicy` does, loaded when it is first called. */
export async function openPolicy<Observation, M extends Timing = 'sync'>(
  bytes: Uint8Array,
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: LoadPolicyOptions<M>,
): Promise<LoadedPolicy<Observation, M>> {
  const where = 'loadPolicy(bytes)';
  const fields = readFields(where, decodeArchive(bytes, { kind: 'policy', version }));
  const { observationSpace } = environment;
  const actionSpace = discreteActions(environment.actionSpace, where);
  const head: ValueHead = options.head ?? expected();
  const spec = readSpec(`${where}.network`, readString(where, fields, 'network'));
  const weights = readTensors(where, fields, 'weights');
  const inputs = spec.inputShape.reduce((product, n) => product * n, 1);
  agree(where, 'head', describeHead(head), readString(where, fields, 'head'));
  const heads = readInteger(where, fields, 'heads', 1, 2 ** 16);
  agree(where, 'number of actions', actionSpace.n, readCount(where, fields, 'actions'));
  agree(where, 'observation size', observationSpace.flatSize, inputs);
  // Before the network takes memory: a few bytes can ask for gigabytes.
  const numbers = parametersOf(planNetwork(spec)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const saved = weights.reduce((sum, { values }) => sum + values.length, 0);
  if (saved !== numbers) throw damagedState(`${where}.weights`, `the ${numbers} weights of the network`, saved);
  const random = new Random(0);
  const engine = (options.engine ?? wasm()) as Engine<M>;
  await engine.prepare?.(spec);
  const network = await engine.createNetwork(spec, { random });
  try {
    const { fractions } = traitsOf(spec);
    const wanted = head.quantiles?.kind === 'implicitQuantiles' ? 'given' : head.quantiles ? 'proposed' : 'none';
    agree(where, 'quantile fractions', wanted, fractions);
    if (fractions !== 'proposed') agree(where, 'output size', actionSpace.n * head.width * heads, network.outputSize);
    await network.setWeights(weights);
  } catch (error) {
    network.dispose();
    throw error;
  }
  const actor = new Actor<Observation, M>({ observationSpace, actionSpace, network, head, heads, random, noise: random });
  const memory = new ActingMemory(network.stateSize);
  const acting = { explorer: greedy(), noisy: false, memory, step: 0 };
  return {
    act: (observation: Observation, { stream = 0, first = false, actionMask }: ActOptions = {}) => {
      if (first) memory.begin(stream);
      return actor.act(observation, acting, stream, actionMask);
    },
    qValues: (observation) => actor.qValues(observation),
    dispose: () => network.dispose(),
  };
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
