import { DqnError, wasm, type Engine } from '../../index.ts';
import type { Timing } from '../../common/maybe-promise.ts';
import type { TfjsBackend } from '../../tfjs/index.ts';
import { suggest } from '../suggest.ts';
import { UserMistake } from '../user-mistake.ts';

/** The backends of TensorFlow.js that Node has. */
const BACKENDS = ['cpu', 'wasm', 'webgpu', 'node', 'node-gpu'] as const satisfies readonly TfjsBackend[];

/** All names of engines. */
export const engines: readonly string[] = ['wasm', ...BACKENDS.map((backend) => `tfjs:${backend}`)];

/**
 * The engine of a name: `wasm`, the embedded one, or `tfjs:` and a backend of TensorFlow.js.
 *
 * @throws UserMistake on an unknown name; DqnError `missing-package` saying what to install.
 */
export async function createEngine(name: string): Promise<Engine<Timing>> {
  if (name === 'wasm') return wasm();
  const backend = BACKENDS.find((known) => name === `tfjs:${known}`);
  if (!backend) throw new UserMistake(`There is no engine ${name}; there are ${engines.join(', ')}.${suggest(name, engines)}`);
  const { tfjs } = await loadTfjs(name);
  return tfjs({ backend });
}

/** @throws DqnError `missing-package` where TensorFlow.js is not installed. */
async function loadTfjs(name: string) {
  try {
    return await import('../../tfjs/index.ts');
  } catch (cause) {
    throw new DqnError({
      code: 'missing-package',
      where: `--engine ${name}`,
      expected: 'the package @tensorflow/tfjs-core',
      received: `none that can be loaded: ${cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)}`,
      remedy:
        'Install it, and the package of the backend: npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm, for example.',
      cause,
    });
  }
}
