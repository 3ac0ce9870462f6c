// What the code of a standalone policy is put together from: each function by its name, with those that it calls before it. The code is JavaScript, kept as text because a bundler
// may rename or drop what it does not see used. All numbers are of double precision but the weights.

/** The functions that a network may need. Vectors are Float64Arrays; of images, rows of pixels with their channels last. */
export const RUNTIME = {
  relu: `const relu = (x) => x.map((z) => Math.max(z, 0));`,
  leakyRelu: `const leakyRelu = (x) => x.map((z) => (z < 0 ? 0.01 * z : z));`,
  elu: `const elu = (x) => x.map((z) => (z < 0 ? Math.expm1(z) : z));`,
  tanh: `const tanh = (x) => x.map(Math.tanh);`,
  sigmoid: `const sigmoid = (x) => x.map((z) => 1 / (1 + Math.exp(-z)));`,
  silu: `const silu = (x) => x.map((z) => z / (1 + Math.exp(-z)));`,
  scale: `const scale = (x, s) => x.map((z) => z * s);`,
  dense: `function dense(x, w, b) {
  const n = b.length;
  const y = Float64Array.from(b);
  for (let k = 0; k < x.length; k++) if (x[k] !== 0) for (let i = 0; i < n; i++) y[i] += x[k] * w[k * n + i];
  return y;
}`,
  layerNorm: `function layerNorm(x, gain, offset, epsilon) {
  const mean = x.reduce((sum, z) => sum + z, 0) / x.length;
  const variance = x.reduce((sum, z) => sum + (z - mean) ** 2, 0) / x.length;
  return x.map((z, i) => ((z - mean) / Math.sqrt(variance + epsilon)) * gain[i] + offset[i]);
}`,
  conv2d: `function conv2d(x, w, b, [height, width, channels], [kernelHeight, kernelWidth, strideY, strideX, rows, columns, top, left]) {
  const n = b.length;
  const y = new Float64Array(rows * columns * n);
  for (let i = 0, to = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, to += n) {
      for (let f = 0; f < n; f++) y[to + f] = b[f];
      for (let u = 0, at = 0; u < kernelHeight; u++) {
        for (let v = 0; v < kernelWidth; v++) {
          const row = i * strideY + u - top;
          const column = j * strideX + v - left;
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          for (let c = 0; c < channels; c++, at += n) {
            const z = inside ? x[(row * width + column) * channels + c] : 0;
            if (z !== 0) for (let f = 0; f < n; f++) y[to + f] += z * w[at + f];
          }
        }
      }
    }
  }
  return y;
}`,
  add: `const add = (x, y) => x.map((z, i) => z + y[i]);`,
  concatenate: `const concatenate = (...parts) => Float64Array.from(parts.flatMap((part) => [...part]));`,
  duelMean: `function duelMean(value, advantage) {
  const n = value.length;
  const mean = (w) => advantage.reduce((sum, a, i) => (i % n === w ? sum + a : sum), 0) / (advantage.length / n);
  const centre = value.map((v, w) => v - mean(w));
  return advantage.map((a, i) => a + centre[i % n]);
}`,
  duelMax: `function duelMax(value, advantage) {
  const n = value.length;
  const max = (w) => advantage.reduce((most, a, i) => (i % n === w ? Math.max(most, a) : most), -Infinity);
  const centre = value.map((v, w) => v - max(w));
  return advantage.map((a, i) => a + centre[i % n]);
}`,
  inverseRescale: `const inverseRescale = (x) =>
  x.map((y) => {
    const root = (Math.sqrt(1 + 0.004 * (Math.abs(y) + 1.001)) - 1) / 0.002;
    return Math.sign(y) * (root * root - 1);
  });`,
  groups: `const groups = (x, n) => Array.from({ length: x.length / n }, (_, i) => x.subarray(i * n, (i + 1) * n));`,
  mean: `const mean = (x) => x.reduce((sum, z) => sum + z, 0) / x.length;`,
  expectation: `function expectation(logits, atoms) {
  const most = Math.max(...logits);
  const p = logits.map((z) => Math.exp(z - most));
  const total = p.reduce((sum, each) => sum + each, 0);
  return p.reduce((sum, each, i) => sum + each * atoms[i], 0) / total;
}`,
  meanOver: `const meanOver = (vectors) =>
  vectors[0].map((_, i) => vectors.reduce((sum, vector) => sum + vector[i], 0) / vectors.length);`,
  embed: `const embed = (fractions, w, b, activate) =>
  Array.from(fractions, (f) => activate(dense(Float64Array.from({ length: w.length / b.length }, (_, i) => Math.cos(Math.PI * i * f)), w, b)));`,
  multiply: `const multiply = (x, y) => x.map((z, i) => z * y[i]);`,
} as const;

/** The name of a function of {@link RUNTIME}. */
export type RuntimeName = keyof typeof RUNTIME;

/** What functions call. */
export const CALLS: Readonly<Partial<Record<RuntimeName, readonly RuntimeName[]>>> = { embed: ['dense'] };
