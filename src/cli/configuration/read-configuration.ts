import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { importFile } from '../environments.ts';
import { suggest } from '../suggest.ts';
import { UserMistake } from '../user-mistake.ts';
import { agentSchema, configurationSchema, evaluationSchema, type PartialConfiguration } from './schema.ts';

/**
 * Reads a configuration: JSON, or the `configuration` or default export of a module.
 *
 * @throws UserMistake where there is no such file, or it is not a configuration.
 */
export async function readConfiguration(path: string): Promise<PartialConfiguration> {
  return checkConfiguration(path, extname(path) === '.json' ? await readJson(path) : await readModule(path));
}

/**
 * Checks what is said to be a configuration.
 *
 * @throws UserMistake naming the first wrong place, and what a misspelt key may have meant.
 */
export function checkConfiguration(where: string, value: unknown): PartialConfiguration {
  const { data, error } = configurationSchema.safeParse(value);
  if (data) return data;
  const [issue] = error.issues;
  const place = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    const hint = suggest(key, keysAt(place)) || ` Known: ${keysAt(place).join(', ')}.`;
    throw new UserMistake(`${where}: unknown key ${place === '' ? '' : `${place}.`}${key}.${hint}`);
  }
  throw new UserMistake(`${where}: ${place || 'configuration'}: ${issue.message.replace(/^Invalid input: /, '')}.`);
}

function keysAt(place: string): string[] {
  const schemas = { agent: agentSchema, evaluation: evaluationSchema };
  if (place === 'agent' || place === 'evaluation') return Object.keys(schemas[place].shape);
  return place === '' ? Object.keys(configurationSchema.shape) : ['from', 'to', 'steps', 'fraction'];
}

/**
 * Reads JSON.
 *
 * @throws UserMistake where there is no such file, or it is none.
 */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UserMistake(`${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserMistake(`${path} is no JSON: ${(cause as Error).message}.`, { cause });
  }
}

async function readModule(path: string): Promise<unknown> {
  const module = await importFile(path);
  const found = module.configuration ?? module.default;
  if (found === undefined) throw new UserMistake(`${path} exports no configuration: export it by that name, or as the default.`);
  return found;
}
