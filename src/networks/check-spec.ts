import { checkInteger, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
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

function checkLayer(where: string, value: unknown): LayerSpec {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (kind === 'dense') {
    const data = checkFields(where, value, ['kind', 'units', 'activation', 'initializer']);
    return {
      kind,
      units: checkInteger(`${where}.units`, data.units, { min: 1, max: MAX_WIDTH }),
      ...(data.activation === undefined ? {} : { activation: checkActivation(`${where}.activation`, data.activation) }),
      ...(data.initializer === undefined ? {} : { initializer: checkInitializer(`${where}.initializer`, data.initializer) }),
    };
  }
  if (kind === 'layerNorm') {
    const data = checkFields(where, value, ['kind', 'epsilon', 'activation']);
    return {
      kind,
      ...(data.epsilon === undefined ? {} : { epsilon: checkNumber(`${where}.epsilon`, data.epsilon, { min: 1e-30, max: 1e30 }) }),
      ...(data.activation === undefined ? {} : { activation: checkActivation(`${where}.activation`, data.activation) }),
    };
  }
  return refuse(`${where}.kind`, 'dense or layerNorm', kind, 'Pass a layer of one of these kinds.');
}

/**
 * Returns a network spec from untrusted data, such as a checkpoint's, with nothing but its known fields.
 *
 * Limits: observations and layers of at most 2²⁴ numbers, 2³⁰ parameters, 1,000 layers.
 * @throws DqnError `invalid-option` naming the first field or layer that is wrong.
 */
export function checkNetworkSpec(spec: unknown): NetworkSpec {
  const data = checkFields('network', spec, ['inputShape', 'inputScale', 'layers']);
  const inputShape = checkArray('network.inputShape', data.inputShape, 0, MAX_DIMENSIONS).map((size, i) =>
    checkInteger(`network.inputShape[${i}]`, size, { min: 1, max: MAX_WIDTH }),
  );
  let width = 1;
  for (const size of inputShape) width = checkInteger('network.inputShape (its product)', width * size, { max: MAX_WIDTH });
  let parameters = 0;
  const layers = checkArray('network.layers', data.layers, 1, MAX_LAYERS).map((value, i) => {
    const layer = checkLayer(`network.layers[${i}]`, value);
    const outputs = layer.kind === 'dense' ? layer.units : width;
    parameters += layer.kind === 'dense' ? (width + 1) * outputs : 2 * outputs;
    checkInteger(`network.layers[${i}] (parameters so far)`, parameters, { max: MAX_PARAMETERS });
    width = outputs;
    return layer;
  });
  const scale = data.inputScale;
  return {
    inputShape,
    ...(scale === undefined ? {} : { inputScale: checkNumber('network.inputScale', scale, { min: -1e30, max: 1e30 }) }),
    layers,
  };
}
