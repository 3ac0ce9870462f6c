import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DqnError, describe } from '../../common/errors.ts';
import type { Environment } from '../../environment/environment.ts';
import type { Fields } from './frames.ts';

/**
 * What builds the environments of `module#name`: a class, which gets the keyword arguments as its options, or a function, which gets them too. The module is a path from the
 * working directory (with `./`, `../` or `/` in front), or a package that is installed there; `@scope/dqn/environments` is always there.
 *
 * @throws DqnError `invalid-option` if there is no such module or name.
 */
export async function loadEnvironment(id: string, kwargs: Fields): Promise<() => Environment> {
  const hash = id.lastIndexOf('#');
  const refuse = (expected: string, received: string, cause?: unknown) =>
    new DqnError({
      code: 'invalid-option',
      where: `the environment ${describe(id)}`,
      expected,
      received,
      remedy: "Pass 'module#name', such as '@scope/dqn/environments#CartPole' or './worlds.js#Thermostat'.",
      cause,
    });
  if (hash < 1 || hash === id.length - 1) throw refuse('a module and the name of an export', 'another text');
  const [specifier, name] = [id.slice(0, hash), id.slice(hash + 1)];
  let module: Record<string, unknown>;
  try {
    module = (await importFrom(specifier)) as Record<string, unknown>;
  } catch (cause) {
    throw refuse('a module that can be imported', cause instanceof Error ? cause.message : describe(cause), cause);
  }
  const found = module[name];
  if (typeof found !== 'function')
    throw refuse(`a class or function among ${describe(Object.keys(module).join(', '))}`, describe(found));
  const isClass = /^class\b/.test(Function.prototype.toString.call(found));
  return () =>
    isClass ? new (found as new (kwargs: Fields) => Environment)(kwargs) : (found as (kwargs: Fields) => Environment)(kwargs);
}

async function importFrom(specifier: string): Promise<unknown> {
  if (/^\.{0,2}[/\\]/.test(specifier) || isAbsolute(specifier)) return import(pathToFileURL(resolve(specifier)).href);
  let path: string;
  try {
    path = createRequire(join(process.cwd(), 'index.js')).resolve(specifier);
  } catch {
    // Not installed where the program runs; this package knows itself.
    return import(specifier);
  }
  return import(pathToFileURL(path).href);
}
