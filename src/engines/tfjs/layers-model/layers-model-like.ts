/**
 * A model of TensorFlow.js's layers with one input and one output, as `tf.sequential` and `tf.model` give it: what `layersModel` takes. Named by its parts, so that any copy of
 * the package will do.
 */
export interface LayersModelLike {
  readonly inputs: readonly object[];
  readonly outputs: readonly object[];
  readonly layers: readonly object[];
  readonly trainableWeights: readonly object[];
  readonly stateful: boolean;
  getClassName(): string;
  getConfig(): unknown;
}
