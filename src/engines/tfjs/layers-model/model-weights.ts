import type { LayerVariable, LayersModel } from '@tensorflow/tfjs-layers';
import { DqnError } from '../../../common/errors.ts';
import type { LayersModelWeight } from '../../../networks/spec.ts';

/** A layer, or what is made of layers. */
export type Layer = LayersModel['layers'][number];

/** All layers of a model: those of models and wrappers within it too. */
export function layersOf(model: Layer): Layer[] {
  const { layers, layer } = model as { layers?: readonly Layer[]; layer?: Layer };
  const within = layers ?? (layer ? [layer] : []);
  return [model, ...within.flatMap(layersOf)];
}

/** The weights of a model in the order of its layers, whether they are trainable or not. */
export function weightsOfModel(model: LayersModel): LayerVariable[] {
  const visit = (layer: Layer): LayerVariable[] => {
    const { layers } = layer as { layers?: readonly Layer[] };
    return layers ? layers.flatMap(visit) : layer.weights;
  };
  return [...new Set(visit(model))];
}

/**
 * What a model says of its weights.
 * @throws DqnError `invalid-option` on a weight that is no single-precision number.
 */
export function describeWeights(where: string, model: LayersModel): LayersModelWeight[] {
  const learning = new Set(model.trainableWeights);
  return weightsOfModel(model).map((weight, i) => {
    const { originalName, dtype, shape } = weight;
    if (dtype !== 'float32') {
      throw new DqnError({
        code: 'invalid-option',
        where,
        expected: 'a model whose weights are of type float32',
        received: `${originalName} of type ${dtype}`,
        remedy: 'Keep such numbers in the configuration of the layer.',
      });
    }
    const name = `${i}.${originalName.slice(originalName.lastIndexOf('/') + 1)}`;
    return { name, shape: shape as number[], ...(learning.has(weight) ? {} : { trainable: false }) };
  });
}
