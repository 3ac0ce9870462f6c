import { planNetwork, type LayerPlan } from '../../networks/plan.ts';
import type { NamedTensor } from '../../networks/q-network.ts';
import type { Activation, NetworkSpec } from '../../networks/spec.ts';

const logistic = (z: number): number => 1 / (1 + Math.exp(-z));

const ACTIVATE: Record<Activation, (z: number) => number> = {
  linear: (z) => z,
  relu: (z) => Math.max(z, 0),
  leakyRelu: (z) => (z < 0 ? 0.01 * z : z),
  elu: (z) => (z < 0 ? Math.expm1(z) : z),
  tanh: Math.tanh,
  sigmoid: logistic,
  silu: (z) => z * logistic(z),
};

/** The parameters of a network by name, in double precision. */
export type NaiveParameters = ReadonlyMap<string, ArrayLike<number>>;

/** Weights as {@link naiveForward} takes them. */
export function naiveParameters(weights: readonly NamedTensor[]): Map<string, Float64Array> {
  return new Map(weights.map(({ name, values }) => [name, Float64Array.from(values)]));
}

/**
 * The outputs `[batch, outputSize]` of a network without noise, in double precision and plain loops: slow, and easy to check by eye. For networks of `dense`,
 * `noisyDense`, `layerNorm`, `flatten`, `residual`, `randomPrior`, `parallel` and `dueling` layers.
 * @returns nothing if the network has another layer.
 */
export function naiveForward(
  spec: NetworkSpec,
  parameters: NaiveParameters,
  observations: ArrayLike<number>,
  batch: number,
): Float64Array | undefined {
  const size = spec.inputShape.reduce((product, n) => product * n, 1);
  const plans = planNetwork(spec);
  if (!plans.every(isKnown)) return undefined;
  const rows = Array.from({ length: batch }, (_, b) => {
    const row = Array.from({ length: size }, (_unused, i) => observations[b * size + i] * (spec.inputScale ?? 1));
    return runStack(plans, parameters, row);
  });
  return Float64Array.from(rows.flat());
}

function isKnown({ spec, stacks }: LayerPlan): boolean {
  const known = ['dense', 'noisyDense', 'layerNorm', 'flatten', 'residual', 'randomPrior', 'parallel', 'dueling'].includes(
    spec.kind,
  );
  return known && stacks.every((stack) => stack.every(isKnown));
}

function runStack(plans: readonly LayerPlan[], parameters: NaiveParameters, inputs: number[]): number[] {
  return plans.reduce((x, plan) => runLayer(plan, parameters, x), inputs);
}

function runLayer({ spec, parameters: names, stacks }: LayerPlan, parameters: NaiveParameters, x: number[]): number[] {
  const tensor = (i: number): ArrayLike<number> => parameters.get(names[i].name) ?? [];
  const activation = ACTIVATE[('activation' in spec ? spec.activation : undefined) ?? 'linear'];
  switch (spec.kind) {
    case 'dense':
    case 'noisyDense': {
      const [weight, bias] = [tensor(0), tensor(1)];
      return Array.from(bias, (b, n) => activation(x.reduce((sum, each, k) => sum + each * weight[k * spec.units + n], b)));
    }
    case 'layerNorm': {
      const mean = x.reduce((a, b) => a + b, 0) / x.length;
      const variance = x.reduce((sum, each) => sum + (each - mean) ** 2, 0) / x.length;
      const deviation = Math.sqrt(variance + (spec.epsilon ?? 1e-5));
      return x.map((each, i) => activation(((each - mean) / deviation) * tensor(0)[i] + tensor(1)[i]));
    }
    case 'residual': {
      const change = runStack(stacks[0], parameters, x);
      return x.map((each, i) => activation(each + change[i]));
    }
    case 'randomPrior': {
      const [y, prior] = stacks.map((stack) => runStack(stack, parameters, x));
      return y.map((each, i) => each + (spec.scale ?? 1) * prior[i]);
    }
    case 'parallel':
      return stacks.flatMap((stack) => runStack(stack, parameters, x));
    case 'dueling': {
      const [value, advantage] = stacks.map((stack) => runStack(stack, parameters, x));
      const { actions, width = 1 } = spec;
      const centre = value.map((_, w) => {
        const column = Array.from({ length: actions }, (_unused, a) => advantage[a * width + w]);
        return spec.aggregation === 'max' ? Math.max(...column) : column.reduce((a, b) => a + b, 0) / actions;
      });
      return advantage.map((each, i) => value[i % width] + each - centre[i % width]);
    }
    default:
      return x;
  }
}
