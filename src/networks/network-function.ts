import type { LayerSpec, NetworkSpec } from './spec.ts';
import { stacksOf } from './traits.ts';

/** A layer without what only matters when its parameters are first drawn, and with its defaults filled in. */
function functionOf(layer: LayerSpec): unknown {
  const stacks = stacksOf(layer).map((stack) => stack.map(functionOf));
  switch (layer.kind) {
    case 'dense':
      return [layer.kind, layer.units, layer.activation ?? 'linear'];
    case 'noisyDense':
      return [layer.kind, layer.units, layer.activation ?? 'linear', layer.noise ?? 'factorised'];
    case 'layerNorm':
      return [layer.kind, layer.epsilon ?? 1e-5, layer.activation ?? 'linear'];
    case 'conv2d': {
      const { filters, kernelSize, strides = 1, padding = 'valid', activation = 'linear' } = layer;
      return [layer.kind, filters, [kernelSize].flat(), [strides].flat(), padding, activation];
    }
    case 'flatten':
    case 'parallel':
      return [layer.kind, stacks];
    case 'residual':
      return [layer.kind, stacks, layer.activation ?? 'linear'];
    case 'randomPrior':
      return [layer.kind, stacks, layer.scale ?? 1];
    case 'dueling':
      return [layer.kind, stacks, layer.actions, layer.width ?? 1, layer.aggregation ?? 'mean'];
    case 'gru':
      return [layer.kind, layer.units];
    case 'layersModel':
      return [layer.kind, layer.inputShape, layer.topology];
    case 'implicitQuantiles':
      return [layer.kind, stacks, layer.cosines ?? 64, layer.activation ?? 'relu'];
    case 'proposedQuantiles':
      return [layer.kind, stacks, layer.fractions, layer.cosines ?? 64, layer.activation ?? 'relu'];
  }
}

/** What a network computes from its inputs and parameters, as text: equal for two specs of the same function, whatever their first weights. */
export function networkFunction(spec: NetworkSpec, inputSize: number): string {
  return JSON.stringify([inputSize, spec.inputScale ?? 1, spec.layers.map(functionOf)]);
}
