// The networks and optimisers of the library once more, in double precision and plain loops: slow, and easy to check by eye.
import type { OptimizerSpec } from '../../src/networks/optimizers.ts';
import type { NamedTensor } from '../../src/networks/q-network.ts';
import type { Activation, NetworkSpec } from '../../src/networks/spec.ts';

export type Parameters = Map<string, Float64Array>;

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

const DERIVE: Record<Activation, (z: number) => number> = {
  linear: () => 1,
  relu: (z) => (z > 0 ? 1 : 0),
  leakyRelu: (z) => (z < 0 ? 0.01 : 1),
  elu: (z) => (z < 0 ? Math.exp(z) : 1),
  tanh: (z) => 1 - Math.tanh(z) ** 2,
  sigmoid: (z) => logistic(z) * (1 - logistic(z)),
  silu: (z) => logistic(z) + z * logistic(z) * (1 - logistic(z)),
};

export function activate(activation: Activation, z: number): number {
  return ACTIVATE[activation](z);
}

export function toParameters(tensors: readonly NamedTensor[]): Parameters {
  return new Map(tensors.map(({ name, values }) => [name, Float64Array.from(values)]));
}

/** What a layer saw and gave for one row. */
interface Step {
  readonly inputs: number[];
  /** Arguments of the activation. */
  readonly arguments: number[];
  readonly outputs: number[];
}

