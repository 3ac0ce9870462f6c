// What every engine must show, whatever it runs on: called by a test of each backend, in Node and in browsers.
import { getKernel } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as dqn from '../../src/index.ts';
import type { Engine, LayerSpec, NamedTensor, NetworkSpec, OptimizerSpec, QNetwork, UpdateOptions } from '../../src/index.ts';
import { Random } from '../../src/common/random.ts';
import { KERNELS } from '../../src/engines/tfjs/ops.ts';
import { traitsOf } from '../../src/networks/traits.ts';
import { assertQNetwork } from '../../src/testing/index.ts';
import { expectClose } from './closeness.ts';
import { LAYER_KINDS, drawNumbers, networkSpecOf, optimizerSpecArb } from './network-arbitraries.ts';
import { nearestKink, norm, oracleForward, oracleGradient, oracleState, toParameters } from './network-oracle.ts';
import { drawWeights } from './read-gradient.ts';
import { expectPriorToStay } from './random-prior.ts';

/** An engine to be tested. */
export interface EngineCase {
  /** Starts the engine; called often. */
  readonly start: () => Promise<Engine>;
  /** How many random networks each property tries. Default 40. */
  readonly runs?: number;
  /** The relative error of outputs and weights that the precision of the device allows. Default 1e-4. */
  readonly relative?: number;
  /** Updates of the test for leaks. Default 2,000. */
  readonly updates?: number;
  /** Its name in TensorFlow.js, if it is one of its backends: every kernel that the engine calls must be there. */
  readonly backend?: string;
  /** Whether every network is tried with every head; otherwise, on slow devices, each of both at least once. Default true. */
  readonly crossed?: boolean;
  /** Whether its agents tell the numbers of an update one update late, as those do whose updates run on a device. Default false. */
  readonly late?: boolean;
  /** What must not grow: tensors, bytes. */
  readonly memory: () => unknown;
}

const ADAM: OptimizerSpec = dqn.adam().spec;
const SGD: OptimizerSpec = { kind: 'sgd', momentum: 0.5, weightDecay: 0 };
const OPTIMIZERS: readonly [string, dqn.Optimizer][] = [
  ['sgd', dqn.sgd({ momentum: 0.9 })],
  ['rmsprop', dqn.rmsprop()],
  ['centred rmsprop', dqn.rmsprop({ centered: true })],
  ['adam', dqn.adam()],
  ['adamW', dqn.adamW()],
];

/** A network with what goes into a pass through it. */
interface PassCase {
  readonly spec: NetworkSpec;
  readonly batch: number;
  readonly observations: Float32Array;
  readonly dOutputs: (length: number) => Float32Array;
  readonly beside: { readonly steps: number; readonly fractions?: Float32Array };
  readonly state: Float32Array;
  readonly random: Random;
}

const passArb = (kinds: readonly LayerSpec['kind'][]): fc.Arbitrary<PassCase> =>
  fc
    .record({
      spec: networkSpecOf(kinds),
      sequences: fc.integer({ min: 1, max: 4 }),
      steps: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(),
    })
    .map(({ spec, sequences, steps, seed }) => {
      const random = new Random(seed);
      const batch = sequences * steps;
      const { stateSize, fractions } = traitsOf(spec);
      const inputSize = spec.inputShape.reduce((product, n) => product * n, 1);
      const given = fractions === 'given' ? Float32Array.from({ length: batch * 3 }, () => random.float()) : undefined;
      return {
        spec,
        batch,
        observations: drawNumbers(random, batch * inputSize, 0.5),
        dOutputs: (length) => drawNumbers(random.split('outputs'), length, 0.3),
        beside: { steps, ...(given ? { fractions: given } : {}) },
        state: drawNumbers(random, sequences * stateSize),
        random,
      };
    });

/** The gradient of every parameter, read off from an update, and its norm. */
async function readGradient(network: QNetwork, pass: PassCase, dOutputs: Float32Array) {
  const { observations, batch, beside, state } = pass;
  const options: UpdateOptions = { ...beside, state: state.slice(), learningRate: 0 };
  const length = await network.update(observations, batch, (_, gradient) => gradient.set(dOutputs), options);
  const averages = new Map((await network.optimizerState()).map(({ name, values }) => [name, values]));
  return { gradient: (name: string) => averages.get(`${name}.v`) as Float32Array, norm: length };
}

/** Expects tensors to be the same up to `relative` times the largest number of each, or of all of them for those that are next to nothing. */
function expectSame(actual: readonly NamedTensor[], expected: readonly NamedTensor[], relative: number): void {
  expect(actual.map(({ name, shape }) => ({ name, shape }))).toEqual(expected.map(({ name, shape }) => ({ name, shape })));
  actual.forEach(({ name, values }, t) => expectClose(values, expected[t].values, { relative, name }));
}

