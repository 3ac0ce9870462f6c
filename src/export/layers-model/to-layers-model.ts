import { sizeOf, type LayerPlan } from '../../networks/plan.ts';
import type { Activation, Conv2dSpec, DuelingSpec } from '../../networks/spec.ts';
import { checkPolicy, type PolicyNetwork } from '../policy.ts';
import { cannotHold, valueReadingOf, type ValueReading } from '../value-reading.ts';
import { LayersGraph, type LayersModelFiles, type LayerWeight } from './graph.ts';

const where = 'toLayersModel(policy)';

/**
 * A policy as a model of TensorFlow.js's layers, of stock layers alone: from observations `[N, ...inputShape]` (bytes as the numbers 0 … 255: the model scales them itself) to Q(s, ·)
 * `[N, A]`, over K estimates their mean. Noisy layers are those of their means.
 * @throws DqnError `invalid-option` for what stock layers cannot say: memory, quantiles at fractions, rescaled values, a head of a user's own, a `layersModel` (save that one itself);
 * `incompatible-checkpoint`, `diverged` if the weights do not fit or are not finite.
 */
export function toLayersModel(policy: PolicyNetwork): LayersModelFiles {
  const { plans, weights } = checkPolicy(where, policy);
  const reading = valueReadingOf(policy.head, where);
  const graph = new LayersGraph();
  const { inputShape, inputScale = 1 } = policy.spec;
  const input = graph.layer('InputLayer', [], { batch_input_shape: [null, ...inputShape], dtype: 'float32', sparse: false });
  const name = inputScale === 1 ? input : graph.layer('Rescaling', [input], { scale: inputScale });
  const translator = new Translator(graph, weights);
  const outputs = translator.stack(plans, { name, shape: inputShape });
  return graph.files(input, readValues(graph, policy, reading, translator.reshaped(outputs, [sizeOf(outputs.shape)]).name));
}

/** Rows of numbers in a model: their layer and the shape of one row. */
interface Rows {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Translates layers into those of TensorFlow.js. */
class Translator {
  readonly #graph: LayersGraph;
  readonly #weights: ReadonlyMap<string, Float32Array>;

  constructor(graph: LayersGraph, weights: ReadonlyMap<string, Float32Array>) {
    this.#graph = graph;
    this.#weights = weights;
  }

