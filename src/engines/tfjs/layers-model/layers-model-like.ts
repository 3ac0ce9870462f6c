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
  /** Such as `Sequential`. */
  getClassName(): string;
  /** What the model is made of, as data. */
  getConfig(): unknown;
}
