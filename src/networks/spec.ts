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

/**
 * A fully connected layer whose weights carry learned noise: `y = activation(x · (W + σ_W ⊙ ε_W) + b + σ_b ⊙ ε_b)` (Fortunato et al. 2018,
 * eq. 9). Without noise, as in evaluation, it is the dense layer of its means.
 */
export interface NoisyDenseSpec {
  readonly kind: 'noisyDense';
  /** Number of outputs, at least 1. */
  readonly units: number;
  /** Default `linear`. */
  readonly activation?: Activation;
  /**
   * `factorised` (the default): `ε_W = f(ε_in) f(ε_out)ᵀ`, `ε_b = f(ε_out)` with `f(x) = sgn(x) √|x|` (eqs. 10, 11). `independent`: every ε is a
   * draw of its own.
   */
  readonly noise?: 'factorised' | 'independent';
  /** σ₀: noise starts at `σ₀ / √fanIn` (factorised; default 0.5) or at σ₀ itself (independent; default 0.017) (section 3.2). */
  readonly sigma?: number;
}

/** A convolution over images `[H, W, C]`, channels last: `y[i, j, f] = activation(Σ x[i·s + u, j·t + v, c] W[u, v, c, f] + b[f])`. */
export interface Conv2dSpec {
  readonly kind: 'conv2d';
  /** Number of output channels, at least 1. */
  readonly filters: number;
  /** Height and width of the filters; one number for both. */
  readonly kernelSize: number | readonly [number, number];
  /** Steps down and across; one number for both. Default 1. */
  readonly strides?: number | readonly [number, number];
  /** `valid` (the default): only where the filter fits; `same`: padded with zeros to ⌈H/s⌉ × ⌈W/t⌉, the odd one below and right. */
  readonly padding?: 'valid' | 'same';
  /** Default `linear`. */
  readonly activation?: Activation;
  /** Default `pytorch`. Fan-in is height · width · channels of the filter. */
  readonly initializer?: Initializer;
}

/** Forgets the shape of its inputs: `[H, W, C]` becomes `[H·W·C]`. Dense layers do so by themselves. */
export interface FlattenSpec {
  readonly kind: 'flatten';
}

/** `y = activation(x + layers(x))` (He et al. 2016). The layers must keep the shape. */
export interface ResidualSpec {
  readonly kind: 'residual';
  readonly layers: readonly LayerSpec[];
  /** Applied to the sum. Default `linear`. */
  readonly activation?: Activation;
}

/**
 * A network beside which a random one stands that never learns (Osband, Aslanides and Cassirer 2018, eq. 3): `y = layers(x) + scale · prior(x)`. No gradient passes
 * through the prior, and noisy layers in it are without noise.
 */
export interface RandomPriorSpec {
  readonly kind: 'randomPrior';
  readonly layers: readonly LayerSpec[];
  /** Must give as many numbers as the layers. */
  readonly prior: readonly LayerSpec[];
  /** β, at least 0. Default 1. */
  readonly scale?: number;
}

/** Several stacks of layers on the same input, their outputs side by side: `y = [branches[0](x), branches[1](x), …]`. */
export interface ParallelSpec {
  readonly kind: 'parallel';
  readonly branches: readonly (readonly LayerSpec[])[];
}

/**
 * Two streams joined to action values (Wang et al. 2016, eqs. 8, 9), for each of W outputs an action by itself:
 * `y[a, w] = V[w] + A[a, w] − mean_a' A[a', w]`, or with `max` `− max_a' A[a', w]`.
 */
export interface DuelingSpec {
  readonly kind: 'dueling';
  /** Number of actions. */
  readonly actions: number;
  /** W: outputs per action. Default 1. */
  readonly width?: number;
  /** Ends in W outputs. */
  readonly value: readonly LayerSpec[];
  /** Ends in actions · W outputs `[A, W]`. */
  readonly advantage: readonly LayerSpec[];
  /** Default `mean`. With `max` the largest advantage is zero for each w by itself. */
  readonly aggregation?: 'mean' | 'max';
}

