import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import type { DenseSpec, LayerSpec, NetworkSpec } from '../../src/networks/spec.ts';
import { expectClose } from '../support/closeness.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { batchArb, drawNumbers } from '../support/network-arbitraries.ts';
import { nearestKink, norm, oracleForward, oracleGradient, toParameters } from '../support/network-oracle.ts';
import { drawWeights, readGradient } from '../support/read-gradient.ts';

/** Multiples of 4, which are joined, about those where panels end; and some that are not joined. */
const unitsArb = fc.oneof(
  fc.constantFrom(4, 8, 12, 16, 20, 28, 32, 36, 64, 84),
  fc.integer({ min: 1, max: 24 }).map((n) => 4 * n),
  fc.constantFrom(5, 18),
);

const activationArb = fc.constantFrom('linear', 'relu', 'tanh', 'silu');

/** What follows a first layer: nothing, or layers that hand gradients on in ways of their own. */
const restArb = fc.constantFrom<readonly LayerSpec[]>(
  [],
  [{ kind: 'dense', units: 9 }],
  [{ kind: 'layerNorm' }, { kind: 'dense', units: 4 }],
  [{ kind: 'residual', layers: [{ kind: 'dense', units: 0 }] }],
  [{ kind: 'gru', units: 5 }],
  [{ kind: 'parallel', branches: [[], [{ kind: 'dense', units: 8, activation: 'relu' }]] }],
);

/** Residual layers as wide as what comes before. */
function fit(rest: readonly LayerSpec[], units: number): LayerSpec[] {
  return rest.map((layer) => (layer.kind === 'residual' ? { kind: 'residual', layers: [{ kind: 'dense', units }] } : layer));
}

const branchesArb = activationArb.chain((activation) =>
  fc.array(
    fc.tuple(unitsArb, restArb).map(([units, rest]): LayerSpec[] => [{ kind: 'dense', units, activation }, ...fit(rest, units)]),
    { minLength: 2, maxLength: 4 },
  ),
);

const compositeArb = fc.oneof(
  branchesArb.map((branches): LayerSpec => ({ kind: 'parallel', branches })),
  fc.tuple(branchesArb, fc.integer({ min: 1, max: 4 })).map(([[value, advantage], actions]): LayerSpec => ({
    kind: 'dueling',
    actions,
    value: [...value, { kind: 'dense', units: 1 }],
    advantage: [...advantage, { kind: 'dense', units: actions }],
  })),
);

describe.each(VARIANTS)('stacks side by side on the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('agree with double-precision loops, forward and backward, however their first layers are joined', () => {
    fc.assert(
      fc.property(compositeArb, fc.boolean(), batchArb, fc.nat(), (composite, first, batch, seed) => {
        const random = new Random(seed);
        const before: LayerSpec[] = first ? [] : [{ kind: 'dense', units: 13, activation: 'relu' }];
        const spec: NetworkSpec = { inputShape: [7], layers: [...before, composite] };
        const network = engine.createNetwork(spec, { random });
        const weights = drawWeights(network.weights(), random);
        network.setWeights(weights);
        expect(network.weights()).toEqual(weights);
        const observations = drawNumbers(random, batch * 7);
        const dOutputs = drawNumbers(random, batch * network.outputSize);
        const parameters = toParameters(weights);
        expectClose(network.forward(observations, batch), oracleForward(spec, parameters, observations, batch), {
          relative: 1e-5,
          floor: 3,
          name: 'outputs',
        });
        fc.pre(nearestKink(spec, parameters, observations, batch) > 1e-5);
        const expected = oracleGradient(spec, parameters, observations, batch, dOutputs);
        const actual = readGradient(engine, spec, weights, observations, batch, dOutputs);
        const size = norm(expected);
        for (const [name, values] of expected) {
          expectClose(actual.gradient.get(name)!, values, { relative: 1e-4, floor: 0.1 * size, name });
        }
        network.dispose();
      }),
      { numRuns: 150 },
    );
  });

  it('leave noisy layers the noise that they have apart', () => {
    fc.assert(
      fc.property(
        fc.array(unitsArb, { minLength: 2, maxLength: 3 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        (units, inputs, seed) => {
          /** Outputs at every unit of input, σ being 1 and the means 0: the noise. */
          const noiseOf = (activations: (i: number) => DenseSpec['activation']) => {
            const branches = units.map((each, i): LayerSpec[] => [{ kind: 'noisyDense', units: each, activation: activations(i) }]);
            const network = engine.createNetwork(
              { inputShape: [inputs], layers: [{ kind: 'parallel', branches }] },
              { random: new Random(1) },
            );
            network.setWeights(
              network.weights().map((tensor) => ({ ...tensor, values: tensor.values.fill(tensor.name.endsWith('Sigma') ? 1 : 0) })),
            );
            const identity = Float32Array.from({ length: inputs ** 2 }, (_, i) => (i % (inputs + 1) === 0 ? 1 : 0));
            const outputs = network.forward(identity, inputs, { noise: seed }).slice();
            network.dispose();
            return outputs;
          };
          const together = noiseOf(() => 'linear');
          // Layers of several activations stay apart; of 0 and above both of these are the same.
          const apart = noiseOf((i) => (i === 0 ? 'relu' : 'leakyRelu'));
          together.forEach((x, i) => (x > 0 ? expect(apart[i]).toBe(x) : expect(apart[i]).toBeLessThanOrEqual(0)));
          expect(new Set(together).size).toBeGreaterThan(1);
        },
      ),
      { numRuns: 60 },
    );
  });
});
