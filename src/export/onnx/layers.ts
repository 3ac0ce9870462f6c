import { convolutionGeometry, sizeOf, type LayerPlan } from '../../networks/plan.ts';
import type { Activation, Conv2dSpec, DuelingSpec } from '../../networks/spec.ts';
import { quantileEmbedding } from '../quantile-embedding.ts';
import { filtersFirst } from '../transposed.ts';
import { cannotHold, type ValueReading } from '../value-reading.ts';
import type { OnnxGraph } from './graph.ts';

/** Rows of numbers in a graph: their name, the shape of one row, and how they lie there. */
interface Rows {
  readonly name: string;
  readonly shape: readonly number[];
  /** `[N, size]`, `[N, ...shape]`, or images with their channels first, `[N, C, H, W]`. */
  readonly form: 'flat' | 'shaped' | 'channelsFirst';
}

/** Translates layers into nodes. Where a network gives quantiles at fractions, its rows of outputs are `[N · fractions, A]`. */
export class LayerTranslator {
  readonly #graph: OnnxGraph;
  readonly #weights: ReadonlyMap<string, Float32Array>;
  readonly #reading: ValueReading;
  /** Recurrent states before and after, one pair a layer of them. */
  readonly #states: string[] = [];
  readonly #stateBefore: string;
  #stateSize = 0;
  /** Of a network that proposes its fractions, their probabilities `[N, fractions]`. */
  probabilities = '';

  constructor(graph: OnnxGraph, weights: ReadonlyMap<string, Float32Array>, reading: ValueReading, stateBefore: string) {
    this.#graph = graph;
    this.#weights = weights;
    this.#reading = reading;
    this.#stateBefore = stateBefore;
  }

  /** The outputs of a network `[N, outputs]`, for `observations` `[N, ...inputShape]`. */
  network(plans: readonly LayerPlan[], observations: string, inputShape: readonly number[], scale: number): string {
    const name = scale === 1 ? observations : this.#graph.node('Mul', [observations, this.#graph.number(scale)]);
    return this.#flat(this.#stack(plans, { name, shape: inputShape, form: inputShape.length === 1 ? 'flat' : 'shaped' }));
  }

  /** The recurrent state after the step, `[N, stateSize]`. */
  get stateAfter(): string {
    return this.#graph.node('Concat', this.#states, { axis: 1 });
  }

  #stack(plans: readonly LayerPlan[], rows: Rows): Rows {
    return plans.reduce((before, plan) => this.#layer(plan, before), rows);
  }