/** Tests everything that an engine must show. */
export function testEngine(
  name: string,
  { start, runs = 40, relative = 1e-4, updates = 2000, backend, crossed = true, late = false, memory }: EngineCase,
): void {
  describe(name, () => {
    const withEngine = async (use: (engine: Engine) => Promise<void>): Promise<void> => {
      const engine = await start();
      try {
        await use(engine);
      } finally {
        engine.dispose();
      }
    };

    it.runIf(backend)('has every kernel that the engine calls', async () => {
      await start();
      expect(KERNELS.filter((kernel) => !getKernel(kernel, backend as string))).toEqual([]);
    });

    it('keeps the contract of engines', () => assertQNetwork(start, { runs: Math.ceil(runs / 4) }));

    it('agrees with double-precision loops, forward and backward, whatever stands within what', () =>
      withEngine((engine) =>
        fc.assert(
          fc.asyncProperty(passArb(LAYER_KINDS), async (pass) => {
            const { spec, batch, observations, beside, state, random } = pass;
            const network = await engine.createNetwork(spec, { random, optimizer: SGD });
            const weights = drawWeights(await network.weights(), random);
            await network.setWeights(weights);
            const parameters = toParameters(weights);
            const exact = { ...beside, state: state.slice() };
            const outputs = oracleForward(spec, parameters, observations, batch, exact);
            fc.pre(nearestKink(spec, parameters, observations, batch, exact) > relative);
            const dOutputs = pass.dOutputs(outputs.length);
            const expected = oracleGradient(spec, parameters, observations, batch, dOutputs, exact);
            const received = await readGradient(network, pass, dOutputs);
            const floor = 0.1 * norm(expected);
            for (const [parameter, values] of expected) {
              expectClose(received.gradient(parameter), values, { relative: 5 * relative, floor, name: parameter });
            }
            expect(Math.abs(received.norm - norm(expected))).toBeLessThanOrEqual(5 * relative * norm(expected));
            const size = outputs.reduce((most, y) => Math.max(most, Math.abs(y)), 1);
            const after = state.slice();
            const answer = await network.forward(observations, batch, { ...beside, state: after });
            expectClose(answer, outputs, { relative, floor: size, name: 'outputs' });
            expectClose(after, oracleState(spec, parameters, observations, batch, exact), { relative, floor: 1, name: 'state' });
            network.dispose();
          }),
          { numRuns: 2 * runs },
        ),
      ));

    it('goes on from the embedded engine as that would, and the other way round', () =>
      withEngine((engine) =>
        fc.assert(
          fc.asyncProperty(passArb(LAYER_KINDS), optimizerSpecArb, fc.nat(), async (pass, optimizer, noise) => {
            const { spec, batch, observations, beside, state } = pass;
            const embedded = dqn.wasm();
            const build = (on: Engine) => on.createNetwork(spec, { random: new Random(noise), optimizer });
            const networks = [await build(engine), await build(embedded)];
            expectSame(await networks[0].weights(), await networks[1].weights(), 0);
            const step = (network: QNetwork, rows: Float32Array, rate: number) => {
              const options = { ...beside, state: state.slice(), noise, learningRate: rate, maxGradientNorm: 1 };
              const gradient = (outputs: Float32Array, d: Float32Array) => d.set(pass.dOutputs(outputs.length));
              return network.update(rows, batch, gradient, options);
            };
            for (const [from, to] of [networks, networks.toReversed()]) {
              for (let k = 0; k < 2; k++) await step(from, observations, 1e-2);
              await to.setWeights(await from.weights());
              await to.setOptimizerState(await from.optimizerState());
              const given = { ...beside, noise };
              const [own, theirs] = [state.slice(), state.slice()];
              const outputs = (await from.forward(observations, batch, { ...given, state: own })).slice();
              const others = (await to.forward(observations, batch, { ...given, state: theirs })).slice();
              expectClose(others, outputs, { relative, floor: 1, name: 'outputs' });
              expectClose(theirs, own, { relative, floor: 1, name: 'state' });
              // A small step: near a kink two engines may take different sides.
              const lengths = [await step(from, observations, 1e-3), await step(to, observations, 1e-3)];
              expect(Number.isFinite(lengths[0])).toBe(true);
              expectSame(await to.weights(), await from.weights(), 30 * relative);
            }
            networks[0].dispose();
            embedded.dispose();
          }),
          { numRuns: runs },
        ),
      ));

    it('leaves a random prior as it is, whatever the optimizer', () => withEngine(expectPriorToStay));

    testAgents(start, crossed, late);
    testMemory(start, updates, memory);
    testRefusals(start);
  });
}

