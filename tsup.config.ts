import { cpSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { nodeRequires } from './scripts/node-requires.ts';
import { publishedEntries } from './scripts/published-entries.ts';

const entries = {
  index: 'src/index.ts',
  box2d: 'src/box2d/index.ts',
  browser: 'src/browser/index.ts',
  environments: 'src/environments/index.ts',
  export: 'src/export/index.ts',
  node: 'src/node/index.ts',
  'serve-environment': 'src/node/bridge/serve-environment.ts',
  offline: 'src/offline/index.ts',
  testing: 'src/testing/index.ts',
  tfjs: 'src/tfjs/index.ts',
  workbench: 'src/workbench/index.ts',
};

export default defineConfig({
  entry: { ...entries, cli: 'src/cli/dqn.ts' },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/, /^@tensorflow\//],
  // The d3 packages are small, and drawn upon by one function: a report shall not make everybody install them. The others are those of the command, in its chunks alone.
  noExternal: [/^d3-/, '@bomb.sh/tab', 'cli-progress', 'commander', 'gifenc', 'zod'],
  esbuildPlugins: [nodeRequires(), publishedEntries(entries)],
  esbuildOptions: (options) => {
    options.mainFields = ['module', 'main'];
  },
  // What two entries share lies in one chunk, so that an error thrown by one is an instance of the other's DqnError.
  splitting: true,
  sourcemap: true,
  // For the licences of what was taken in.
  metafile: true,
  clean: true,
  // The sides of the bridge in Python lie beside the entries, where these look for them.
  onSuccess: async () => {
    for (const name of ['dqn_gymnasium.py', 'dqn_environments.py']) cpSync(`src/node/bridge/python/${name}`, `dist/python/${name}`);
  },
  removeNodeProtocol: false,
  // tsup gives TypeScript a `baseUrl`, which TypeScript 6 reports as deprecated.
  dts: { entry: entries, compilerOptions: { ignoreDeprecations: '6.0' } },
});
