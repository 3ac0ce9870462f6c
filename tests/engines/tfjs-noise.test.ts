import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layerNoise, normals } from '../../src/engines/tfjs/noise.ts';
import type { NoiseKernels } from '../../src/engines/wasm/kernel-exports.ts';
import { KERNELS } from '../../src/engines/wasm/noise-kernels.generated.ts';
import { Runtime } from '../../src/engines/wasm/runtime.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import { Random } from '../../src/common/random.ts';
import type { NoisyDenseSpec } from '../../src/networks/spec.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { widthArb } from '../support/network-arbitraries.ts';

const keyArb = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe.each(VARIANTS)('noise in plain code, beside the %s kernels', (variant) => {
  it('is that of the kernel, bit for bit', () => {
    const runtime = new Runtime(variant);
    const { heap } = runtime;
    const kernels = runtime.further<NoiseKernels>(KERNELS);
    const most = 400;
    const at = heap.allocate(most * 4);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: most }), keyArb, keyArb, fc.boolean(), (n, key0, key1, roots) => {
        kernels.normals(n, key0, key1, roots ? 1 : 0, at);
        expect(normals(n, key0, key1, roots)).toEqual(heap.f32.slice(at / 4, at / 4 + n));
      }),
      { numRuns: 300 },
    );
  });

  it('falls on the weights that it falls on there', () => {
    const engine = new WasmEngine(variant);
    const specArb = fc.record({
      kind: fc.constant('noisyDense' as const),
      units: widthArb,
      noise: fc.constantFrom('factorised' as const, 'independent' as const),
    });
    fc.assert(
      fc.property(specArb, fc.integer({ min: 1, max: 9 }), fc.nat(), (spec: NoisyDenseSpec, inputs, seed) => {
        const network = engine.createNetwork({ inputShape: [inputs], layers: [spec] }, { random: new Random(1) });
        // With means of 0 and deviations of 1 the outputs of a unit vector are one row of ε_W, plus ε_b.
        const fill = (name: string) => (name.endsWith('Sigma') ? 1 : 0);
        network.setWeights(network.weights().map((each) => ({ ...each, values: each.values.fill(fill(each.name)) })));
        const noise = layerNoise(spec, 'layers.0.weight', inputs, seed);
        for (let k = -1; k < inputs; k++) {
          const x = new Float32Array(inputs);
          if (k >= 0) x[k] = 1;
          const row = network.forward(x, 1, { noise: seed });
          row.forEach((y, n) => {
            const bias = noise.kind === 'independent' ? noise.bias[n] : noise.outputs[n];
            const factor =
              k < 0
                ? 0
                : Math.fround(noise.kind === 'independent' ? noise.weight[k * spec.units + n] : noise.inputs[k] * noise.outputs[n]);
            expect(y).toBe(Math.fround(factor + bias));
          });
        }
        network.dispose();
      }),
      { numRuns: 50 },
    );
  });
});
