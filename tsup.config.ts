import { defineConfig } from 'tsup';
import { bundlePackages } from './scripts/bundle-packages.ts';

const entries = {
  index: 'src/index.ts',
  browser: 'src/browser/index.ts',
  environments: 'src/environments/index.ts',
  node: 'src/node/index.ts',
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
  // The packages of the command go into its bundle: the library has no dependencies.
  noExternal: ['cli-progress', 'commander', 'd3-scale', 'd3-shape', 'gifenc', 'zod'],
  esbuildPlugins: [bundlePackages('dist/THIRD-PARTY-NOTICES.txt')],
  esbuildOptions: (options) => {
    options.mainFields = ['module', 'main'];
  },
  // What two entries share lies in one chunk, so that an error thrown by one is an instance of the other's DqnError.
  splitting: true,
  sourcemap: true,
  clean: true,
  removeNodeProtocol: false,
  // tsup gives TypeScript a `baseUrl`, which TypeScript 6 reports as deprecated.
  dts: { entry: entries, compilerOptions: { ignoreDeprecations: '6.0' } },
});