const image = { observationSpace: dqn.box({ low: 0, high: 1, shape: [5, 5, 2] }), actionSpace: dqn.discrete(4) };

const DENSE: LayerSpec = { kind: 'dense', units: 6, activation: 'elu' };
const BLOCK: LayerSpec = {
  kind: 'residual',
  layers: [
    { kind: 'layerNorm', activation: 'silu' },
    { kind: 'dense', units: 6 },
  ],
  activation: 'leakyRelu',
};
const NETWORKS: readonly [string, dqn.NetworkFactory][] = [
  ['dense', dqn.mlp({ hidden: [8], activation: 'tanh' })],
  ['layer norm and dueling', dqn.mlp({ hidden: [8, 8], layerNorm: true, dueling: true })],
  ['dueling by the largest, noisy', dqn.mlp({ hidden: [8], dueling: 'max', noisy: true })],
  [
    'convolutions and factorised noise',
    dqn.cnn({
      convolutions: [
        { filters: 3, kernelSize: 3, padding: 'same', strides: 2 },
        { filters: 4, kernelSize: 2 },
      ],
      hidden: [8],
      noisy: true,
    }),
  ],
  [
    'residual, parallel and flat',
    dqn.sequential({
      features: [
        { kind: 'flatten' },
        { kind: 'noisyDense', units: 6, noise: 'independent' },
        DENSE,
        BLOCK,
        { kind: 'parallel', branches: [[], [{ kind: 'dense', units: 3, activation: 'sigmoid' }]] },
      ],
      hidden: [8],
    }),
  ],
  [
    'recurrent, behind a convolution',
    dqn.recurrent({ convolutions: [{ filters: 3, kernelSize: 3 }], units: 5, hidden: [6], after: [4], dueling: true }),
  ],
];
const HEADS: readonly [string, dqn.ValueHead][] = [
  ['expected', dqn.expected()],
  ['categorical', dqn.categorical({ atoms: 5, vMin: -3, vMax: 3 })],
  ['quantile', dqn.quantile({ quantiles: 4 })],
  ['implicitQuantile', dqn.implicitQuantile({ online: 3, target: 4, act: 5 })],
  ['fullyParameterisedQuantile', dqn.fullyParameterisedQuantile({ fractions: 4 })],
];
const RULES: readonly [string, dqn.BootstrapRule][] = [
  ['maxQ', dqn.maxQ()],
  ['doubleQ', dqn.doubleQ()],
  ['averagedQ', dqn.averagedQ({ targets: 2 })],
  ['clippedDoubleQ', dqn.clippedDoubleQ()],
  ['expectedSarsa', dqn.expectedSarsa({ epsilon: 0.1 })],
  ['mellowmaxQ', dqn.mellowmaxQ({ omega: 2 })],
  ['munchausen', dqn.munchausen()],
  ['softQ', dqn.softQ({ temperature: 0.5 })],
  ['softmaxQ', dqn.softmaxQ({ temperature: 0.5 })],
  ['minimaxQ', dqn.minimaxQ({ actions: [2, 2] })],
];

/** An agent that has learned a few times from transitions by chance. */
async function trained(engine: Engine, options: Partial<dqn.AgentOptions<dqn.Timing>>, rounds = 2) {
  const recurrent = options.network?.recurrent === true;
  const agent = await dqn.createAgent(image, {
    engine,
    replay: recurrent ? dqn.sequences({ capacity: 60, length: 3, burnIn: 1 }) : dqn.uniform({ capacity: 60 }),
    batchSize: 4,
    learningStarts: 20,
    seed: 3,
    maxGradientNorm: 1,
    ...options,
  } as dqn.AgentOptions<dqn.Timing>);
  const random = new Random(5);
  const draw = () => Float32Array.from({ length: 50 }, () => random.float());
  let observation = draw();
  for (let i = 0; i < 30; i++) {
    // Reading numbers back from a device takes its time; without a memory, actions may come from anywhere.
    const action = recurrent || i === 10 ? await agent.act(observation) : random.integer(4);
    const nextObservation = draw();
    await agent.observe({
      observation,
      action,
      reward: random.normal(),
      nextObservation,
      terminated: i % 7 === 6,
      truncated: false,
    });
    observation = i % 7 === 6 ? draw() : nextObservation;
  }
  for (let k = 0; k < rounds; k++) {
    const { loss, gradientNorm } = await agent.learn();
    expect(Number.isFinite(loss) && Number.isFinite(gradientNorm)).toBe(true);
    expect(gradientNorm).toBeGreaterThan(0);
  }
  return { agent, observation };
}

