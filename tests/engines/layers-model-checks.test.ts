import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/common/random.ts';
import { INSTALLED } from '../../src/engines/tfjs/packages.ts';
import { TfjsEngine } from '../../src/engines/tfjs/tfjs-engine.ts';
import { BACKENDS } from '../../src/engines/tfjs/backends.ts';
import * as dqn from '../../src/index.ts';
import type { Engine, LayerSpec, LayersModelSpec, NetworkSpec } from '../../src/index.ts';
import { type LayersModelOptions, layersModel, tfjs } from '../../src/tfjs/index.ts';
import { makeAgent, drive, expectSameWeights } from '../support/device-agents.ts';
import { deviceEngine } from '../support/device-engine.ts';
import { RadialBasis, SelfAttention, lstm, makeOn, stackOf } from '../support/layers-models.ts';

const { layers } = tfl;
const SPACES = { observationSpace: dqn.box({ low: -1, high: 1, shape: [3] }), actionSpace: dqn.discrete(2) };

const coded = (code: string, ...parts: string[]) =>
  expect.objectContaining({ code, message: expect.stringMatching(new RegExp(parts.join('.*'), 's')) });

const make = (of: () => tfl.LayersModel) => makeOn('cpu', of);
const dense = (units = 2, config = {}) => layers.dense({ units, ...config });
const small = () => make(() => stackOf([3], dense(4, { activation: 'tanh' }), dense(2)));

/** A layer that does as it is told, right or wrong. */
class Custom extends layers.Layer {
  static readonly className = 'Custom';
  readonly run: (x: tf.Tensor) => tf.Tensor;
  constructor(config: { readonly run?: (x: tf.Tensor) => tf.Tensor }) {
    super({});
    this.run = config.run ?? ((x) => x);
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.run(Array.isArray(inputs) ? inputs[0] : inputs);
  }
}

/** One whose configuration forgets how wide it is. */
class Forgetful extends layers.Layer {
  static readonly className: string = 'Forgetful';
  readonly units: number;
  constructor(config: { readonly units?: number }) {
    super({});
    this.units = config.units ?? 2;
  }
  override build(shape: (number | null)[] | (number | null)[][]): void {
    this.addWeight('centres', [this.units, 3], 'float32', tfl.initializers.zeros());
    super.build(shape);
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.matMul(Array.isArray(inputs) ? inputs[0] : inputs, this.weights[0].read(), false, true);
  }
}

/** One with a batch of its own: it gives one row whatever the batch. */
class Mixing extends layers.Layer {
  static readonly className = 'Mixing';
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.mean(Array.isArray(inputs) ? inputs[0] : inputs, 0, true);
  }
}

/** One made of an operation that TensorFlow.js cannot differentiate. */
class Einsum extends Forgetful {
  static override readonly className: string = 'Einsum';
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.einsum('bi,ji->bj', Array.isArray(inputs) ? inputs[0] : inputs, this.weights[0].read());
  }
}

for (const each of [Forgetful, Mixing, Einsum]) tf.serialization.registerClass(each);

async function withEngine<T>(use: (engine: Engine<'sync'>) => Promise<T>, backend: 'cpu' | 'wasm' = 'cpu'): Promise<T> {
  const engine = await tfjs({ backend });
  try {
    return await use(engine);
  } finally {
    engine.dispose();
  }
}

const agentOf = (
  engine: Engine<'sync'>,
  model: tfl.LayersModel,
  options?: LayersModelOptions,
  more: Partial<dqn.AgentOptions> = {},
) => dqn.createAgent(SPACES, { engine, network: layersModel(model, options), ...more } as dqn.AgentOptions);

/** The spec of a model, with its layer changed. */
function changed(model: tfl.LayersModel, change: (layer: LayersModelSpec) => LayersModelSpec): NetworkSpec {
  const spec = layersModel(model).build({ inputShape: [3], actions: 2, width: 1, heads: 1, outputSize: 2 });
  return { ...spec, layers: [change(spec.layers[0] as LayersModelSpec), ...spec.layers.slice(1)] };
}

async function create(engine: Engine<'sync'>, spec: NetworkSpec, seed = 1, optimizer = dqn.adam().spec) {
  await engine.prepare?.(spec);
  return engine.createNetwork(spec, { random: new Random(seed), optimizer });
}

beforeAll(async () => {
  for (const backend of ['wasm', 'cpu'] as const) (await tfjs({ backend })).dispose();
});

