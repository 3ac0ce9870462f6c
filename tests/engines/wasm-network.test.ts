import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { Runtime } from '../../src/engines/wasm/runtime.ts';
import { WasmEngine, wasm } from '../../src/engines/wasm/wasm-engine.ts';
import { WasmNetwork } from '../../src/engines/wasm/wasm-network.ts';
import type { NamedTensor, QNetwork } from '../../src/networks/q-network.ts';
import type { NetworkSpec } from '../../src/networks/spec.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { batchArb, drawNumbers, networkSpecArb } from '../support/network-arbitraries.ts';

const ADAM = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false } as const;
const SPEC: NetworkSpec = {
  inputShape: [4],
  layers: [
    { kind: 'dense', units: 20, activation: 'relu' },
    { kind: 'layerNorm', activation: 'tanh' },
    { kind: 'dense', units: 3 },
  ],
};
const square = (outputs: Float32Array, gradient: Float32Array, batch: number) => {
  for (let i = 0; i < outputs.length; i++) gradient[i] = outputs[i] / batch;
};
const coded = (code: string, ...parts: string[]) =>
  expect.objectContaining({ code, message: expect.stringMatching(new RegExp(parts.join('.*'), 's')) });

describe.each(VARIANTS)('a network of the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('gives each row the same bits in every batch', () => {
    fc.assert(
      fc.property(networkSpecArb, batchArb, fc.nat(), fc.constantFrom(0, 0.5, 0.9), (spec, batch, seed, zeros) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const { inputSize, outputSize } = network;
        const observations = drawNumbers(random, batch * inputSize, zeros);
        const together = network.forward(observations, batch).slice();
        expect(together.length).toBe(batch * outputSize);
        const cut = random.integer(batch);
        const parts = [observations.slice(0, cut * inputSize), observations.slice(cut * inputSize)];
        const apart = parts.flatMap((part) => (part.length === 0 ? [] : [...network.forward(part, part.length / inputSize)]));
        expect(Float32Array.from(apart)).toEqual(together);
        network.dispose();
      }),
      { numRuns: 150 },
    );
  });

  it('gives the same bits for the same seed, and others for another', () => {
    const run = (seed: number) => {
      const network = engine.createNetwork(SPEC, { random: new Random(seed), optimizer: ADAM });
      const observations = drawNumbers(new Random(9), 7 * 4);
      const norms = Array.from({ length: 20 }, () => network.update(observations, 7, square, { learningRate: 0.01 }));
      const result = [norms, network.weights(), network.optimizerState()];
      network.dispose();
      return result;
    };
    expect(run(5)).toEqual(run(5));
    expect(run(5)).not.toEqual(run(6));
  });

  it('reads nothing that it has not written', () => {
    fc.assert(
      fc.property(networkSpecArb, batchArb, fc.nat(), (spec, batch, seed) => {
        const results = [0, NaN].map((canary) => {
          const runtime = new Runtime(variant);
          const { heap } = runtime;
          // All that networks will be given is poisoned.
          const block = heap.allocate(8 << 20);
          heap.f32.fill(canary, block / 4);
          heap.free(block);
          const random = new Random(seed);
          const network = new WasmNetwork(runtime, spec, { random, optimizer: ADAM }, () => {});
          const observations = drawNumbers(random, batch * network.inputSize, 0.3);
          const norms = [batch, 1, batch].map((rows) => network.update(observations, rows, square, { learningRate: 0.01 }));
          const outputs = network.forward(observations, batch).slice();
          return [norms, outputs, network.weights(), network.optimizerState()];
        });
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 100 },
    );
  });

  it('reads no more rows than the batch has, and leaves observations alone', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const random = new Random(2);
    const observations = drawNumbers(random, 5 * 4);
    const longer = Float32Array.from([...observations, ...drawNumbers(random, 40).fill(NaN)]);
    expect(network.forward(longer, 5).slice()).toEqual(network.forward(observations, 5));
    const kept = observations.slice();
    network.update(observations, 5, square, { learningRate: 0.1 });
    expect(observations).toEqual(kept);
    network.dispose();
  });

  it('keeps results readable while the memory grows for other networks', () => {
    const own = new WasmEngine(variant);
    const network = own.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const observations = drawNumbers(new Random(2), 8);
    const result = network.forward(observations, 2);
    const kept = result.slice();
    const before = own.memoryBytes;
    const large = own.createNetwork({ inputShape: [500], layers: [{ kind: 'dense', units: 900 }] }, { random: new Random(3) });
    expect(own.memoryBytes).toBeGreaterThan(before);
    expect(result).toEqual(kept);
    const growInside = (outputs: Float32Array, gradient: Float32Array, batch: number) => {
      large.forward(new Float32Array(500 * 4000), 4000);
      square(outputs, gradient, batch);
    };
    const twin = own.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const beforeUpdate = own.memoryBytes;
    network.update(observations, 2, growInside, { learningRate: 0.1 });
    expect(own.memoryBytes).toBeGreaterThan(beforeUpdate);
    twin.update(observations, 2, square, { learningRate: 0.1 });
    expect(network.weights()).toEqual(twin.weights());
    own.dispose();
  });

  it('lets its own forward run inside the gradient function', () => {
    const [plain, nested] = [1, 1].map((seed) => engine.createNetwork(SPEC, { random: new Random(seed), optimizer: ADAM }));
    const random = new Random(2);
    const [observations, others] = [drawNumbers(random, 12), drawNumbers(random, 12)];
    plain.update(observations, 3, square, { learningRate: 0.1 });
    nested.update(
      observations,
      3,
      (outputs, gradient, batch) => {
        nested.forward(others, 3);
        square(outputs, gradient, batch);
      },
      { learningRate: 0.1 },
    );
    expect(nested.weights()).toEqual(plain.weights());
    plain.dispose();
    nested.dispose();
  });

  it('survives an error in the gradient function, and refuses an update inside it', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const observations = drawNumbers(new Random(2), 4);
    const before = [network.weights(), network.optimizerState()];
    const failing = () => {
      throw new Error('mine');
    };
    expect(() => network.update(observations, 1, failing, { learningRate: 0.1 })).toThrow('mine');
    const again = () => void network.update(observations, 1, square, { learningRate: 0.1 });
    expect(() => network.update(observations, 1, again, { learningRate: 0.1 })).toThrow(
      coded('invalid-option', 'one update at a time'),
    );
    expect([network.weights(), network.optimizerState()]).toEqual(before);
    again();
    const disposing = () => network.dispose();
    expect(() => network.update(observations, 1, disposing, { learningRate: 0.1 })).toThrow(coded('disposed'));
  });

  it('copies and blends weights within a memory and across memories', () => {
    for (const other of [engine, new WasmEngine(variant)]) {
      const network = engine.createNetwork(SPEC, { random: new Random(1) });
      const source = other.createNetwork({ ...SPEC, inputShape: [2, 2] }, { random: new Random(2) });
      const [own, theirs] = [network.weights(), source.weights()];
      network.blendFrom(source, 0);
      expect(network.weights()).toEqual(own);
      network.blendFrom(source, 0.25);
      network.weights().forEach(({ values }, t) => {
        values.forEach((x, i) => expect(x).toBeCloseTo(0.75 * own[t].values[i] + 0.25 * theirs[t].values[i], 6));
      });
      network.blendFrom(source, 1);
      expect(network.weights()).toEqual(theirs);
      network.setWeights(own);
      network.copyFrom(source);
      expect(network.weights()).toEqual(theirs);
      expect(source.weights()).toEqual(theirs);
      network.dispose();
      source.dispose();
    }
  });

  it('copies from a network of another kind of engine if it answers at once', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(1) });
    const theirs = engine.createNetwork(SPEC, { random: new Random(2) });
    const stranger = (weights: QNetwork['weights']) => ({ ...theirs, spec: SPEC, inputSize: 4, weights }) as unknown as QNetwork;
    network.copyFrom(stranger(() => theirs.weights()));
    expect(network.weights()).toEqual(theirs.weights());
    expect(() => network.copyFrom(stranger(async () => theirs.weights()))).toThrow(
      coded('invalid-option', 'promise', 'setWeights'),
    );
  });

  it('refuses to copy from a network of another spec', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(1) });
    const others: NetworkSpec[] = [
      { ...SPEC, inputShape: [5] },
      { ...SPEC, inputScale: 0.5 },
      { ...SPEC, layers: SPEC.layers.slice(1) },
      { ...SPEC, layers: SPEC.layers.with(0, { kind: 'dense', units: 20, activation: 'elu' }) },
      { ...SPEC, layers: SPEC.layers.with(1, { kind: 'layerNorm', activation: 'tanh', epsilon: 1 }) },
    ];
    for (const spec of others) {
      const source = engine.createNetwork(spec, { random: new Random(1) });
      expect(() => network.copyFrom(source)).toThrow(coded('invalid-option', 'source'));
      expect(() => network.blendFrom(source, 0.5)).toThrow(coded('invalid-option', 'source'));
    }
    const same = engine.createNetwork(
      {
        inputShape: [4],
        inputScale: 1,
        layers: [{ ...SPEC.layers[0], initializer: 'zeros' } as const, ...SPEC.layers.slice(1)],
      } as NetworkSpec,
      { random: new Random(1) },
    );
    network.copyFrom(same);
    expect(() => network.blendFrom(same, 1.5)).toThrow(coded('invalid-option', 'tau'));
    same.dispose();
    expect(() => network.copyFrom(same)).toThrow(coded('disposed'));
  });

  it('names weights, gives copies of them, and takes them back bit for bit', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const weights = network.weights();
    expect(weights.map(({ name, shape }) => [name, shape])).toEqual([
      ['layers.0.weight', [4, 20]],
      ['layers.0.bias', [20]],
      ['layers.1.gain', [20]],
      ['layers.1.offset', [20]],
      ['layers.2.weight', [20, 3]],
      ['layers.2.bias', [3]],
    ]);
    const names = network.optimizerState().map(({ name }) => name);
    expect(names).toEqual(['step', ...weights.flatMap(({ name }) => [`${name}.m`, `${name}.v`])]);
    const special = weights.map((tensor, t) => ({
      ...tensor,
      values: tensor.values.map((x, i) => [x, -0, 1e-42, Infinity, 3.4e38, t + i][i % 6]),
    }));
    network.setWeights(special.toReversed());
    expect(network.weights()).toEqual(special);
    network.weights()[0].values.fill(7);
    expect(network.weights()).toEqual(special);
    network.dispose();
  });

  it('lays weights out row by row: [K, N]', () => {
    const network = engine.createNetwork({ inputShape: [3], layers: [{ kind: 'dense', units: 40 }] }, { random: new Random(1) });
    const weight = Float32Array.from({ length: 120 }, (_, i) => i);
    network.setWeights([
      { name: 'layers.0.weight', shape: [3, 40], values: weight },
      { name: 'layers.0.bias', shape: [40], values: Float32Array.from({ length: 40 }, (_, i) => 1000 * i) },
    ]);
    const outputs = network.forward(Float32Array.of(0, 1, 0, 0, 0, 2), 2);
    outputs.forEach((y, i) => expect(y).toBe(i < 40 ? 40 + i + 1000 * i : 2 * (80 + i - 40) + 1000 * (i - 40)));
    network.dispose();
  });

  it('refuses tensors that do not fit, naming the first, and changes nothing', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const [weights, state] = [network.weights(), network.optimizerState()];
    const other = weights.map((tensor) => ({ ...tensor, values: tensor.values.map((x) => x + 1) }));
    const refused = (tensors: readonly NamedTensor[], ...parts: string[]) => {
      expect(() => network.setWeights(tensors)).toThrow(coded('incompatible-checkpoint', ...parts));
      expect(network.weights()).toEqual(weights);
    };
    refused(other.slice(0, -1), 'layers\\.2\\.bias', 'none of that name');
    refused(other.with(4, { ...other[4], shape: [3, 20] }), 'layers\\.2\\.weight', '\\[20, 3\\]', '\\[3, 20\\]');
    refused(other.with(5, { ...other[5], values: new Float32Array(4) }), 'layers\\.2\\.bias', 'Float32Array\\(4\\)');
    refused([...other, { ...other[0], name: 'layers.3.weight' }], 'layers\\.3\\.weight');
    const refusedState = (tensors: readonly NamedTensor[], ...parts: string[]) => {
      expect(() => network.setOptimizerState(tensors)).toThrow(coded('incompatible-checkpoint', ...parts));
      expect(network.optimizerState()).toEqual(state);
    };
    const otherState = state.map((tensor) => ({ ...tensor, values: tensor.values.map((x) => x + 1) }));
    refusedState(otherState.slice(1), 'step');
    refusedState(otherState.slice(0, -1), 'layers\\.2\\.bias\\.v');
    refusedState(otherState.with(0, { ...otherState[0], values: Float32Array.of(-1) }), 'step', '-1');
    refusedState(otherState.with(0, { ...otherState[0], values: Float32Array.of(NaN) }), 'step', 'NaN');
    const target = engine.createNetwork(SPEC, { random: new Random(1) });
    expect(target.optimizerState()).toEqual([]);
    target.setOptimizerState([]);
    expect(() => target.setOptimizerState(state)).toThrow(coded('incompatible-checkpoint', 'step'));
    network.dispose();
    target.dispose();
  });

  it('refuses wrong lengths, batches and options', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const before = network.weights();
    const observations = new Float32Array(11);
    expect(() => network.forward(observations, 3)).toThrow(coded('invalid-option', 'observations', '12', 'Float32Array\\(11\\)'));
    expect(() => network.update(observations, 3, square, { learningRate: 1 })).toThrow(coded('invalid-option', 'observations'));
    for (const batch of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => network.forward(observations, batch)).toThrow(coded('invalid-option', 'batch'));
      expect(() => network.update(observations, batch, square, { learningRate: 1 })).toThrow(coded('invalid-option', 'batch'));
    }
    for (const learningRate of [-1, NaN, Infinity]) {
      expect(() => network.update(observations, 1, square, { learningRate })).toThrow(coded('invalid-option', 'learningRate'));
    }
    for (const maxGradientNorm of [0, -1, NaN]) {
      const options = { learningRate: 1, maxGradientNorm };
      expect(() => network.update(observations, 1, square, options)).toThrow(coded('invalid-option', 'maxGradientNorm'));
    }
    const target = engine.createNetwork(SPEC, { random: new Random(1) });
    expect(() => target.update(observations, 1, square, { learningRate: 1 })).toThrow(coded('invalid-option', 'optimizer'));
    expect(network.weights()).toEqual(before);
    network.dispose();
    target.dispose();
  });
});

