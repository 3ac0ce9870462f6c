import { traitsOf } from '../../networks/traits.ts';
import { checkPolicy, type PolicyNetwork } from '../policy.ts';
import { valueReadingOf, type ValueReading } from '../value-reading.ts';
import { OnnxGraph } from './graph.ts';
import { LayerTranslator } from './layers.ts';

/** A batch of any size. */
const N = 'N';

/**
 * A policy as an ONNX model (opset 13), in single precision throughout.
 *
 * - input `observation` `[N, ...inputShape]`: observations as the network sees them (bytes as the numbers 0 … 255: the model scales them itself), images with their channels last,
 * - output `q` `[N, A]`: Q(s, ·); over K estimates their mean,
 * - of `categorical()` output `probabilities` `[N, A, atoms]`, of `quantile()` output `quantiles` `[N, A, quantiles]`, where there is one estimate,
 * - of a network with memory input `state` and output `nextState` `[N, stateSize]`: zeros before the first step, then what the step before gave.
 *
 * Noisy layers are those of their means. IQN gives quantiles at the fractions that an agent acts by when it does not explore, FQF at those that it proposes.
 * @throws DqnError `invalid-option` for a head of a user's own or a model of TensorFlow.js's layers; `incompatible-checkpoint`, `diverged` if the weights do not fit or are not finite.
 */
export function toOnnx(policy: PolicyNetwork): Uint8Array<ArrayBuffer> {
  const where = 'toOnnx(policy)';
  const { plans, weights } = checkPolicy(where, policy);
  const reading = valueReadingOf(policy.head, where);
  const { spec } = policy;
  const { stateSize } = traitsOf(spec);
  const graph = new OnnxGraph();
  const observations = graph.input('observation', [N, ...spec.inputShape]);
  const state = stateSize > 0 ? graph.input('state', [N, stateSize]) : '';
  const translator = new LayerTranslator(graph, weights, reading, state);
  const outputs = translator.network(plans, observations, spec.inputShape, spec.inputScale ?? 1);
  addValues(graph, policy, reading, outputs, translator.probabilities);
  if (stateSize > 0) graph.output('nextState', [N, stateSize], translator.stateAfter);
  return graph.model('policy');
}

/** Reads Q-values from outputs, as the head does. */
function addValues(
  graph: OnnxGraph,
  { actions, heads, head }: PolicyNetwork,
  reading: ValueReading,
  outputs: string,
  probabilities: string,
): void {
  const reshape = (value: string, ...sizes: number[]): string => graph.node('Reshape', [value, graph.integers(-1, ...sizes)]);
  const sum = (value: string, axis: number): string => graph.node('ReduceSum', [value, graph.integers(axis)], { keepdims: 0 });
  const mean = (value: string, axis: number): string => graph.node('ReduceMean', [value], { axes: [axis], keepdims: 0 });
  let q: string;
  switch (reading.kind) {
    case 'expected':
      q = reading.rescaled ? inverseRescaled(graph, outputs) : outputs;
      break;
    case 'categorical': {
      const p = graph.node('Softmax', [reshape(outputs, heads * actions, head.width)], { axis: 2 });
      const { atoms } = reading;
      if (heads === 1) graph.output('probabilities', [N, actions, head.width], p);
      q = sum(graph.node('Mul', [p, graph.constant('atoms', [1, 1, atoms.length], atoms)]), 2);
      break;
    }
    case 'quantile': {
      const quantiles = reshape(outputs, heads * actions, head.width);
      if (heads === 1) graph.output('quantiles', [N, actions, head.width], quantiles);
      q = mean(quantiles, 2);
      break;
    }
    case 'implicitQuantile':
      q = mean(reshape(outputs, reading.fractions.length, actions), 1);
      break;
    case 'fullyParameterisedQuantile': {
      const values = reshape(outputs, reading.fractions, actions);
      q = sum(graph.node('Mul', [values, reshape(probabilities, reading.fractions, 1)]), 1);
      break;
    }
  }
  graph.output('q', [N, actions], heads === 1 ? q : mean(reshape(q, heads, actions), 1));
}

/** `h⁻¹`: see `inverseRescale`. */
function inverseRescaled(graph: OnnxGraph, y: string): string {
  const epsilon = 1e-3;
  // With x = |y| + 1 + ε: root = (√(1 + 4 ε x) − 1) / 2ε, which is 2 x / (√(1 + 4 ε x) + 1), where nothing is lost to cancellation.
  const x = graph.node('Add', [graph.node('Abs', [y]), graph.number(1 + epsilon)]);
  const inner = graph.node('Add', [graph.node('Mul', [x, graph.number(4 * epsilon)]), graph.number(1)]);
  const divisor = graph.node('Add', [graph.node('Sqrt', [inner]), graph.number(1)]);
  const root = graph.node('Div', [graph.node('Mul', [x, graph.number(2)]), divisor]);
  const magnitude = graph.node('Sub', [graph.node('Mul', [root, root]), graph.number(1)]);
  return graph.node('Mul', [graph.node('Sign', [y]), magnitude]);
}
