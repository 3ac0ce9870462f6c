import type { Tensor } from '@tensorflow/tfjs-core';
import type { ParameterInfo } from '../../networks/plan.ts';

/** The parameters of a network by name, each in its shape. */
export type Weights = ReadonlyMap<string, Tensor>;

/** What all layers share during one pass through a network. */
export interface Pass {
  /** The number that noisy layers draw their noise from; `undefined` for none. */
  readonly noise: number | undefined;
  /** The fractions `[rows · N, 1]`, where they are given. */
  readonly fractions: Tensor | undefined;
  /** N: fractions of each row; 1 where there are none. */
  readonly samples: number;
  /** T: the rows at the entry are T steps of rows / T sequences. */
  readonly steps: number;
  /** The recurrent states `[rows / steps, stateSize]` before the first step. */
  readonly states: Tensor | undefined;
  /** Where every recurrent layer puts its states `[rows / steps, units]` after the last step, in the order of the layers. */
  readonly finalStates: Tensor[];
  /** Keeps a tensor for the pass backward, where one will follow; gives it back. */
  keep(tensor: Tensor): Tensor;
}

/** What a pass backward gives. */
export interface Gradient {
  /** The gradient of the layer's parameters, those of layers within included: in their order, as flat tensors that may span several of them. */
  readonly parameters: readonly Tensor[];
  /** ∂L/∂inputs `[rows, inputs]`, where it was asked for. */
  readonly input: Tensor | undefined;
}

/** What a pass forward gives. */
export interface Passed {
  /** `[rows, outputs]`. */
  readonly outputs: Tensor;
  /** From ∂L/∂outputs to the gradient. What it needs of the pass forward was kept. */
  backward(d: Tensor, wantsInput: boolean): Gradient;
}

/** One layer of a network, with the layers within. Rows of numbers go in and come out: `[rows, numbers]`. */
export interface TfjsLayer {
  /** Its own, then those of the layers within: the order of `parametersOf`. */
  readonly parameters: readonly ParameterInfo[];
  forward(weights: Weights, x: Tensor, pass: Pass): Passed;
}

/** A parameter that a layer asks for by its place. */
export function weightsOf(weights: Weights, parameters: readonly ParameterInfo[]): Tensor[] {
  return parameters.map(({ name }) => weights.get(name) as Tensor);
}