describe('the memory of the embedded engine', () => {
  it('is asked for nothing more once the largest batch has come', () => {
    const runtime = new Runtime('plain');
    const network = new WasmNetwork(runtime, SPEC, { random: new Random(1), optimizer: ADAM }, () => {});
    const observations = drawNumbers(new Random(2), 4 * 32);
    network.update(observations, 32, square, { learningRate: 1e-3 });
    network.forward(observations, 32);
    runtime.heap.allocate = () => {
      throw new Error('asked for memory');
    };
    for (const batch of [1, 31, 32]) {
      network.update(observations, batch, square, { learningRate: 1e-3 });
      expect(network.forward(observations, batch)).toBe(network.forward(observations, batch));
    }
    expect(() => network.update(new Float32Array(4 * 33), 33, square, { learningRate: 1e-3 })).toThrow('asked for memory');
  });

  it('of a network that asks for some of none is not freed with another network', () => {
    const engine = wasm();
    const create = (units: number, seed: number) =>
      engine.createNetwork({ inputShape: [1], layers: [{ kind: 'dense', units }] }, { random: new Random(seed) });
    const first = create(1, 1);
    create(1, 2);
    // It leaves a gap, into which small networks fit.
    first.dispose();
    const large = create(1_000, 3);
    const small = create(1, 4);
    const before = small.weights();
    large.dispose();
    create(1, 5);
    expect(small.weights()).toEqual(before);
    engine.dispose();
  });

  it('is reused: a thousand networks need no more than a few', () => {
    const engine = wasm();
    const cycle = () => {
      const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
      const target = engine.createNetwork(SPEC, { random: new Random(1) });
      network.update(new Float32Array(4 * 32).fill(1), 32, square, { learningRate: 0.1 });
      target.forward(new Float32Array(4 * 32), 32);
      network.dispose();
      target.dispose();
    };
    for (let i = 0; i < 3; i++) cycle();
    const before = engine.memoryBytes;
    for (let i = 0; i < 1000; i++) cycle();
    expect(engine.memoryBytes).toBe(before);
    engine.dispose();
  });

  it('stays as it is over ten thousand updates, with batches of changing size', () => {
    const engine = wasm();
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const target = engine.createNetwork(SPEC, { random: new Random(1) });
    const observations = drawNumbers(new Random(2), 4 * 32);
    network.update(observations, 32, square, { learningRate: 1e-3 });
    target.forward(observations, 32);
    const before = engine.memoryBytes;
    for (let i = 0; i < 10_000; i++) {
      target.forward(observations, 1 + (i % 32));
      network.update(observations, 1 + (i % 32), square, { learningRate: 1e-3, maxGradientNorm: 0.01 });
      if (i % 10 === 0) target.blendFrom(network, 0.1);
    }
    expect(engine.memoryBytes).toBe(before);
    engine.dispose();
  });

  it('is refused beyond what WebAssembly can address, and the engine goes on', () => {
    const engine = wasm();
    const network = engine.createNetwork(SPEC, { random: new Random(1) });
    const kept = network.weights();
    const huge: NetworkSpec = { inputShape: [30_000], layers: [{ kind: 'dense', units: 35_000, initializer: 'zeros' }] };
    expect(() => engine.createNetwork(huge, { random: new Random(1), optimizer: ADAM })).toThrow(coded('out-of-memory', 'MiB|KiB'));
    expect(() => network.forward(new Float32Array(4), 2 ** 30)).toThrow(coded('invalid-option'));
    expect(network.weights()).toEqual(kept);
    engine.dispose();
  });

  it('is gone after dispose: every later call is refused', () => {
    const engine = wasm();
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const other = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const [weights, state] = [network.weights(), network.optimizerState()];
    const observations = new Float32Array(4);
    const calls: ((network: QNetwork<'sync'>) => unknown)[] = [
      (gone) => gone.forward(observations, 1),
      (gone) => gone.update(observations, 1, square, { learningRate: 1 }),
      (gone) => gone.copyFrom(other),
      (gone) => gone.blendFrom(other, 0.5),
      (gone) => gone.weights(),
      (gone) => gone.setWeights(weights),
      (gone) => gone.optimizerState(),
      (gone) => gone.setOptimizerState(state),
    ];
    network.dispose();
    network.dispose();
    for (const call of calls) expect(() => call(network)).toThrow(coded('disposed', 'dispose'));
    other.forward(observations, 1);
    engine.dispose();
    engine.dispose();
    for (const call of calls) expect(() => call(other)).toThrow(coded('disposed', 'dispose'));
    expect(() => engine.createNetwork(SPEC, { random: new Random(1) })).toThrow(coded('disposed'));
    expect(engine.memoryBytes).toBe(0);
  });
});
