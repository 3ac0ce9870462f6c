import { Random } from '../../common/random.ts';
import type { NoisyDenseSpec } from '../../networks/spec.ts';
import { Panels } from '../wasm/panels.ts';

// The noise of the embedded engine once more, number by number: see the kernel `normals` there. Every sum and product is rounded to single precision.
const { fround, imul } = Math;

const GOLDEN = 0x9e3779b9;
const SQRT_HALF_BITS = 0x3f3504f3;
const LN = [0.28571428, 0.4, 0.66666667, 2].map(fround);
const LN_2 = fround(Math.LN2);
const SIN = [-0.00737043094571435, 0.0821458866111282, -0.599264529320792, 2.55016403987735, -5.16771278004997, Math.PI].map(
  fround,
);
const UNIT = fround(5.9604645e-8);
const SIGNED_UNIT = fround(4.656613e-10);

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

function mix(x: number): number {
  x = imul(x ^ (x >>> 16), 0x85ebca6b);
  x = imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** ln u for u in (0, 1]. */
function ln(u: number): number {
  float[0] = u;
  const e = (bits[0] - SQRT_HALF_BITS) >> 23;
  bits[0] -= e << 23;
  const f = fround(float[0] - 1);
  const s = fround(f / fround(f + 2));
  const s2 = fround(s * s);
  let series = fround(fround(s2 * LN[0]) + LN[1]);
  series = fround(fround(series * s2) + LN[2]);
  series = fround(fround(series * s2) + LN[3]);
  return fround(fround(e * LN_2) + fround(s * series));
}

/** sin(π u) for |u| ≤ 1/2. */
function sinPi(u: number): number {
  const u2 = fround(u * u);
  let s = SIN[0];
  for (let i = 1; i < SIN.length; i++) s = fround(fround(s * u2) + SIN[i]);
  return fround(s * u);
}

/** `n` draws from the standard normal distribution, or with `roots` sgn(x) √|x| of such draws x; draw i is a function of i and the two keys alone. */
export function normals(n: number, key0: number, key1: number, roots: boolean): Float32Array {
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const even = (imul(i << 1, GOLDEN) + key0) | 0;
    const odd = (even + GOLDEN) | 0;
    const a = mix(mix(even) ^ key1);
    const b = mix(mix(odd) ^ key1);
    const u = fround(fround((a >>> 8) + 1) * UNIT);
    const v = fround(fround(b) * SIGNED_UNIT);
    const radius = fround(Math.sqrt(fround(ln(u) * -2)));
    const x = fround(radius * sinPi(fround(0.5 - Math.abs(v))));
    values[i] = roots ? Math.sign(x) * Math.sqrt(Math.abs(x)) : x;
  }
  return values;
}

/** The noise of a layer: every number of its own, or the factors `f(ε_in)` and `f(ε_out)`. */
export type LayerNoise =
  | { readonly kind: 'independent'; readonly weight: Float32Array; readonly bias: Float32Array }
  | { readonly kind: 'factorised'; readonly inputs: Float32Array; readonly outputs: Float32Array };

/**
 * The noise that a layer of K inputs draws from a number: the same, bit for bit, as on the embedded engine, whose order in memory it follows.
 * @param name - of the layer's weight: of the same number every layer has noise of its own.
 */
export function layerNoise(
  { units, noise = 'factorised' }: NoisyDenseSpec,
  name: string,
  inputs: number,
  seed: number,
): LayerNoise {
  const random = new Random(seed).split(name);
  const [key0, key1] = [random.uint32(), random.uint32()];
  if (noise === 'independent') {
    const weight = new Panels(inputs, units);
    const bias = new Panels(1, units);
    const all = normals(weight.size + bias.size, key0, key1, false);
    return { kind: 'independent', weight: weight.read(all, 0), bias: bias.read(all, weight.size) };
  }
  const padded = Math.ceil(inputs / 4) * 4;
  const all = normals(padded + units, key0, key1, true);
  return { kind: 'factorised', inputs: all.slice(0, inputs), outputs: all.slice(padded) };
}
