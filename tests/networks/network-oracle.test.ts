import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { checkNetworkSpec } from '../../src/networks/check-spec.ts';
import { initialParameters } from '../../src/networks/initialize.ts';
import { inputSizeOf, planNetwork, sizeOf } from '../../src/networks/plan.ts';
import type { LayerSpec, NetworkSpec } from '../../src/networks/spec.ts';
import { stacksOf, traitsOf } from '../../src/networks/traits.ts';
import { LAYER_KINDS, drawNumbers, networkSpecOf } from '../support/network-arbitraries.ts';
import {
  type LayerNoise,
  type OracleOptions,
  type Parameters,
  factorisedNoise,
  nearestKink,
  norm,
  oracleForward,
  oracleGradient,
  oracleState,
  proposedFractions,
  toParameters,
} from '../support/network-oracle.ts';

/** Layers that stop a part of the gradient, which finite differences do not. */
const STOPPING: readonly LayerSpec['kind'][] = ['proposedQuantiles', 'randomPrior'];

const STEPS = 2;
const BATCH = 4;

/** A network with parameters, inputs and all that a pass may take, drawn from a seed. */
function drawCase(spec: NetworkSpec, seed: number) {
  const random = new Random(seed);
  const parameters = toParameters(initialParameters(spec, random));
  for (const values of parameters.values()) values.forEach((x, i) => (values[i] = x + 0.3 * random.normal()));
  const noise = new Map<string, LayerNoise>();
  for (const [name, { length }] of parameters) {
    if (!name.endsWith('.weightSigma')) continue;
    const biasLength = parameters.get(name.replace('weightSigma', 'biasSigma'))!.length;
    noise.set(name.slice(0, -'.weightSigma'.length), {
      weight: drawNumbers(random, length),
      bias: drawNumbers(random, biasLength),
    });
  }
  const options: OracleOptions = {
    noise,
    fractions: Float64Array.from({ length: BATCH * 3 }, () => random.float()),
    steps: STEPS,
    state: drawNumbers(random, (BATCH / STEPS) * traitsOf(spec).stateSize),
  };
  const observations = drawNumbers(random, BATCH * inputSizeOf(spec));
  const outputs = oracleForward(spec, parameters, observations, BATCH, options);
  return { parameters, options, observations, outputs, dOutputs: drawNumbers(random, outputs.length), random };
}

