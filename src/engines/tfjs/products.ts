import type { Tensor } from '@tensorflow/tfjs-core';
import { concat, fill, lengthOf, matMul, reshape, sum, transpose } from './ops.ts';

/** The products that gradients of `y = x · W + b` are made of. */
export interface Products {
  /** ∂L/∂W `[K, N]` and ∂L/∂b `[N]`, flat, from `x [rows, K]` and `d = ∂L/∂y [rows, N]`. */
  ofWeight(x: Tensor, d: Tensor): Tensor[];
  /** ∂L/∂x = d · Wᵀ. */
  ofInput(d: Tensor, weight: Tensor): Tensor;
}

/** Products by the kernels that take transposed matrices. */
const TRANSPOSING: Products = {
  ofWeight(x, d) {
    const [k, n] = [lengthOf(x, 1), lengthOf(d, 1)];
    return [reshape(matMul(x, d, true), [k * n]), reshape(sum(d, 0), [n])];
  },
  ofInput: (d, weight) => matMul(d, weight, false, true),
};

/** Products that transpose first. A row of ones under xᵀ gives the sums over rows, and those right behind ∂L/∂W, where ∂L/∂b belongs. */
const TRANSPOSED: Products = {
  ofWeight(x, d) {
    const [rows, k] = [lengthOf(x, 0), lengthOf(x, 1)];
    const product = matMul(concat([transpose(x, [1, 0]), fill([1, rows], 1)], 0), d);
    return [reshape(product, [(k + 1) * lengthOf(d, 1)])];
  },
  ofInput: (d, weight) => matMul(d, transpose(weight, [1, 0])),
};

/** The faster products of a backend. */
export function productsFor({ slowTransposedProducts }: { readonly slowTransposedProducts: boolean }): Products {
  return slowTransposedProducts ? TRANSPOSED : TRANSPOSING;
}
