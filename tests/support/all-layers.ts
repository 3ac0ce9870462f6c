// Runs before the tests of a file: loads the engine and every kind of layer, so that tests can create any network at once.
import { loadLayers } from '../../src/engines/wasm/build-layers.ts';
import { wasm } from '../../src/engines/wasm/wasm-engine.ts';

await wasm().prepare({ inputShape: [1], layers: [{ kind: 'dense', units: 1 }] });
await loadLayers([
  { kind: 'noisyDense', units: 1 },
  { kind: 'layerNorm' },
  { kind: 'conv2d', filters: 1, kernelSize: 1 },
  { kind: 'residual', layers: [] },
  { kind: 'randomPrior', layers: [], prior: [] },
  { kind: 'parallel', branches: [] },
  { kind: 'dueling', actions: 1, value: [], advantage: [] },
  { kind: 'gru', units: 1 },
  { kind: 'implicitQuantiles', layers: [] },
  { kind: 'proposedQuantiles', fractions: 1, layers: [] },
]);
