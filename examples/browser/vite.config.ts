import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const source = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

// In a project of your own the package needs no configuration; here it is taken from its sources.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  cacheDir: fileURLToPath(new URL('../../.temporary/vite-demo', import.meta.url)),
  resolve: {
    alias: [
      { find: /^@scope\/dqn$/, replacement: source('index.ts') },
      { find: /^@scope\/dqn\/(browser|environments|tfjs)$/, replacement: source('$1/index.ts') },
    ],
  },
  worker: { format: 'es' },
  build: { target: 'es2022' },
});
