import { Tensor, engine, reshape, serialization, sign, stridedSlice, transpose } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { DqnError } from '../../../common/errors.ts';
import type { Random } from '../../../common/random.ts';
import type { LayersModelSpec } from '../../../networks/spec.ts';
import { checkNormalisation, checkTopology } from './check-model.ts';
import { describeWeights } from './model-weights.ts';
import { type Json, type JsonObject, isObject, partsOf } from './topology.ts';

/** The initialisers of TensorFlow.js that draw. */
const DRAWING = [
  'VarianceScaling',
  'GlorotUniform',
  'GlorotNormal',
  'HeUniform',
  'HeNormal',
  'LeCunUniform',
  'LeCunNormal',
  'RandomUniform',
  'RandomNormal',
  'TruncatedNormal',
  'Orthogonal',
];

/**
 * A model from its spec, with weights of its own initialisers; those that draw, and have no seed, are given one by `random`.
 * @param where - the layer, for errors.
 * @throws DqnError `invalid-option` if the topology is damaged, names a class that is not registered, or gives another model than the spec says; `not-loaded`
 * before the package is loaded.
 */
export function rebuildModel(where: string, spec: LayersModelSpec, random: Random): LayersModel {
  const topology = parse(where, spec.topology);
  checkTopology(where, topology);
  const { classNameMap } = serialization.SerializationMap.getMap();
  if (!Object.hasOwn(classNameMap, 'Sequential')) {
    throw new DqnError({
      code: 'not-loaded',
      where: 'Engine.createNetwork(spec)',
      expected: 'layers whose code has been loaded',
      received: 'one of kind layersModel',
      remedy: 'Await engine.prepare(spec) first, as createAgent and loadPolicy do.',
    });
  }
  const { className, config } = seeded(topology, random) as { className: string; config: JsonObject };
  bringChainedOps();
  const { registeredVariables } = engine();
  const before = new Set(Object.keys(registeredVariables));
  let model: LayersModel;
  try {
    const [type, fromConfig] = Object.hasOwn(classNameMap, className) ? classNameMap[className] : unknownClass(className);
    model = fromConfig(type, config as serialization.ConfigDict) as unknown as LayersModel;
  } catch (cause) {
    // The weights of the layers before the one that failed.
    for (const [name, variable] of Object.entries(registeredVariables)) if (!before.has(name)) variable.dispose();
    throw new DqnError({
      code: 'invalid-option',
      where,
      expected: 'a model of layers that are registered here',
      received: `one that cannot be built: ${firstLine(cause)}`,
      remedy:
        'Register every class of your own by tf.serialization.registerClass first; its getConfig must hold all that its constructor takes.',
      cause,
    });
  }
  try {
    checkSame(where, model, spec);
    checkNormalisation(where, model, spec.weights);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}

/** The first line of what an error says, for people. */
export function firstLine(cause: unknown): string {
  const said = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0];
  return said.length > 200 ? `${said.slice(0, 200)}…` : said;
}

function unknownClass(className: string): never {
  throw new Error(`Unknown class: ${className}`);
}

function parse(where: string, text: string): Json {
  let topology: Json = null;
  try {
    topology = JSON.parse(text) as Json;
  } catch {
    // Told below.
  }
  if (isObject(topology) && typeof topology.className === 'string' && isObject(topology.config)) return topology;
  throw new DqnError({
    code: 'invalid-option',
    where: `${where}.topology`,
    expected: 'the topology of a model, { className, config }, as JSON',
    received: text.length > 60 ? `${text.slice(0, 60)}…` : text,
    remedy: 'Pass what layersModel() gave; a file that says otherwise is damaged.',
  });
}

/** The topology with seeds for what draws without one. */
function seeded(topology: Json, random: Random): Json {
  for (const { className, config } of partsOf(topology)) {
    // Just parsed: nobody else has it.
    if (DRAWING.includes(className) && (config.seed ?? null) === null) (config as { seed: number }).seed = random.uint32();
  }
  return topology;
}

/** @throws DqnError `invalid-option` if a model has other weights than the spec says. */
function checkSame(where: string, model: LayersModel, spec: LayersModelSpec): void {
  const tell = (weights: readonly { name: string; shape: readonly number[] }[]): string =>
    weights.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ') || 'none';
  const [expected, received] = [tell(spec.weights), tell(describeWeights(where, model))];
  if (expected === received) return;
  throw new DqnError({
    code: 'invalid-option',
    where,
    expected: `a model with the weights ${expected}`,
    received,
    remedy: 'Let getConfig of every layer of your own give all that its constructor takes.',
  });
}

/**
 * The orthogonal initialiser, which recurrent layers have by default, calls operations as methods of tensors, which only the package `@tensorflow/tfjs` brings: where it is not
 * there, these are the ones that are called.
 */
function bringChainedOps(): void {
  const methods: Readonly<Record<string, (this: Tensor, ...args: never[]) => Tensor>> = {
    flatten() {
      return reshape(this, [this.size]);
    },
    stridedSlice(begin: number[], end: number[], strides: number[]) {
      return stridedSlice(this, begin, end, strides);
    },
    sign() {
      return sign(this);
    },
    transpose() {
      return transpose(this);
    },
    reshape(shape: number[]) {
      return reshape(this, shape);
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    if (!(name in Tensor.prototype)) Object.defineProperty(Tensor.prototype, name, { value, configurable: true, writable: true });
  }
}
