import { wasm, type Engine } from '@scope/dqn';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadsUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';

/** An engine of the menu. */
export interface EngineChoice {
  readonly id: string;
  readonly name: string;
  /** Why it cannot run in this browser; nothing if it can. */
  readonly missing: () => Promise<string | undefined>;
  /** Makes it, in the worker. */
  readonly create: () => Promise<Engine>;
}

const everywhere = async () => undefined;

/** TensorFlow.js is loaded when it is first chosen. */
const library = () => import('@scope/dqn/tfjs');

const wasmPaths = {
  'tfjs-backend-wasm.wasm': plainUrl,
  'tfjs-backend-wasm-simd.wasm': simdUrl,
  'tfjs-backend-wasm-threaded-simd.wasm': threadsUrl,
};

/** The engines of the menu. */
export const engines: readonly EngineChoice[] = [
  { id: 'wasm', name: 'Embedded (wasm)', missing: everywhere, create: async () => wasm() },
  {
    id: 'tfjs-wasm',
    name: 'TensorFlow.js wasm',
    missing: everywhere,
    create: async () => (await library()).tfjs({ backend: 'wasm', wasmPaths }),
  },
  {
    id: 'tfjs-webgl',
    name: 'TensorFlow.js WebGL',
    missing: noWebgl,
    create: async () => (await library()).tfjs({ backend: 'webgl' }),
  },
  {
    id: 'tfjs-webgpu',
    name: 'TensorFlow.js WebGPU',
    missing: noWebgpu,
    create: async () => (await library()).tfjs({ backend: 'webgpu' }),
  },
  {
    id: 'tfjs-cpu',
    name: 'TensorFlow.js cpu',
    missing: everywhere,
    create: async () => (await library()).tfjs({ backend: 'cpu' }),
  },
];

async function noWebgl(): Promise<string | undefined> {
  const canvas = typeof OffscreenCanvas === 'undefined' ? undefined : new OffscreenCanvas(1, 1);
  return canvas?.getContext('webgl2') ? undefined : 'needs WebGL 2 in workers';
}

async function noWebgpu(): Promise<string | undefined> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  if (!gpu) return 'needs a browser with WebGPU';
  return (await gpu.requestAdapter()) ? undefined : 'finds no GPU';
}
