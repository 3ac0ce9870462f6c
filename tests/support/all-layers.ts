// Imported for its effect: loads every kind of layer, so that tests can create any network at once.
import { loadLayers } from '../../src/engines/wasm/build-layers.ts';

await loadLayers([
  { kind: 'noisyDense', units: 1 },
  { kind: 'layerNorm' },
  { kind: 'conv2d', filters: 1, kernelSize: 1 },
  { kind: 'residual', layers: [] },
  { kind: 'parallel', branches: [] },
  { kind: 'dueling', actions: 1, value: [], advantage: [] },
  { kind: 'gru', units: 1 },
  { kind: 'implicitQuantiles', layers: [] },
  { kind: 'proposedQuantiles', fractions: 1, layers: [] },
]);
