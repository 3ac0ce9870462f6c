import type { Tensor } from '@tensorflow/tfjs-core';
import type { Activation } from '../../networks/spec.ts';
import { add, elu, leakyRelu, minimum, multiply, relu, scalar, sigmoid, square, step, subtract, tanh } from './ops.ts';

const SLOPE = 0.01;

/** `activation(z)`. */
export function activate(activation: Activation, z: Tensor): Tensor {
  switch (activation) {
    case 'linear':
      return z;
    case 'relu':
      return relu(z);
    case 'leakyRelu':
      return leakyRelu(z, SLOPE);
    case 'elu':
      return elu(z);
    case 'tanh':
      return tanh(z);
    case 'sigmoid':
      return sigmoid(z);
    case 'silu':
      return multiply(z, sigmoid(z));
  }
}

/** Whether {@link derive} needs the activation's argument; otherwise its result. */
export function needsArgument(activation: Activation): boolean {
  return activation === 'silu';
}

/** `d ⊙ activation′`, where `from` is the activation's result, or its argument for those of {@link needsArgument}. */
export function derive(activation: Activation, from: Tensor, d: Tensor): Tensor {
  switch (activation) {
    case 'linear':
      return d;
    case 'relu':
      return multiply(d, step(from));
    case 'leakyRelu':
      return multiply(d, step(from, SLOPE));
    // eᶻ = y + 1 below zero.
    case 'elu':
      return multiply(d, add(minimum(from, scalar(0)), scalar(1)));
    case 'tanh':
      return multiply(d, subtract(scalar(1), square(from)));
    case 'sigmoid':
      return multiply(d, multiply(from, subtract(scalar(1), from)));
    case 'silu': {
      const p = sigmoid(from);
      const slope = add(multiply(from, subtract(scalar(1), p)), scalar(1));
      return multiply(d, multiply(p, slope));
    }
  }
}
