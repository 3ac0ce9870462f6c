import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DqnError, type Environment } from '../index.ts';
import * as all from '../environments/index.ts';
import { gymnasium } from '../node/index.ts';
import { suggest } from './suggest.ts';
import { UserMistake } from './user-mistake.ts';

/** An environment with discrete actions and any observations. */
export type AnyEnvironment = Environment<unknown, number>;

/** Options of an environment, as a configuration holds them. */
export type EnvironmentOptions = Readonly<Record<string, unknown>>;

/** Makes environments of one kind, each a new one; what is `shown` gives pictures, where that takes more than asking for them. */
export type CreateEnvironment = (options?: EnvironmentOptions, shown?: boolean) => Promise<AnyEnvironment>;

/** An environment that the command knows by an id. */
export interface RegisteredEnvironment {
  /** As in Gymnasium where it is one of theirs. */
  readonly id: string;
  /** What there is to do, in a few words. */
  readonly description: string;
  /** The entry of the package that exports it. */
  readonly entry: 'box2d' | 'environments';
  /** @throws DqnError `missing-package` where it needs one that is not installed. */
  readonly load: () => Promise<CreateEnvironment>;
}

/** A class of environments; its options are checked by its constructor. */
type EnvironmentClass = new (options?: never) => Pick<AnyEnvironment, 'actionSpace'>;

function register(id: string, type: EnvironmentClass, description: string): RegisteredEnvironment {
  return { id, description, entry: 'environments', load: async () => creating(type) };
}

function creating(type: EnvironmentClass): CreateEnvironment {
  const Type = type as unknown as new (options?: EnvironmentOptions) => AnyEnvironment;
  return async (options) => new Type(options);
}

async function loadLunarLander(): Promise<CreateEnvironment> {
  try {
    return creating((await import('../box2d/index.ts')).LunarLander);
  } catch (cause) {
    throw new DqnError({
      code: 'missing-package',
      where: 'LunarLander-v3',
      expected: 'the package planck, which moves the bodies',
      received: `none that can be loaded: ${cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)}`,
      remedy: 'Install it: npm install planck.',
      cause,
    });
  }
}

/** All environments of the package. */
export const environments: readonly RegisteredEnvironment[] = [
  register('Acrobot-v1', all.Acrobot, 'swing a two-link arm above a line'),
  register('Bandit', all.Bandit, 'choose the arm that an observation tells (bsuite)'),
  register('Blackjack-v1', all.Blackjack, 'hit or stick against a dealer'),
  register('CartPole-v1', all.CartPole, 'balance a pole on a cart'),
  register('CartPoleSwingUp', all.CartPoleSwingUp, 'swing a pole up and balance it (bsuite)'),
  register('Catch', all.Catch, 'catch a falling ball (bsuite)'),
  register('Chain', all.Chain, 'walk a slippery chain to its far end'),
  register('CliffWalking-v1', all.CliffWalking, 'walk along a cliff'),
  register('DeepSea', all.DeepSea, 'find one path among exponentially many (bsuite)'),
  register('FrozenLake-v1', all.FrozenLake, 'cross a slippery lake'),
  register('GridWorld', all.GridWorld, 'walk to a goal'),
  { id: 'LunarLander-v3', description: 'land a rocket between two flags', entry: 'box2d', load: loadLunarLander },
  register('MemoryChain', all.MemoryChain, 'remember what was shown at first (bsuite)'),
  register('MountainCar-v0', all.MountainCar, 'swing a car up a hill'),
  register('MinAtar/Asterix-v1', all.Asterix, 'collect gold, shun enemies'),
  register('MinAtar/Breakout-v1', all.Breakout, 'break bricks with a ball'),
  register('MinAtar/Freeway-v1', all.Freeway, 'cross a road'),
  register('MinAtar/Seaquest-v1', all.Seaquest, 'rescue divers in a submarine'),
  register('MinAtar/SpaceInvaders-v1', all.SpaceInvaders, 'shoot aliens'),
  register('Taxi-v3', all.Taxi, 'fetch and bring passengers'),
];

