// AssemblyScript: the kernels of the embedded engine, compiled by scripts/build-kernels.mjs. Their signatures for
// TypeScript are in ../kernel-exports.ts. All pointers and strides are in bytes, all counts in numbers.
export { heapBase } from './memory';
export { multiply, transpose } from './products';
export { activate, derive } from './activations';
export { gru, gruBackward } from './gru';
export { layerNorm, layerNormBackward } from './layer-norm';
export { adam, prepare, rmsprop, sgd } from './optimizers';
export { cosines, modulate, modulateBackward } from './quantiles';
export { blend, columnSums, scale, sumOfSquares } from './vectors';
