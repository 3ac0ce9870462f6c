import type { Random } from '../common/random.ts';
import { planNetwork, type LayerPlan, type ParameterInfo } from './plan.ts';
import type { NamedTensor } from './q-network.ts';
import type { Initializer, NetworkSpec } from './spec.ts';

/**
 * The parameters that a network starts with, drawn layer by layer, weights before biases, row by row; the same on every engine.
 * Gains start at one; offsets, and biases but those of `pytorch`, at zero.
 */
export function initialParameters(spec: NetworkSpec, random: Random): NamedTensor[] {
  return planNetwork(spec).flatMap((plan) => initialLayer(plan, random));
}

function initialLayer(plan: LayerPlan, random: Random): NamedTensor[] {
  const own = initialValues(plan, random);
  const within = plan.stacks.flatMap((stack) => stack.flatMap((each) => initialLayer(each, random)));
  return [...plan.parameters.map((parameter, i) => ({ ...parameter, values: own[i] })), ...within];
}

/** The values of a layer's own parameters, in their order. */
function initialValues({ spec, parameters }: LayerPlan, random: Random): Float32Array[] {
  const lengths = parameters.map(lengthOf);
  switch (spec.kind) {
    case 'dense':
    case 'conv2d': {
      const [weight] = parameters;
      const fanOut = weight.shape[weight.shape.length - 1];
      const fanIn = lengths[0] / fanOut;
      const initializer = spec.initializer ?? 'pytorch';
      return [drawWeight(initializer, fanIn, fanOut, random), drawBias(initializer, fanIn, fanOut, random)];
    }
    case 'noisyDense': {
      const [inputs, units] = parameters[0].shape;
      const independent = spec.noise === 'independent';
      const limit = independent ? Math.sqrt(3 / inputs) : 1 / Math.sqrt(inputs);
      const sigma = independent ? (spec.sigma ?? 0.017) : (spec.sigma ?? 0.5) / Math.sqrt(inputs);
      return [
        fillUniform(new Float32Array(inputs * units), limit, random),
        fillUniform(new Float32Array(units), limit, random),
        new Float32Array(inputs * units).fill(sigma),
        new Float32Array(units).fill(sigma),
      ];
    }
    case 'layerNorm':
      return [new Float32Array(lengths[0]).fill(1), new Float32Array(lengths[1])];
    // PyTorch draws all of a GRU within ±1/√units.
    case 'gru':
      return lengths.map((length) => fillUniform(new Float32Array(length), 1 / Math.sqrt(spec.units), random));
    case 'implicitQuantiles':
    case 'proposedQuantiles': {
      const [cosines, inputs] = parameters[0].shape;
      const embedding = [drawWeight('pytorch', cosines, inputs, random), drawBias('pytorch', cosines, inputs, random)];
      if (spec.kind === 'implicitQuantiles') return embedding;
      // Nearly equal fractions to begin with: the official code's gain of 0.01.
      const proposal = drawWeight('glorotUniform', inputs, spec.fractions, random).map((value) => 0.01 * value);
      return [...embedding, proposal, new Float32Array(spec.fractions)];
    }
    // Whoever builds the model draws them.
    case 'layersModel':
      return lengths.map((length) => new Float32Array(length));
    default:
      return [];
  }
}

function lengthOf({ shape }: ParameterInfo): number {
  return shape.reduce((product, size) => product * size, 1);
}

function drawBias(initializer: Initializer, fanIn: number, fanOut: number, random: Random): Float32Array {
  const bias = new Float32Array(fanOut);
  return initializer === 'pytorch' ? fillUniform(bias, 1 / Math.sqrt(fanIn), random) : bias;
}

function fillUniform(values: Float32Array, limit: number, random: Random): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = random.uniform(-limit, limit);
  return values;
}

function fillNormal(values: Float32Array, deviation: number, random: Random): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
  return values;
}

function drawWeight(initializer: Initializer, fanIn: number, fanOut: number, random: Random): Float32Array {
  const values = new Float32Array(fanIn * fanOut);
  // A uniform distribution on ±√(3 v) has variance v.
  switch (initializer) {
    case 'glorotUniform':
      return fillUniform(values, Math.sqrt(6 / (fanIn + fanOut)), random);
    case 'glorotNormal':
      return fillNormal(values, Math.sqrt(2 / (fanIn + fanOut)), random);
    case 'heUniform':
      return fillUniform(values, Math.sqrt(6 / fanIn), random);
    case 'heNormal':
      return fillNormal(values, Math.sqrt(2 / fanIn), random);
    case 'orthogonal':
      return fillOrthogonal(values, fanIn, fanOut, random);
    case 'pytorch':
      return fillUniform(values, 1 / Math.sqrt(fanIn), random);
    case 'zeros':
      return values;
  }
}

/**
 * Rows or columns, whichever are fewer, orthonormal and times √2: normal vectors made orthogonal one after the other, twice each
 * (modified Gram–Schmidt; "twice is enough", Giraud et al. 2005).
 */
function fillOrthogonal(values: Float32Array, rows: number, columns: number, random: Random): Float32Array {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    for (let pass = 0; pass < 2; pass++) for (const other of basis) addScaled(vector, other, -dot(vector, other));
    const norm = Math.sqrt(dot(vector, vector));
    // A draw that depends on the others up to rounding (about never) is drawn again.
    if (norm < 1e-6) continue;
    for (let i = 0; i < length; i++) vector[i] /= norm;
    basis.push(vector);
  }
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const unit = rows < columns ? basis[row][column] : basis[column][row];
      values[row * columns + column] = Math.SQRT2 * unit;
    }
  }
  return values;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
}
