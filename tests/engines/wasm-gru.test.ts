import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { Runtime } from '../../src/engines/wasm/runtime.ts';
import { WasmEngine } from '../../src/engines/wasm/wasm-engine.ts';
import { WasmNetwork } from '../../src/engines/wasm/wasm-network.ts';
import type { ForwardOptions, NamedTensor } from '../../src/networks/q-network.ts';
import type { LayerSpec, NetworkSpec } from '../../src/networks/spec.ts';
import { expectClose } from '../support/closeness.ts';
import { VARIANTS } from '../support/kernel-variants.ts';
import { drawNumbers, widthArb } from '../support/network-arbitraries.ts';
import { nearestKink, norm, oracleForward, oracleGradient, oracleState, toParameters } from '../support/network-oracle.ts';
import { drawWeights, readGradient } from '../support/read-gradient.ts';

const ADAM = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false } as const;
const refusal = (...parts: string[]) =>
  expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(new RegExp(parts.join('.*'), 's')) });
const half = (outputs: Float32Array, gradient: Float32Array, batch: number) => {
  for (let i = 0; i < outputs.length; i++) gradient[i] = outputs[i] / batch;
};

/** GRUs in every place: first and last, one after the other, side by side, within a residual layer, behind a convolution. */
const specArb: fc.Arbitrary<NetworkSpec> = fc
  .tuple(
    widthArb,
    widthArb,
    fc.integer({ min: 1, max: 20 }),
    fc.constantFrom('alone', 'between', 'twice', 'beside', 'within', 'deep', 'seeing'),
  )
  .map(([inputs, units, others, place]) => {
    const gru: LayerSpec = { kind: 'gru', units };
    const other: LayerSpec = { kind: 'gru', units: others };
    const layers: Record<typeof place, LayerSpec[]> = {
      alone: [gru],
      between: [
        { kind: 'dense', units: others, activation: 'relu' },
        gru,
        { kind: 'layerNorm', epsilon: 0.1 },
        { kind: 'dense', units: 3 },
      ],
      twice: [gru, other],
      beside: [
        { kind: 'parallel', branches: [[gru], [{ kind: 'dense', units: 2 }, other], []] },
        { kind: 'dense', units: 4 },
      ],
      // The gradients of every other layer share their memory.
      deep: [
        { kind: 'dense', units: 5 },
        gru,
        { kind: 'dense', units: others, activation: 'tanh' },
        { kind: 'dense', units: 33 },
        { kind: 'dense', units: 2 },
      ],
      seeing: [{ kind: 'conv2d', filters: 2, kernelSize: 2, activation: 'relu' }, gru, { kind: 'dense', units: 3 }],
      within: [gru, { kind: 'residual', layers: [other, { kind: 'dense', units }], activation: 'tanh' }],
    };
    return { inputShape: place === 'seeing' ? [3, 4, 2] : [inputs], layers: layers[place] };
  });
const stepsArb = fc.integer({ min: 1, max: 7 });
const sequencesArb = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(8, 17));

const SPEC: NetworkSpec = {
  inputShape: [3],
  layers: [
    { kind: 'dense', units: 9, activation: 'relu' },
    { kind: 'gru', units: 6 },
    { kind: 'dense', units: 2 },
  ],
};

