import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { Runtime } from '../../src/engines/wasm/runtime.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import { WasmNetwork } from '../../src/engines/wasm/wasm-network.ts';
import { parametersOf, planNetwork } from '../../src/networks/plan.ts';
import type { ForwardOptions, NamedTensor } from '../../src/networks/q-network.ts';
import type { DuelingSpec, LayerSpec, NetworkSpec } from '../../src/networks/spec.ts';
import { traitsOf } from '../../src/networks/traits.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { LAYER_KINDS, drawNumbers, networkSpecOf } from '../support/network-arbitraries.ts';
import { expectPriorToStay } from '../support/random-prior.ts';
import { drawWeights, readGradient } from '../support/read-gradient.ts';

const ADAM = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false } as const;

/** Layers within layers within layers, with noise. */
const NESTED: NetworkSpec = {
  inputShape: [5],
  layers: [
    { kind: 'dense', units: 7, activation: 'relu' },
    {
      kind: 'residual',
      layers: [
        { kind: 'dense', units: 9, activation: 'tanh' },
        { kind: 'dense', units: 7 },
      ],
      activation: 'silu',
    },
    {
      kind: 'parallel',
      branches: [
        [{ kind: 'dense', units: 3 }],
        [],
        [
          {
            kind: 'dueling',
            actions: 3,
            width: 2,
            value: [{ kind: 'noisyDense', units: 2 }],
            advantage: [{ kind: 'layerNorm' }, { kind: 'noisyDense', units: 6 }],
          },
        ],
      ],
    },
    { kind: 'dense', units: 2 },
  ],
};

const NESTED_NAMES = [
  'layers.0.weight',
  'layers.0.bias',
  'layers.1.layers.0.weight',
  'layers.1.layers.0.bias',
  'layers.1.layers.1.weight',
  'layers.1.layers.1.bias',
  'layers.2.branches.0.0.weight',
  'layers.2.branches.0.0.bias',
  'layers.2.branches.2.0.value.0.weight',
  'layers.2.branches.2.0.value.0.bias',
  'layers.2.branches.2.0.value.0.weightSigma',
  'layers.2.branches.2.0.value.0.biasSigma',
  'layers.2.branches.2.0.advantage.0.gain',
  'layers.2.branches.2.0.advantage.0.offset',
  'layers.2.branches.2.0.advantage.1.weight',
  'layers.2.branches.2.0.advantage.1.bias',
  'layers.2.branches.2.0.advantage.1.weightSigma',
  'layers.2.branches.2.0.advantage.1.biasSigma',
  'layers.3.weight',
  'layers.3.bias',
];

const half = (outputs: Float32Array, gradient: Float32Array, batch: number) => {
  for (let i = 0; i < outputs.length; i++) gradient[i] = outputs[i] / batch;
};
const coded = (code: string, part: string) => expect.objectContaining({ code, message: expect.stringContaining(part) });

/** What a network takes beside `batch` observations, with so many fractions of each row. */
function beside(spec: NetworkSpec, batch: number, random: Random, samples = 2): ForwardOptions {
  const given = traitsOf(spec).fractions === 'given';
  return { noise: 3, ...(given ? { fractions: Float32Array.from({ length: batch * samples }, () => random.float()) } : {}) };
}

