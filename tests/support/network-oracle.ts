// The networks and optimisers of the library once more, in double precision and plain loops: slow, and easy to check by eye.
import type { OptimizerSpec } from '../../src/networks/optimizers.ts';
import { type LayerPlan, convolutionGeometry, inputSizeOf, planNetwork } from '../../src/networks/plan.ts';
import type { NamedTensor } from '../../src/networks/q-network.ts';
import type { Activation, Conv2dSpec, DuelingSpec, NetworkSpec } from '../../src/networks/spec.ts';
import { Tape, type Vector, vector } from './autodiff.ts';

export type Parameters = Map<string, Float64Array>;

/** What a noisy layer adds: `ε_W [K, N]` and `ε_b [N]`. */
export interface LayerNoise {
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
}

/** As ForwardOptions of the library, with the noise itself in place of the number that it is drawn from. */
export interface OracleOptions {
  /** By layer, such as `layers.0`; layers that are left out have no noise. */
  readonly noise?: ReadonlyMap<string, LayerNoise>;
  /** `[batch, N]`. */
  readonly fractions?: ArrayLike<number>;
  readonly steps?: number;
  /** `[batch / steps, stateSize]` before the first step; left as it is. */
  readonly state?: ArrayLike<number>;
}

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

/** `ε_W = f(ε_in) f(ε_out)ᵀ`, `ε_b = f(ε_out)`, `f(x) = sgn(x) √|x|`, from the draws `ε_in [K]` and `ε_out [N]`. */
export function factorisedNoise(inputs: ArrayLike<number>, outputs: ArrayLike<number>): LayerNoise {
  const f = (x: number): number => Math.sign(x) * Math.sqrt(Math.abs(x));
  const [into, out] = [Array.from(inputs, f), Array.from(outputs, f)];
  return { weight: into.flatMap((x) => out.map((y) => x * y)), bias: out };
}

/** The cumulative sums and midpoints of softmax(logits): `τ_1 … τ_{N−1}` and `τ̂_0 … τ̂_{N−1}`. */
export function proposedFractions(logits: ArrayLike<number>): { inner: number[]; midpoints: number[] } {
  const largest = Math.max(...Array.from(logits));
  const weights = Array.from(logits, (x) => Math.exp(x - largest));
  const total = weights.reduce((sum, x) => sum + x, 0);
  const bounds = [0];
  for (const weight of weights) bounds.push(bounds[bounds.length - 1] + weight / total);
  return { inner: bounds.slice(1, -1), midpoints: weights.map((_, i) => (bounds[i] + bounds[i + 1]) / 2) };
}

const split = (values: ArrayLike<number>, rows: number): number[][] =>
  Array.from({ length: rows }, (_, i) =>
    Array.prototype.slice.call(values, (i * values.length) / rows, ((i + 1) * values.length) / rows),
  );

/** One pass through a network, from which its results are read. */
class Pass {
  readonly outputs: readonly Vector[];
  /** After the last step, by sequence. */
  readonly state: readonly number[][];
  nearestKink = Infinity;
  readonly parameters: ReadonlyMap<string, Vector>;
  readonly tape = new Tape();
  readonly #options: OracleOptions;
  readonly #steps: number;
  readonly #sequences: number;

