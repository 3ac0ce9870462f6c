import type { LayersModel } from '@tensorflow/tfjs-layers';
import { DqnError } from '../../../common/errors.ts';
import type { LayersModelWeight } from '../../../networks/spec.ts';
import { layersOf, weightsOfModel } from './model-weights.ts';
import { type Json, partsOf } from './topology.ts';

/** Layers that do something else in training than in use. */
const RANDOM = ['Dropout', 'SpatialDropout1D', 'AlphaDropout', 'GaussianDropout', 'GaussianNoise', 'RandomWidth'];

/**
 * Refuses what would silently not be done here: a network computes the same whether it trains or not, learns by the gradient of its loss alone, and keeps nothing from pass to
 * pass.
 * @throws DqnError `invalid-option` naming the layer.
 */
export function checkTopology(where: string, topology: Json): void {
  const refuse = (expected: string, received: string, remedy: string): never => {
    throw new DqnError({ code: 'invalid-option', where, expected, received, remedy });
  };
  for (const { className, config } of partsOf(topology)) {
    const layer = typeof config.name === 'string' ? `a ${className} layer, ${config.name}` : `a ${className}`;
    if (RANDOM.includes(className)) {
      refuse('layers without random draws of their own', layer, 'Leave it out; noisy: true gives noise that the seed governs.');
    }
    if (config.stateful === true) {
      refuse(
        'layers that keep nothing from pass to pass',
        `${layer}, which is stateful`,
        'Use recurrent(), whose state the agent keeps.',
      );
    }
    for (const [key, value] of Object.entries(config)) {
      if ((key === 'dropout' || key === 'recurrentDropout') && value !== 0 && value !== null) {
        refuse('layers without random draws of their own', `${layer}, with ${key} ${String(value)}`, `Set ${key} to 0.`);
      }
      if (value !== null && /regularizer$/i.test(key)) {
        refuse(
          'layers without regularisers, whose losses no head adds',
          `${layer}, with a ${key}`,
          'Use the weight decay of the optimizer.',
        );
      }
      if (value !== null && /constraint$/i.test(key)) {
        refuse(
          'layers without constraints, which the optimizer does not know',
          `${layer}, with a ${key}`,
          'Leave the constraint out.',
        );
      }
    }
  }
}

/**
 * Refuses batch normalisation that would learn: the statistics of its batches are no part of a gradient.
 * @throws DqnError `invalid-option`.
 */
export function checkNormalisation(where: string, model: LayersModel, weights: readonly LayersModelWeight[]): void {
  const learning = new Set(weightsOfModel(model).filter((_, i) => weights[i]?.trainable !== false));
  for (const layer of layersOf(model)) {
    const { weights: own } = layer;
    if (layer.getClassName() !== 'BatchNormalization' || (own.length > 2 && !own.some((each) => learning.has(each)))) continue;
    throw new DqnError({
      code: 'invalid-option',
      where,
      expected: 'batch normalisation that is frozen, with the statistics that it has learned',
      received: `one that learns, ${layer.name}`,
      remedy: 'Use layerNormalization, or set its trainable to false.',
    });
  }
}
