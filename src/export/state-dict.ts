import { DqnError, describe } from '../common/errors.ts';
import { convolutionGeometry, sizeOf, type LayerPlan } from '../networks/plan.ts';
import type { NamedTensor } from '../networks/q-network.ts';
import type { Conv2dSpec, DenseSpec } from '../networks/spec.ts';
import { checkFinite, checkPolicy, type PolicyNetwork } from './policy.ts';
import { filtersFirst, filtersLast } from './transposed.ts';
import { valueReadingOf, type ValueReading } from './value-reading.ts';

/** Whose names and shapes a `state_dict` has. */
export type StateDictLayout = 'stable-baselines3' | 'cleanrl';

/** Options of {@link toStateDict} and {@link fromStateDict}. */
export interface StateDictOptions {
  /** Whose names and shapes. */
  readonly layout: StateDictLayout;
}

/** One weight or bias, here and there. */
interface Correspondence {
  /** Here. */
  readonly name: string;
  /** Here. */
  readonly shape: readonly number[];
  /** There. */
  readonly stateName: string;
  /** There. */
  readonly stateShape: readonly number[];
  readonly toState: (values: Float32Array) => Float32Array;
  readonly fromState: (values: Float32Array) => Float32Array;
}

/** How the tensors of a policy correspond to those of a `state_dict`. */
interface Mapping {
  readonly pairs: readonly Correspondence[];
  /** What else is there. */
  readonly constants: readonly NamedTensor[];
  /** The target network, which is written like the other one, and ignored on reading. */
  readonly target?: { readonly prefix: string; readonly of: string };
}

/**
 * The weights of a policy as the `state_dict` of a PyTorch network: `[N, K]` for dense layers `[K, N]`, `[F, C, H, W]` for filters `[H, W, C, F]`, and behind convolutions with the
 * features in the order of channels, rows, columns.
 *
 * - `stable-baselines3`: of the policy of its DQN (`model.policy`), target network included; of QR-DQN in sb3-contrib for the head `quantile()`.
 * - `cleanrl`: of the `QNetwork` of its `dqn.py`, `dqn_atari.py` and, for the head `categorical()`, `c51.py`, `c51_atari.py`.
 * @throws DqnError `invalid-option` for a network or head that the other library does not have, or an unknown layout; otherwise as `writePolicy`.
 */
export function toStateDict(policy: PolicyNetwork, options: StateDictOptions): NamedTensor[] {
  const where = 'toStateDict(policy)';
  const { plans, weights } = checkPolicy(where, policy);
  const { pairs, constants, target } = mappingOf(where, policy, plans, options);
  const tensors = pairs.map(({ name, stateName, stateShape, toState }) => ({
    name: stateName,
    shape: stateShape,
    values: toState(weights.get(name) as Float32Array),
  }));
  const copies = target ? tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(target.of, target.prefix) })) : [];
  return [...constants, ...tensors, ...copies];
}

/**
 * A policy with weights from the `state_dict` of a PyTorch network, the inverse of {@link toStateDict}: to go on with, `agent.online.setWeights(policy.weights)` and
 * `agent.target.copyFrom(agent.online)`.
 *
 * @param policy - a policy of the same network and head; its own weights do not matter. What a `state_dict` does not tell (activations, scale of the inputs) is that of this policy.
 * @param tensors - such as `decodeSafetensors` gives.
 * @throws DqnError `incompatible-checkpoint` naming the tensor that is missing, unknown or of another shape, `diverged` if it holds NaN or infinity; `invalid-option` as {@link toStateDict}.
 */
