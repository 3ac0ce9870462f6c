import { BACKENDS, type TfjsBackend } from '../../src/engines/tfjs/backends.ts';
import { INSTALLED } from '../../src/engines/tfjs/packages.ts';
import { TfjsEngine } from '../../src/engines/tfjs/tfjs-engine.ts';
import { tfjs } from '../../src/tfjs/index.ts';

/**
 * An engine that runs whole updates on its backend also where that is not worth it, as on those without a GPU.
 * @param timing - `async` reads numbers by promises, as GPUs do, on any backend.
 */
export async function deviceEngine<M extends 'sync' | 'async'>(backend: TfjsBackend, timing: M): Promise<TfjsEngine<M>> {
  (await tfjs({ backend })).dispose();
  return new TfjsEngine<M>({ ...BACKENDS[backend], sync: timing === 'sync', slowReading: true }, backend, INSTALLED);
}
