import { checkInteger, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import { parametersOf, planNetwork, sizeOf, type LayerPlan } from './plan.ts';
import type { Activation, Initializer, LayerSpec, NetworkSpec } from './spec.ts';

const ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'leakyRelu', 'elu', 'tanh', 'sigmoid', 'silu'];
const INITIALIZERS: readonly Initializer[] = [
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'orthogonal',
  'pytorch',
  'zeros',
];

/** The widest layer and the largest observation. */
const MAX_WIDTH = 2 ** 24;
/** The most parameters: sizes and offsets in bytes stay far below 2⁵³, and one array can hold them. */
const MAX_PARAMETERS = 2 ** 30;
const MAX_LAYERS = 1_000;
const MAX_DIMENSIONS = 16;
/** Of one model of TensorFlow.js's layers. */
const MAX_WEIGHTS = 10_000;
const MAX_TEXT = 2 ** 24;
/** Of layers within layers: a damaged file must not exhaust the stack. */
const MAX_DEPTH = 16;

function refuse(where: string, expected: string, value: unknown, remedy: string): never {
  throw new DqnError({ code: 'invalid-option', where, expected, received: describe(value), remedy });
}

function checkName<T extends string>(where: string, names: readonly T[], value: unknown): T {
  const name = names.find((each) => each === value);
  return name ?? refuse(where, `one of ${names.join(', ')}`, value, 'Pass one of these names.');
}

/** Returns `value` if it names an activation; otherwise throws `invalid-option`. */
export function checkActivation(where: string, value: unknown): Activation {
  return checkName(where, ACTIVATIONS, value);
}

/** Returns `value` if it names an initialiser; otherwise throws `invalid-option`. */
export function checkInitializer(where: string, value: unknown): Initializer {
  return checkName(where, INITIALIZERS, value);
}

/** The fields of a plain object that has no others than the given ones: an unknown one would change the network unnoticed. */
function checkFields(where: string, value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  const remedy = `Pass an object with the fields ${names.join(', ')}.`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where, 'an object', value, remedy);
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) refuse(where, `only the fields ${names.join(', ')}`, name, 'Remove that field.');
  }
  return value as Readonly<Record<string, unknown>>;
}

function checkArray(where: string, value: unknown, min: number, max: number): readonly unknown[] {
  if (Array.isArray(value) && value.length >= min && value.length <= max) return value;
  return refuse(where, `an array of ${min} to ${max} elements`, value, 'Pass such an array.');
}

type Check = (where: string, value: unknown, depth: number) => unknown;
type Fields = Readonly<Record<string, readonly [check: Check, required?: 'required']>>;

const whole =
  (min: number, max = MAX_WIDTH): Check =>
  (where, value) =>
    checkInteger(where, value, { min, max });
const number =
  (min: number, max: number): Check =>
  (where, value) =>
    checkNumber(where, value, { min, max });
const name =
  (...names: string[]): Check =>
  (where, value) =>
    checkName(where, names, value);
const sides: Check = (where, value) =>
  Array.isArray(value)
    ? checkArray(where, value, 2, 2).map((side, i) => checkInteger(`${where}[${i}]`, side, { min: 1, max: MAX_WIDTH }))
    : checkInteger(where, value, { min: 1, max: MAX_WIDTH });
const stack =
  (min: number): Check =>
  (where, value, depth) =>
    checkArray(where, value, min, MAX_LAYERS).map((layer, i) => checkLayer(`${where}[${i}]`, layer, depth + 1));
const branches: Check = (where, value, depth) =>
  checkArray(where, value, 1, MAX_LAYERS).map((branch, i) => stack(0)(`${where}[${i}]`, branch, depth));

const text: Check = (where, value) =>
  typeof value === 'string' && value.length <= MAX_TEXT ? value : refuse(where, 'a text', value, 'Pass what layersModel() gave.');
const flag: Check = (where, value) =>
  typeof value === 'boolean' ? value : refuse(where, 'true or false', value, 'Pass what layersModel() gave.');
const sizes: Check = (where, value) =>
  checkArray(where, value, 0, MAX_DIMENSIONS).map((size, i) => checkInteger(`${where}[${i}]`, size, { min: 1, max: MAX_WIDTH }));
const weights: Check = (where, value, depth) =>
  checkArray(where, value, 0, MAX_WEIGHTS).map((each, i) => checkRecord(`${where}[${i}]`, each, WEIGHT, depth));
/** What a weight of a model says of itself. */
const WEIGHT: Fields = { name: [text, 'required'], shape: [sizes, 'required'], trainable: [flag] };

