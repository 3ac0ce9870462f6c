/**
 * Policies out to and in from the rest of the world: ONNX.
 *
 * @packageDocumentation
 */
export type { PolicyContents } from '../agent/policy-contents.ts';
export { policyOf, readPolicy, writePolicy, type PolicyNetwork } from './policy.ts';
export { toOnnx } from './onnx/to-onnx.ts';
