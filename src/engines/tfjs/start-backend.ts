import { engine, env, findBackendFactory, getBackend, type KernelBackend, setBackend } from '@tensorflow/tfjs-core';
import { DqnError } from '../../common/errors.ts';
import { BACKENDS, type TfjsBackend } from './backends.ts';
import { loadPackage } from './load-package.ts';
import type { TfjsPackages } from './packages.ts';
import { adapterName, findAdapter, nodeVersion, rendererName } from './surroundings.ts';

/** What starting a backend may be told. */
export interface StartOptions {
  /** Where the `wasm` backend finds its binaries. */
  readonly wasmPaths?: string | Readonly<Record<string, string>>;
}

function unsupported(backend: TfjsBackend, expected: string, received: string, remedy: string, cause?: unknown): DqnError {
  return new DqnError({ code: 'unsupported-platform', where: `tfjs(${backend})`, expected, received, remedy, cause });
}

/** Gives Node a `navigator.gpu`. */
async function bringWebGpu(packages: TfjsPackages): Promise<void> {
  const scope = globalThis as { navigator?: { gpu?: unknown } };
  if (scope.navigator?.gpu || nodeVersion() === undefined) return;
  const { create, globals } = (await loadPackage(packages, 'dawn')) as { create(options: string[]): unknown; globals: object };
  Object.assign(globalThis, globals);
  const gpu = create([]);
  if (scope.navigator) Object.defineProperty(scope.navigator, 'gpu', { value: gpu, configurable: true });
  else Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
}

/**
 * Loads a backend's package, starts the backend in TensorFlow.js, and leaves the active backend as it was.
 * @returns what is worth knowing of it, for people.
 * @throws DqnError `missing-package` saying what to install, `unsupported-platform` where the backend does not run here.
 */
export async function startBackend(backend: TfjsBackend, packages: TfjsPackages, { wasmPaths }: StartOptions): Promise<string> {
  const { backend: name } = BACKENDS[backend];
  let adapter: string | undefined;
  if (backend === 'webgpu') {
    await bringWebGpu(packages);
    const found = await findAdapter();
    if (!found)
      throw unsupported(
        backend,
        'a WebGPU adapter',
        'none',
        "Update the browser or the GPU's driver, or use backend 'webgl' or 'wasm'.",
      );
    adapter = adapterName(found);
  }
  const loaded = started(name) ? undefined : await loadPackage(packages, backend);
  if (!started(name) && !findBackendFactory(name)) {
    throw unsupported(
      backend,
      `a platform that runs the backend ${backend}`,
      'one that does not',
      "Use backend 'wasm', which runs everywhere.",
    );
  }
  if (backend === 'wasm' && !started(name)) {
    // One thread: the networks are small, and threads need a page that is isolated from other origins.
    env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    if (wasmPaths !== undefined) (loaded as { setWasmPaths(paths: unknown): void }).setWasmPaths(wasmPaths);
  }
  if (backend === 'webgl' && env().get('WEBGL_RENDER_FLOAT32_ENABLED') !== true) {
    // Averages of squared gradients, and steps of the learning rate beside a weight, are below what half precision tells from 0.
    throw unsupported(
      backend,
      'a GPU that computes in single precision',
      'half precision alone',
      "Use backend 'wasm', or the embedded engine, which run everywhere.",
    );
  }
  await start(backend, name);
  switch (backend) {
    case 'webgl':
      return `webgl (${rendererName()})`;
    case 'cpu':
      return 'cpu (plain JavaScript)';
    case 'wasm':
      return `wasm (${env().get('WASM_HAS_SIMD_SUPPORT') === true ? 'SIMD' : 'no SIMD'}, one thread)`;
    case 'webgpu':
      return `webgpu (${adapter})`;
    default:
      return backend;
  }
}

/** The backends of TensorFlow.js that have been started, by name. Not by findBackend(), which starts one that has not been. */
function backends(): Record<string, KernelBackend | undefined> {
  return (engine() as unknown as { registry: Record<string, KernelBackend | undefined> }).registry;
}

function started(name: string): boolean {
  return backends()[name] !== undefined;
}

/** Backends that are being started, by name. */
const starting = new Map<string, Promise<void>>();

/** Starts a backend; of several calls at a time the first one acts. */
function start(backend: TfjsBackend, name: string): Promise<void> {
  const running = starting.get(name) ?? startAlone(backend, name).finally(() => starting.delete(name));
  starting.set(name, running);
  return running;
}

async function startAlone(backend: TfjsBackend, name: string): Promise<void> {
  if (started(name)) return;
  try {
    // Not by setBackend(): it gives a start up where another one begins, and leaves TensorFlow.js without a backend while it waits.
    backends()[name] = await findBackendFactory(name)();
  } catch (cause) {
    throw failed(backend, cause);
  }
  // Takes effect at once, since the backend is there.
  if ((getBackend() as string | undefined) === undefined) void setBackend(name);
}

function failed(backend: TfjsBackend, cause: unknown): DqnError {
  const remedy =
    backend === 'wasm'
      ? 'In a browser, serve the .wasm files of @tensorflow/tfjs-backend-wasm and pass their place as wasmPaths.'
      : "See the cause, or use backend 'wasm'.";
  return unsupported(backend, `a backend ${backend} that starts`, 'one that fails to', remedy, cause);
}