describe('the double-precision reference of networks', () => {
  it('takes every spec that is drawn for it, of every kind of layer', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(networkSpecOf(LAYER_KINDS), (spec) => {
        expect(checkNetworkSpec(spec)).toEqual(spec);
        const note = (layers: NetworkSpec['layers']): void =>
          layers.forEach((layer) => {
            seen.add(layer.kind);
            stacksOf(layer).forEach(note);
          });
        note(spec.layers);
      }),
      { numRuns: 500 },
    );
    expect([...seen].toSorted()).toEqual([...LAYER_KINDS].toSorted());
  });

  it('has the gradient that finite differences have', () => {
    fc.assert(
      fc.property(networkSpecOf(LAYER_KINDS.filter((kind) => !STOPPING.includes(kind))), fc.nat(), (spec, seed) => {
        const { parameters, options, observations, dOutputs, random } = drawCase(spec, seed);
        fc.pre(nearestKink(spec, parameters, observations, BATCH, options) > 1e-3);
        const gradient = oracleGradient(spec, parameters, observations, BATCH, dOutputs, options);
        const direction: Parameters = new Map([...parameters].map(([name, values]) => [name, values.map(() => random.normal())]));
        const size = norm(direction) || 1; // A network need not have parameters.
        const loss = (h: number): number => {
          const moved = new Map(
            [...parameters].map(([n, values]) => [n, values.map((x, i) => x + (h / size) * direction.get(n)![i])]),
          );
          return oracleForward(spec, moved, observations, BATCH, options).reduce((sum, y, i) => sum + y * dOutputs[i], 0);
        };
        const expected = [...gradient].reduce(
          (sum, [n, values]) => sum + values.reduce((s, g, i) => s + g * direction.get(n)![i], 0),
          0,
        );
        const h = 1e-5;
        const found = (loss(h) - loss(-h)) / (2 * h);
        expect(Math.abs(found - expected / size)).toBeLessThanOrEqual(1e-6 * (1 + norm(gradient)));
      }),
      { numRuns: 150 },
    );
  });

  it('lets the gradient of the logits move the proposal alone, and that of the quantile values all but the proposal', () => {
    const spec: NetworkSpec = {
      inputShape: [3],
      layers: [
        { kind: 'dense', units: 5, activation: 'tanh' },
        { kind: 'proposedQuantiles', fractions: 4, cosines: 6, activation: 'silu', layers: [{ kind: 'dense', units: 2 }] },
      ],
    };
    const { parameters, observations, outputs } = drawCase(spec, 5);
    const row = outputs.length / BATCH;
    expect(row).toBe(sizeOf(planNetwork(spec)[1].outputShape));
    const moved = (chosen: (j: number) => boolean): string[] => {
      const dOutputs = outputs.map((_, i) => (chosen(i % row) ? 1 + (i % 3) : 0));
      const gradient = oracleGradient(spec, parameters, observations, BATCH, dOutputs);
      return [...gradient].filter(([, values]) => values.some((g) => g !== 0)).map(([name]) => name);
    };
    expect(moved((j) => j >= row - 4)).toEqual(['layers.1.proposalWeight', 'layers.1.proposalBias']);
    expect(moved((j) => j < row - 4)).toEqual([...parameters.keys()].filter((name) => !name.startsWith('layers.1.proposal')));
    // The quantile values are those of an implicit-quantile network at the proposed fractions.
    const [, last] = spec.layers;
    const implicit = {
      ...spec,
      layers: [spec.layers[0], { ...last, kind: 'implicitQuantiles', fractions: undefined }],
    } as NetworkSpec;
    for (let b = 0; b < BATCH; b++) {
      const { inner, midpoints } = proposedFractions(outputs.slice((b + 1) * row - 4, (b + 1) * row));
      const fractions = [...midpoints, ...inner];
      const values = oracleForward(implicit, parameters, observations.slice(3 * b, 3 * b + 3), 1, { fractions });
      expect(outputs.slice(b * row, (b + 1) * row - 4)).toEqual(values);
    }
  });

  it('leads no gradient through a random prior', () => {
    const dense = { kind: 'dense', units: 2 } as const;
    const entry: LayerSpec = { kind: 'dense', units: 4, activation: 'tanh' };
    const spec = (layer: LayerSpec): NetworkSpec => ({ inputShape: [3], layers: [entry, layer] });
    const both = spec({ kind: 'randomPrior', layers: [dense], prior: [entry, dense], scale: 3 });
    const { parameters, observations, outputs } = drawCase(both, 5);
    const dOutputs = outputs.map((_, i) => 1 + (i % 3));
    const gradient = oracleGradient(both, parameters, observations, BATCH, dOutputs);
    const without = new Map([...parameters].map(([name, values]) => [name.replace('.layers.0', ''), values]));
    const plain = oracleGradient(spec(dense), without, observations, BATCH, dOutputs);
    for (const [name, values] of gradient) {
      const expected = name.includes('.prior.') ? values.map(() => 0) : plain.get(name.replace('.layers.0', ''));
      expect(values, name).toEqual(expected);
    }
  });

  it('computes one step of a GRU as by hand', () => {
    const spec: NetworkSpec = { inputShape: [1], layers: [{ kind: 'gru', units: 1 }] };
    const parameters: Parameters = new Map([
      ['layers.0.weight', Float64Array.of(1, 2, 3)],
      ['layers.0.bias', Float64Array.of(0.1, 0.2, 0.3)],
      ['layers.0.recurrentWeight', Float64Array.of(4, 5, 6)],
      ['layers.0.recurrentBias', Float64Array.of(0.4, 0.5, 0.6)],
    ]);
    const [x, h] = [0.5, -0.25];
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
    const r = sigmoid(x + 0.1 + 4 * h + 0.4);
    const z = sigmoid(2 * x + 0.2 + 5 * h + 0.5);
    const n = Math.tanh(3 * x + 0.3 + r * (6 * h + 0.6));
    const expected = (1 - z) * n + z * h;
    expect(oracleForward(spec, parameters, [x], 1, { state: [h] })[0]).toBeCloseTo(expected, 14);
    expect(oracleState(spec, parameters, [x], 1, { state: [h] })[0]).toBeCloseTo(expected, 14);
  });

  it('factorises noise: ε_W = f(ε_in) f(ε_out)ᵀ', () => {
    expect(factorisedNoise([4, -9], [1, -1, 16])).toEqual({ weight: [2, -2, 8, -3, 3, -12], bias: [1, -1, 4] });
  });
});
