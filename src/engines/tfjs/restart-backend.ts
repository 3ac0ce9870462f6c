import {
  engine,
  findBackend,
  findBackendFactory,
  getBackend,
  type KernelBackend,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import { watchBackend } from './loss-watch.ts';

type BackendFactory = () => KernelBackend | Promise<KernelBackend>;

/** What made the first backend of each name, and makes the next ones. */
const factories = new Map<string, BackendFactory>();
const restarting = new Map<string, Promise<boolean>>();

/**
 * Puts a new backend in the place of one whose device is lost, for all who use it, and leaves the active backend as it was. Of several calls at a time the first one acts.
 * @param waits - milliseconds before each try: a GPU that has just failed may take seconds to come back.
 * @returns whether there is one that is not lost.
 */
export function restartBackend(name: string, waits: readonly number[]): Promise<boolean> {
  const running = restarting.get(name) ?? tryAgain(name, waits).finally(() => restarting.delete(name));
  restarting.set(name, running);
  return running;
}

async function tryAgain(name: string, waits: readonly number[]): Promise<boolean> {
  for (const wait of waits) {
    await new Promise<void>((resolve) => void setTimeout(resolve, wait));
    if (!watchBackend(name)?.lost || (await replace(name))) return true;
  }
  return false;
}

async function replace(name: string): Promise<boolean> {
  const factory = factories.get(name) ?? (findBackendFactory(name) as BackendFactory);
  factories.set(name, factory);
  let fresh: KernelBackend;
  try {
    // Not by setBackend(), which leaves TensorFlow.js without a backend while it waits.
    fresh = await factory();
  } catch {
    return false;
  }
  const { priority } = (engine() as unknown as { registryFactory: Record<string, { priority: number }> }).registryFactory[name];
  const active = getBackend();
  const old = findBackend(name) as KernelBackend & { readonly binaryCache?: Record<string, unknown> };
  removeBackend(name);
  // All WebGL backends share one cache of programs: these are of the lost context.
  for (const key of Object.keys(old.binaryCache ?? {})) delete old.binaryCache?.[key];
  registerBackend(name, () => fresh, priority);
  // Takes effect at once, since the backend is there.
  if (active === name) void setBackend(name);
  return watchBackend(name)?.lost === false;
}
