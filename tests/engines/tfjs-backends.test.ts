import {
  findBackend,
  findBackendFactory,
  getBackend,
  registerBackend,
  removeBackend,
  setBackend,
  type KernelBackend,
} from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { INSTALLED, type TfjsPackages } from '../../src/engines/tfjs/packages.ts';
import { adapterName, isSoftware, rendererName } from '../../src/engines/tfjs/surroundings.ts';
import { startEngine } from '../../src/engines/tfjs/tfjs.ts';
import { KERNELS } from '../../src/engines/tfjs/ops.ts';
import { type Engine, mlp, createAgent } from '../../src/index.ts';
import { CartPole } from '../../src/environments/index.ts';
import { tfjs } from '../../src/tfjs/index.ts';

const missing = (name: string) => () =>
  Promise.reject(Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' }));

/** No package is installed but those given. */
const only = (given: Partial<TfjsPackages> = {}): TfjsPackages => ({
  cpu: missing('cpu'),
  wasm: missing('wasm'),
  webgl: missing('webgl'),
  webgpu: missing('webgpu'),
  node: missing('node'),
  'node-gpu': missing('node-gpu'),
  dawn: missing('webgpu'),
  layers: missing('layers'),
  ...given,
});

/** A package that brings TensorFlow's native library, with another backend's kernels in its place. */
const nativeStandIn = (start: () => KernelBackend) => async () => registerBackend('tensorflow', start);

const coded = (code: string, ...parts: string[]) =>
  expect.objectContaining({ code, message: expect.stringMatching(new RegExp(parts.join('.*'), 's')) });

/** Gives the platform a WebGPU with this adapter, or takes it away. */
function pretendGpu(gpu: unknown): void {
  Object.defineProperty(globalThis, 'navigator', { value: gpu === undefined ? {} : { gpu }, configurable: true });
}

describe('backends of TensorFlow.js', () => {
  const navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  afterEach(() => {
    if (navigator) Object.defineProperty(globalThis, 'navigator', navigator);
    else Reflect.deleteProperty(globalThis, 'navigator');
    for (const name of ['tensorflow', 'webgpu']) if (findBackendFactory(name)) removeBackend(name);
  });

  it('are listed in the error of auto where none is there', async () => {
    const error = coded(
      'missing-package',
      'tfjs\\(auto\\)',
      'node-gpu: no package',
      'wasm: no package',
      'cpu: no package',
      'npm install',
    );
    await expect(startEngine({ backend: 'auto' }, only())).rejects.toThrow(error);
  });

  it('are started by name, and say what they are; the active one of TensorFlow.js stays', async () => {
    const cpu = await tfjs({ backend: 'cpu' });
    expect(cpu.description).toMatch(/^TensorFlow\.js 4\.\d+\.\d+, cpu/);
    await setBackend('cpu');
    const wasm = await tfjs({ backend: 'wasm' });
    expect(wasm).toMatchObject({ kind: 'tfjs', description: expect.stringMatching(/wasm \((no )?SIMD, one thread\)/) });
    const network = await wasm.createNetwork(
      { inputShape: [2], layers: [{ kind: 'dense', units: 2 }] },
      { random: new (await import('../../src/index.ts')).Random(1) },
    );
    network.forward(new Float32Array(2), 1);
    expect(getBackend()).toBe('cpu');
    wasm.dispose();
  });

  it('start where several are asked for at a time, of which TensorFlow.js by itself gives all but the last up', async () => {
    await tfjs({ backend: 'cpu' });
    let starts = 0;
    const start = async () => {
      starts++;
      await new Promise((resolve) => void setTimeout(resolve, 10));
      return new (findBackend('cpu').constructor as new () => KernelBackend)();
    };
    const packages = only({
      node: async () => registerBackend('tensorflow', start),
      webgpu: async () => registerBackend('webgpu', start),
    });
    pretendGpu({ requestAdapter: async () => ({ info: { vendor: 'acme' } }) });
    const engines = await Promise.all([
      startEngine({ backend: 'node' }, packages),
      startEngine({ backend: 'webgpu' }, packages),
      startEngine({ backend: 'node' }, packages),
    ]);
    expect(engines.map(({ description }) => /, (\w+)/.exec(description)?.[1])).toEqual(['node', 'webgpu', 'node']);
    expect(starts).toBe(2);
  });

  it('give agents that answer at once where numbers can be read at once, by type', async () => {
    expectTypeOf(tfjs<'wasm'>).returns.resolves.toEqualTypeOf<Awaited<ReturnType<typeof tfjs<'cpu'>>>>();
    const agent = await createAgent(new CartPole(), { engine: await tfjs({ backend: 'wasm' }), network: mlp({ hidden: [4] }) });
    const action: number = agent.act(Float32Array.of(0, 0, 0, 0));
    expect([0, 1]).toContain(action);
    agent.dispose();
    const start = (): Promise<Engine<'async'>> => tfjs({ backend: 'webgpu' });
    expectTypeOf(start).toBeFunction();
    // @ts-expect-error An engine that needs time is none that answers at once.
    const wrong = (): Promise<Engine<'sync'>> => tfjs({ backend: 'auto' });
    expect(wrong).toBeTypeOf('function');
  });

  it('are refused where they are unknown, and so are misspelt options', async () => {
    // @ts-expect-error There is no such backend.
    await expect(tfjs({ backend: 'cuda' })).rejects.toThrow(
      coded('invalid-option', 'cpu, wasm, webgl, webgpu, node, node-gpu or auto', '"cuda"'),
    );
    // @ts-expect-error The option is called backend.
    await expect(tfjs({ backends: 'cpu' })).rejects.toThrow(coded('invalid-option', 'backends'));
    // @ts-expect-error Something must be passed.
    await expect(tfjs({})).rejects.toThrow(coded('invalid-option', 'undefined'));
  });

  it.each([
    ['node', ['@tensorflow/tfjs-node@4\\.22\\.0', 'Node 18 to 22', 'Node 23', 'webgpu']],
    ['node-gpu', ['@tensorflow/tfjs-node-gpu@4\\.22\\.0', 'Node 18 to 22', 'CUDA 11', 'cuDNN 8', 'webgpu']],
    ['webgl', ['npm install @tensorflow/tfjs-backend-webgl @tensorflow/tfjs-core']],
  ] as const)('say what to install where the package of %s is missing', async (backend, parts) => {
    const error = coded('missing-package', `tfjs\\(${backend}\\)`, 'none that can be loaded', ...parts);
    await expect(startEngine({ backend }, only())).rejects.toThrow(error);
    await expect(startEngine({ backend }, only())).rejects.toMatchObject({ cause: { code: 'ERR_MODULE_NOT_FOUND' } });
  });

  it('say so where a package is there but its native library is not', async () => {
    const broken = () =>
      Promise.reject(new Error('The Node.js native addon module (tfjs_binding.node) can not be found at path: …\nPlease run'));
    await expect(startEngine({ backend: 'node' }, only({ node: broken }))).rejects.toThrow(
      coded('missing-package', process.versions.node, 'tfjs_binding', 'Install it'),
    );
  });

  it('run on the native library where it is installed', async () => {
    await tfjs({ backend: 'cpu' });
    // The kernels are those of the CPU backend under the library's name.
    const { getKernelsForBackend, registerKernel, unregisterKernel } = await import('@tensorflow/tfjs-core');
    for (const name of ['node', 'node-gpu'] as const) {
      const kernels = getKernelsForBackend('cpu').filter(({ kernelName }) => (KERNELS as readonly string[]).includes(kernelName));
      for (const kernel of kernels) registerKernel({ ...kernel, backendName: 'tensorflow' });
      const engine = await startEngine(
        { backend: name },
        only({ [name]: nativeStandIn(() => new (findBackend('cpu').constructor as new () => KernelBackend)()) }),
      );
      expect(engine.description).toContain(name);
      const agent = await createAgent(new CartPole(), { engine, network: mlp({ hidden: [4] }), seed: 1 });
      expect([0, 1]).toContain(agent.act(Float32Array.of(0, 0, 0, 0)));
      agent.dispose();
      for (const { kernelName } of kernels) unregisterKernel(kernelName, 'tensorflow');
      removeBackend('tensorflow');
    }
  });

  it('say so where they fail to start, or do not run here', async () => {
    const failing = nativeStandIn(() => {
      throw new Error('no library');
    });
    await expect(startEngine({ backend: 'node' }, only({ node: failing }))).rejects.toThrow(
      coded('unsupported-platform', 'a backend node that starts'),
    );
    const empty = async () => ({});
    await expect(startEngine({ backend: 'webgl' }, only({ webgl: empty }))).rejects.toThrow(
      coded('unsupported-platform', 'webgl', 'wasm'),
    );
    pretendGpu({ requestAdapter: async () => null });
    await expect(startEngine({ backend: 'webgpu' }, only())).rejects.toThrow(
      coded('unsupported-platform', 'a WebGPU adapter', 'none'),
    );
  });

  it('bring WebGPU to Node by a package', async () => {
    Reflect.deleteProperty(globalThis, 'navigator');
    await expect(startEngine({ backend: 'webgpu' }, only())).rejects.toThrow(
      coded('missing-package', 'tfjs\\(webgpu\\)', 'npm install webgpu'),
    );
    const seen: string[] = [];
    const dawn = async () => ({
      globals: { GpuStandIn: 1 },
      create: (options: string[]) => ({
        requestAdapter: async () => (seen.push(`asked ${options.length}`), { info: { vendor: 'acme' } }),
      }),
    });
    await expect(startEngine({ backend: 'webgpu' }, only({ dawn }))).rejects.toThrow(
      coded('missing-package', 'tfjs-backend-webgpu'),
    );
    expect(seen).toEqual(['asked 0']);
    expect('GpuStandIn' in globalThis).toBe(true);
    Reflect.deleteProperty(globalThis, 'GpuStandIn');
  });
});

it('the renderer behind WebGL is asked for its name by a context that is given back', () => {
  const loseContext = vi.fn<() => void>();
  const extensions: Record<string, object> = {
    WEBGL_debug_renderer_info: { UNMASKED_RENDERER_WEBGL: 7 },
    WEBGL_lose_context: { loseContext },
  };
  const gl = {
    RENDERER: 1,
    getExtension: (name: string) => extensions[name] ?? null,
    getParameter: (what: number) => `GPU ${what}`,
  };
  vi.stubGlobal(
    'OffscreenCanvas',
    class {
      getContext = () => gl;
    },
  );
  expect(rendererName()).toBe('GPU 7');
  expect(loseContext).toHaveBeenCalledOnce();
  delete extensions.WEBGL_debug_renderer_info;
  delete extensions.WEBGL_lose_context;
  expect(rendererName()).toBe('GPU 1');
  vi.unstubAllGlobals();
  expect(rendererName()).toBe('a renderer without a name');
});

describe('the backend auto', () => {
  it('takes the best there is, and says why none before it', async () => {
    const { wasm, cpu } = INSTALLED;
    const engine = await startEngine({ backend: 'auto' }, only({ wasm, cpu }));
    for (const part of [
      /wasm \(/,
      /not node-gpu: no package @tensorflow\/tfjs-node-gpu/,
      /not webgpu: no package webgpu/,
      /not node: no package/,
    ]) {
      expect(engine.description).toMatch(part);
    }
    expect(engine.description).not.toContain('cpu (');
  });

  it('passes GPUs over that are programs on the CPU', async () => {
    const info = { vendor: 'google', architecture: 'swiftshader' };
    pretendGpu({ requestAdapter: async () => ({ info }) });
    const webgpu = async () => registerBackend('webgpu', () => new (findBackend('cpu').constructor as new () => KernelBackend)());
    const engine = await startEngine({ backend: 'auto' }, only({ webgpu, wasm: INSTALLED.wasm }));
    expect(engine.description).toMatch(/, wasm .*not webgpu \(google swiftshader\): a GPU in software/);
    Reflect.deleteProperty(globalThis, 'navigator');
    removeBackend('webgpu');
    expect(isSoftware(adapterName({ info: { vendor: 'nvidia', architecture: 'ampere' } }))).toBe(false);
    expect(adapterName({})).toBe('an adapter without a name');
  });
});
