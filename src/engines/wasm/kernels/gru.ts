import { logistic, tanh } from './exponentials';
import { fma } from './simd';

// A row of `gates` is four groups of `width` numbers, as is a row of their gradients: see ../gru-layer.ts.

/**
 * One step of a gated recurrent unit, `width` numbers of state (a multiple of 4) for each row.
 *
 * @param gates - holds `[·, x W_r + b_r, x W_z + b_z, x W_n + b_n]`; becomes `[h U_n + c_n, r, z, n]`.
 * @param recurrent - `[h U_n + c_n, h U_r + c_r, h U_z + c_z]`.
 * @param h - the state before.
 * @param next - the state after: `(1 − z) ⊙ n + z ⊙ h`.
 */
export function gru(rows: i32, width: i32, gates: usize, gatesRow: usize, recurrent: usize, recurrentRow: usize,
  h: usize, hRow: usize, next: usize, nextRow: usize): void {
  const group = <usize>width << 2;
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < group; j += 16) {
      let g = gates + j, s = recurrent + j;
      const m = v128.load(s);
      v128.store(g, m);
      g += group;
      s += group;
      const r = logistic(f32x4.add(v128.load(g), v128.load(s)));
      v128.store(g, r);
      g += group;
      s += group;
      const z = logistic(f32x4.add(v128.load(g), v128.load(s)));
      v128.store(g, z);
      g += group;
      const a = v128.load(g), n = tanh(fma(r, m, a));
      v128.store(g, n);
      v128.store(next + j, fma(z, f32x4.sub(v128.load(h + j), n), n));
    }
    gates += gatesRow;
    recurrent += recurrentRow;
    h += hRow;
    next += nextRow;
  }
}

/**
 * The same step backwards: with the gradient of the arguments of r, z and n, `[r ⊙ dn, dr, dz, dn]` in place of the gates.
 *
 * @param n - numbers of state that d has (a multiple of 4); the gradient of the rest up to `width` is zero.
 * @param d - the gradient of the outputs of this step.
 * @param carry - the gradient of the state after from the steps after; becomes that of the state before, but for what goes through the gates.
 */
export function gruBackward(rows: i32, n: i32, width: i32, gates: usize, gatesRow: usize, h: usize, hRow: usize, d: usize, dRow: usize,
  carry: usize, carryRow: usize): void {
  const group = <usize>width << 2, end = <usize>n << 2, one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < group; j += 16) {
      const g0 = gates + j, g1 = g0 + group, g2 = g1 + group, g3 = g2 + group;
      const m = v128.load(g0), r = v128.load(g1), z = v128.load(g2), n = v128.load(g3);
      const dh = j < end ? f32x4.add(v128.load(carry + j), v128.load(d + j)) : zero;
      v128.store(carry + j, f32x4.mul(dh, z));
      const rest = f32x4.mul(dh, f32x4.sub(one, z));
      const dn = f32x4.mul(rest, f32x4.mul(f32x4.sub(one, n), f32x4.add(one, n)));
      v128.store(g3, dn);
      v128.store(g2, f32x4.mul(f32x4.mul(rest, z), f32x4.sub(v128.load(h + j), n)));
      const dm = f32x4.mul(dn, r);
      v128.store(g1, f32x4.mul(f32x4.mul(dm, f32x4.sub(one, r)), m));
      v128.store(g0, dm);
    }
    gates += gatesRow;
    h += hRow;
    d += dRow;
    carry += carryRow;
  }
}
