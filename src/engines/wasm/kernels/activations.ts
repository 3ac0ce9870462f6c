import { expm1, logistic, tanh } from './exponentials';
import { CONSTANTS } from './memory';
import { fma } from './simd';

// The numbers of ../activation-codes.ts.
const RELU: i32 = 1;
const LEAKY_RELU: i32 = 2;
const ELU: i32 = 3;
const TANH: i32 = 4;
const SIGMOID: i32 = 5;
const SILU: i32 = 6;

// Constants are read from memory: V8 would build each of them anew, by several instructions, in every turn of a loop.
store<f32>(CONSTANTS, -87);
store<f32>(CONSTANTS, 87, 4);
store<f32>(CONSTANTS, 1.44269504088896341, 8);
store<f32>(CONSTANTS, 12582912, 12);
store<f32>(CONSTANTS, -0.693359375, 16);
store<f32>(CONSTANTS, 2.12194440e-4, 20);
store<f32>(CONSTANTS, 1.9875691500e-4, 24);
store<f32>(CONSTANTS, 1.3981999507e-3, 28);
store<f32>(CONSTANTS, 8.3334519073e-3, 32);
store<f32>(CONSTANTS, 4.1665795894e-2, 36);
store<f32>(CONSTANTS, 1.6666665459e-1, 40);
store<f32>(CONSTANTS, 5.0000001201e-1, 44);
store<i32>(CONSTANTS, 127, 48);

/** Below this e⁻ˣ is cut off, and with it silu: x · logistic(x) would else grow again. */
const LOWEST: f32 = -87;

/** y = activation(x) for n numbers, a multiple of 4; y may be x. */
export function activate(kind: i32, n: i32, x: usize, y: usize): void {
  const end = x + (<usize>n << 2), zero = f32x4.splat(0);
  for (; x != end; x += 16, y += 16) {
    const z = v128.load(x);
    let out = z;
    if (kind == RELU) out = f32x4.pmax(z, zero);
    else if (kind == LEAKY_RELU) out = v128.bitselect(f32x4.mul(z, f32x4.splat(0.01)), z, f32x4.lt(z, zero));
    else if (kind == ELU) out = v128.bitselect(expm1(z), z, f32x4.lt(z, zero));
    else if (kind == TANH) out = tanh(z);
    else {
      out = logistic(z);
      if (kind == SILU) out = f32x4.mul(out, f32x4.pmax(z, f32x4.splat(LOWEST)));
    }
    v128.store(y, out);
  }
}

/** d ← d · activation′ for n numbers, a multiple of 4. `s` holds the activation's results; for silu its arguments. */
export function derive(kind: i32, n: i32, s: usize, d: usize): void {
  const end = s + (<usize>n << 2), zero = f32x4.splat(0), one = f32x4.splat(1);
  for (; s != end; s += 16, d += 16) {
    const y = v128.load(s), g = v128.load(d);
    let out = g;
    if (kind == RELU) out = v128.andnot(g, f32x4.le(y, zero));
    else if (kind == LEAKY_RELU) out = v128.bitselect(f32x4.mul(g, f32x4.splat(0.01)), g, f32x4.lt(y, zero));
    else if (kind == ELU) out = v128.bitselect(fma(g, y, g), g, f32x4.lt(y, zero));
    else if (kind == TANH) out = f32x4.mul(g, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
    else if (kind == SIGMOID) out = f32x4.mul(g, f32x4.mul(y, f32x4.sub(one, y)));
    else {
      const z = f32x4.pmax(y, f32x4.splat(LOWEST)), p = logistic(z);
      out = f32x4.mul(g, fma(f32x4.mul(p, z), f32x4.sub(one, p), p));
    }
    v128.store(d, out);
  }
}
