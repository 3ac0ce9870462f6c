// Models of TensorFlow.js's layers, and layers of a user's own.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

const { layers } = tfl;

type Config = tf.serialization.ConfigDict;
type Shape = (number | null)[];
type LayerConfig = ConstructorParameters<typeof layers.Layer>[0];

/** One head of attention of every row to all rows: `softmax(x Q (x K)ᵀ / √units) x V`. */
export class SelfAttention extends layers.Layer {
  static readonly className = 'SelfAttention';
  readonly units: number;

  constructor(config: { readonly units: number } & LayerConfig) {
    super(config);
    this.units = config.units;
  }

  override build(shape: Shape | Shape[]): void {
    const width = (shape as number[]).at(-1) as number;
    const initializer = tfl.initializers.glorotUniform({});
    for (const name of ['query', 'key', 'value']) this.addWeight(name, [width, this.units], 'float32', initializer);
    super.build(shape);
  }

  override computeOutputShape(shape: Shape | Shape[]): Shape {
    return [...(shape as Shape).slice(0, -1), this.units];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const [rows, length, width] = x.shape;
    const project = (i: number) =>
      tf.reshape(tf.matMul(tf.reshape(x, [rows * length, width]), this.weights[i].read()), [rows, length, this.units]);
    const scores = tf.mul(tf.matMul(project(0), project(1), false, true), 1 / Math.sqrt(this.units));
    return tf.matMul(tf.softmax(scores), project(2));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), units: this.units };
  }
}

/** Radial basis functions `exp(−‖x − c_j‖²)`. Tells nobody the shape of its outputs, and has a constant of its own. */
export class RadialBasis extends layers.Layer {
  static readonly className = 'RadialBasis';
  readonly units: number;
  readonly minus = tf.keep(tf.scalar(-1));

  constructor(config: { readonly units: number } & LayerConfig) {
    super(config);
    this.units = config.units;
  }

  override build(shape: Shape | Shape[]): void {
    const width = (shape as number[]).at(-1) as number;
    this.addWeight('centres', [this.units, width], 'float32', tfl.initializers.randomNormal({ stddev: 0.5 }));
    super.build(shape);
  }

  override computeOutputShape(shape: Shape | Shape[]): Shape {
    return [(shape as Shape)[0], this.units];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const distances = tf.sum(tf.square(tf.sub(tf.expandDims(x, 1), this.weights[0].read())), 2);
    return tf.exp(tf.mul(distances, this.minus));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), units: this.units };
  }

  override dispose(): ReturnType<tfl.layers.Layer['dispose']> {
    const counts = super.dispose();
    if (counts.refCountAfterDispose === 0) this.minus.dispose();
    return counts;
  }
}

tf.serialization.registerClass(SelfAttention);
tf.serialization.registerClass(RadialBasis);

/** A model of layers one after the other. */
export function stackOf(shape: readonly (number | null)[], ...stack: readonly tfl.layers.Layer[]): tfl.LayersModel {
  return tfl.sequential({ layers: [layers.inputLayer({ inputShape: [...shape] }), ...stack] });
}

/** A model of each kind, for observations of a shape. */
export const MODELS: Readonly<Record<string, { readonly shape: readonly number[]; readonly make: () => tfl.LayersModel }>> = {
  LSTM: { shape: [3, 2], make: () => stackOf([3, 2], lstm(4), layers.dense({ units: 5, activation: 'tanh' })) },
  'GRU of any length, both ways': {
    shape: [3, 2],
    make: () => stackOf([null, 2], layers.bidirectional({ layer: gru(3) as tfl.layers.RNN, mergeMode: 'concat' })),
  },
  attention: {
    shape: [3, 2],
    make: () => stackOf([3, 2], new SelfAttention({ units: 4 }), layers.layerNormalization(), layers.flatten()),
  },
  'radial basis functions': { shape: [3], make: () => stackOf([3], new RadialBasis({ units: 4 })) },
  convolutions: {
    shape: [5, 4, 2],
    make: () =>
      stackOf(
        [5, 4, 2],
        layers.conv2d({ filters: 3, kernelSize: [3, 2], padding: 'same', activation: 'tanh' }),
        layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, strides: 2, useBias: true }),
        layers.averagePooling2d({ poolSize: [2, 1], strides: [1, 1] }),
      ),
  },
  'separable convolutions': {
    shape: [5, 5, 2],
    make: () =>
      stackOf(
        [5, 5, 2],
        layers.separableConv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'elu' }),
        layers.globalAveragePooling2d({}),
      ),
  },
  'a graph with a layer that is used twice': {
    shape: [4],
    make: () => {
      const input = tfl.input({ shape: [4] });
      const shared = layers.dense({ units: 4, activation: 'softplus' });
      const twice = shared.apply(shared.apply(input)) as tfl.SymbolicTensor;
      const side = layers.dense({ units: 2, activation: 'selu' }).apply(input) as tfl.SymbolicTensor;
      return tfl.model({ inputs: input, outputs: layers.concatenate().apply([twice, side]) as tfl.SymbolicTensor });
    },
  },
  'models within a model': {
    shape: [2, 3],
    make: () =>
      stackOf(
        [2, 3],
        layers.timeDistributed({ layer: layers.dense({ units: 3, activation: 'sigmoid' }) }),
        stackOf([2, 3], layers.permute({ dims: [2, 1] }), layers.flatten(), layers.dense({ units: 2 })),
        layers.prelu(),
      ),
  },
  'an embedding': {
    shape: [3],
    make: () => stackOf([3], layers.embedding({ inputDim: 4, outputDim: 2 }), layers.flatten(), layers.dense({ units: 2 })),
  },
};

/** TensorFlow.js's orthogonal initialiser needs more than its core. */
export function lstm(units: number): tfl.layers.Layer {
  return layers.lstm({ units, recurrentInitializer: 'glorotUniform' });
}

function gru(units: number): tfl.layers.Layer {
  return layers.gru({ units, recurrentInitializer: 'glorotUniform' });
}

/** A model, made while TensorFlow.js computes on a backend. */
export function makeOn(backend: string, make: () => tfl.LayersModel): tfl.LayersModel {
  void tf.setBackend(backend);
  return make();
}
