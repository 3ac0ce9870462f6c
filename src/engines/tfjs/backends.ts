import type { DeviceTraits } from './device.ts';

/**
 * The backends of TensorFlow.js.
 *
 * - `cpu`: plain JavaScript, everywhere; for tests.
 * - `wasm`: WebAssembly with SIMD, everywhere.
 * - `webgl`: the GPU of a browser.
 * - `webgpu`: the GPU of a newer browser, or of Node through the package `webgpu`.
 * - `node`: the TensorFlow library, in Node; `node-gpu`: the same with CUDA.
 */
export type TfjsBackend = 'cpu' | 'wasm' | 'webgl' | 'webgpu' | 'node' | 'node-gpu';

/** Whether networks on a backend answer at once. `auto` may take any, so it counts as one that does not. */
export type TfjsTiming<B extends TfjsBackend | 'auto'> = B extends 'cpu' | 'wasm' | 'node' | 'node-gpu' ? 'sync' : 'async';

/** What is known of every backend. */
export const BACKENDS: Readonly<Record<TfjsBackend, DeviceTraits>> = {
  cpu: { backend: 'cpu', sync: true, slowTransposedProducts: false, slowReading: false },
  wasm: { backend: 'wasm', sync: true, slowTransposedProducts: true, slowReading: false },
  webgl: { backend: 'webgl', sync: false, slowTransposedProducts: false, slowReading: true },
  webgpu: { backend: 'webgpu', sync: false, slowTransposedProducts: false, slowReading: true },
  node: { backend: 'tensorflow', sync: true, slowTransposedProducts: false, slowReading: false },
  'node-gpu': { backend: 'tensorflow', sync: true, slowTransposedProducts: false, slowReading: true },
};
