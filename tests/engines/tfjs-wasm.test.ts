import { type BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { findBackend, memory } from '@tensorflow/tfjs-core';
import { tfjs } from '../../src/tfjs/index.ts';
import { testEngine } from '../support/engine-suite.ts';

const heapBytes = () => {
  const backend = findBackend('wasm') as BackendWasm | null;
  return (backend?.wasm as { HEAPU8: Uint8Array } | undefined)?.HEAPU8.length;
};

/** Tensors, and bytes of the memory that the backend's kernels share. */
const used = () => [memory().numTensors, heapBytes()];

testEngine('TensorFlow.js on wasm', { backend: 'wasm', start: () => tfjs({ backend: 'wasm' }), memory: used });