  stack(plans: readonly LayerPlan[], rows: Rows): Rows {
    return plans.reduce((before, plan) => this.#layer(plan, before), rows);
  }

  /** The rows in another shape. */
  reshaped(rows: Rows, shape: readonly number[]): Rows {
    if (rows.shape.join() === shape.join()) return rows;
    return { name: this.#graph.layer('Reshape', [rows.name], { target_shape: shape }), shape };
  }

  #layer(plan: LayerPlan, rows: Rows): Rows {
    const graph = this.#graph;
    const { spec, stacks, inputShape, outputShape } = plan;
    const flat = (each: Rows): Rows => this.reshaped(each, [sizeOf(each.shape)]);
    switch (spec.kind) {
      case 'dense':
      case 'noisyDense': {
        const name = graph.layer('Dense', [flat(rows).name], { units: spec.units }, this.#own(plan, ['kernel', 'bias']));
        return { name: this.#activate(spec.activation, name), shape: outputShape };
      }
      case 'layerNorm': {
        const weights = this.#own(plan, ['gamma', 'beta']);
        const config = { axis: [1], epsilon: spec.epsilon ?? 1e-5, center: true, scale: true };
        const name = graph.layer('LayerNormalization', [flat(rows).name], config, weights);
        return { name: this.#activate(spec.activation, name), shape: [sizeOf(inputShape)] };
      }
      case 'conv2d': {
        const weights = this.#own(plan, ['kernel', 'bias']);
        const name = graph.layer('Conv2D', [this.reshaped(rows, inputShape).name], convolutionConfig(spec), weights);
        return { name: this.#activate(spec.activation, name), shape: outputShape };
      }
      case 'flatten':
        return flat(rows);
      case 'residual': {
        const x = flat(rows);
        const sum = graph.layer('Add', [x.name, flat(this.stack(stacks[0], rows)).name]);
        return { name: this.#activate(spec.activation, sum), shape: x.shape };
      }
      case 'randomPrior': {
        const [y, prior] = stacks.map((stack) => flat(this.stack(stack, rows)));
        const scaled = graph.layer('Rescaling', [prior.name], { scale: spec.scale ?? 1 });
        return { name: graph.layer('Add', [y.name, scaled]), shape: y.shape };
      }
      case 'parallel': {
        const branches = stacks.map((stack) => flat(this.stack(stack, rows)));
        if (branches.length === 1) return branches[0];
        const names = branches.map(({ name }) => name);
        return { name: graph.layer('Concatenate', names, { axis: -1 }), shape: outputShape };
      }
      case 'dueling': {
        const [value, advantage] = stacks.map((stack) => this.stack(stack, rows));
        return this.#duel(spec, value, advantage);
      }
      case 'gru':
      case 'implicitQuantiles':
      case 'proposedQuantiles':
      case 'layersModel':
        throw cannotHold(
          where,
          "a model of TensorFlow.js's layers",
          spec.kind,
          'Use toOnnx(), or distil() the policy into a plain one.',
        );
    }
  }

  #own({ parameters }: LayerPlan, names: readonly string[]): LayerWeight[] {
    return names.map((name, i) => {
      const { name: own, shape } = parameters[i];
      return { name, shape, values: this.#weights.get(own) as Float32Array };
    });
  }

  #duel({ actions, width = 1, aggregation = 'mean' }: DuelingSpec, value: Rows, advantage: Rows): Rows {
    const graph = this.#graph;
    const advantages = this.reshaped(advantage, [actions, width]);
    const pool = aggregation === 'max' ? 'GlobalMaxPooling1D' : 'GlobalAveragePooling1D';
    const centre = { name: graph.layer(pool, [advantages.name]), shape: [width] };
    const below = graph.layer('Rescaling', [this.reshaped(centre, [1, width]).name], { scale: -1 });
    const sum = graph.layer('Add', [advantages.name, this.reshaped(value, [1, width]).name, below]);
    return this.reshaped({ name: sum, shape: [actions, width] }, [actions * width]);
  }

  #activate(activation: Activation = 'linear', name: string): string {
    if (activation === 'linear') return name;
    if (activation === 'leakyRelu') return this.#graph.layer('LeakyReLU', [name], { alpha: 0.01 });
    return this.#graph.layer('Activation', [name], { activation: activation === 'silu' ? 'swish' : activation });
  }
}

function convolutionConfig({ filters, kernelSize, strides = 1, padding = 'valid' }: Conv2dSpec): Readonly<Record<string, unknown>> {
  const pair = (value: number | readonly number[]): readonly number[] => (typeof value === 'number' ? [value, value] : value);
  return { filters, kernel_size: pair(kernelSize), strides: pair(strides), padding, data_format: 'channels_last' };
}

/** Reads Q-values from outputs `[K · A · W]`, as the head does. */
function readValues(graph: LayersGraph, policy: PolicyNetwork, reading: ValueReading, outputs: string): string {
  const { actions, heads, head } = policy;
  const reshape = (name: string, ...shape: number[]): string => graph.layer('Reshape', [name], { target_shape: shape });
  const refuse = (what: string): never => {
    throw cannotHold(where, "a model of TensorFlow.js's layers", what, 'Use toOnnx(), or distil() the policy into a plain one.');
  };
  let q = outputs;
  switch (reading.kind) {
    case 'expected':
      if (reading.rescaled) refuse('rescaled values');
      break;
    case 'categorical': {
      const { atoms } = reading;
      const p = graph.layer('Softmax', [reshape(outputs, heads * actions, head.width)], { axis: -1 });
      const kernel = { name: 'kernel', shape: [atoms.length, 1], values: atoms };
      const means = graph.layer('Dense', [p], { units: 1, use_bias: false, trainable: false }, [kernel]);
      q = reshape(means, heads * actions);
      break;
    }
    case 'quantile': {
      const quantiles = graph.layer('Permute', [reshape(outputs, heads * actions, head.width)], { dims: [2, 1] });
      q = graph.layer('GlobalAveragePooling1D', [quantiles]);
      break;
    }
    default:
      refuse(reading.kind);
  }
  return heads === 1 ? q : graph.layer('GlobalAveragePooling1D', [reshape(q, heads, actions)]);
}