describe('a model is refused', () => {
  const input = () => tfl.input({ shape: [3] });
  const graph = (inputs: number, outputs: number) => () => {
    const all = Array.from({ length: inputs }, input);
    const sum = inputs > 1 ? (layers.add().apply(all) as tfl.SymbolicTensor) : all[0];
    return tfl.model({ inputs: all, outputs: Array.from({ length: outputs }, () => dense().apply(sum) as tfl.SymbolicTensor) });
  };

  it.each<[string, () => tfl.LayersModel, readonly string[]]>([
    ['two inputs', graph(2, 1), ['one input and one output', '2 inputs and 1 outputs']],
    ['two outputs', graph(1, 2), ['one input and one output', '1 inputs and 2 outputs']],
    ['no input yet', () => tfl.sequential(), ['has been built', 'inputShape']],
    ['dropout', () => stackOf([3], layers.dropout({ rate: 0.1, name: 'mine' })), ['random draws', 'Dropout layer', 'noisy: true']],
    [
      'noise deep within',
      () => stackOf([2, 3], layers.timeDistributed({ layer: layers.gaussianNoise({ stddev: 1 }) })),
      ['GaussianNoise'],
    ],
    [
      'recurrent dropout',
      () => stackOf([2, 3], layers.simpleRNN({ units: 2, recurrentInitializer: 'zeros', recurrentDropout: 0.5 })),
      ['recurrentDropout 0.5'],
    ],
    [
      'a state',
      () =>
        tfl.sequential({
          layers: [layers.simpleRNN({ units: 2, recurrentInitializer: 'zeros', stateful: true, batchInputShape: [4, 2, 3] })],
        }),
      ['stateful', 'recurrent\\(\\)'],
    ],
    ['a regulariser', () => stackOf([3], dense(2, { kernelRegularizer: 'l1l2' })), ['kernelRegularizer', 'weight decay']],
    ['a constraint', () => stackOf([3], dense(2, { biasConstraint: 'nonNeg' })), ['biasConstraint']],
    [
      'batch normalisation that learns',
      () => stackOf([3], layers.batchNormalization()),
      ['frozen', 'one that learns', 'layerNormalization'],
    ],
    [
      'batch normalisation of statistics alone',
      () => stackOf([3], layers.batchNormalization({ center: false, scale: false })),
      ['frozen'],
    ],
    [
      'batch normalisation within a wrapper',
      () => stackOf([2, 3], layers.timeDistributed({ layer: layers.batchNormalization() })),
      ['frozen'],
    ],
  ])('with %s', (_, of, parts) => {
    expect(() => layersModel(make(of))).toThrow(coded('invalid-option', 'layersModel\\(model\\)', ...parts));
  });

  it('that is none', () => {
    const calls = [
      // @ts-expect-error Something must be passed.
      () => layersModel(),
      // @ts-expect-error A model of loadGraphModel has no layers.
      () => layersModel({ inputs: [{}], outputs: [{}], predict: () => undefined }),
    ];
    for (const call of calls) expect(call).toThrow(coded('invalid-option', "a model of TensorFlow.js's layers", 'tf.sequential'));
  });

  it('with options that do not belong together, or are misspelt', () => {
    const model = small();
    // @ts-expect-error The outputs are the model's own.
    expect(() => layersModel(model, { outputs: 'own', hidden: [4] })).toThrow(coded('invalid-option', 'hidden'));
    // @ts-expect-error Misspelt.
    expect(() => layersModel(model, { duelling: true })).toThrow(coded('invalid-option', 'duelling'));
    // @ts-expect-error Unknown.
    expect(() => layersModel(model, { outputs: 'mine' })).toThrow(coded('invalid-option', "'added' or 'own'"));
    // @ts-expect-error Unknown.
    expect(() => layersModel(model, { weights: 'random' })).toThrow(coded('invalid-option', "'given' or 'drawn'"));
    expect(() => layersModel(model, { hidden: [0] })).toThrow(coded('invalid-option', 'hidden\\[0\\]'));
    model.dispose();
  });

  it.each<[string, () => tfl.LayersModel, LayersModelOptions, dqn.ValueHead, readonly string[]]>([
    ['for other observations', () => stackOf([4], dense()), {}, dqn.expected(), ['shape \\[3\\]', 'one for \\[4\\]']],
    ['for observations of another rank', () => stackOf([null, 1], dense()), {}, dqn.expected(), ['one for \\[any, 1\\]']],
    ['with too many outputs', () => stackOf([3], dense(3)), { outputs: 'own' }, dqn.expected(), ['shape \\[2\\]', '\\[3\\]']],
    [
      'with its outputs the wrong way round',
      () => stackOf([3], dense(10), layers.reshape({ targetShape: [5, 2] })),
      { outputs: 'own' },
      dqn.categorical({ atoms: 5, vMin: 0, vMax: 1 }),
      ['\\[10\\] or \\[2, 5\\]', '\\[5, 2\\]'],
    ],
    [
      'without the layers that take fractions',
      () => stackOf([3], dense(2)),
      { outputs: 'own' },
      dqn.implicitQuantile(),
      ['quantile fractions', 'put behind the model'],
    ],
    ['that mixes rows', () => stackOf([3], new Mixing()), {}, dqn.expected(), ['for 2 rows', '\\[1, 3\\]', 'every row alike']],
    [
      'of a class that nobody registered',
      () => stackOf([3], new Custom({})),
      {},
      dqn.expected(),
      ['Unknown layer: Custom', 'registerClass'],
    ],
    [
      'whose configuration forgets something',
      () => stackOf([3], new Forgetful({ units: 4 })),
      {},
      dqn.expected(),
      ['0.centres \\[4, 3\\]', '\\[2, 3\\]', 'getConfig'],
    ],
    [
      'that fails',
      () => stackOf([3], new Custom({ run: () => tf.reshape(tf.zeros([2]), [3]) })),
      {},
      dqn.expected(),
      ['a model that runs', 'one that fails'],
    ],
  ])('%s', async (_, of, options, head, parts) => {
    const model = make(() => of());
    const { numTensors } = tf.memory();
    await withEngine(async (engine) => {
      await expect((async () => agentOf(engine, model, options, { head }))()).rejects.toThrow(coded('invalid-option', ...parts));
    });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('that cannot be differentiated, where it is to learn', async () => {
    const model = make(() => stackOf([3], new Einsum({})));
    await withEngine(async (engine) => {
      const [layer] = layersModel(model).build({ inputShape: [3], actions: 2, width: 1, heads: 1, outputSize: 2 }).layers;
      const spec: NetworkSpec = { inputShape: [3], layers: [layer] };
      await expect(create(engine, spec)).rejects.toThrow(coded('invalid-option', 'Einsum', 'without a gradient'));
      const network = engine.createNetwork(spec, { random: new Random(1) });
      expect(network.forward(new Float32Array(3), 1)).toEqual(new Float32Array(2));
    });
    const onCpu = layersModel(model).build({ inputShape: [3], actions: 2, width: 1, heads: 1, outputSize: 2 });
    const refused = (engine: Engine<'sync'>) =>
      expect(create(engine, onCpu)).rejects.toThrow(coded('unsupported-platform', 'kernel Einsum', 'wasm'));
    await withEngine(refused, 'wasm');
    model.dispose();
  });

  it('by the embedded engine, which says which one to use', async () => {
    const model = small();
    const refusal = coded('invalid-option', 'embedded engine', 'tfjs');
    await expect(agentOf(dqn.wasm(), model)).rejects.toThrow(refusal);
    const file = await withEngine(async (engine) => (await agentOf(engine, model)).savePolicy());
    await expect(dqn.loadPolicy(file, SPACES)).rejects.toThrow(refusal);
    model.dispose();
  });

  it('where the package of layers is not installed, or not loaded', async () => {
    const model = small();
    const layers = () => Promise.reject(new Error("Cannot find package '@tensorflow/tfjs-layers'"));
    const engine = new TfjsEngine<'sync'>(BACKENDS.cpu, 'cpu', { layers });
    await expect(agentOf(engine, model)).rejects.toThrow(
      coded('missing-package', 'tfjs-layers', 'npm install @tensorflow/tfjs-layers'),
    );
    const { classNameMap } = tf.serialization.SerializationMap.getMap();
    const { Sequential } = classNameMap;
    delete classNameMap.Sequential;
    const unprepared = new TfjsEngine<'sync'>(BACKENDS.cpu, 'cpu', INSTALLED);
    const spec = changed(model, (layer) => layer);
    expect(() => unprepared.createNetwork(spec, { random: new Random(1) })).toThrow(coded('not-loaded', 'engine.prepare'));
    classNameMap.Sequential = Sequential;
    model.dispose();
  });

  it.each<[string, (layer: LayersModelSpec) => object, readonly string[]]>([
    ['that is no JSON', (layer) => ({ ...layer, topology: layer.topology.slice(1) }), ['topology', 'damaged']],
    ['that is no model', (layer) => ({ ...layer, topology: '[1]' }), ['topology', '\\[1\\]']],
    [
      'of an unknown class',
      (layer) => ({ ...layer, topology: layer.topology.replace('Sequential', 'constructor') }),
      ['Unknown class'],
    ],
    [
      'of an unknown layer',
      (layer) => ({ ...layer, topology: layer.topology.replace(/"Dense"(?!.*"Dense")/, '"Sense"') }),
      ['Unknown layer: Sense'],
    ],
    [
      'with dropout',
      (layer) => ({
        ...layer,
        topology: layer.topology.replace(/"className":"Dense","config":\{/, '"className":"Dropout","config":{"rate":0.5,'),
      }),
      ['Dropout'],
    ],
    [
      'of other weights',
      (layer) => ({ ...layer, topology: layer.topology.replace('"units":4', '"units":5') }),
      ['0.kernel \\[3, 4\\]', '0.kernel \\[3, 5\\]'],
    ],
    ['that gives other outputs', (layer) => ({ ...layer, outputShape: [3] }), ['outputs of shape \\[2, 3\\]', '\\[2, 2\\]']],
    ['for other inputs', (layer) => ({ ...layer, inputShape: [4] }), ['inputs of shape \\[4\\]', 'inputs of shape \\[3\\]']],
    ['without a topology', (layer) => ({ ...layer, topology: 7 }), ['network.layers\\[0\\].topology', 'a text', '7']],
    ['without shapes', (layer) => ({ ...layer, weights: [{ name: 'a', shape: [0] }] }), ['weights\\[0\\].shape\\[0\\]']],
    [
      'with more than it may have',
      (layer) => ({ ...layer, weights: [{ name: 'a', shape: [1], values: [1] }] }),
      ['weights\\[0\\]', 'values'],
    ],
    [
      'with weights of unclear use',
      (layer) => ({ ...layer, weights: [{ name: 'a', shape: [1], trainable: 'no' }] }),
      ['trainable', 'true or false'],
    ],
  ])('from a damaged file %s', async (_, change, parts) => {
    const model = small();
    const spec = changed(model, change as (layer: LayersModelSpec) => LayersModelSpec);
    const { numTensors } = tf.memory();
    await withEngine(async (engine) => {
      await expect(create(engine, spec)).rejects.toThrow(coded('invalid-option', ...parts));
    });
    expect(tf.memory().numTensors).toBe(numTensors);
    model.dispose();
  });
});

describe('the weights of a model', () => {
  const weightsOf = async (agent: dqn.Agent<Float32Array>) => agent.online.weights();
  const values = async (agent: dqn.Agent<Float32Array>) => (await weightsOf(agent)).map((each) => [...each.values]);

  it('are those that agents start with, target networks too', () =>
    withEngine(async (engine) => {
      const model = small();
      const agent = await agentOf(engine, model, { outputs: 'own' }, { seed: 5 });
      const given = model.getWeights().map((each) => [...each.dataSync()]);
      expect(await values(agent)).toEqual(given);
      expect(agent.target.forward(new Float32Array(3), 1)).toEqual(agent.online.forward(new Float32Array(3), 1));
      expect((await weightsOf(agent)).map(({ name }) => name)).toEqual(
        ['0.kernel', '1.bias', '2.kernel', '3.bias'].map((name) => `layers.0.${name}`),
      );
      // The model is only read.
      for (let k = 0; k < 3; k++) agent.online.update(new Float32Array(3), 1, (_, d) => d.fill(1), { learningRate: 0.1 });
      expect(await values(agent)).not.toEqual(given);
      expect(model.getWeights().map((each) => [...each.dataSync()])).toEqual(given);
      model.dispose();
    }));

  it('are drawn by the seed of the agent where that is wanted, and by their own where they have one', () =>
    withEngine(async (engine) => {
      const seeded = dense(2, { kernelInitializer: tfl.initializers.glorotUniform({ seed: 9 }) });
      const model = make(() => stackOf([3], dense(4, { biasInitializer: 'ones' }), seeded));
      const draw = async (seed: number) => values(await agentOf(engine, model, { outputs: 'own', weights: 'drawn' }, { seed }));
      const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
      expect(again).toEqual(first);
      expect(other[0]).not.toEqual(first[0]);
      expect(first[1]).toEqual([1, 1, 1, 1]);
      expect(first[0].every((x) => x !== 0)).toBe(true);
      expect(other[2]).toEqual(first[2]);
      model.dispose();
    }));

  it('are drawn by the orthogonal initialiser too, which needs more of TensorFlow.js than its core', () =>
    withEngine(async (engine) => {
      const model = make(() => stackOf([3, 1], lstm(4)));
      const orthogonal = '"recurrentInitializer":{"className":"Orthogonal","config":{"gain":1,"seed":null}}';
      const spec = layersModel(model).build({ inputShape: [3, 1], actions: 2, width: 1, heads: 1, outputSize: 2 });
      const layer = spec.layers[0] as LayersModelSpec;
      const topology = layer.topology.replace(/"recurrentInitializer":\{[^}]*\}\}/, orthogonal);
      expect(topology).toContain('Orthogonal');
      const network = await create(engine, { ...spec, layers: [{ ...layer, topology }] });
      const recurrent = network.weights()[1].values;
      for (let i = 0; i < 4; i++) {
        for (let j = 0; j < 4; j++) {
          const product = Array.from({ length: 16 }, (_, k) => recurrent[16 * i + k] * recurrent[16 * j + k]).reduce(
            (a, b) => a + b,
          );
          expect(product).toBeCloseTo(i === j ? 1 : 0, 5);
        }
      }
      model.dispose();
    }));

  it('start each of several networks, unless these would then be the same', () =>
    withEngine(async (engine) => {
      const model = small();
      const several = { bootstrap: dqn.clippedDoubleQ() };
      const trunk = await values(await agentOf(engine, model, { hidden: [3] }, several));
      const half = trunk.length / 2;
      const given = model.getWeights().map((each) => [...each.dataSync()]);
      expect(trunk.slice(0, 4)).toEqual(given);
      expect(trunk.slice(half, half + 4)).toEqual(given);
      expect(trunk[4]).not.toEqual(trunk[half + 4]);
      await expect(agentOf(engine, model, { outputs: 'own' }, several)).rejects.toThrow(
        coded('invalid-option', '2 networks', 'the same'),
      );
      const drawn = await values(await agentOf(engine, model, { outputs: 'own', weights: 'drawn' }, several));
      expect(drawn[0]).not.toEqual(drawn[4]);
      model.dispose();
    }));

  it('have the same names, and models the same text, however many models a program has made', () => {
    const graph = () => {
      const input = tfl.input({ shape: [2, 3] });
      const shared = stackOf([2, 3], new SelfAttention({ units: 3 }));
      const sum = layers.add().apply([shared.apply(input) as tfl.SymbolicTensor, input]) as tfl.SymbolicTensor;
      return tfl.model({
        inputs: input,
        outputs: layers.bidirectional({ layer: lstm(2) as tfl.layers.RNN, mergeMode: 'sum' }).apply(sum) as tfl.SymbolicTensor,
      });
    };
    const [first, second] = [make(graph), make(graph)];
    const specOf = (model: tfl.LayersModel) =>
      layersModel(model).build({ inputShape: [2, 3], actions: 2, width: 1, heads: 1, outputSize: 2 });
    expect(first.layers.map(({ name }) => name)).not.toEqual(second.layers.map(({ name }) => name));
    expect(specOf(second)).toEqual(specOf(first));
    for (const each of [first, second]) each.dispose();
  });
});

it('runs whole updates of a model on the device as through the core', async () => {
  const model = make(() => stackOf([3], new RadialBasis({ units: 8 }), dense(4, { activation: 'relu' })));
  const options = {
    replay: dqn.uniform({ capacity: 64 }),
    network: layersModel(model, { dueling: true }),
    head: dqn.categorical({ atoms: 5, vMin: -3, vMax: 3 }),
  };
  const engines: Engine[] = [await deviceEngine('cpu', 'sync'), await tfjs({ backend: 'cpu' })];
  const agents = [];
  for (const engine of engines) {
    const agent = await makeAgent(engine, options);
    expect((await drive(agent, 30)).length).toBeGreaterThan(15);
    agents.push(agent);
  }
  expectSameWeights(await agents[0].online.weights(), await agents[1].online.weights(), 1e-4);
  for (const engine of engines) engine.dispose();
  model.dispose();
});

it('takes a model behind other layers and beside them', () =>
  withEngine(async (engine) => {
    const model = small();
    const layer = changed(model, (each) => each).layers[0];
    const branches: readonly (readonly LayerSpec[])[] = [[layer], [{ kind: 'dense', units: 3 }, layer]];
    const network = await create(engine, {
      inputShape: [5],
      layers: [
        { kind: 'dense', units: 3 },
        { kind: 'parallel', branches },
      ],
    });
    expect(network.outputSize).toBe(4);
    const before = network.weights();
    network.update(Float32Array.of(1, 2, 3, 4, 5), 1, (_, d) => d.fill(1), { learningRate: 0.1 });
    network.weights().forEach(({ name, values }, i) => expect(values, name).not.toEqual(before[i].values));
    model.dispose();
  }));
