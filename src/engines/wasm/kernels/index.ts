// AssemblyScript: the kernels of the embedded engine, compiled by scripts/build-kernels.mjs: these, and each file that is named there as a module of
// its own, loaded with the layers that need it. Their signatures for TypeScript are in ../kernel-exports.ts. All pointers and strides are in bytes,
// all counts in numbers.
export { heapBase } from './memory';
export { multiply, multiplyAdd, transpose } from './products';
export { activate, derive } from './activations';
export { adam, prepare, rmsprop, sgd } from './optimizers';
export { addColumnSums, addRows, blend, clear, columnSums, copyRows, scale, sumOfSquares } from './vectors';
