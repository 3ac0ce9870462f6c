/** An activation function, applied elementwise. `leakyRelu` has slope 0.01 below zero, `elu` has α = 1. */
export type Activation = 'linear' | 'relu' | 'leakyRelu' | 'elu' | 'tanh' | 'sigmoid' | 'silu';

/**
 * How weights start; biases start at zero except with `pytorch`.
 * - `glorotUniform`, `glorotNormal`: variance 2 / (fanIn + fanOut) (Glorot and Bengio 2010).
 * - `heUniform`, `heNormal`: variance 2 / fanIn (He et al. 2015).
 * - `orthogonal`: orthonormal rows or columns times √2 (Saxe et al. 2014).
 * - `pytorch`: weights and biases uniform in ±1/√fanIn, the default of `torch.nn.Linear`.
 * - `zeros`: all zero.
 */
export type Initializer = 'glorotUniform' | 'glorotNormal' | 'heUniform' | 'heNormal' | 'orthogonal' | 'pytorch' | 'zeros';

/** A fully connected layer: `y = activation(x · W + b)`, `x [B, K]`, `W [K, units]`, `b [units]`. */
export interface DenseSpec {
  readonly kind: 'dense';
  /** Number of outputs, at least 1. */
  readonly units: number;
  /** Default `linear`. */
  readonly activation?: Activation;
  /** Default `pytorch`. */
  readonly initializer?: Initializer;
}

/** Layer normalisation over the features of each row (Ba et al. 2016): `y = (x − mean) / √(variance + epsilon) · gain + offset`. */
export interface LayerNormSpec {
  readonly kind: 'layerNorm';
  /** Default 1e-5. */
  readonly epsilon?: number;
  /** Applied after the gain and offset. Default `linear`. */
  readonly activation?: Activation;
}

/** One layer of a network, as data. */
export type LayerSpec = DenseSpec | LayerNormSpec;

/** A whole network, as data: any engine builds it, a checkpoint holds it, and loading one runs no code. */
export interface NetworkSpec {
  /** The shape of one observation; its product is the input size. */
  readonly inputShape: readonly number[];
  /** Every input is multiplied by this first; 1/255 for bytes. Default 1. */
  readonly inputScale?: number;
  /** From input to output; at least one. The last layer's width is the output size. */
  readonly layers: readonly LayerSpec[];
}
