import { resolve } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Lets the command import the entries of the library as they are published, `./index.js` beside it: the library is split as if there were no command, and there is one of each of its classes.
 *
 * @param entries - paths of the library's entries by their names.
 */
export function publishedEntries(entries: Readonly<Record<string, string>>): Plugin {
  const names = new Map(Object.entries(entries).map(([name, path]) => [resolve(path), name]));
  return {
    name: 'published-entries',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, importer, resolveDir }) => {
        const name = names.get(resolve(resolveDir, path));
        if (name === undefined || !/[\\/]src[\\/]cli[\\/]/.test(importer)) return undefined;
        return { path: `./${name}.js`, external: true, sideEffects: false };
      });
    },
  };
}