  #layer(plan: LayerPlan, rows: Rows): Rows {
    const graph = this.#graph;
    const { spec, stacks, outputShape } = plan;
    const flat = (name: string): Rows => ({ name, shape: outputShape, form: 'flat' });
    switch (spec.kind) {
      case 'dense':
      case 'noisyDense':
        return flat(
          this.#activate(spec.activation, graph.node('Gemm', [this.#flat(rows), this.#own(plan, 0), this.#own(plan, 1)])),
        );
      case 'layerNorm': {
        const x = this.#flat(rows);
        const centred = graph.node('Sub', [x, graph.node('ReduceMean', [x], { axes: [1], keepdims: 1 })]);
        const variance = graph.node('ReduceMean', [graph.node('Mul', [centred, centred])], { axes: [1], keepdims: 1 });
        const deviation = graph.node('Sqrt', [graph.node('Add', [variance, graph.number(spec.epsilon ?? 1e-5)])]);
        const scaled = graph.node('Mul', [graph.node('Div', [centred, deviation]), this.#own(plan, 0)]);
        return flat(this.#activate(spec.activation, graph.node('Add', [scaled, this.#own(plan, 1)])));
      }
      case 'conv2d':
        return { name: this.#convolve(plan as LayerPlan<Conv2dSpec>, rows), shape: outputShape, form: 'channelsFirst' };
      case 'flatten':
        return flat(this.#flat(rows));
      case 'residual': {
        const sum = graph.node('Add', [this.#flat(rows), this.#flat(this.#stack(stacks[0], rows))]);
        return flat(this.#activate(spec.activation, sum));
      }
      case 'randomPrior': {
        const [y, prior] = stacks.map((stack) => this.#flat(this.#stack(stack, rows)));
        return flat(graph.node('Add', [y, graph.node('Mul', [prior, graph.number(spec.scale ?? 1)])]));
      }
      case 'parallel': {
        const branches = stacks.map((stack) => this.#flat(this.#stack(stack, rows)));
        return flat(graph.node('Concat', branches, { axis: 1 }));
      }
      case 'dueling': {
        const [value, advantage] = stacks.map((stack) => this.#flat(this.#stack(stack, rows)));
        return flat(this.#duel(spec, value, advantage));
      }
      case 'gru':
        return flat(this.#recur(plan, spec.units, this.#flat(rows)));
      case 'implicitQuantiles': {
        const { fractions } = this.#reading as ValueReading & { readonly kind: 'implicitQuantile' };
        const { shape, values } = quantileEmbedding(plan, this.#weights, fractions);
        const embedding = graph.constant(`${plan.parameters[0].name} at the fractions`, [1, ...shape], values);
        return this.#atFractions(plan, this.#flat(rows), embedding);
      }
      case 'proposedQuantiles': {
        const x = this.#flat(rows);
        const logits = graph.node('Gemm', [x, this.#own(plan, 2), this.#own(plan, 3)]);
        const p = graph.node('Softmax', [logits], { axis: 1 });
        this.probabilities = p;
        const before = graph.node('CumSum', [p, graph.integer(1)], { exclusive: 1 });
        const midpoints = graph.node('Add', [before, graph.node('Mul', [p, graph.number(0.5)])]);
        const column = graph.node('Reshape', [midpoints, graph.integers(-1, spec.fractions, 1)]);
        const cosines = plan.parameters[0].shape[0];
        const frequencies = Float32Array.from({ length: cosines }, (_, i) => Math.PI * i);
        const angles = graph.node('Mul', [column, graph.constant('frequencies', [1, 1, cosines], frequencies)]);
        const sum = graph.node('MatMul', [graph.node('Cos', [angles]), this.#own(plan, 0)]);
        const embedding = this.#activate(spec.activation ?? 'relu', graph.node('Add', [sum, this.#own(plan, 1)]));
        return this.#atFractions(plan, x, embedding);
      }
      case 'layersModel':
        throw cannotHold(
          'toOnnx(policy)',
          'ONNX',
          "a model of TensorFlow.js's layers",
          "Save that model by TensorFlow.js's own means and convert it by tf2onnx.",
        );
    }
  }

  /** The weight of a layer by its place. */
  #own({ parameters }: LayerPlan, i: number): string {
    const { name, shape } = parameters[i];
    return this.#graph.constant(name, shape, this.#weights.get(name) as Float32Array);
  }

  /** The rows as `[N, size]`, images with their channels last. */
  #flat({ name, shape, form }: Rows): string {
    if (form === 'flat') return name;
    const shaped = form === 'shaped' ? name : this.#graph.node('Transpose', [name], { perm: [0, 2, 3, 1] });
    return this.#graph.node('Reshape', [shaped, this.#graph.integers(-1, sizeOf(shape))]);
  }

  /** Images as `[N, C, H, W]`. */
  #channelsFirst({ name, shape, form }: Rows): string {
    if (form === 'channelsFirst') return name;
    const shaped = form === 'shaped' ? name : this.#graph.node('Reshape', [name, this.#graph.integers(-1, ...shape)]);
    return this.#graph.node('Transpose', [shaped], { perm: [0, 3, 1, 2] });
  }

  #convolve(plan: LayerPlan<Conv2dSpec>, rows: Rows): string {
    const { spec, inputShape, parameters } = plan;
    const geometry = convolutionGeometry(spec, inputShape);
    const { kernelHeight, kernelWidth, strideY, strideX, outputHeight, outputWidth, paddingTop, paddingLeft } = geometry;
    const after = (outputs: number, stride: number, kernel: number, inputs: number, before: number): number =>
      Math.max(0, (outputs - 1) * stride + kernel - inputs - before);
    const paddingBottom = after(outputHeight, strideY, kernelHeight, inputShape[0], paddingTop);
    const paddingRight = after(outputWidth, strideX, kernelWidth, inputShape[1], paddingLeft);
    const [weight] = parameters;
    const channels = inputShape[2];
    const values = this.#weights.get(weight.name) as Float32Array;
    const filters = filtersFirst(values, kernelHeight * kernelWidth, channels, spec.filters);
    const sizes = [spec.filters, channels, kernelHeight, kernelWidth];
    const inputs = [this.#channelsFirst(rows), this.#graph.constant(weight.name, sizes, filters), this.#own(plan, 1)];
    const outputs = this.#graph.node('Conv', inputs, {
      kernel_shape: [kernelHeight, kernelWidth],
      strides: [strideY, strideX],
      pads: [paddingTop, paddingLeft, paddingBottom, paddingRight],
    });
    return this.#activate(spec.activation, outputs);
  }

  #duel({ actions, width = 1, aggregation = 'mean' }: DuelingSpec, value: string, advantage: string): string {
    const graph = this.#graph;
    const advantages = graph.node('Reshape', [advantage, graph.integers(-1, actions, width)]);
    const centre = graph.node(aggregation === 'max' ? 'ReduceMax' : 'ReduceMean', [advantages], { axes: [1], keepdims: 1 });
    const centred = graph.node('Sub', [advantages, centre]);
    const sum = graph.node('Add', [centred, graph.node('Reshape', [value, graph.integers(-1, 1, width)])]);
    return graph.node('Reshape', [sum, graph.integers(-1, actions * width)]);
  }

  /** One step of a gated recurrent unit. */
  #recur(plan: LayerPlan, units: number, x: string): string {
    const graph = this.#graph;
    const range = [graph.integers(this.#stateSize), graph.integers(this.#stateSize + units), graph.integers(1)];
    this.#stateSize += units;
    const before = graph.node('Slice', [this.#stateBefore, ...range]);
    const gates = (inputs: string, weight: number): string[] => {
      const sum = graph.node('Gemm', [inputs, this.#own(plan, weight), this.#own(plan, weight + 1)]);
      return graph.nodes('Split', [sum, graph.integers(units, units, units)], 3, { axis: 1 });
    };
    const [inputR, inputZ, inputN] = gates(x, 0);
    const [stateR, stateZ, stateN] = gates(before, 2);
    const r = graph.node('Sigmoid', [graph.node('Add', [inputR, stateR])]);
    const z = graph.node('Sigmoid', [graph.node('Add', [inputZ, stateZ])]);
    const n = graph.node('Tanh', [graph.node('Add', [inputN, graph.node('Mul', [r, stateN])])]);
    // (1 − z) n + z h = n + z (h − n)
    const after = graph.node('Add', [n, graph.node('Mul', [z, graph.node('Sub', [before, n])])]);
    this.#states.push(after);
    return after;
  }

  /** The layers behind a quantile embedding, on x `[N, K]` times the embedding `[N or 1, fractions, K]`. */
  #atFractions(plan: LayerPlan, x: string, embedding: string): Rows {
    const graph = this.#graph;
    const size = sizeOf(plan.inputShape);
    const spread = graph.node('Mul', [graph.node('Reshape', [x, graph.integers(-1, 1, size)]), embedding]);
    const name = graph.node('Reshape', [spread, graph.integers(-1, size)]);
    const rows = this.#stack(plan.stacks[0], { name, shape: [size], form: 'flat' });
    return { ...rows, name: this.#flat(rows), form: 'flat' };
  }

  #activate(activation: Activation = 'linear', z: string): string {
    const graph = this.#graph;
    switch (activation) {
      case 'linear':
        return z;
      case 'relu':
        return graph.node('Relu', [z]);
      case 'leakyRelu':
        return graph.node('LeakyRelu', [z], { alpha: { float: 0.01 } });
      case 'elu':
        return graph.node('Elu', [z], { alpha: { float: 1 } });
      case 'tanh':
        return graph.node('Tanh', [z]);
      case 'sigmoid':
        return graph.node('Sigmoid', [z]);
      case 'silu':
        return graph.node('Mul', [z, graph.node('Sigmoid', [z])]);
    }
  }
}