/** What each kind of layer may say of itself. */
const FIELDS: Readonly<Record<LayerSpec['kind'], Fields>> = {
  dense: { units: [whole(1), 'required'], activation: [checkActivation], initializer: [checkInitializer] },
  noisyDense: {
    units: [whole(1), 'required'],
    activation: [checkActivation],
    noise: [name('factorised', 'independent')],
    sigma: [number(0, 1e30)],
  },
  layerNorm: { epsilon: [number(1e-30, 1e30)], activation: [checkActivation] },
  conv2d: {
    filters: [whole(1), 'required'],
    kernelSize: [sides, 'required'],
    strides: [sides],
    padding: [name('valid', 'same')],
    activation: [checkActivation],
    initializer: [checkInitializer],
  },
  flatten: {},
  residual: { layers: [stack(1), 'required'], activation: [checkActivation] },
  randomPrior: { layers: [stack(1), 'required'], prior: [stack(1), 'required'], scale: [number(0, 1e30)] },
  parallel: { branches: [branches, 'required'] },
  dueling: {
    actions: [whole(1), 'required'],
    width: [whole(1)],
    value: [stack(1), 'required'],
    advantage: [stack(1), 'required'],
    aggregation: [name('mean', 'max')],
  },
  gru: { units: [whole(1), 'required'] },
  implicitQuantiles: { cosines: [whole(1)], activation: [checkActivation], layers: [stack(1), 'required'] },
  proposedQuantiles: {
    fractions: [whole(2, 2 ** 12), 'required'],
    cosines: [whole(1)],
    activation: [checkActivation],
    proposalRate: [number(0, 1e30)],
    layers: [stack(1), 'required'],
  },
  layersModel: {
    topology: [text, 'required'],
    inputShape: [sizes, 'required'],
    outputShape: [sizes, 'required'],
    weights: [weights, 'required'],
  },
};

/**
 * Returns a layer from untrusted data, with nothing but its known fields.
 * @throws DqnError `invalid-option` naming the first field that is wrong.
 */
export function checkLayerSpec(where: string, value: unknown): LayerSpec {
  return checkLayer(where, value, 0);
}

function checkLayer(where: string, value: unknown, depth: number): LayerSpec {
  if (depth > MAX_DEPTH) refuse(where, `layers within layers at most ${MAX_DEPTH} deep`, value, 'Use a flatter network.');
  const kinds = Object.keys(FIELDS) as LayerSpec['kind'][];
  const given = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  const kind = kinds.find((each) => each === given);
  if (kind === undefined) refuse(`${where}.kind`, `one of ${kinds.join(', ')}`, given, 'Pass a layer of one of these kinds.');
  // Each field is given the type that the kind asks for.
  return checkRecord(where, value, { kind: [name(kind), 'required'], ...FIELDS[kind] }, depth) as unknown as LayerSpec;
}

/** An object from untrusted data, with nothing but its known fields. */
function checkRecord(where: string, value: unknown, fields: Fields, depth: number): Record<string, unknown> {
  const data = checkFields(where, value, Object.keys(fields));
  const record: Record<string, unknown> = {};
  for (const [field, [check, required]] of Object.entries(fields)) {
    if (data[field] === undefined && !required) continue;
    record[field] = check(`${where}.${field}`, data[field], depth);
  }
  return record;
}

/**
 * Returns a network spec from untrusted data, such as a checkpoint's, with nothing but its known fields.
 *
 * Limits: observations and layers of at most 2²⁴ numbers, 2³⁰ parameters, 1,000 layers, layers within layers 16 deep.
 * @throws DqnError `invalid-option` naming the first field or layer that is wrong.
 */
export function checkNetworkSpec(spec: unknown): NetworkSpec {
  const data = checkFields('network', spec, ['inputShape', 'inputScale', 'layers']);
  const inputShape = sizes('network.inputShape', data.inputShape, 0) as readonly number[];
  let width = 1;
  for (const size of inputShape) width = checkInteger('network.inputShape (its product)', width * size, { max: MAX_WIDTH });
  const layers = checkArray('network.layers', data.layers, 1, MAX_LAYERS).map((value, i) =>
    checkLayer(`network.layers[${i}]`, value, 0),
  );
  const scale = data.inputScale;
  const network: NetworkSpec = {
    inputShape,
    ...(scale === undefined ? {} : { inputScale: checkNumber('network.inputScale', scale, { min: -1e30, max: 1e30 }) }),
    layers,
  };
  const plans = planNetwork(network);
  checkWidths(plans, 'layers');
  const parameters = parametersOf(plans).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  checkInteger('network.layers (parameters in all)', parameters, { max: MAX_PARAMETERS });
  return network;
}

/** Refuses what is too wide, and memory where one row of inputs becomes many. */
function checkWidths(plans: readonly LayerPlan[], where: string, withinQuantiles = false): void {
  plans.forEach(({ spec, outputShape, stacks }, i) => {
    checkInteger(`network.${where}[${i}] (its outputs)`, sizeOf(outputShape), { max: MAX_WIDTH });
    if (spec.kind === 'gru' && withinQuantiles) {
      refuse(`network.${where}[${i}]`, 'no gru behind the quantile embedding', spec.kind, 'Put the gru in front of it.');
    }
    const quantiles = withinQuantiles || spec.kind === 'implicitQuantiles' || spec.kind === 'proposedQuantiles';
    stacks.forEach((each, j) => checkWidths(each, `${where}[${i}], stack ${j}`, quantiles));
  });
}
