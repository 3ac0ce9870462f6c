// AssemblyScript: the kernels of the embedded engine, compiled by scripts/build-kernels.mjs. Their signatures for
// TypeScript are in ../kernel-exports.ts. All pointers and strides are in bytes, all counts in numbers.
export { heapBase } from './memory';
export { multiply, multiplyAdd, transpose } from './products';
export { activate, derive } from './activations';
export { gru, gruBackward } from './gru';
export { layerNorm, layerNormBackward } from './layer-norm';
export { adam, prepare, rmsprop, sgd } from './optimizers';
export { addRows, dueling, duelingBackward, outer, perturb } from './composites';
export { convolveNonZeros, countNonZeros, gatherPatches, scatterPatches } from './convolution';
export { normals } from './noise';
export { cosines, modulate, modulateBackward } from './quantiles';
export { addColumnSums, blend, clear, columnSums, copyRows, scale, sumOfSquares } from './vectors';
