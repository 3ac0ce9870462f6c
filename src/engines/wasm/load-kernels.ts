import { DqnError } from '../../common/errors.ts';
import type { KernelVariant } from './choose-kernels.ts';
import type { Kernels } from './kernel-exports.ts';
import { KERNELS } from './kernels.generated.ts';

/** Bytes to look for and what takes their place; −1 stands for any byte, left as it is. Lengths are equal, so that nothing moves. */
const RELAXATIONS: readonly (readonly [search: readonly number[], replacement: readonly number[]])[] = [
  // f32x4.mul, local.get c, f32x4.add → nop, nop, nop, local.get c, f32x4.relaxed_madd
  [
    [0xfd, 0xe6, 0x01, 0x20, -1, 0xfd, 0xe4, 0x01],
    [0x01, 0x01, 0x01, 0x20, -1, 0xfd, 0x85, 0x02],
  ],
  // local.get x, i32.const 1, i32.and, if (the condition in kernels/products.ts that never holds) → i32.const 0, for the compiler to drop it
  [
    [0x20, -1, 0x41, 0x01, 0x71, 0x04, 0x40],
    [0x20, -1, 0x41, 0x00, 0x71, 0x04, 0x40],
  ],
];

/** Turns the plain kernels into the relaxed ones: half the size of shipping both. */
function relax(bytes: Uint8Array): void {
  for (const [search, replacement] of RELAXATIONS) {
    for (let at = 0; at + search.length <= bytes.length; at++) {
      if (search.every((byte, i) => byte < 0 || byte === bytes[at + i])) {
        replacement.forEach((byte, i) => {
          if (byte >= 0) bytes[at + i] = byte;
        });
      }
    }
  }
}

/** The module of a variant, from its plain form in hexadecimal. */
export function kernelBytes(variant: KernelVariant, code = KERNELS): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from({ length: code.length / 2 }, (_, i) => Number.parseInt(code.slice(2 * i, 2 * i + 2), 16));
  if (variant === 'relaxed') relax(bytes);
  return bytes;
}

/** What has been compiled, by its plain form. */
const modules: Readonly<Record<KernelVariant, Map<string, WebAssembly.Module>>> = { plain: new Map(), relaxed: new Map() };

/**
 * A new instance of the kernels, with a memory of its own. Synchronous: browsers compile modules of this size at once
 * also on the main thread (Chrome since 114).
 * @throws DqnError `unsupported-platform` if compiling is not allowed.
 */
export function loadKernels(variant: KernelVariant): Kernels {
  return instantiate(variant, KERNELS) as Kernels;
}

/**
 * Further kernels, in hexadecimal, that work in the memory of the others.
 * @throws DqnError `unsupported-platform` if compiling is not allowed.
 */
export function loadFurtherKernels(variant: KernelVariant, code: string, { memory }: Kernels): unknown {
  return instantiate(variant, code, { env: { memory } });
}

function instantiate(variant: KernelVariant, code: string, imports?: WebAssembly.Imports): unknown {
  try {
    let module = modules[variant].get(code);
    if (!module) {
      module = new WebAssembly.Module(kernelBytes(variant, code));
      modules[variant].set(code, module);
    }
    return new WebAssembly.Instance(module, imports).exports;
  } catch (cause) {
    throw new DqnError({
      code: 'unsupported-platform',
      where: 'wasm()',
      expected: 'a platform that compiles WebAssembly synchronously',
      received: 'an error from the platform',
      remedy:
        "Update the browser (Chrome 114 or newer), allow 'wasm-unsafe-eval' in the content security policy, or train in a worker.",
      cause,
    });
  }
}
