import type { Random } from '../common/random.ts';
import { parametersOf } from './parameters.ts';
import type { NamedTensor } from './q-network.ts';
import type { Initializer, NetworkSpec } from './spec.ts';

/**
 * The parameters that a network starts with, drawn layer by layer, weights before biases, row by row; the same on every engine.
 * Gains start at one; offsets, and biases but those of `pytorch`, at zero.
 */
export function initialParameters(spec: NetworkSpec, random: Random): NamedTensor[] {
  return parametersOf(spec).flatMap(([first, second], i) => {
    const layer = spec.layers[i];
    const size = second.shape[0];
    if (layer.kind === 'layerNorm') {
      return [
        { ...first, values: new Float32Array(size).fill(1) },
        { ...second, values: new Float32Array(size) },
      ];
    }
    const initializer = layer.initializer ?? 'pytorch';
    const inputs = first.shape[0];
    const weight = drawWeight(initializer, inputs, size, random);
    const bias = new Float32Array(size);
    if (initializer === 'pytorch') fillUniform(bias, 1 / Math.sqrt(inputs), random);
    return [
      { ...first, values: weight },
      { ...second, values: bias },
    ];
  });
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
