import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/** Calls of `require` that name a module of Node. */
const REQUIRES = new RegExp(String.raw`\brequire\((['"])((?:node:)?(?:${builtinModules.join('|')}))\1\)`, 'g');

/**
 * Lets packages in CommonJS that need modules of Node be bundled: a bundle of ECMAScript modules has no `require`, so these are fetched by `process.getBuiltinModule`. By `globalThis`, since
 * such a package may have a variable of the name `process`.
 */
export function nodeRequires(): Plugin {
  return {
    name: 'node-requires',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replaceAll(REQUIRES, 'globalThis.process.getBuiltinModule("$2")'),
        loader: 'js',
      }));
    },
  };
}
