import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { wasm } from '../../src/engines/wasm/wasm-engine.ts';
import type { NamedTensor } from '../../src/networks/q-network.ts';
import type { NetworkSpec } from '../../src/networks/spec.ts';

const caseArb = fc.record({
  inputs: fc.integer({ min: 1, max: 6 }),
  actions: fc.integer({ min: 1, max: 7 }),
  width: fc.constantFrom(1, 2, 3, 5, 8),
  batch: fc.integer({ min: 1, max: 9 }),
  aggregation: fc.constantFrom('mean' as const, 'max' as const),
  seed: fc.nat(),
});

function build({ inputs, actions, width, batch, aggregation, seed }: typeof caseArb extends fc.Arbitrary<infer T> ? T : never) {
  const spec: NetworkSpec = {
    inputShape: [inputs],
    layers: [
      {
        kind: 'dueling',
        actions,
        width,
        aggregation,
        value: [{ kind: 'dense', units: width }],
        advantage: [{ kind: 'dense', units: actions * width }],
      },
    ],
  };
  const random = new Random(seed);
  const network = wasm().createNetwork(spec, { random });
  const observations = Float32Array.from({ length: batch * inputs }, () => random.normal());
  const run = () => network.forward(observations, batch).slice();
  /** The value stream alone, in double precision. */
  const values = (row: number, w: number): number => {
    const [weight, bias] = network.weights();
    let sum = bias.values[w];
    for (let k = 0; k < inputs; k++) sum += observations[row * inputs + k] * weight.values[k * width + w];
    return sum;
  };
  return { network, run, values };
}

describe('dueling streams', () => {
  it('are identifiable: the mean or the largest of the outputs is the value, for each w', () => {
    fc.assert(
      fc.property(caseArb, (drawn) => {
        const { actions, width, batch, aggregation } = drawn;
        const { run, values } = build(drawn);
        const outputs = run();
        for (let row = 0; row < batch; row++) {
          for (let w = 0; w < width; w++) {
            const all = Array.from({ length: actions }, (_, a) => outputs[(row * actions + a) * width + w]);
            const joined = aggregation === 'max' ? Math.max(...all) : all.reduce((sum, q) => sum + q, 0) / actions;
            expect(joined).toBeCloseTo(values(row, w), 4);
          }
        }
      }),
    );
  });

  it('do not tell a constant added to all advantages', () => {
    fc.assert(
      fc.property(caseArb, fc.integer({ min: -8, max: 8 }), (drawn, constant) => {
        const { network, run } = build(drawn);
        const before = run();
        const shifted = network.weights().map((tensor): NamedTensor => {
          if (tensor.name !== 'layers.0.advantage.0.bias') return tensor;
          return { ...tensor, values: tensor.values.map((value, i) => value + constant * (1 + (i % drawn.width))) };
        });
        network.setWeights(shifted);
        run().forEach((output, i) => expect(output).toBeCloseTo(before[i], 4));
      }),
    );
  });
});
