import { type KernelVariant, chooseKernels } from '../../src/engines/wasm/choose-kernels.ts';

/** The binaries that this platform runs. */
export const VARIANTS: readonly KernelVariant[] = chooseKernels(false) === 'relaxed' ? ['plain', 'relaxed'] : ['plain'];