describe.each(VARIANTS)('gated recurrent units of the embedded engine, %s kernels', (variant) => {
  const engine = new WasmEngine(variant);

  it('agree with double-precision loops through time, forward, backward, and in the state that they leave', () => {
    fc.assert(
      fc.property(specArb, stepsArb, sequencesArb, fc.boolean(), fc.nat(), (spec, steps, sequences, given, seed) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const weights = drawWeights(network.weights(), random);
        const parameters = toParameters(weights);
        network.setWeights(weights);
        const batch = steps * sequences;
        const observations = drawNumbers(random, batch * network.inputSize, 0.3);
        const state = given ? drawNumbers(random, sequences * network.stateSize) : undefined;
        const options: ForwardOptions = { steps, ...(state ? { state } : {}) };
        const exact = { steps, ...(state ? { state: Float64Array.from(state) } : {}) };

        const expected = oracleForward(spec, parameters, observations, batch, exact);
        const last = oracleState(spec, parameters, observations, batch, exact);
        fc.pre(nearestKink(spec, parameters, observations, batch, exact) > 1e-5);
        const dOutputs = drawNumbers(random, batch * network.outputSize);
        const { gradient, norm: length } = readGradient(engine, spec, weights, observations, batch, dOutputs, options);
        if (state) expectClose(state, exact.state!, { relative: 0, name: 'state after update' });
        const expectedGradient = oracleGradient(spec, parameters, observations, batch, dOutputs, exact);
        const size = norm(expectedGradient);
        for (const [name, values] of expectedGradient) {
          expectClose(gradient.get(name)!, values, { relative: 1e-4, floor: 0.1 * size, name });
        }
        expect(Math.abs(length - size)).toBeLessThanOrEqual(1e-4 * size);

        expectClose(network.forward(observations, batch, options), expected, { relative: 2e-5, floor: 1, name: 'outputs' });
        if (state) expectClose(state, last, { relative: 2e-5, floor: 1, name: 'state' });
        network.dispose();
      }),
      { numRuns: 50 },
    );
  });

  it('agree with torch.nn.GRU', () => {
    const wave = (length: number, from: number) => Float32Array.from({ length }, (_, i) => Math.sin(from + i));
    const spec: NetworkSpec = { inputShape: [2], layers: [{ kind: 'gru', units: 3 }] };
    const weights: NamedTensor[] = [
      { name: 'layers.0.weight', shape: [2, 9], values: wave(18, 1) },
      { name: 'layers.0.bias', shape: [9], values: wave(9, 2) },
      { name: 'layers.0.recurrentWeight', shape: [3, 9], values: wave(27, 3) },
      { name: 'layers.0.recurrentBias', shape: [9], values: wave(9, 4) },
    ];
    const network = engine.createNetwork(spec, { random: new Random(1) });
    network.setWeights(weights);
    const options = { steps: 3, state: wave(6, 6) };
    const { gradient } = readGradient(engine, spec, weights, wave(12, 5), 6, wave(18, 7), options);
    // Computed by PyTorch 1.13 in double precision.
    const outputs = [
      0.036833552, 0.345246679, 0.542644985, 0.520137537, -0.474542841, -0.971861701, 0.641283424, 0.561501296, 0.315294483,
      0.417224956, -0.44670758, -0.898921564, 0.647276428, 0.405058295, 0.168462048, 0.622050441, 0.002015994, -0.71387079,
    ];
    expectClose(network.forward(wave(12, 5), 6, options), outputs, { relative: 1e-6, floor: 1 });
    expectClose(options.state, outputs.slice(12), { relative: 1e-6, floor: 1 });
    const expected: Record<string, number[]> = {
      'layers.0.weight': [
        0.033914877, 0.044623723, -0.007573496, 0.103053794, -0.098227422, -0.405700797, -0.392287874, -0.267290312, -0.086065039,
        0.033743013, 0.070030155, 0.016932958, 0.11654892, 0.165332146, -0.220488691, -0.274459014, -0.416642257, -0.212450075,
      ],
      'layers.0.bias': [
        -0.003401115, 0.053403775, -0.004661447, -0.209663119, 0.681038558, 1.154616859, 0.474324771, 0.121827062, 0.266999415,
      ],
      'layers.0.recurrentWeight': [
        0.015005116, 0.080866455, 0.035393688, 0.043379681, 0.156899705, 0.014675019, -0.058608281, -0.080529256, -0.072960206,
        -0.03574733, -0.169007719, -0.070086366, -0.136037514, 0.020452218, 0.419481196, 0.213804599, 0.25335321, 0.162522139,
        -0.056941719, -0.288303075, -0.123146575, -0.211439587, -0.120089182, 0.527376591, 0.321741483, 0.41333011, 0.276584844,
      ],
      'layers.0.recurrentBias': [
        -0.003401115, 0.053403775, -0.004661447, -0.209663119, 0.681038558, 1.154616859, 0.278532387, 0.200990663, 0.088714883,
      ],
    };
    for (const [name, values] of Object.entries(expected))
      expectClose(gradient.get(name)!, values, { relative: 2e-6, floor: 1, name });
    network.dispose();
  });

  it('unrolled at once give what stepping one by one gives, bit for bit', () => {
    fc.assert(
      fc.property(specArb, stepsArb, sequencesArb, fc.nat(), (spec, steps, sequences, seed) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const observations = drawNumbers(random, steps * sequences * network.inputSize);
        const state = drawNumbers(random, sequences * network.stateSize);
        const carried = state.slice();
        const together = network.forward(observations, steps * sequences, { steps, state }).slice();
        const apart: number[] = [];
        const perStep = sequences * network.inputSize;
        for (let t = 0; t < steps; t++) {
          apart.push(...network.forward(observations.slice(t * perStep, (t + 1) * perStep), sequences, { state: carried }));
        }
        expect(Float32Array.from(apart)).toEqual(together);
        expect(carried).toEqual(state);
        network.dispose();
      }),
      { numRuns: 40 },
    );
  });

  it('give each sequence the same bits whatever the others are, and forget one whose state is set to zero', () => {
    fc.assert(
      fc.property(specArb, stepsArb, sequencesArb, fc.nat(), (spec, steps, sequences, seed) => {
        const random = new Random(seed);
        const network = engine.createNetwork(spec, { random });
        const { inputSize, outputSize, stateSize } = network;
        const observations = drawNumbers(random, steps * sequences * inputSize);
        const state = drawNumbers(random, sequences * stateSize);
        const chosen = random.integer(sequences);
        state.fill(0, chosen * stateSize, (chosen + 1) * stateSize);
        const together = network.forward(observations, steps * sequences, { steps, state }).slice();
        const pick = (rows: Float32Array, width: number) =>
          Float32Array.from({ length: steps * width }, (_, i) => {
            const t = Math.floor(i / width);
            return rows[(t * sequences + chosen) * width + (i % width)];
          });
        // Without a state: from zeros.
        const alone = network.forward(pick(observations, inputSize), steps, { steps });
        expect(alone.slice()).toEqual(pick(together, outputSize));
        network.dispose();
      }),
      { numRuns: 40 },
    );
  });

  it('carry state through time, and no gradient into the initial state or across sequences', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(4) });
    const observations = drawNumbers(new Random(5), 4 * 2 * 3);
    const before = network.forward(observations, 8, { steps: 4 }).slice();
    // The first step of the second sequence.
    observations[3] += 1;
    const after = network.forward(observations, 8, { steps: 4 });
    const changed = before.map((y, i) => (y === after[i] ? 0 : 1));
    expect([...changed]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1]);
    network.dispose();
  });

  it('read nothing that they have not written', () => {
    fc.assert(
      fc.property(specArb, stepsArb, sequencesArb, fc.nat(), (spec, steps, sequences, seed) => {
        const results = [0, NaN].map((canary) => {
          const runtime = new Runtime(variant);
          const { heap } = runtime;
          // All that networks will be given is poisoned.
          const block = heap.allocate(2 << 20);
          heap.f32.fill(canary, block / 4);
          heap.free(block);
          const random = new Random(seed);
          const network = new WasmNetwork(runtime, spec, { random, optimizer: ADAM }, () => {});
          const observations = drawNumbers(random, steps * sequences * network.inputSize);
          const state = drawNumbers(random, sequences * network.stateSize);
          const norms = [steps, 1, steps].map((length) =>
            network.update(observations, length * sequences, half, { learningRate: 0.01, steps: length, state }),
          );
          const outputs = network.forward(observations, steps * sequences, { steps, state }).slice();
          return [norms, outputs, state, network.weights(), network.optimizerState()];
        });
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 20 },
    );
  });

  it('refuse steps that do not divide the batch, and states of a wrong length, and change nothing', () => {
    const network = engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const before = network.weights();
    const observations = new Float32Array(18);
    const calls = (batch: number, options: ForwardOptions) => [
      () => network.forward(observations, batch, options),
      () => network.update(observations, batch, half, { ...options, learningRate: 0.1 }),
    ];
    for (const steps of [0, -1, 1.5, NaN, 4, 7]) {
      for (const call of calls(6, { steps })) expect(call).toThrow(refusal('steps'));
    }
    for (const [steps, length] of [
      [1, 35],
      [1, 37],
      [3, 11],
      [3, 13],
      [3, 36],
      [3, 0],
    ]) {
      const state = new Float32Array(length).fill(7);
      for (const call of calls(6, { steps, state })) expect(call).toThrow(refusal('state'));
      expect(state).toEqual(new Float32Array(length).fill(7));
    }
    expect(network.weights()).toEqual(before);
    network.dispose();
  });

  it('ask for no more memory from step to step', () => {
    const runtime = new Runtime(variant);
    const network = new WasmNetwork(runtime, SPEC, { random: new Random(1), optimizer: ADAM }, () => {});
    const observations = drawNumbers(new Random(2), 40 * 3);
    const state = new Float32Array(8 * 6);
    network.update(observations, 40, half, { learningRate: 1e-3, steps: 5, state });
    network.forward(observations, 40, { steps: 5, state });
    runtime.heap.allocate = () => {
      throw new Error('asked for memory');
    };
    for (const steps of [1, 2, 5]) {
      for (let i = 0; i < 20; i++) network.forward(observations, 8 * steps, { steps, state });
      network.update(observations, 8 * steps, half, { learningRate: 1e-3, steps, state });
    }
    network.dispose();
  });
});