function runRow(spec: NetworkSpec, parameters: Parameters, row: readonly number[]): Step[] {
  let inputs = row.map((x) => x * (spec.inputScale ?? 1));
  return spec.layers.map((layer, i) => {
    const get = (name: string) => parameters.get(`layers.${i}.${name}`)!;
    const from = inputs;
    let z: number[];
    if (layer.kind === 'dense') {
      const [weight, bias] = [get('weight'), get('bias')];
      z = Array.from(bias, (b, n) => from.reduce((sum, x, k) => sum + x * weight[k * layer.units + n], b));
    } else {
      const [gain, offset] = [get('gain'), get('offset')];
      z = normalise(from, layer.epsilon ?? 1e-5).hat.map((hat, n) => hat * gain[n] + offset[n]);
    }
    const activation = ACTIVATE[layer.activation ?? 'linear'];
    inputs = z.map((each) => activation(each));
    return { inputs: from, arguments: z, outputs: inputs };
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

function normalise(x: readonly number[], epsilon: number): { hat: number[]; inverse: number } {
  const centre = mean(x);
  const inverse = 1 / Math.sqrt(mean(x.map((each) => (each - centre) ** 2)) + epsilon);
  return { hat: x.map((each) => (each - centre) * inverse), inverse };
}

const rowsOf = (values: ArrayLike<number>, batch: number, width: number): number[][] =>
  Array.from({ length: batch }, (_, b) => Array.from({ length: width }, (_unused, j) => values[b * width + j]));

/** Outputs `[batch, outputSize]`. */
export function oracleForward(spec: NetworkSpec, parameters: Parameters, observations: ArrayLike<number>, batch: number): number[] {
  const width = spec.inputShape.reduce((product, size) => product * size, 1);
  return rowsOf(observations, batch, width).flatMap((row) => runRow(spec, parameters, row).at(-1)!.outputs);
}

/** The smallest |argument| of an activation whose derivative jumps at 0: next to it single precision may take the other side. */
export function nearestKink(spec: NetworkSpec, parameters: Parameters, observations: ArrayLike<number>, batch: number): number {
  const width = spec.inputShape.reduce((product, size) => product * size, 1);
  const kinked = spec.layers.map(({ activation }) => activation === 'relu' || activation === 'leakyRelu');
  return rowsOf(observations, batch, width)
    .flatMap((row) => runRow(spec, parameters, row).flatMap((step, i) => (kinked[i] ? step.arguments : [])))
    .reduce((least, z) => Math.min(least, Math.abs(z)), Infinity);
}

/** The gradient of Σ outputs · dOutputs with respect to every parameter, by the chain rule. */
export function oracleGradient(
  spec: NetworkSpec,
  parameters: Parameters,
  observations: ArrayLike<number>,
  batch: number,
  dOutputs: ArrayLike<number>,
): Parameters {
  const width = spec.inputShape.reduce((product, size) => product * size, 1);
  const gradient: Parameters = new Map([...parameters].map(([name, values]) => [name, new Float64Array(values.length)]));
  rowsOf(observations, batch, width).forEach((row, b) => {
    const steps = runRow(spec, parameters, row);
    const outputs = steps.at(-1)!.outputs.length;
    let d = Array.from({ length: outputs }, (_, j) => dOutputs[b * outputs + j]);
    for (let i = steps.length - 1; i >= 0; i--) {
      const layer = spec.layers[i];
      const { inputs, arguments: z } = steps[i];
      const add = (name: string, at: number, value: number) => {
        gradient.get(`layers.${i}.${name}`)![at] += value;
      };
      const dz = d.map((each, n) => each * DERIVE[layer.activation ?? 'linear'](z[n]));
      if (layer.kind === 'dense') {
        const weight = parameters.get(`layers.${i}.weight`)!;
        dz.forEach((each, n) => add('bias', n, each));
        inputs.forEach((x, k) => dz.forEach((each, n) => add('weight', k * layer.units + n, x * each)));
        d = inputs.map((_, k) => dz.reduce((sum, each, n) => sum + each * weight[k * layer.units + n], 0));
      } else {
        const gain = parameters.get(`layers.${i}.gain`)!;
        const { hat, inverse } = normalise(inputs, layer.epsilon ?? 1e-5);
        dz.forEach((each, n) => add('offset', n, each));
        dz.forEach((each, n) => add('gain', n, each * hat[n]));
        const dHat = dz.map((each, n) => each * gain[n]);
        const along = mean(dHat.map((each, n) => each * hat[n]));
        d = dHat.map((each, n) => inverse * (each - mean(dHat) - hat[n] * along));
      }
    }
  });
  return gradient;
}

/** The Euclidean norm of all parameters together. */
export function norm(parameters: Parameters): number {
  return Math.sqrt([...parameters.values()].flatMap((values) => [...values]).reduce((sum, x) => sum + x * x, 0));
}

/** The state of {@link oracleStep}, by parameter and average. */
export type Averages = Map<string, Float64Array>;

/** One update of every parameter, in place, by the equations in the docstrings of the specs. */
export function oracleStep(
  rule: OptimizerSpec,
  parameters: Parameters,
  gradient: Parameters,
  averages: Averages,
  step: number,
  learningRate: number,
): void {
  for (const [name, values] of parameters) {
    const average = (slot: string) => {
      const key = `${name}.${slot}`;
      if (!averages.has(key)) averages.set(key, new Float64Array(values.length));
      return averages.get(key)!;
    };
    values.forEach((theta, i) => {
      const raw = gradient.get(name)![i];
      const decoupled = rule.kind === 'adam' && rule.decoupled;
      const g = raw + (decoupled ? 0 : rule.weightDecay * theta);
      if (rule.kind === 'sgd') {
        const v = average('v');
        v[i] = rule.momentum * v[i] + g;
        values[i] = theta - learningRate * v[i];
      } else if (rule.kind === 'rmsprop') {
        const s = average('s');
        s[i] = rule.decay * s[i] + (1 - rule.decay) * g * g;
        if (rule.centered) {
          const m = average('m');
          m[i] = rule.decay * m[i] + (1 - rule.decay) * g;
          values[i] = theta - (learningRate * g) / Math.sqrt(s[i] - m[i] * m[i] + rule.epsilon);
        } else values[i] = theta - (learningRate * g) / (Math.sqrt(s[i]) + rule.epsilon);
      } else {
        const [m, v] = [average('m'), average('v')];
        m[i] = rule.beta1 * m[i] + (1 - rule.beta1) * g;
        v[i] = rule.beta2 * v[i] + (1 - rule.beta2) * g * g;
        const mHat = m[i] / (1 - rule.beta1 ** step);
        const vHat = v[i] / (1 - rule.beta2 ** step);
        const decayed = rule.decoupled ? theta * (1 - learningRate * rule.weightDecay) : theta;
        values[i] = decayed - (learningRate * mHat) / (Math.sqrt(vHat) + rule.epsilon);
      }
    });
  }
}
