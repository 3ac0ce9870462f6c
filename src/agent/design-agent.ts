import { DqnError } from '../common/errors.ts';
import type { Environment } from '../environment/environment.ts';
import type { Stacking } from '../environment/spaces/box.ts';
import type { DiscreteSpace, Space } from '../environment/spaces.ts';
import type { ValueHead } from '../heads/value-head.ts';
import { planNetwork, sizeOf, type LayerPlan } from '../networks/plan.ts';
import type { NetworkSpec } from '../networks/spec.ts';
import { checkComposition, headsOf } from './check-composition.ts';
import { discreteActions } from './discrete-actions.ts';
import { ObservationCodec } from './observation-codec.ts';
import { resolveAgentOptions, type AgentOptions, type ResolvedAgentOptions } from './options.ts';

/** An agent before anything of it is made. */
export interface AgentDesign<Observation> {
  readonly resolved: ResolvedAgentOptions;
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  /** K: estimates of all action values side by side. */
  readonly heads: number;
  /** Networks side by side, which the one network is branches of. */
  readonly networks: number;
  readonly spec: NetworkSpec;
}

/** Resolves the options and lays the network out. @throws DqnError as `createAgent`. */
export function designAgent<Observation>(
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: AgentOptions,
): AgentDesign<Observation> {
  const resolved = resolveAgentOptions(options);
  const { observationSpace } = environment;
  const actionSpace = discreteActions(environment.actionSpace, 'createAgent(environment)');
  const { shape, scale, stacking } = new ObservationCodec(observationSpace);
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
  checkImages(single, stacking);
  checkComposition(resolved, single, actionSpace.n, heads);
  checkOutputs(single, outputSize, head, `${actionSpace.n} actions × ${head.width}${built > 1 ? ` × ${built} heads` : ''}`);
  const spec: NetworkSpec =
    networks === 1
      ? single
      : { ...single, layers: [{ kind: 'parallel', branches: Array.from({ length: networks }, () => single.layers) }] };
  return { resolved, observationSpace, actionSpace, heads, networks, spec };
}

/** Refuses images for convolutions whose first axis is that of the frames or of the channels: they would take it for the height. @throws DqnError `invalid-option`. */
function checkImages({ inputShape, layers }: NetworkSpec, stacking: Stacking | undefined): void {
  if (layers[0]?.kind !== 'conv2d') return;
  const stacked = stacking?.interleaved === false;
  const [height, width, channels] = inputShape;
  // No image is so low, so wide and of so many channels.
  if (!stacked && !(height <= 4 && width >= 32 && channels >= 32)) return;
  throw new DqnError({
    code: 'invalid-option',
    where: 'createAgent({ network })',
    expected: 'images [H, W, C] for its convolutions',
    received: `[${inputShape.join(', ')}], ${stacked ? 'whose first axis is that of the frames' : 'which look like [C, H, W]'}`,
    remedy: stacked
      ? `Stack them by frameStack(environment, ${stacking.frames}, { axis: 'last' }).`
      : 'Wrap the environment in channelsLast().',
  });
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
