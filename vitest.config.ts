import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromium } from './tests/support/chromium.ts';
import { softwareVulkan } from './tests/support/software-vulkan.ts';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** With EXPLORE=1 properties are tried on examples that no run has seen. */
const examples = process.env.EXPLORE ? [] : ['tests/support/same-examples.ts'];

export default defineConfig({
  cacheDir: '.temporary/vite',
  resolve: {
    alias: [
      { find: /^@scope\/dqn$/, replacement: source('index.ts') },
      {
        find: /^@scope\/dqn\/(box2d|browser|environments|export|node|offline|testing|tfjs|workbench)$/,
        replacement: source('$1/index.ts'),
      },
    ],
  },
  test: {
    testTimeout: 60_000,
    // Vitest would leave one core idle: of two, half.
    maxWorkers: '100%',
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/{browser,demo,gymnasium,onnx,pages,shells,webgpu}/**'],
          pool: 'forks',
          setupFiles: ['tests/support/all-layers.ts', ...examples],
        },
      },
      // Needs Python and Debian's python3-onnx.
      {
        extends: true,
        test: { name: 'onnx', include: ['tests/onnx/**/*.test.ts'], pool: 'forks', setupFiles: examples },
      },
      // Needs zsh and fish.
      { extends: true, test: { name: 'shells', include: ['tests/shells/**/*.test.ts'], pool: 'forks' } },
      {
        extends: true,
        test: {
          name: 'webgpu',
          include: ['tests/webgpu/**/*.test.ts'],
          pool: 'forks',
          env: softwareVulkan('.temporary/vulkan'),
          testTimeout: 240_000,
          setupFiles: ['tests/support/all-layers.ts', ...examples],
        },
      },
      {
        extends: true,
        // They need a Python with numpy.
        test: {
          name: 'gymnasium',
          include: ['tests/gymnasium/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 240_000,
          setupFiles: ['tests/support/all-layers.ts', ...examples],
        },
      },
      {
        extends: true,
        // One page after the other: they train as fast as the machine lets them.
        test: {
          name: 'demo',
          include: ['tests/demo/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 240_000,
          hookTimeout: 400_000,
          expect: { poll: { timeout: 30_000 } },
        },
      },
      {
        extends: true,
        // What tests import from packages is named here: found only later, it would make the page load anew in the middle of a test.
        optimizeDeps: {
          include: [
            'fast-check',
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-layers',
            ...['cpu', 'wasm', 'webgl', 'webgpu'].map((name) => `@tensorflow/tfjs-backend-${name}`),
          ],
        },
        // A page that shares nothing with others has SharedArrayBuffer and exact clocks.
        server: { headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } },
        test: {
          name: 'browser',
          // Software renderers compile a shader for every size of a batch.
          testTimeout: 240_000,
          include: ['tests/browser/**/*.test.ts'],
          setupFiles: examples,
          globalSetup: 'tests/browser/node-run.ts',
          browser: {
            enabled: true,
            // Software renderers have threads of their own for every core.
            fileParallelism: false,
            headless: true,
            provider: playwright({ launchOptions: chromium }),
            instances: [{ browser: 'chromium' }],
            screenshotFailures: false,
          },
        },
      },
      // These drive whole pages from Node: they reload them and kill the browser.
      {
        extends: true,
        test: { name: 'pages', include: ['tests/pages/**/*.test.ts'], pool: 'forks', testTimeout: 300_000, hookTimeout: 60_000 },
      },
    ],
  },
});
