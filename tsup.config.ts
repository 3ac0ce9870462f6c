import { defineConfig } from 'tsup';

// The declarations alone: scripts/build.mjs bundles the code.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    browser: 'src/browser/index.ts',
    environments: 'src/environments/index.ts',
    node: 'src/node/index.ts',
    testing: 'src/testing/index.ts',
    tfjs: 'src/tfjs/index.ts',
  },
  format: 'esm',
  target: 'es2022',
  external: [/^node:/, /^@tensorflow\//],
  // tsup gives TypeScript a `baseUrl`, which TypeScript 6 reports as deprecated.
  dts: { only: true, compilerOptions: { ignoreDeprecations: '6.0' } },
});