/** An environment that was asked for, by id or by module path. */
export interface FoundEnvironment {
  /** The whole id, or the path as it was written. */
  readonly id: string;
  /** The entry of the package that exports it; nothing for one of the user's own. */
  readonly entry?: RegisteredEnvironment['entry'];
  readonly create: CreateEnvironment;
}

/** What the ids of Python's environments begin with. */
export const GYMNASIUM = 'gymnasium:';

/**
 * The environment of an id (`CartPole-v1`, `cartpole`, `cart-pole`), of a module and the name of its export (`./my-env.js#MyEnv`), or of Gymnasium in Python
 * (`gymnasium:ALE/Pong-v5`), whose options are the arguments of `gymnasium.make`.
 *
 * @throws UserMistake where there is none.
 */
export async function findEnvironment(name: string): Promise<FoundEnvironment> {
  if (name.startsWith(GYMNASIUM)) {
    return { id: name, create: (kwargs, render) => gymnasium(name.slice(GYMNASIUM.length), { kwargs, render }) };
  }
  if (/^\.{0,2}[\\/]|^[a-z]:[\\/]|#/i.test(name)) return { id: name, create: await importEnvironment(name) };
  const known = environments.find(({ id }) => plain(id) === plain(name));
  if (known) return { id: known.id, entry: known.entry, create: await known.load() };
  const names = environments.flatMap(({ id }) => [id, stem(id)]);
  const hint = suggest(name, names);
  throw new UserMistake(
    `There is no environment ${name}.${hint} \`dqn environments\` lists all; your own goes by ./file.js#Name, Python's by gymnasium:Name-v0.`,
  );
}

/** `MinAtar/Breakout-v1` as `Breakout`. */
function stem(id: string): string {
  return id.replace(/^.*\//, '').replace(/-v\d+$/, '');
}

function plain(name: string): string {
  return stem(name).toLowerCase().replaceAll(/[-_]/g, '');
}

async function importEnvironment(name: string): Promise<CreateEnvironment> {
  const [path, wanted = 'default'] = name.split('#');
  const module = await importFile(path);
  const found = module[wanted];
  if (typeof found !== 'function') {
    const names = Object.keys(module).filter((key) => typeof module[key] === 'function');
    throw new UserMistake(
      `${path} exports no class or function ${wanted}; it exports ${names.join(', ') || 'none'}. Write ${path}#Name.${suggest(wanted, names)}`,
    );
  }
  // By its method where it was compiled to a function, and otherwise by its text: its step may be a field, or missing.
  const hasMethod = typeof (found.prototype as { step?: unknown } | undefined)?.step === 'function';
  const isClass = hasMethod || /^class\b/.test(Function.prototype.toString.call(found));
  const make = (options?: EnvironmentOptions): unknown =>
    isClass
      ? new (found as new (options?: EnvironmentOptions) => unknown)(options)
      : (found as (options?: EnvironmentOptions) => unknown)(options);
  return async (options) => {
    const made = (await make(options)) as Partial<AnyEnvironment> | undefined;
    if (typeof made?.reset === 'function' && typeof made.step === 'function' && made.observationSpace && made.actionSpace) {
      return made as AnyEnvironment;
    }
    throw new UserMistake(`${name} gives no environment: it needs observationSpace, actionSpace, reset() and step().`);
  };
}

/**
 * The exports of a module by its path, seen from the working folder.
 *
 * @throws UserMistake where there is no such file, or this Node cannot read its language.
 */
export async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const url = pathToFileURL(resolve(path)).href;
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new UserMistake(`This Node (${process.version}) cannot import ${path}: TypeScript needs Node 22.18 or later.`, {
        cause,
      });
    }
    // Not so where it is there and imports something that is not.
    if (code === 'ERR_MODULE_NOT_FOUND' && message.startsWith(`Cannot find module '${fileURLToPath(url)}'`)) {
      throw new UserMistake(`There is no file ${path}.`, { cause });
    }
    throw new UserMistake(`${path} cannot be imported: ${message}.`, { cause });
  }
}
