import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@scope\/dqn$/, replacement: source('index.ts') },
      { find: /^@scope\/dqn\/(environments|node|testing)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: { include: ['tests/**/*.test.ts'], testTimeout: 60_000, pool: 'forks' },
});