  constructor(spec: NetworkSpec, parameters: Parameters, observations: ArrayLike<number>, batch: number, options: OracleOptions) {
    this.parameters = new Map([...parameters].map(([name, values]) => [name, vector(values)]));
    this.#options = options;
    this.#steps = options.steps ?? 1;
    this.#sequences = batch / this.#steps;
    this.state = Array.from({ length: this.#sequences }, () => []);
    const used = Array.from({ length: batch * inputSizeOf(spec) }, (_, i) => observations[i] * (spec.inputScale ?? 1));
    this.outputs = this.#stack(planNetwork(spec), split(used, batch).map(vector));
  }

  #stack(plans: readonly LayerPlan[], rows: readonly Vector[]): readonly Vector[] {
    return plans.reduce((inputs, plan) => this.#layer(plan, inputs), rows);
  }

  #layer(plan: LayerPlan, rows: readonly Vector[]): readonly Vector[] {
    const { tape } = this;
    const { spec, stacks } = plan;
    const own = plan.parameters.map(({ name }) => this.parameters.get(name)!);
    switch (spec.kind) {
      case 'dense':
        return rows.map((x) => this.#activate(spec.activation, tape.affine(x, own[0], own[1])));
      case 'noisyDense': {
        const { name } = plan.parameters[0];
        const noise = this.#options.noise?.get(name.slice(0, name.lastIndexOf('.')));
        const [weight, bias] = noise
          ? [
              tape.add(own[0], tape.multiply(own[2], vector(noise.weight))),
              tape.add(own[1], tape.multiply(own[3], vector(noise.bias))),
            ]
          : own;
        return rows.map((x) => this.#activate(spec.activation, tape.affine(x, weight, bias)));
      }
      case 'layerNorm':
        return rows.map((x) => {
          const hat = tape.normalise(x, spec.epsilon ?? 1e-5);
          return this.#activate(spec.activation, tape.add(tape.multiply(hat, own[0]), own[1]));
        });
      case 'conv2d':
        return rows.map((x) => this.#activate(spec.activation, this.#convolve(spec, plan.inputShape, x, own[0], own[1])));
      case 'flatten':
        return rows;
      case 'residual':
        return this.#stack(stacks[0], rows).map((y, i) => this.#activate(spec.activation, tape.add(rows[i], y)));
      case 'parallel': {
        const branches = stacks.map((stack) => this.#stack(stack, rows));
        return rows.map((_, i) => tape.concatenate(branches.map((branch) => branch[i])));
      }
      case 'dueling': {
        const [value, advantage] = stacks.map((stack) => this.#stack(stack, rows));
        return rows.map((_, i) => this.#duel(spec, value[i], advantage[i]));
      }
      case 'randomPrior': {
        const [y, prior] = stacks.map((stack) => this.#stack(stack, rows));
        const { scale = 1 } = spec;
        // The chain rule ends here for the prior.
        return y.map((each, i) => tape.add(each, vector(prior[i].values.map((x) => scale * x))));
      }
      case 'layersModel':
        throw new Error("A model of TensorFlow.js's layers has no loops here.");
      case 'gru':
        return this.#recur(spec.units, rows, own);
      case 'implicitQuantiles': {
        const fractions = split(this.#options.fractions!, rows.length);
        return rows.flatMap((x, i) => this.#quantiles(plan, x, fractions[i], own));
      }
      case 'proposedQuantiles':
        return rows.map((x) => {
          // What stops the gradient: the proposal sees a copy of x, and the quantile values see fractions that are constants.
          const logits = tape.affine(vector(x.values), own[2], own[3]);
          const { inner, midpoints } = proposedFractions(logits.values);
          return tape.concatenate([...this.#quantiles(plan, x, [...midpoints, ...inner], own), logits]);
        });
    }
  }

  #activate(activation: Activation = 'linear', z: Vector): Vector {
    if (activation === 'relu' || activation === 'leakyRelu') for (const each of z.values) this.#kink(each);
    return this.tape.map(z, ACTIVATE[activation], DERIVE[activation]);
  }

  #kink(distance: number): void {
    this.nearestKink = Math.min(this.nearestKink, Math.abs(distance));
  }

  /** The quantile values of one row, one vector a fraction. */
  #quantiles(plan: LayerPlan, x: Vector, fractions: readonly number[], [weight, bias]: readonly Vector[]): readonly Vector[] {
    const { spec } = plan;
    const activation = 'activation' in spec ? spec.activation : undefined;
    const cosines = weight.values.length / bias.values.length;
    const embedded = fractions.map((fraction) => {
      const features = vector(Array.from({ length: cosines }, (_, i) => Math.cos(Math.PI * i * fraction)));
      const embedding = this.#activate(activation ?? 'relu', this.tape.affine(features, weight, bias));
      return this.tape.multiply(x, embedding);
    });
    return this.#stack(plan.stacks[0], embedded);
  }

  /** Rows are steps of sequences, step after step. */
  #recur(units: number, rows: readonly Vector[], [weight, bias, recurrentWeight, recurrentBias]: readonly Vector[]): Vector[] {
    const { tape } = this;
    const sigmoid = (z: Vector) => tape.map(z, ACTIVATE.sigmoid, DERIVE.sigmoid);
    const before = this.#options.state && split(this.#options.state, this.#sequences);
    const outputs: Vector[] = [];
    for (let t = 0; t < this.#steps; t++) {
      for (let s = 0; s < this.#sequences; s++) {
        const at = this.state[s].length;
        const initial = () => vector(before ? before[s].slice(at, at + units) : new Float64Array(units));
        const h = t === 0 ? initial() : outputs[(t - 1) * this.#sequences + s];
        const fromInput = tape.affine(rows[t * this.#sequences + s], weight, bias);
        const fromState = tape.affine(h, recurrentWeight, recurrentBias);
        const [inputR, inputZ, inputN] = [0, 1, 2].map((gate) => tape.slice(fromInput, gate * units, (gate + 1) * units));
        const [stateR, stateZ, stateN] = [0, 1, 2].map((gate) => tape.slice(fromState, gate * units, (gate + 1) * units));
        const r = sigmoid(tape.add(inputR, stateR));
        const z = sigmoid(tape.add(inputZ, stateZ));
        const n = tape.map(tape.add(inputN, tape.multiply(r, stateN)), ACTIVATE.tanh, DERIVE.tanh);
        const rest = tape.map(
          z,
          (each) => 1 - each,
          () => -1,
        );
        outputs.push(tape.add(tape.multiply(rest, n), tape.multiply(z, h)));
      }
    }
    outputs.slice(-this.#sequences).forEach(({ values }, s) => this.state[s].push(...values));
    return outputs;
  }

  #duel({ actions, width = 1, aggregation }: DuelingSpec, value: Vector, advantage: Vector): Vector {
    const outputs = new Float64Array(actions * width);
    const best: number[] = [];
    for (let w = 0; w < width; w++) {
      const column = Array.from({ length: actions }, (_, a) => advantage.values[a * width + w]);
      const sorted = column.toSorted((a, b) => b - a);
      best[w] = column.indexOf(sorted[0]);
      if (aggregation === 'max' && actions > 1) this.#kink(sorted[0] - sorted[1]);
      const centre = aggregation === 'max' ? sorted[0] : column.reduce((total, each) => total + each, 0) / actions;
      for (let a = 0; a < actions; a++) outputs[a * width + w] = value.values[w] + column[a] - centre;
    }
    return this.tape.record(outputs, (dy) => {
      for (let a = 0; a < actions; a++) {
        for (let w = 0; w < width; w++) {
          const d = dy[a * width + w];
          value.gradient[w] += d;
          advantage.gradient[a * width + w] += d;
          if (aggregation === 'max') advantage.gradient[best[w] * width + w] -= d;
          else for (let other = 0; other < actions; other++) advantage.gradient[other * width + w] -= d / actions;
        }
      }
    });
  }

  #convolve(spec: Conv2dSpec, inputShape: readonly number[], x: Vector, weight: Vector, bias: Vector): Vector {
    const [height, width, channels] = inputShape;
    const { kernelHeight, kernelWidth, strideY, strideX, outputHeight, outputWidth, paddingTop, paddingLeft } = convolutionGeometry(
      spec,
      inputShape,
    );
    const { filters } = spec;
    /** Every product of the sum: its place in the outputs, the inputs and the weight. */
    const visit = (each: (y: number, x: number, w: number) => void): void => {
      for (let i = 0; i < outputHeight; i++) {
        for (let j = 0; j < outputWidth; j++) {
          for (let u = 0; u < kernelHeight; u++) {
            for (let v = 0; v < kernelWidth; v++) {
              const [row, column] = [i * strideY + u - paddingTop, j * strideX + v - paddingLeft];
              if (row < 0 || row >= height || column < 0 || column >= width) continue;
              for (let c = 0; c < channels; c++) {
                for (let f = 0; f < filters; f++) {
                  const w = ((u * kernelWidth + v) * channels + c) * filters + f;
                  each((i * outputWidth + j) * filters + f, (row * width + column) * channels + c, w);
                }
              }
            }
          }
        }
      }
    };
    const outputs = Float64Array.from({ length: outputHeight * outputWidth * filters }, (_, n) => bias.values[n % filters]);
    visit((to, from, w) => (outputs[to] += x.values[from] * weight.values[w]));
    return this.tape.record(outputs, (dy) => {
      dy.forEach((d, n) => (bias.gradient[n % filters] += d));
      visit((to, from, w) => {
        x.gradient[from] += dy[to] * weight.values[w];
        weight.gradient[w] += dy[to] * x.values[from];
      });
    });
  }
}

/** Outputs `[batch, outputSize]`, or `[batch, N, outputSize]` where N fractions are given. */
export function oracleForward(
  spec: NetworkSpec,
  parameters: Parameters,
  observations: ArrayLike<number>,
  batch: number,
  options: OracleOptions = {},
): number[] {
  return new Pass(spec, parameters, observations, batch, options).outputs.flatMap(({ values }) => [...values]);
}

/** The recurrent state `[batch / steps, stateSize]` after the last step. */
export function oracleState(
  spec: NetworkSpec,
  parameters: Parameters,
  observations: ArrayLike<number>,
  batch: number,
  options: OracleOptions = {},
): number[] {
  return new Pass(spec, parameters, observations, batch, options).state.flat();
}

/**
 * The smallest distance of what decides a derivative from where the derivative jumps (arguments of relu and leakyRelu from 0, the largest
 * advantage from the next one under `max`): next to it single precision may take the other side.
 */
export function nearestKink(
  spec: NetworkSpec,
  parameters: Parameters,
  observations: ArrayLike<number>,
  batch: number,
  options: OracleOptions = {},
): number {
  return new Pass(spec, parameters, observations, batch, options).nearestKink;
}

/** The gradient of Σ outputs · dOutputs with respect to every parameter, by the chain rule. */
export function oracleGradient(
  spec: NetworkSpec,
  parameters: Parameters,
  observations: ArrayLike<number>,
  batch: number,
  dOutputs: ArrayLike<number>,
  options: OracleOptions = {},
): Parameters {
  const pass = new Pass(spec, parameters, observations, batch, options);
  let at = 0;
  for (const { gradient } of pass.outputs) for (let j = 0; j < gradient.length; j++) gradient[j] = dOutputs[at++];
  pass.tape.backward();
  return new Map([...pass.parameters].map(([name, { gradient }]) => [name, gradient]));
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
