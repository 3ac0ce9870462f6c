import type { LayersModelLike } from './layers-model-like.ts';

/** What JSON holds. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object of a topology. */
export type JsonObject = { readonly [key: string]: Json };

/** Where names of layers stand in the configuration of a model. */
const REFERENCES = ['inboundNodes', 'inputLayers', 'outputLayers'];

/**
 * A model without its weights, as text. TensorFlow.js numbers the names of layers through the whole program; here they are numbered through the model, so that the same
 * model gives the same text in any program.
 */
export function topologyOf(model: LayersModelLike): string {
  const whole = JSON.parse(JSON.stringify({ className: model.getClassName(), config: model.getConfig() })) as Json;
  const names = new Map<string, string>();
  for (const { className, config } of partsOf(whole)) {
    if (isLayer(className, config) && !names.has(config.name)) names.set(config.name, `layer${names.size}`);
  }
  return JSON.stringify(rename(whole, names, false));
}

/** Every object `{ className, config }` in a topology: models, layers, cells, initialisers. */
export function partsOf(value: Json): { readonly className: string; readonly config: JsonObject }[] {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.values(value).flatMap(partsOf);
  const { className, config } = value as JsonObject;
  return typeof className === 'string' && isObject(config) ? [{ className, config }, ...within] : within;
}

/** Whether this is an object with keys of its own. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Layers say whether they are trainable, models which layers they have, and inputs neither. */
function isLayer(className: string, config: JsonObject): config is JsonObject & { readonly name: string } {
  return typeof config.name === 'string' && ('trainable' in config || 'layers' in config || className === 'InputLayer');
}

function rename(value: Json, names: ReadonlyMap<string, string>, isReference: boolean): Json {
  if (typeof value === 'string') return isReference ? (names.get(value) ?? value) : value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((each) => rename(each, names, isReference));
  if (!isObject(value)) return value;
  const { className, config } = value;
  const entries = Object.entries(value).map(([key, each]): [string, Json] => {
    // An entry of a graph repeats the name of its layer.
    if (key === 'name' && 'inboundNodes' in value) return [key, rename(each, names, true)];
    if (key === 'config' && typeof className === 'string' && isObject(config) && isLayer(className, config)) {
      return [key, rename({ ...config, name: names.get(config.name) as string }, names, false)];
    }
    return [key, rename(each, names, REFERENCES.includes(key))];
  });
  return Object.fromEntries(entries);
}
