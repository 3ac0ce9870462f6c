import { DqnError } from '../../common/errors.ts';
import type { TfjsBackend } from './backends.ts';
import type { TfjsPackages } from './packages.ts';
import { startBackend, type StartOptions } from './start-backend.ts';
import { isSoftware, nodeVersion } from './surroundings.ts';

/** From the best to what always runs. */
const IN_NODE: readonly TfjsBackend[] = ['node-gpu', 'webgpu', 'node', 'wasm', 'cpu'];
const IN_BROWSERS: readonly TfjsBackend[] = ['webgpu', 'webgl', 'wasm', 'cpu'];

/** A backend that was started, and what to say of it. */
export interface Choice {
  readonly chosen: TfjsBackend;
  /** The backend, and why each better one was passed over. */
  readonly about: string;
}

/**
 * Starts the best backend that there is: GPUs first, but none that is a program on the CPU, which is slower than the `wasm` backend.
 * @throws DqnError `missing-package` if not even one is installed, listing all.
 */
export async function chooseBackend(packages: TfjsPackages, options: StartOptions): Promise<Choice> {
  const refused: string[] = [];
  for (const backend of nodeVersion() === undefined ? IN_BROWSERS : IN_NODE) {
    try {
      const about = await startBackend(backend, packages, options);
      if (!isSoftware(about))
        return { chosen: backend, about: refused.length > 0 ? `${about}; not ${refused.join('; not ')}` : about };
      refused.push(`${about}: a GPU in software`);
    } catch (error) {
      if (!(error instanceof DqnError)) throw error;
      refused.push(
        `${backend}: ${error.code === 'missing-package' ? `no ${error.expected.replace('the ', '')}` : `no ${error.expected.replace(/^an? /, '')}`}`,
      );
    }
  }
  throw new DqnError({
    code: 'missing-package',
    where: 'tfjs(auto)',
    expected: 'a backend of TensorFlow.js',
    received: `none that starts: ${refused.join('; ')}`,
    remedy: 'Install one that runs everywhere: npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm.',
  });
}
