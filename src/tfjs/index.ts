/**
 * Networks on TensorFlow.js: on GPUs by WebGPU, WebGL and CUDA, or on its WebAssembly. Needs the peers `@tensorflow/tfjs-core` and the package of the backend.
 *
 * @packageDocumentation
 */
export type { TfjsBackend, TfjsTiming } from '../engines/tfjs/backends.ts';
export type { LayersModelLike } from '../engines/tfjs/layers-model/layers-model-like.ts';
export {
  layersModel,
  type LayersModelOptions,
  type ModelFeaturesOptions,
  type ModelOutputsOptions,
} from '../engines/tfjs/layers-model/layers-model.ts';
export type { TfjsRecovery } from '../engines/tfjs/recovery.ts';
export type { TfjsEngine } from '../engines/tfjs/tfjs-engine.ts';
export { tfjs, type TfjsOptions } from '../engines/tfjs/tfjs.ts';
