import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';

/** Calls of `require` that name a module of Node. */
const REQUIRES = new RegExp(String.raw`\brequire\((['"])((?:node:)?(?:${builtinModules.join('|')}))\1\)`, 'g');

/**
 * Bundles the packages of the command: modules of Node that CommonJS requires are fetched by `process.getBuiltinModule`, since a bundle of ECMAScript modules has no `require`; and
 * the licences of all packages that went in are written to a file.
 *
 * @param notices - the path of that file.
 */
export function bundlePackages(notices: string): Plugin {
  return {
    name: 'bundle-packages',
    setup({ onStart, onLoad, onEnd }) {
      const packages = new Set<string>();
      onStart(() => packages.clear());
      onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, ({ path }) => {
        packages.add(packageOf(path));
        return { contents: readFileSync(path, 'utf8').replaceAll(REQUIRES, 'globalThis.process.getBuiltinModule("$2")'), loader: 'js' };
      });
      onEnd(() => {
        // The declarations are built without packages.
        if (packages.size === 0) return;
        mkdirSync(dirname(notices), { recursive: true });
        writeFileSync(
          notices,
          [...packages]
            .sort()
            .map(noticeOf)
            .join(`\n${'-'.repeat(80)}\n\n`),
        );
      });
    },
  };
}

/** The folder of the package that a file is in. */
function packageOf(path: string): string {
  const match = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path);
  if (!match) throw new Error(`Expected a file of a package but received ${path}.`);
  return match[0];
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`Expected a licence in ${folder} but found none.`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
