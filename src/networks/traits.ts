import type { LayerSpec, NetworkSpec } from './spec.ts';

/** What a network can do beyond giving outputs for inputs. */
export interface NetworkTraits {
  /** Whether it has noisy layers; those of a random prior are without noise. */
  readonly noisy: boolean;
  /** Numbers in its recurrent state: the units of its GRUs one after the other; 0 without memory. */
  readonly stateSize: number;
  /** Whether its outputs are quantiles at fractions: `given` with each call, `proposed` by itself, or not at all. */
  readonly fractions: 'none' | 'given' | 'proposed';
}

/** What a network can do, from its layers. */
export function traitsOf(spec: NetworkSpec): NetworkTraits {
  const layers = layersOf(spec);
  const last = spec.layers.at(-1)?.kind;
  return {
    noisy: spec.layers.some(isNoisy),
    stateSize: layers.reduce((sum, layer) => (layer.kind === 'gru' ? sum + layer.units : sum), 0),
    fractions: last === 'implicitQuantiles' ? 'given' : last === 'proposedQuantiles' ? 'proposed' : 'none',
  };
}

function isNoisy(layer: LayerSpec): boolean {
  if (layer.kind === 'noisyDense') return true;
  return layer.kind === 'randomPrior' ? layer.layers.some(isNoisy) : stacksOf(layer).some((stack) => stack.some(isNoisy));
}

/** The stacks of layers within a layer, in the order of their parameters. */
export function stacksOf(layer: LayerSpec): readonly (readonly LayerSpec[])[] {
  switch (layer.kind) {
    case 'residual':
    case 'implicitQuantiles':
    case 'proposedQuantiles':
      return [layer.layers];
    case 'randomPrior':
      return [layer.layers, layer.prior];
    case 'parallel':
      return layer.branches;
    case 'dueling':
      return [layer.value, layer.advantage];
    default:
      return [];
  }
}

/** All layers of a network, those within layers too. */
export function layersOf(spec: NetworkSpec): readonly LayerSpec[] {
  return allLayers(spec.layers);
}

function allLayers(layers: readonly LayerSpec[]): readonly LayerSpec[] {
  return layers.flatMap((layer) => [layer, ...stacksOf(layer).flatMap(allLayers)]);
}
