import { fma, sum4 } from './simd';

/** y = (x − mean) / √(variance + epsilon) · gain + offset over N features of each row; writes (mean, 1/√…) of each row to `stats`. */
export function layerNorm(rows: i32, N: i32, x: usize, xRow: usize, gain: usize, offset: usize, epsilon: f32,
  y: usize, yRow: usize, stats: usize): void {
  const bytes = <usize>N << 2, whole = bytes & ~15, count = <f32>N;
  for (let i = 0; i < rows; i++) {
    let sums = f32x4.splat(0);
    for (let j: usize = 0; j < whole; j += 16) sums = f32x4.add(sums, v128.load(x + j));
    let sum = sum4(sums);
    for (let j = whole; j < bytes; j += 4) sum += load<f32>(x + j);
    const mean = sum / count, means = f32x4.splat(mean);
    sums = f32x4.splat(0);
    for (let j: usize = 0; j < whole; j += 16) {
      const t = f32x4.sub(v128.load(x + j), means);
      sums = fma(t, t, sums);
    }
    sum = sum4(sums);
    for (let j = whole; j < bytes; j += 4) {
      const t = load<f32>(x + j) - mean;
      sum += t * t;
    }
    const inverse: f32 = 1 / sqrt<f32>(sum / count + epsilon), inverses = f32x4.splat(inverse);
    store<f32>(stats, mean);
    store<f32>(stats, inverse, 4);
    for (let j: usize = 0; j < whole; j += 16) {
      const hat = f32x4.mul(f32x4.sub(v128.load(x + j), means), inverses);
      v128.store(y + j, fma(hat, v128.load(gain + j), v128.load(offset + j)));
    }
    for (let j = whole; j < bytes; j += 4) {
      store<f32>(y + j, (load<f32>(x + j) - mean) * inverse * load<f32>(gain + j) + load<f32>(offset + j));
    }
    x += xRow;
    y += yRow;
    stats += 8;
  }
}

/**
 * From d = ∂L/∂y: gainGradient = Σ d · x̂, offsetGradient = Σ d over rows, and, unless dx is 0,
 * dx = (d · gain − mean(d · gain) − x̂ · mean(d · gain · x̂)) / √(variance + epsilon), with zeros behind each row up to `width`.
 */
export function layerNormBackward(rows: i32, N: i32, width: i32, x: usize, xRow: usize, stats: usize, gain: usize,
  d: usize, dRow: usize, dx: usize, dxRow: usize, gainGradient: usize, offsetGradient: usize): void {
  const bytes = <usize>N << 2, whole = bytes & ~15, widthBytes = <usize>width << 2, count = <f32>N;
  memory.fill(gainGradient, 0, widthBytes);
  memory.fill(offsetGradient, 0, widthBytes);
  for (let i = 0; i < rows; i++) {
    const mean = load<f32>(stats), inverse = load<f32>(stats, 4);
    const means = f32x4.splat(mean), inverses = f32x4.splat(inverse);
    let sums = f32x4.splat(0), hatSums = sums;
    for (let j: usize = 0; j < whole; j += 16) {
      const hat = f32x4.mul(f32x4.sub(v128.load(x + j), means), inverses), g = v128.load(d + j);
      v128.store(gainGradient + j, fma(g, hat, v128.load(gainGradient + j)));
      v128.store(offsetGradient + j, f32x4.add(g, v128.load(offsetGradient + j)));
      const scaled = f32x4.mul(g, v128.load(gain + j));
      sums = f32x4.add(sums, scaled);
      hatSums = fma(scaled, hat, hatSums);
    }
    let sum = sum4(sums), hatSum = sum4(hatSums);
    for (let j = whole; j < bytes; j += 4) {
      const hat = (load<f32>(x + j) - mean) * inverse, g = load<f32>(d + j);
      store<f32>(gainGradient + j, load<f32>(gainGradient + j) + g * hat);
      store<f32>(offsetGradient + j, load<f32>(offsetGradient + j) + g);
      const scaled = g * load<f32>(gain + j);
      sum += scaled;
      hatSum += scaled * hat;
    }
    if (dx) {
      sum /= count;
      hatSum /= count;
      const a = f32x4.splat(sum), b = f32x4.splat(hatSum);
      for (let j: usize = 0; j < whole; j += 16) {
        const hat = f32x4.mul(f32x4.sub(v128.load(x + j), means), inverses);
        const scaled = f32x4.mul(v128.load(d + j), v128.load(gain + j));
        v128.store(dx + j, f32x4.mul(inverses, f32x4.sub(f32x4.sub(scaled, a), f32x4.mul(hat, b))));
      }
      for (let j = whole; j < bytes; j += 4) {
        const hat = (load<f32>(x + j) - mean) * inverse;
        store<f32>(dx + j, inverse * (load<f32>(d + j) * load<f32>(gain + j) - sum - hat * hatSum));
      }
      for (let j = bytes; j < widthBytes; j += 4) store<f32>(dx + j, 0);
      dx += dxRow;
    }
    x += xRow;
    d += dRow;
    stats += 8;
  }
}