export function fromStateDict(policy: PolicyNetwork, tensors: readonly NamedTensor[], options: StateDictOptions): PolicyNetwork {
  const where = 'fromStateDict(tensors)';
  const { plans } = checkPolicy(where, policy);
  const { pairs, constants, target } = mappingOf(where, policy, plans, options);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const take = (name: string, shape: readonly number[]): Float32Array => {
    const found = byName.get(name);
    const expected = `a tensor ${name} of shape [${shape.join(', ')}]`;
    if (!found) throw misfit(where, expected, `none of that name among ${[...byName.keys()].slice(0, 8).join(', ') || 'none'}`);
    byName.delete(name);
    if (found.shape.join() !== shape.join()) throw misfit(where, expected, `one of shape [${found.shape.join(', ')}]`);
    if (!(found.values instanceof Float32Array) || found.values.length !== sizeOf(shape)) {
      throw misfit(where, `${sizeOf(shape)} numbers in ${name}`, describe(found.values));
    }
    checkFinite(where, name, found.values);
    return found.values;
  };
  for (const { name, shape, values } of constants) {
    const found = take(name, shape);
    const at = found.findIndex((value, i) => Math.abs(value - values[i]) > 1e-5 * Math.max(1, Math.abs(values[i])));
    if (at >= 0) throw misfit(where, `${values[at]} at index ${at} of ${name}, as of the policy's head`, `${found[at]}`);
  }
  const weights = pairs.map(({ name, shape, stateName, stateShape, fromState }) => ({
    name,
    shape,
    values: fromState(take(stateName, stateShape)),
  }));
  const extra = [...byName.keys()].find((name) => target === undefined || !name.startsWith(target.prefix));
  if (extra !== undefined) throw misfit(where, 'no tensor but those of this network', extra);
  return { ...policy, weights };
}

/** A convolution or dense layer with the size of the images that it reads: rows times columns of the filters, or of the features that it flattens. */
interface Step {
  readonly plan: LayerPlan<Conv2dSpec | DenseSpec>;
  readonly area: number;
  readonly channels: number;
  readonly units: number;
}

function mappingOf(where: string, policy: PolicyNetwork, plans: readonly LayerPlan[], options: StateDictOptions): Mapping {
  const layout: unknown = options?.layout;
  const steps = stepsOf(where, plans);
  const reading = valueReadingOf(policy.head, where);
  const quantiles = reading.kind === 'quantile' ? reading.quantiles : 1;
  checkHead(where, policy, reading, layout);
  const names = layout === 'cleanrl' ? cleanRlNames(steps) : baselinesNames(where, steps, reading);
  const pairs = steps.flatMap((step, i) => {
    const outputs = i === steps.length - 1 && quantiles > 1 ? { actions: policy.actions, quantiles } : undefined;
    return correspondences(step, names[i], outputs);
  });
  if (layout === 'cleanrl') {
    const constants =
      reading.kind === 'categorical' ? [{ name: 'atoms', shape: [reading.atoms.length], values: reading.atoms }] : [];
    return { pairs, constants };
  }
  const net = reading.kind === 'quantile' ? 'quantile_net' : 'q_net';
  return { pairs, constants: [], target: { prefix: `${net}_target.`, of: `${net}.` } };
}

/** @throws DqnError `invalid-option` for what the other library does not have. */
function checkHead(where: string, { heads }: PolicyNetwork, reading: ValueReading, layout: unknown): void {
  const known = { 'stable-baselines3': ['expected', 'quantile'], cleanrl: ['expected', 'categorical'] };
  if (layout !== 'stable-baselines3' && layout !== 'cleanrl') {
    throw unfit(`${where.split('(')[0]}({ layout })`, "'stable-baselines3' or 'cleanrl'", describe(layout), 'Pass one of these.');
  }
  const remedy = 'Build the agent with a head of theirs.';
  const expected = `one estimate by a head of ${layout}: ${known[layout].join(' or ')}`;
  if (heads > 1) throw unfit(where, expected, `${heads} estimates`, remedy);
  if (!known[layout].includes(reading.kind)) throw unfit(where, expected, reading.kind, remedy);
  if (reading.kind === 'expected' && reading.rescaled) throw unfit(where, expected, 'rescaled values', remedy);
}

