import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { wasm } from '../../src/engines/wasm/wasm-engine.ts';
import type { Engine, QNetwork, UpdateOptions } from '../../src/networks/q-network.ts';
import {
  assertQNetwork,
  checkQNetwork,
  type CheckQNetworkOptions,
  networkArb,
  type QNetworkRule,
} from '../../src/testing/index.ts';

const networks = networkArb({ kinds: ['dense', 'layerNorm'] });
const options: CheckQNetworkOptions = { networks, runs: 5 };

type Sync = QNetwork<'sync'>;
/** What stands behind each spoilt network: an engine's functions read their argument's own parts. */
const inner = new WeakMap<object, Sync>();

/** The embedded engine, whose networks have some methods replaced. */
function spoilt(spoil: (network: Sync) => Partial<Record<keyof QNetwork, unknown>>): () => Engine {
  return () => {
    const engine = wasm();
    return {
      kind: 'spoilt',
      description: 'for a test',
      createNetwork(spec, networkOptions) {
        const network = engine.createNetwork(spec, networkOptions);
        const real = (source: QNetwork) => inner.get(source) ?? source;
        const sound = {
          spec: network.spec,
          inputSize: network.inputSize,
          outputSize: network.outputSize,
          stateSize: network.stateSize,
          forward: (...args: Parameters<Sync['forward']>) => network.forward(...args),
          update: (...args: Parameters<Sync['update']>) => network.update(...args),
          copyFrom: (source: QNetwork) => network.copyFrom(real(source)),
          blendFrom: (source: QNetwork, tau: number) => network.blendFrom(real(source), tau),
          weights: () => network.weights(),
          setWeights: (...args: Parameters<Sync['setWeights']>) => network.setWeights(...args),
          optimizerState: () => network.optimizerState(),
          setOptimizerState: (...args: Parameters<Sync['setOptimizerState']>) => network.setOptimizerState(...args),
          dispose: () => network.dispose(),
        };
        const whole = Object.assign(sound, spoil(network)) as unknown as QNetwork;
        inner.set(whole, network);
        return whole;
      },
      dispose: () => engine.dispose(),
    };
  };
}

/** All calls answer later. */
const slow = (): (() => Engine) =>
  spoilt((network) =>
    Object.fromEntries(
      (['forward', 'update', 'weights', 'setWeights', 'optimizerState', 'setOptimizerState'] as const).map((name) => [
        name,
        async (...args: never[]) => (network[name] as (...all: never[]) => unknown)(...args),
      ]),
    ),
  );