describe.each(VARIANTS)('layers within layers on the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  /** Outputs of a network with the given weights: layers of identities and zeros make those of the layers within plain to see. */
  function outputsOf(layer: LayerSpec, inputs: readonly number[], weights: Readonly<Record<string, readonly number[]>>): number[] {
    const network = engine.createNetwork({ inputShape: [inputs.length], layers: [layer] }, { random: new Random(1) });
    network.setWeights(
      network.weights().map((t) => ({ ...t, values: Float32Array.from(weights[t.name.slice('layers.0.'.length)]) })),
    );
    const outputs = [...network.forward(Float32Array.from(inputs), 1)];
    network.dispose();
    return outputs;
  }

  it('are what a hand computes', () => {
    const doubled = { 'layers.0.weight': [2, 0, 0, 2], 'layers.0.bias': [1, 0] };
    const dense = { kind: 'dense', units: 2 } as const;
    expect(outputsOf({ kind: 'residual', layers: [dense] }, [3, -1], doubled)).toEqual([10, -3]);
    expect(outputsOf({ kind: 'residual', layers: [dense], activation: 'relu' }, [3, -1], doubled)).toEqual([10, 0]);
    expect(outputsOf({ kind: 'residual', layers: [{ kind: 'flatten' }] }, [3, -1], {})).toEqual([6, -2]);
    const parallel: LayerSpec = { kind: 'parallel', branches: [[], [{ kind: 'dense', units: 1 }], [{ kind: 'flatten' }]] };
    expect(outputsOf(parallel, [3, -1], { 'branches.1.0.weight': [1, 1], 'branches.1.0.bias': [5] })).toEqual([3, -1, 7, 3, -1]);
    expect(outputsOf({ kind: 'flatten' }, [3, -1, 4], {})).toEqual([3, -1, 4]);
    const beside: LayerSpec = { kind: 'randomPrior', layers: [dense], prior: [{ kind: 'flatten' }], scale: 3 };
    expect(outputsOf(beside, [3, -1], doubled)).toEqual([16, -5]);
    const { scale, ...once } = beside;
    expect(scale).toBe(3);
    expect(outputsOf(once, [3, -1], doubled)).toEqual([10, -3]);
  });

  /** V = 10, 20 and the advantages are the inputs: three actions, two outputs an action. */
  const DUELING: DuelingSpec = {
    kind: 'dueling',
    actions: 3,
    width: 2,
    value: [{ kind: 'dense', units: 2 }],
    advantage: [{ kind: 'flatten' }],
  };
  const VALUES = { 'value.0.weight': Array.from({ length: 12 }, () => 0), 'value.0.bias': [10, 20] };

  it.each([
    ['mean', undefined, [1, 4, 2, 4, 6, 7], [8, 19, 9, 19, 13, 22]],
    ['mean', 'mean', [1, 4, 2, 4, 6, 7], [8, 19, 9, 19, 13, 22]],
    ['max', 'max', [1, 4, 2, 4, 6, 7], [5, 17, 6, 17, 10, 20]],
    ['max of negatives', 'max', [-1, -4, -2, -4, -6, -7], [10, 20, 9, 20, 5, 17]],
  ] as const)('join the streams of a dueling layer by the %s of each output by itself', (_, aggregation, inputs, expected) => {
    const layer = { ...DUELING, ...(aggregation ? { aggregation } : {}) };
    expect(outputsOf(layer, inputs, VALUES)).toEqual([...expected]);
  });

  it('lead the gradient of the largest advantage to the first of equals, for each output by itself', () => {
    // Behind a layer whose bias takes the gradient of the advantages.
    const spec: NetworkSpec = {
      inputShape: [1],
      layers: [{ ...DUELING, aggregation: 'max', advantage: [{ kind: 'dense', units: 6 }] }],
    };
    const tensor = (name: string, shape: number[], values: number[]): NamedTensor => ({
      name,
      shape,
      values: Float32Array.from(values),
    });
    const weights = (advantages: number[]) => [
      tensor('layers.0.value.0.weight', [1, 2], [0, 0]),
      tensor('layers.0.value.0.bias', [2], [0, 0]),
      tensor('layers.0.advantage.0.weight', [1, 6], [0, 0, 0, 0, 0, 0]),
      tensor('layers.0.advantage.0.bias', [6], advantages),
    ];
    const gradientOf = (advantages: number[]) => {
      const d = Float32Array.of(1, 10, 2, 20, 4, 40);
      const { gradient } = readGradient(engine, spec, weights(advantages), Float32Array.of(1), 1, d);
      return ['value', 'advantage'].map((name) => [...gradient.get(`layers.0.${name}.0.bias`)!]);
    };
    expect(gradientOf([1, 0, 3, 5, 3, 5])).toEqual([
      [7, 70],
      [1, 10, 2 - 7, 20 - 70, 4, 40],
    ]);
    expect(gradientOf([2, 0, 2, 0, 2, 1])).toEqual([
      [7, 70],
      [1 - 7, 10, 2, 20, 4, 40 - 70],
    ]);
  });

  it('give each row the same bits in every batch', () => {
    fc.assert(
      fc.property(networkSpecOf(LAYER_KINDS), fc.integer({ min: 2, max: 9 }), fc.nat(), (spec, batch, seed) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const { inputSize, outputSize } = network;
        const observations = drawNumbers(random, batch * inputSize, 0.4);
        const options = beside(spec, batch, random);
        const together = network.forward(observations, batch, options).slice();
        expect(together.length).toBe((batch * outputSize * (options.fractions?.length ?? batch)) / batch);
        const cut = 1 + random.integer(batch - 1);
        const apart = [
          [0, cut],
          [cut, batch],
        ].flatMap(([from, to]) => {
          const fractions = options.fractions?.slice(2 * from, 2 * to);
          const part = observations.slice(from * inputSize, to * inputSize);
          return [...network.forward(part, to - from, { noise: 3, ...(fractions ? { fractions } : {}) })];
        });
        expect(Float32Array.from(apart)).toEqual(together);
        network.dispose();
      }),
      { numRuns: 100 },
    );
  });

  it('read nothing that they have not written', () => {
    fc.assert(
      fc.property(networkSpecOf(LAYER_KINDS), fc.integer({ min: 1, max: 5 }), fc.nat(), (spec, batch, seed) => {
        const results = [0, NaN].map((canary) => {
          const runtime = new Runtime(variant);
          const block = runtime.heap.allocate(2 << 20);
          runtime.heap.f32.fill(canary, block / 4);
          runtime.heap.free(block);
          const random = new Random(seed);
          const network = new WasmNetwork(runtime, spec, { random, optimizer: ADAM }, () => {});
          const observations = drawNumbers(random, batch * network.inputSize, 0.3);
          const norms = [1, batch, 1].map((rows) =>
            network.update(observations, rows, half, { learningRate: 1e-3, ...beside(spec, rows, random) }),
          );
          const outputs = network.forward(observations, batch, beside(spec, batch, random)).slice();
          return [norms, outputs, network.weights(), network.optimizerState()];
        });
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 60 },
    );
  });

  it('forget what other rows, passes and numbers of fractions have left in their memory', () => {
    fc.assert(
      fc.property(networkSpecOf(LAYER_KINDS), fc.integer({ min: 1, max: 5 }), fc.nat(), (spec, batch, seed) => {
        const run = (used: boolean) => {
          const random = new Random(seed);
          const network = engine.createNetwork(spec, { random, optimizer: ADAM });
          const observations = drawNumbers(random, batch * network.inputSize, 0.3);
          const options = beside(spec, batch, random);
          if (used) {
            const nothing = new Float32Array(9 * network.inputSize).fill(NaN);
            network.forward(nothing, 9, { ...beside(spec, 9, random, 3), noise: 8 });
            const more = drawNumbers(random, 9 * network.inputSize);
            const options9 = { ...beside(spec, 9, random, 3), noise: 9 };
            network.update(more, 9, () => {}, { learningRate: 0, ...options9 });
            network.setOptimizerState(network.optimizerState().map((t) => ({ ...t, values: t.values.map(() => 0) })));
          }
          const outputs = network.forward(observations, batch, options).slice();
          const norm = network.update(observations, batch, half, { learningRate: 1e-3, ...options });
          const result = [outputs, norm, network.weights(), network.optimizerState()];
          network.dispose();
          return result;
        };
        expect(run(true)).toEqual(run(false));
      }),
      { numRuns: 60 },
    );
  });

  it('name their weights, layers within after their own, and take them back bit for bit', () => {
    const nested = engine.createNetwork(NESTED, { random: new Random(1), optimizer: ADAM });
    expect(nested.weights().map(({ name }) => name)).toEqual(NESTED_NAMES);
    nested.dispose();
    fc.assert(
      fc.property(networkSpecOf(LAYER_KINDS), fc.nat(), (spec, seed) => {
        const network = engine.createNetwork(spec, { random: new Random(seed), optimizer: ADAM });
        const weights = network.weights();
        expect(weights.map(({ name, shape }) => ({ name, shape }))).toEqual(
          parametersOf(planNetwork(spec)).map(({ name, shape }) => ({ name, shape })),
        );
        const state = network.optimizerState();
        expect(state.map(({ name }) => name)).toEqual(['step', ...weights.flatMap(({ name }) => [`${name}.m`, `${name}.v`])]);
        // Numbers that are all different: none may land in another's place.
        let count = 0;
        const numbered = (tensors: readonly NamedTensor[]) => tensors.map((t) => ({ ...t, values: t.values.map(() => ++count) }));
        const [others, otherState] = [numbered(weights), numbered(state)];
        network.setWeights(others.toReversed());
        network.setOptimizerState(otherState.toReversed());
        expect([network.weights(), network.optimizerState()]).toEqual([others, otherState]);
        network.dispose();
      }),
      { numRuns: 40 },
    );
  });

  it('refuse weights that miss one within, naming it, and change nothing', () => {
    const network = engine.createNetwork(NESTED, { random: new Random(1), optimizer: ADAM });
    const [before, state] = [network.weights(), network.optimizerState()];
    const name = 'layers.2.branches.2.0.advantage.1.biasSigma';
    const others = before.map((t) => ({ ...t, values: t.values.map((x) => x + 1) }));
    expect(() => network.setWeights(others.filter((t) => t.name !== name))).toThrow(coded('incompatible-checkpoint', name));
    const cut = state.filter((t) => t.name !== `${name}.v`);
    expect(() => network.setOptimizerState(cut)).toThrow(coded('incompatible-checkpoint', `${name}.v`));
    expect([network.weights(), network.optimizerState()]).toEqual([before, state]);
    network.dispose();
  });

  it('copy and blend within a memory and across memories, and refuse where a layer within differs', () => {
    for (const other of [engine, new WasmEngine(variant)]) {
      const network = engine.createNetwork(NESTED, { random: new Random(1) });
      const source = other.createNetwork(NESTED, { random: new Random(2) });
      const [own, theirs] = [drawWeights(network.weights(), new Random(3)), drawWeights(source.weights(), new Random(4))];
      network.setWeights(own);
      source.setWeights(theirs);
      network.blendFrom(source, 0.25);
      network.weights().forEach(({ values }, t) => {
        values.forEach((x, i) => expect(x).toBeCloseTo(0.75 * own[t].values[i] + 0.25 * theirs[t].values[i], 5));
      });
      network.copyFrom(source);
      expect(network.weights()).toEqual(theirs);
      const observations = drawNumbers(new Random(5), 20);
      expect(network.forward(observations, 4, { noise: 2 })).toEqual(source.forward(observations, 4, { noise: 2 }));
      network.dispose();
      source.dispose();
    }
    const dense = { kind: 'dense', units: 6 } as const;
    const noisy = { kind: 'noisyDense', units: 6 } as const;
    const dueling: DuelingSpec = {
      kind: 'dueling',
      actions: 3,
      width: 2,
      value: [{ kind: 'dense', units: 2 }],
      advantage: [dense],
    };
    const residual: LayerSpec = { kind: 'residual', layers: [dense] };
    const beside: LayerSpec = { kind: 'randomPrior', layers: [dense], prior: [dense] };
    const pairs: readonly (readonly [LayerSpec, LayerSpec])[] = [
      [dueling, { ...dueling, aggregation: 'max' }],
      [dueling, { ...dueling, advantage: [{ ...dense, activation: 'relu' }] }],
      [residual, { ...residual, activation: 'relu' }],
      [beside, { ...beside, scale: 2 }],
      [beside, { ...beside, prior: [{ ...dense, activation: 'relu' }] }],
      [residual, { ...residual, layers: [{ ...dense, activation: 'relu' }] }],
      [noisy, { ...noisy, noise: 'independent' }],
      [
        { kind: 'parallel', branches: [[dense], []] },
        { kind: 'parallel', branches: [[], [dense]] },
      ],
    ];
    for (const pair of pairs) {
      const [a, b] = pair.map((layer) => engine.createNetwork({ inputShape: [6], layers: [layer] }, { random: new Random(1) }));
      expect(() => a.copyFrom(b)).toThrow(coded('invalid-option', 'source'));
      expect(() => a.blendFrom(b, 0.5)).toThrow(coded('invalid-option', 'source'));
      a.dispose();
      b.dispose();
    }
    // What only matters for the first draw does not count.
    const loud = engine.createNetwork({ inputShape: [6], layers: [{ ...noisy, sigma: 2 }] }, { random: new Random(1) });
    const quiet = engine.createNetwork({ inputShape: [6], layers: [noisy] }, { random: new Random(2) });
    quiet.copyFrom(loud);
    expect(quiet.weights()).toEqual(loud.weights());
  });

  it('leave a random prior as it is, whatever the optimizer', () => expectPriorToStay(engine));

  it('ask for no more memory over a thousand updates, and give all of it back', () => {
    const runtime = new Runtime(variant);
    const bottom = runtime.heap.allocate(64);
    runtime.heap.free(bottom);
    const create = () => new WasmNetwork(runtime, NESTED, { random: new Random(1), optimizer: ADAM }, () => {});
    const network = create();
    const target = create();
    const observations = drawNumbers(new Random(2), 5 * 16);
    const step = (i: number) => {
      const batch = 16 - (i % 16);
      target.forward(observations, batch, { noise: 2 * i });
      network.update(observations, batch, half, { learningRate: 1e-3, noise: 2 * i + 1 });
      if (i % 10 === 0) target.blendFrom(network, 0.1);
    };
    step(0);
    const { size } = runtime.heap;
    const block = runtime.heap.allocate(64);
    runtime.heap.free(block);
    for (let i = 0; i < 1000; i++) step(i);
    expect(runtime.heap.size).toBe(size);
    expect(runtime.heap.allocate(64)).toBe(block);
    runtime.heap.free(block);
    target.dispose();
    network.dispose();
    const large = runtime.heap.allocate(block - bottom);
    expect(large).toBe(bottom);
  });

  it('leave nothing behind where a network cannot be created', () => {
    const runtime = new Runtime(variant);
    const bottom = runtime.heap.allocate(64);
    runtime.heap.free(bottom);
    const fail = () => {
      throw new Error('mine');
    };
    const create = (random: Random) => new WasmNetwork(runtime, NESTED, { random, optimizer: ADAM }, () => {});
    expect(() => create({ uniform: fail } as unknown as Random)).toThrow('mine');
    expect(runtime.heap.allocate(1 << 16)).toBe(bottom);
  });
});
