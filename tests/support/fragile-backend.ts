// A backend of TensorFlow.js that can be lost as GPUs are, made of the kernels of the CPU backend: for tests that are to be quick.
import {
  type DataId,
  findBackend,
  findBackendFactory,
  getKernelsForBackend,
  type KernelBackend,
  registerBackend,
  registerKernel,
} from '@tensorflow/tfjs-core';
import { BACKENDS } from '../../src/engines/tfjs/backends.ts';
import { INSTALLED } from '../../src/engines/tfjs/packages.ts';
import { RECOVERY, TfjsEngine } from '../../src/engines/tfjs/tfjs-engine.ts';
import { tfjs, type TfjsOptions } from '../../src/tfjs/index.ts';

/** How a loss is noticed: by an event and by asking, as of a WebGL context, or by a promise, as of a WebGPU device. */
export type Kind = 'context' | 'device';

type Cpu = KernelBackend & { readonly read: (id: DataId) => Promise<Float32Array> };

/** What a lost backend still does. */
interface Fragile extends KernelBackend {
  lose(): void;
}

let blocked = false;

/** Lets no other backend be had; gives what lets it again. */
export function blockFragile(): () => void {
  blocked = true;
  return () => {
    blocked = false;
  };
}

/** Loses it. */
export function loseFragile(backend: object): void {
  (backend as Fragile).lose();
}

function make(kind: Kind): KernelBackend {
  if (blocked) throw new Error('no device');
  const backend = new (findBackend('cpu').constructor as new () => Cpu)();
  const read = backend.read.bind(backend);
  let lost = false;
  const telling: (() => void)[] = [];
  const common = {
    numDataIds: () => 0,
    dispose: () => undefined,
    lose() {
      lost = true;
      // Word of it comes later.
      setTimeout(() => telling.forEach((tell) => tell()), 5);
    },
  };
  if (kind === 'device') {
    const word = new Promise<{ reason: string; message: string }>((resolve) => {
      telling.push(() => resolve({ reason: 'unknown', message: 'it fell off the bus' }));
    });
    return Object.assign(backend, common, {
      device: { lost: word },
      async read(id: DataId) {
        await new Promise((resolve) => void setTimeout(resolve, 0));
        if (lost) throw new Error('device is lost');
        return read(id);
      },
    });
  }
  const itemsToPoll: { resolveFn(): void }[] = [];
  return Object.assign(backend, common, {
    gpgpu: {
      gl: {
        isContextLost: () => lost,
        canvas: { addEventListener: (_: string, tell: (event: object) => void) => telling.push(() => tell({})) },
      },
      itemsToPoll,
    },
    // A lost context's fence never passes.
    async read(id: DataId) {
      await new Promise<void>((resolve) => {
        itemsToPoll.push({ resolveFn: resolve });
        setTimeout(() => !lost && resolve(), 0);
      });
      return lost ? new Float32Array((await read(id)).length) : read(id);
    },
  });
}

/** Starts an engine on it. */
export async function fragileEngine(
  kind: Kind,
  options: Pick<TfjsOptions<'webgl'>, 'copyPeriod' | 'onRecovered'>,
): Promise<TfjsEngine<'async'>> {
  const name = `fragile ${kind}`;
  (await tfjs({ backend: 'cpu' })).dispose();
  if (!findBackendFactory(name)) {
    for (const kernel of getKernelsForBackend('cpu')) registerKernel({ ...kernel, backendName: name });
    registerBackend(name, () => make(kind), 0);
  }
  const { copyPeriod = RECOVERY.copyPeriod, onRecovered = RECOVERY.onRecovered } = options;
  return new TfjsEngine({ ...BACKENDS.webgpu, backend: name }, name, INSTALLED, { copyPeriod, onRecovered });
}