describe('checkQNetwork', () => {
  it('is content with an engine that answers later', async () => {
    await assertQNetwork(slow(), options);
  });

  it('compares gradients with the network itself where there is no oracle', async () => {
    const blind = { ...options, oracle: () => undefined };
    await assertQNetwork(() => wasm(), blind);
    const twice = spoilt((network) => ({
      update: (x: Float32Array, n: number, gradient: Parameters<Sync['update']>[2], given: UpdateOptions) =>
        network.update(x, n, gradient, { ...given, learningRate: 2 * given.learningRate }),
    }));
    expect((await checkQNetwork(twice, blind)).problems.map(({ rule }) => rule)).toContain('gradient');
  });

  it.each<[string, QNetworkRule, () => Engine, RegExp]>([
    [
      'outputs too many',
      'interface',
      spoilt((network) => ({ forward: (x: Float32Array, n: number) => Float32Array.of(...network.forward(x, n), 0) })),
      /forward\(\) must give .* numbers, received/,
    ],
    [
      'a wrong activation',
      'forward',
      spoilt((network) => ({ forward: (x: Float32Array, n: number) => network.forward(x, n).map((y) => Math.max(y, -0.1)) })),
      /Outputs must be those of the equations: at \d+ expected .* received -0\.1/,
    ],
    [
      'a gradient that is twice too large',
      'gradient',
      spoilt((network) => ({
        update: (x: Float32Array, n: number, gradient: Parameters<Sync['update']>[2], given: UpdateOptions) =>
          network.update(x, n, gradient, { ...given, learningRate: 2 * given.learningRate }),
      })),
      /must be the slope of the loss: finite differences give .* received/,
    ],
    [
      'clipping that is forgotten',
      'clipping',
      spoilt((network) => ({
        update: (x: Float32Array, n: number, gradient: Parameters<Sync['update']>[2], { learningRate }: UpdateOptions) =>
          network.update(x, n, gradient, { learningRate }),
      })),
      /clipped to .* must be .* long/,
    ],
    [
      'a climb',
      'learning',
      spoilt((network) => ({
        update: (x: Float32Array, n: number, gradient: Parameters<Sync['update']>[2], given: UpdateOptions) =>
          network.update(
            x,
            n,
            (outputs, d, batch) => {
              gradient(outputs, d, batch);
              d.forEach((value, i) => (d[i] = -value));
            },
            given,
          ),
      })),
      /must lessen a quadratic loss/,
    ],
    [
      'a blend the other way round',
      'copies',
      spoilt((network) => ({
        blendFrom: (source: QNetwork, tau: number) => network.blendFrom(inner.get(source) ?? source, 1 - tau),
      })),
      /must be ¾ of its own and ¼ of the source's/,
    ],
    ['a copy that is none', 'copies', spoilt(() => ({ copyFrom: () => undefined })), /must be those of the source, bit for bit/],
    [
      'weights that are live',
      'weights',
      spoilt((network) => {
        const live = network.weights();
        return { weights: () => live };
      }),
      /writing into one changed the network/,
    ],
    [
      'an optimiser that is not restored',
      'optimizer-state',
      spoilt(() => ({ setOptimizerState: () => undefined })),
      /must give the same, bit for bit/,
    ],
    [
      'a divergence that is not seen',
      'diverged',
      spoilt((network) => ({
        update(...args: Parameters<Sync['update']>) {
          try {
            return network.update(...args);
          } catch {
            network.setWeights(network.weights().map((tensor) => ({ ...tensor, values: tensor.values.map(() => NaN) })));
            return NaN;
          }
        },
      })),
      /A gradient of NaN must throw DqnError diverged, but did not/,
    ],
    [
      'a dispose that does nothing',
      'dispose',
      spoilt(() => ({ dispose: () => undefined })),
      /After dispose\(\) forward\(\) must throw DqnError disposed/,
    ],
    [
      'a batch of 0 that is taken',
      'refusal',
      spoilt((network) => ({ forward: (x: Float32Array, n: number) => (n === 0 ? new Float32Array(0) : network.forward(x, n)) })),
      /with a batch of 0 must throw DqnError invalid-option/,
    ],
    [
      'weights by chance',
      'seed',
      (() => {
        let count = 0;
        return () => {
          const engine = wasm();
          return {
            kind: 'x',
            description: 'x',
            createNetwork: (spec, given) => engine.createNetwork(spec, { ...given, random: new Random(++count) }),
            dispose: () => engine.dispose(),
          } satisfies Engine;
        };
      })(),
      /The same random state must give the same first weights/,
    ],
  ])('tells %s', async (_, rule, engine, sentence) => {
    const report = await checkQNetwork(engine, options);
    const problem = report.problems.find((each) => each.rule === rule && sentence.test(each.message));
    expect(problem, JSON.stringify(report.problems, null, 1)).toBeDefined();
    expect(problem).toMatchObject({ seed: 1, counterExample: expect.stringContaining('layers') });
  });

  it('throws what it found', async () => {
    await expect(
      assertQNetwork(
        spoilt(() => ({ copyFrom: () => undefined })),
        options,
      ),
    ).rejects.toThrow(expect.objectContaining({ code: 'invalid-part', message: expect.stringContaining('bit for bit') }));
  });
});
