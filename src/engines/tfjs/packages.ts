/** How the packages of TensorFlow.js are loaded, each when it is first asked for. */
export interface TfjsPackages {
  cpu(): Promise<unknown>;
  wasm(): Promise<unknown>;
  webgl(): Promise<unknown>;
  webgpu(): Promise<unknown>;
  node(): Promise<unknown>;
  'node-gpu'(): Promise<unknown>;
  /** WebGPU for Node. */
  dawn(): Promise<unknown>;
  /** Models of layers. */
  layers(): Promise<unknown>;
}

/** Names of the packages. */
export const PACKAGE_NAMES: Readonly<Record<keyof TfjsPackages, string>> = {
  cpu: '@tensorflow/tfjs-backend-cpu',
  wasm: '@tensorflow/tfjs-backend-wasm',
  webgl: '@tensorflow/tfjs-backend-webgl',
  webgpu: '@tensorflow/tfjs-backend-webgpu',
  node: '@tensorflow/tfjs-node',
  'node-gpu': '@tensorflow/tfjs-node-gpu',
  dawn: 'webgpu',
  layers: '@tensorflow/tfjs-layers',
};

/** Out of sight of bundlers: no browser has it. */
function importInNode(name: string): Promise<unknown> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name);
}

/** The packages that are installed. */
export const INSTALLED: TfjsPackages = {
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
  wasm: () => import('@tensorflow/tfjs-backend-wasm'),
  webgl: () => import('@tensorflow/tfjs-backend-webgl'),
  webgpu: () => import('@tensorflow/tfjs-backend-webgpu'),
  node: () => importInNode(PACKAGE_NAMES.node),
  'node-gpu': () => importInNode(PACKAGE_NAMES['node-gpu']),
  dawn: () => importInNode(PACKAGE_NAMES.dawn),
  layers: () => import('@tensorflow/tfjs-layers'),
};