/**
 * A gated recurrent unit (Cho et al. 2014), in PyTorch's form; gates lie in the order r, z, n:
 * `r = σ(x W_r + b_r + h U_r + c_r)`, `z = σ(x W_z + b_z + h U_z + c_z)`, `n = tanh(x W_n + b_n + r ⊙ (h U_n + c_n))`, `h' = (1 − z) ⊙ n + z ⊙ h`.
 * Its state h is part of the network's state.
 */
export interface GruSpec {
  readonly kind: 'gru';
  /** Size of h and of the outputs, at least 1. */
  readonly units: number;
}

/**
 * Quantile values at given fractions τ (Dabney et al. 2018b, eqs. 3, 4): `y = layers(x ⊙ φ(τ))`,
 * `φ(τ) = activation(Σ_i cos(π i τ) W_i + b)`, i = 0 … cosines − 1. One row of inputs gives N rows of outputs, one a fraction, side by
 * side. Stands last.
 */
export interface ImplicitQuantilesSpec {
  readonly kind: 'implicitQuantiles';
  /** Number of cosines. Default 64. */
  readonly cosines?: number;
  /** Of the embedding. Default `relu`. */
  readonly activation?: Activation;
  /** From the embedded features to the outputs. */
  readonly layers: readonly LayerSpec[];
}

/**
 * Quantile values at fractions that the network proposes itself (Yang et al. 2019). `p = softmax(x · P + c)`, `τ_i = Σ_{j<i} p_j`,
 * `τ̂_i = (τ_i + τ_{i+1}) / 2`. One row of outputs is: the quantile values at τ̂_0 … τ̂_{N−1}, those at τ_1 … τ_{N−1}, and the N logits
 * `x · P + c`. The gradient of the logits stops there: it moves P and c, and not what gave x. Stands last.
 */
export interface ProposedQuantilesSpec {
  readonly kind: 'proposedQuantiles';
  /** N, at least 2. */
  readonly fractions: number;
  /** Number of cosines of the embedding, as in {@link ImplicitQuantilesSpec}. Default 64. */
  readonly cosines?: number;
  /** Of the embedding. Default `relu`. */
  readonly activation?: Activation;
  /** The learning rate of P and c as a share of the others'. Default 1e-4. */
  readonly proposalRate?: number;
  /** From the embedded features to the outputs. */
  readonly layers: readonly LayerSpec[];
}

/**
 * Any model of TensorFlow.js's layers, `y = model(x)`, as it is when it does not train. Built by `layersModel` of `@scope/dqn/tfjs`; networks with it run on that
 * engine.
 */
export interface LayersModelSpec {
  readonly kind: 'layersModel';
  /** The class and configuration of the model, `{ className, config }`, as JSON. */
  readonly topology: string;
  /** The shape of one row of inputs. */
  readonly inputShape: readonly number[];
  /** The shape of one row of outputs. */
  readonly outputShape: readonly number[];
  /** Its weights, in the order of its layers. */
  readonly weights: readonly LayersModelWeight[];
}

/** A weight of a {@link LayersModelSpec}. */
export interface LayersModelWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** False where training leaves it as it is. Default true. */
  readonly trainable?: boolean;
}

/** One layer of a network, as data. */
export type LayerSpec =
  | DenseSpec
  | NoisyDenseSpec
  | LayerNormSpec
  | Conv2dSpec
  | FlattenSpec
  | ResidualSpec
  | RandomPriorSpec
  | ParallelSpec
  | DuelingSpec
  | GruSpec
  | ImplicitQuantilesSpec
  | ProposedQuantilesSpec
  | LayersModelSpec;

/** A whole network, as data: any engine builds it, a checkpoint holds it, and loading one runs no code. */
export interface NetworkSpec {
  /** The shape of one observation; its product is the input size. */
  readonly inputShape: readonly number[];
  /** Every input is multiplied by this first; for bytes 1 / the largest. Default 1. */
  readonly inputScale?: number | undefined;
  /** From input to output; at least one. The last layer's width is the output size. */
  readonly layers: readonly LayerSpec[];
}
