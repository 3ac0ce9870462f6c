import { checkInteger, checkNumber } from '../../common/check.ts';
import { DqnError } from '../../common/errors.ts';

/** Sweeps after which one-sided Jacobi rotations have long converged. */
const MAX_SWEEPS = 40;
/** Cosine of the angle between two columns below which they count as orthogonal. */
const ORTHOGONAL = 1e-12;

/**
 * How many directions a set of feature vectors really uses: the smallest k with `Σ_{i ≤ k} σ_i ≥ (1 − δ) Σ_i σ_i` for the singular values σ of Φ, the largest first (srank_δ; Kumar
 * et al. 2021, "Implicit under-parameterization inhibits data-efficient deep RL", section 3). 0 where all features are 0. Of bootstrapped networks it falls as they lose what they could still learn.
 *
 * @param features - Φ `[rows, width]`, row-major; only read.
 * @param delta - δ in [0, 1). Default 0.01.
 * @throws DqnError `invalid-option` if a size, δ or a feature is no such number.
 */
export function effectiveRank(features: Float32Array, rows: number, width: number, delta = 0.01): number {
  checkInteger('effectiveRank(rows)', rows, { min: 1 });
  checkInteger('effectiveRank(width)', width, { min: 1 });
  checkNumber('effectiveRank(delta)', delta, { min: 0, max: 1 });
  if (features.length !== rows * width) {
    throw new DqnError({
      code: 'invalid-option',
      where: 'effectiveRank(features)',
      expected: `${rows} · ${width} numbers`,
      received: String(features.length),
      remedy: 'Pass the features row after row.',
    });
  }
  features.forEach((value, i) => checkNumber(`effectiveRank(features[${i}])`, value));
  const values = singularValues(features, rows, width).sort((a, b) => b - a);
  const total = values.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  let rank = 0;
  // A sum of rounded numbers may come out a little below the total of the same.
  while (rank < values.length && sum < (1 - delta) * total * (1 - 1e-12)) sum += values[rank++];
  return rank;
}

/** σ of a matrix, in any order: rotations make its columns, or rows where these are fewer, orthogonal; σ are their lengths then (Hestenes 1958). */
function singularValues(matrix: Float32Array, rows: number, width: number): Float64Array {
  const count = Math.min(rows, width);
  const length = Math.max(rows, width);
  const vectors = Array.from({ length: count }, (_, i) =>
    Float64Array.from({ length }, (_empty, j) => (width <= rows ? matrix[j * width + i] : matrix[i * width + j])),
  );
  for (let sweep = 0, rotated = true; rotated && sweep < MAX_SWEEPS; sweep++) {
    rotated = false;
    for (let i = 0; i < count; i++) for (let j = i + 1; j < count; j++) rotated = orthogonalize(vectors[i], vectors[j]) || rotated;
  }
  return Float64Array.from(vectors, (vector) => Math.sqrt(dot(vector, vector)));
}

/** Rotates two vectors in their plane until they are orthogonal; says whether they were not. */
function orthogonalize(a: Float64Array, b: Float64Array): boolean {
  const product = dot(a, b);
  const [aa, bb] = [dot(a, a), dot(b, b)];
  if (Math.abs(product) <= ORTHOGONAL * Math.sqrt(aa * bb)) return false;
  const zeta = (bb - aa) / (2 * product);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = cosine * tangent;
  for (let k = 0; k < a.length; k++) {
    const x = a[k];
    a[k] = cosine * x - sine * b[k];
    b[k] = sine * x + cosine * b[k];
  }
  return true;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