function testAgents(start: () => Promise<Engine>, crossed: boolean, late: boolean): void {
  const learns = async (options: Partial<dqn.AgentOptions<dqn.Timing>>): Promise<void> => {
    const engine = await start();
    const { agent } = await trained(engine, options);
    const weights = await agent.online.weights();
    expect(weights.every(({ values }) => values.every(Number.isFinite))).toBe(true);
    agent.dispose();
    engine.dispose();
  };

  describe.each(NETWORKS.map((each, i) => [...each, i] as const))('an agent learns with a network of kind: %s', (_, network, i) => {
    const heads = crossed ? HEADS : [HEADS[i % HEADS.length]];
    it.each(heads)('%s', (_head, head) => learns({ network, head } as Partial<dqn.AgentOptions<dqn.Timing>>));
  });

  const network = dqn.mlp({ hidden: [8] });
  it.each(RULES)('an agent learns by %s', (_, bootstrap) => {
    const explorer = bootstrap.kind === 'minimaxQ' ? { explorer: dqn.equilibrium({ actions: [2, 2], epsilon: 0.1 }) } : {};
    return learns({ network, bootstrap, ...explorer });
  });

  it.each(OPTIMIZERS)('an agent learns with %s', (_, optimizer) => learns({ network, optimizer }));

  it.each([
    ['hard', dqn.hard({ period: 2 })],
    ['polyak', dqn.polyak({ tau: 0.1 })],
  ])('an agent follows its target by %s', (_, targetUpdater) => learns({ network, targetUpdater }));

  it('gives agents and policies to the embedded engine, and takes them', async () => {
    const engine = await start();
    const { agent, observation } = await trained(engine, { network });
    const other = await trained(dqn.wasm(), { network }, 0);
    await other.agent.load(await agent.save());
    const compare = async () => expectSame(await other.agent.online.weights(), await agent.online.weights(), 1e-3);
    await compare();
    const reports = [await agent.learn(), await agent.learn()];
    const { loss } = await other.agent.learn();
    await other.agent.learn();
    expect(reports[late ? 1 : 0].loss).toBeCloseTo(loss, 3);
    await compare();
    await agent.load(await other.agent.save());
    await agent.learn();
    await other.agent.learn();
    await compare();
    const policy = await dqn.loadPolicy(await agent.savePolicy(), image, { engine: dqn.wasm() });
    expect(policy.act(observation)).toBe(await agent.act(observation, { explore: false }));
    agent.dispose();
    engine.dispose();
  });
}

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

function testMemory(start: () => Promise<Engine>, updates: number, memory: () => unknown): void {
  it(`holds no more after ${updates} updates than after the first ones, and nothing once it is disposed of`, async () => {
    const empty = memory();
    const engine = await start();
    const network = await engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const target = await engine.createNetwork(SPEC, { random: new Random(1) });
    const observations = drawNumbers(new Random(2), 4 * 32);
    // What one network holds depends on what it did last.
    const settled = async (): Promise<unknown> => {
      await network.forward(observations, 1);
      await target.forward(observations, 1);
      return memory();
    };
    const run = async (i: number): Promise<void> => {
      await target.forward(observations, 1 + (i % 32));
      await network.update(observations, 1 + (i % 32), square, { learningRate: 1e-3, maxGradientNorm: 0.01 });
      if (i % 10 === 0) await target.blendFrom(network, 0.1);
      if (i % 50 === 0) await target.copyFrom(network);
      if (i % 100 === 0) {
        await network.setWeights(await network.weights());
        await network.setOptimizerState(await network.optimizerState());
      }
    };
    for (let i = 0; i < 100; i++) await run(i);
    const before = await settled();
    for (let i = 100; i < updates; i++) await run(i);
    expect(await settled()).toEqual(before);
    const failing = () => {
      throw new Error('mine');
    };
    const nan = (_: Float32Array, gradient: Float32Array) => gradient.fill(NaN);
    await expect((async () => network.update(observations, 2, failing, { learningRate: 1 }))()).rejects.toThrow('mine');
    await expect((async () => network.update(observations, 2, nan, { learningRate: 1 }))()).rejects.toMatchObject({
      code: 'diverged',
    });
    expect(await settled()).toEqual(before);
    engine.dispose();
    expect(memory()).toEqual(empty);
  });
}

const coded = (code: string, ...parts: string[]) =>
  expect.objectContaining({ code, message: expect.stringMatching(new RegExp(parts.join('.*'), 's')) });

