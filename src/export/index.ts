/**
 * Policies out to and in from the rest of the world: ONNX, TensorFlow.js, safetensors, the networks of PyTorch libraries, and programs of their own.
 *
 * @packageDocumentation
 */
export type { PolicyContents } from '../agent/policy-contents.ts';
export { policyOf, readPolicy, writePolicy, type PolicyNetwork } from './policy.ts';
export { toOnnx } from './onnx/to-onnx.ts';
export { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
export { fromStateDict, toStateDict, type StateDictLayout, type StateDictOptions } from './state-dict.ts';
export type { LayersModelFiles } from './layers-model/graph.ts';
export { toLayersModel } from './layers-model/to-layers-model.ts';
export { quantizeWeights } from './quantize.ts';
export { exportPolicy, type ExportPolicyOptions, type StandalonePolicy } from './standalone/export-policy.ts';
export { distil, type Distillation, type DistilOptions } from './distillation/distil.ts';
export type { Teacher } from './distillation/lessons.ts';
