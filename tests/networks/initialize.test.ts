import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { initialParameters } from '../../src/networks/initialize.ts';
import type { Initializer, NetworkSpec } from '../../src/networks/spec.ts';
import { widthArb } from '../support/network-arbitraries.ts';

const denseOf = (inputs: number, units: number, initializer?: Initializer): NetworkSpec => ({
  inputShape: [inputs],
  layers: [{ kind: 'dense', units, initializer }],
});
const drawOne = (inputs: number, units: number, initializer?: Initializer, seed = 1) => {
  const [weight, bias] = initialParameters(denseOf(inputs, units, initializer), new Random(seed));
  return { weight: weight.values, bias: bias.values };
};
const variance = (values: Float32Array) => values.reduce((sum, x) => sum + x * x, 0) / values.length;

describe('initialParameters', () => {
  it.each([
    ['glorotUniform', 2 / 280, Math.sqrt(6 / 280)],
    ['glorotNormal', 2 / 280, Infinity],
    ['heUniform', 2 / 80, Math.sqrt(6 / 80)],
    ['heNormal', 2 / 80, Infinity],
    ['orthogonal', 2 / 200, Infinity],
    ['pytorch', 1 / (3 * 80), 1 / Math.sqrt(80)],
  ] as const)('%s has the stated variance and limit', (initializer, expected, limit) => {
    const { weight, bias } = drawOne(80, 200, initializer);
    expect(variance(weight) / expected).toBeCloseTo(1, 1);
    expect(weight.every((x) => Math.abs(x) <= limit)).toBe(true);
    expect(Math.abs(weight.reduce((sum, x) => sum + x, 0) / weight.length)).toBeLessThan(4 * Math.sqrt(expected / weight.length));
    if (initializer === 'pytorch') expect(variance(bias) / expected).toBeCloseTo(1, 0);
    else expect(bias.every((x) => x === 0)).toBe(true);
  });

  it('zeros are zero, and pytorch is the default', () => {
    expect(drawOne(3, 5, 'zeros').weight).toEqual(new Float32Array(15));
    expect(drawOne(3, 5)).toEqual(drawOne(3, 5, 'pytorch'));
  });

  it('orthogonal gives orthonormal rows or columns times √2', () => {
    fc.assert(
      fc.property(widthArb, widthArb, fc.nat(), (rows, columns, seed) => {
        const { weight } = drawOne(rows, columns, 'orthogonal', seed);
        const [count, step, length, stride] = rows < columns ? [rows, columns, columns, 1] : [columns, 1, rows, columns];
        for (let i = 0; i < count; i++) {
          for (let j = 0; j <= i; j++) {
            let product = 0;
            for (let k = 0; k < length; k++) product += weight[i * step + k * stride] * weight[j * step + k * stride];
            expect(product).toBeCloseTo(i === j ? 2 : 0, 5);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('draws layer by layer, so that a longer network begins like a shorter one; norms begin as the identity', () => {
    const short = denseOf(4, 6);
    const long: NetworkSpec = { ...short, layers: [...short.layers, { kind: 'layerNorm' }, { kind: 'dense', units: 2 }] };
    const tensors = initialParameters(long, new Random(3));
    expect(tensors.slice(0, 2)).toEqual(initialParameters(short, new Random(3)));
    expect(tensors.map(({ name }) => name)).toEqual([
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.gain',
      'layers.1.offset',
      'layers.2.weight',
      'layers.2.bias',
    ]);
    expect(tensors[2].values).toEqual(new Float32Array(6).fill(1));
    expect(tensors[3].values).toEqual(new Float32Array(6));
  });

  it('is pinned: these weights stay until a major version', () => {
    expect([...drawOne(2, 2, 'pytorch', 42).weight].map((x) => x.toFixed(6))).toMatchInlineSnapshot(`
      [
        "-0.574583",
        "0.143772",
        "0.542019",
        "0.440766",
      ]
    `);
  });
});
