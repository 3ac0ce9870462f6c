import { DqnError } from '../../common/errors.ts';

/** Which form of the kernels: with `relaxed` SIMD a product and its sum are one operation, rounded once. */
export type KernelVariant = 'plain' | 'relaxed';

/** Whether the platform accepts a WebAssembly module. */
export type Validate = (bytes: Uint8Array<ArrayBuffer>) => boolean;

/** A module whose one function splats a number: what makes it valid is SIMD. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];
/** The same with a fused multiply-add of three such vectors. */
const RELAXED_SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15,
  253, 133, 2, 11,
];

function platformValidate(bytes: Uint8Array<ArrayBuffer>): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(bytes);
}

/**
 * The fastest form that the platform accepts; with `strict` the plain one, whose results are the same everywhere.
 * @throws DqnError `unsupported-platform` without WebAssembly SIMD.
 */
export function chooseKernels(strict: boolean, validate: Validate = platformValidate): KernelVariant {
  if (!strict && validate(Uint8Array.from(RELAXED_SIMD))) return 'relaxed';
  if (validate(Uint8Array.from(SIMD))) return 'plain';
  throw new DqnError({
    code: 'unsupported-platform',
    where: 'wasm()',
    expected: 'a platform with WebAssembly SIMD (Chrome 91, Firefox 89, Safari 16.4, Node 16 or newer)',
    received: 'one without',
    remedy: 'Update the browser or runtime, or use another engine such as tfjs({ backend: "cpu" }).',
  });
}
