import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { LayerSpec, NetworkSpec } from '../../src/index.ts';

const dense: LayerSpec = { kind: 'dense', units: 2 };
const LAYERS: readonly LayerSpec[] = [
  { kind: 'noisyDense', units: 2 },
  { kind: 'layerNorm' },
  { kind: 'residual', layers: [{ kind: 'dense', units: 4 }] },
  { kind: 'parallel', branches: [[dense], [dense]] },
  { kind: 'dueling', actions: 2, value: [{ kind: 'dense', units: 1 }], advantage: [dense] },
  { kind: 'gru', units: 2 },
  { kind: 'implicitQuantiles', layers: [dense] },
  { kind: 'proposedQuantiles', fractions: 3, layers: [dense] },
];
const PLAIN: NetworkSpec = {
  inputShape: [2, 2],
  layers: [{ kind: 'flatten' }, { kind: 'dense', units: 3, activation: 'silu' }, dense],
};
const CONVOLUTION: NetworkSpec = { inputShape: [2, 2, 1], layers: [{ kind: 'conv2d', filters: 2, kernelSize: 1 }] };
const specs: readonly NetworkSpec[] = [CONVOLUTION, ...LAYERS.map((layer) => ({ inputShape: [4], layers: [layer] }))];

describe('networks and their layers', () => {
  // What other tests have loaded is forgotten: each test begins as a program does.
  beforeEach(() => vi.resetModules());
  const start = () => import('../../src/index.ts');

  it.each(specs.map((spec) => [spec.layers[0].kind, spec] as const))(
    'are refused before they are loaded: %s',
    async (kind, spec) => {
      const { Random, wasm } = await start();
      const engine = wasm();
      const random = new Random(1);
      await engine.prepare(PLAIN);
      const refusal = { code: 'not-loaded', received: `one of kind ${kind}`, remedy: expect.stringContaining('prepare') };
      expect(() => engine.createNetwork(spec, { random })).toThrow(expect.objectContaining(refusal));
      await engine.prepare(spec);
      expect(engine.createNetwork(spec, { random }).spec).toEqual(spec);
      // Once is enough, for every engine.
      expect(wasm().createNetwork(spec, { random }).spec).toEqual(spec);
    },
  );

  it('are loaded with those around them', async () => {
    const { Random, wasm } = await start();
    const spec: NetworkSpec = {
      inputShape: [4],
      layers: [{ kind: 'parallel', branches: [[{ kind: 'residual', layers: [{ kind: 'noisyDense', units: 4 }] }], [dense]] }],
    };
    const engine = wasm();
    await engine.prepare(spec);
    expect(engine.createNetwork(spec, { random: new Random(1) }).outputSize).toBe(6);
    expect(() => engine.createNetwork(CONVOLUTION, { random: new Random(1) })).toThrow(
      expect.objectContaining({ code: 'not-loaded' }),
    );
  });

  it('are refused before the first preparation, plain ones too', async () => {
    const { Random, wasm } = await start();
    const [engine, other] = [wasm(), wasm()];
    const options = { random: new Random(1) };
    expect(engine.memoryBytes).toBe(0);
    expect(() => engine.createNetwork(PLAIN, options)).toThrow(
      expect.objectContaining({ code: 'not-loaded', remedy: expect.stringContaining('prepare') }),
    );
    await engine.prepare(PLAIN);
    // Once is enough, for every engine.
    expect(other.createNetwork(PLAIN, options).outputSize).toBe(2);
    expect(other.memoryBytes).toBeGreaterThan(0);
    other.dispose();
    expect(() => other.createNetwork(PLAIN, options)).toThrow(expect.objectContaining({ code: 'disposed' }));
  });

  it('are told from malformed ones', async () => {
    const { wasm } = await start();
    // @ts-expect-error: no such layer
    await expect(wasm().prepare({ inputShape: [1], layers: [{ kind: 'conv' }] })).rejects.toMatchObject({
      code: 'invalid-option',
      where: 'network.layers[0].kind',
    });
  });

  it('are loaded by createAgent, and by loadPolicy', async () => {
    const dqn = await start();
    const observationSpace = dqn.box({ low: 0, high: 1, shape: [2, 2, 1] });
    const environment = { observationSpace, actionSpace: dqn.discrete(2) };
    const observation = new Float32Array([0, 1, 0.5, 0.25]);
    const network = dqn.cnn({ convolutions: [{ filters: 2, kernelSize: 1 }], hidden: [], dueling: true });
    const agent = await dqn.createAgent(environment, { network, seed: 1 });
    const wanted = agent.qValues(observation).slice();
    const policy = await agent.savePolicy();
    vi.resetModules();
    const again = await start();
    const loaded = await again.loadPolicy(policy, environment);
    expect(loaded.qValues(observation)).toEqual(wanted);
  });
});