/** The layers of a plain network. @throws DqnError `invalid-option` for any other. */
function stepsOf(where: string, plans: readonly LayerPlan[]): Step[] {
  const steps: Step[] = [];
  const last = plans.findLastIndex(({ spec }) => spec.kind !== 'flatten');
  plans.forEach(({ spec, inputShape }, i) => {
    const plan = plans[i] as Step['plan'];
    const refuse = (received: string): never => {
      const remedy = 'Use mlp() or cnn() without dueling streams, noise and normalisation.';
      throw unfit(where, 'convolutions without padding, then dense layers, all but the last with an activation', received, remedy);
    };
    switch (spec.kind) {
      case 'flatten':
        return;
      case 'conv2d': {
        const { kernelHeight, kernelWidth } = convolutionGeometry(spec, inputShape);
        if (spec.padding === 'same') refuse(`padding in layers.${i}`);
        steps.push({ plan, area: kernelHeight * kernelWidth, channels: inputShape[2], units: spec.filters });
        break;
      }
      case 'dense': {
        const images = steps.at(-1)?.plan;
        const channels = images?.spec.kind === 'conv2d' ? images.spec.filters : sizeOf(inputShape);
        steps.push({ plan, area: sizeOf(inputShape) / channels, channels, units: spec.units });
        break;
      }
      default:
        refuse(`${spec.kind} in layers.${i}`);
    }
    const { activation = 'linear' } = plan.spec;
    const linear = activation === 'linear';
    if (linear !== (i === last)) refuse(`layers.${i} ${linear ? 'without' : 'with'} an activation`);
    if (i === last && spec.kind !== 'dense') refuse('a convolution at the end');
  });
  return steps;
}

/** `network` is one sequence: each layer is followed by its activation, and the convolutions by a flattening. */
function cleanRlNames(steps: readonly Step[]): string[] {
  const convolutions = steps.filter(({ plan }) => plan.spec.kind === 'conv2d').length;
  const flatten = convolutions > 0 ? 1 : 0;
  return steps.map((_, i) => `network.${2 * i + (i < convolutions ? 0 : flatten)}`);
}

/** Convolutions and the dense layer behind them are the features; a sequence of the other layers follows. */
function baselinesNames(where: string, steps: readonly Step[], reading: ValueReading): string[] {
  const net = reading.kind === 'quantile' ? 'quantile_net' : 'q_net';
  const convolutions = steps.filter(({ plan }) => plan.spec.kind === 'conv2d').length;
  const features = convolutions > 0 ? convolutions + 1 : 0;
  if (features === steps.length) {
    throw unfit(where, 'two dense layers behind the convolutions', 'one', 'Build cnn() with a hidden layer.');
  }
  return steps.map((_, i) => {
    if (i < convolutions) return `${net}.features_extractor.cnn.${2 * i}`;
    return i < features ? `${net}.features_extractor.linear.0` : `${net}.${net}.${2 * (i - features)}`;
  });
}

/** @param outputs - where they are the quantiles of actions: `[A, W]` here, `[W, A]` there. */
function correspondences(
  { plan, area, channels, units }: Step,
  stateName: string,
  outputs: { readonly actions: number; readonly quantiles: number } | undefined,
): Correspondence[] {
  const [weight, bias] = plan.parameters;
  const there = (values: Float32Array): Float32Array => (outputs ? swapped(values, outputs.actions, outputs.quantiles) : values);
  const here = (values: Float32Array): Float32Array => (outputs ? swapped(values, outputs.quantiles, outputs.actions) : values);
  const { shape } = weight;
  return [
    {
      ...weight,
      stateName: `${stateName}.weight`,
      stateShape: shape.length === 4 ? [shape[3], shape[2], shape[0], shape[1]] : [shape[1], shape[0]],
      toState: (values) => filtersFirst(there(values), area, channels, units),
      fromState: (values) => here(filtersLast(values, area, channels, units)),
    },
    {
      ...bias,
      stateName: `${stateName}.bias`,
      stateShape: bias.shape,
      toState: (values) => there(values.slice()),
      fromState: (values) => here(values.slice()),
    },
  ];
}

/** Rows `[rows, columns]` one after the other as `[columns, rows]` each. */
function swapped(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(values, (_, at) => {
    const i = at % (rows * columns);
    return values[at - i + (i % rows) * columns + Math.floor(i / rows)];
  });
}

function unfit(where: string, expected: string, received: string, remedy: string): DqnError {
  return new DqnError({ code: 'invalid-option', where, expected, received, remedy });
}

function misfit(where: string, expected: string, received: string): DqnError {
  const remedy = 'Pass the state_dict of a network of the same layers and sizes, and the layout of its library.';
  return new DqnError({ code: 'incompatible-checkpoint', where, expected, received, remedy });
}