/** What a call threw, at once or later. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

function testRefusals(start: () => Promise<Engine>): void {
  it('refuses what the embedded engine refuses, with the same words', async () => {
    const spec: NetworkSpec = {
      inputShape: [4],
      layers: [
        { kind: 'gru', units: 2 },
        { kind: 'implicitQuantiles', layers: [{ kind: 'dense', units: 2 }] },
      ],
    };
    const x = new Float32Array(8);
    const rate = { learningRate: 1 };
    const fractions = new Float32Array(4).fill(0.5);
    const calls: readonly ((network: QNetwork, twin: QNetwork, stranger: QNetwork) => unknown)[] = [
      (network) => network.forward(x, 3, { fractions }),
      (network) => network.forward(x, 0, { fractions }),
      (network) => network.forward(x, 1.5, { fractions }),
      (network) => network.forward(x, 2),
      (network) => network.forward(x, 2, { fractions: new Float32Array(3) }),
      (network) => network.forward(x, 2, { fractions: new Float32Array(4).fill(1.5) }),
      (network) => network.forward(x, 2, { fractions, noise: NaN }),
      (network) => network.forward(x, 2, { fractions, steps: 3 }),
      (network) => network.forward(x, 2, { fractions, state: new Float32Array(3) }),
      (network) => network.update(x, 2, square, { fractions, learningRate: -1 }),
      (network) => network.update(x, 2, square, { fractions, learningRate: 1, maxGradientNorm: 0 }),
      (network) => network.update(x, 2, square, { ...rate, fractions, focus: { width: 2, groups: Int32Array.of(1, 0) } }),
      (network) => network.update(x, 2, square, { ...rate, fractions, focus: { width: 3, groups: Int32Array.of(0, 0) } }),
      (network) => network.update(x, 2, square, { ...rate, fractions, focus: { width: 1, groups: Int32Array.of(0) } }),
      (_, twin) => twin.update(x, 2, square, { ...rate, fractions }),
      (network) => network.update(x, 2, () => void network.update(x, 2, square, { ...rate, fractions }), { ...rate, fractions }),
      (network, twin) => network.blendFrom(twin, 1.5),
      (network, _, stranger) => network.copyFrom(stranger),
      (network, _, stranger) => network.blendFrom(stranger, 0.5),
      async (network) => network.setWeights((await network.weights()).slice(1)),
      async (network) => network.setOptimizerState((await network.optimizerState()).slice(1)),
      async (network) => {
        const [, ...rest] = await network.optimizerState();
        return network.setOptimizerState([{ name: 'step', shape: [1], values: Float32Array.of(-1) }, ...rest]);
      },
      async (network, twin) => twin.setOptimizerState(await network.optimizerState()),
      async (network, twin) => {
        const weights = await network.weights();
        network.dispose();
        for (const call of [
          () => network.forward(x, 2, { fractions }),
          () => network.setWeights(weights),
          () => network.copyFrom(twin),
        ]) {
          expect(await thrownBy(call)).toEqual(coded('disposed', 'dispose'));
        }
        return network.optimizerState();
      },
    ];
    const messages = async (engine: Engine): Promise<unknown[]> => {
      const build = (of: NetworkSpec, optimizer?: OptimizerSpec) =>
        engine.createNetwork(of, { random: new Random(1), ...(optimizer ? { optimizer } : {}) });
      const [network, twin, stranger] = [await build(spec, ADAM), await build(spec), await build(SPEC)];
      const before = await network.weights();
      const said: unknown[] = [];
      for (const [i, call] of calls.entries()) {
        const error = await thrownBy(() => call(network, twin, stranger));
        expect(error, `call ${i}`).toBeInstanceOf(dqn.DqnError);
        said.push((error as dqn.DqnError).message);
        if (i < calls.length - 1) expect(await network.weights()).toEqual(before);
      }
      engine.dispose();
      engine.dispose();
      said.push(((await thrownBy(() => twin.weights())) as dqn.DqnError).message);
      expect(await thrownBy(() => build(SPEC))).toEqual(coded('disposed', 'dispose'));
      return said;
    };
    expect(await messages(await start())).toEqual(await messages(dqn.wasm()));
  });

  it('refuses weights in the middle of an update', async () => {
    const engine = await start();
    const network = await engine.createNetwork(SPEC, { random: new Random(1), optimizer: ADAM });
    const weights = await network.weights();
    const write = () => void network.setWeights(weights);
    const error = await thrownBy(() => network.update(new Float32Array(4), 1, write, { learningRate: 1 }));
    expect(error).toEqual(coded('invalid-option', 'middle of an update'));
    expect(await network.weights()).toEqual(weights);
    engine.dispose();
  });
}
