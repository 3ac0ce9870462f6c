// Bundles the entries that package.json exports, from src/<entry>/index.ts. Modules that are always needed together lie in one file: what is loaded on demand
// comes in few files, and the bundler of an application cannot tear it into many.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const source = path('src/').replaceAll('\\', '/');
const { exports, peerDependencies } = JSON.parse(readFileSync(path('package.json'), 'utf8'));

/** Which file a module lies in, from its path below src; others lie where they are needed. */
const FILES = {
  core: /^common\/(?!archive|crc32|normal-distribution)/,
  networks: /^networks\/(plan|check-spec|traits|initialize|optimizers|network-checks)\.ts$/,
  // What each network needs. Kinds of layers but the dense one, and what only they share, are loaded when a network has them.
  engine:
    /^engines\/wasm\/(?!wasm-engine|choose-kernels|[a-z]+-kernels|layer-norm-kernels|(?!dense)[a-z0-9-]+-layer\.ts|side-by-side|joint-entry|quantile-embedding|grouped-panels)/,
};

function fileOf(id) {
  const name = id.startsWith(source) ? id.slice(source.length) : '';
  return Object.keys(FILES).find((file) => FILES[file].test(name));
}

const entries = Object.values(exports).flatMap((target) =>
  target.default ? [target.default.slice('./dist/'.length, -'.js'.length)] : [],
);

await build({
  configFile: false,
  root: path('.'),
  logLevel: 'warn',
  build: {
    outDir: 'dist',
    target: 'es2022',
    minify: false,
    sourcemap: true,
    lib: {
      entry: Object.fromEntries(entries.map((name) => [name, path(name === 'index' ? 'src/index.ts' : `src/${name}/index.ts`)])),
      formats: ['es'],
    },
    rollupOptions: {
      external: [/^node:/, ...Object.keys(peerDependencies).map((name) => new RegExp(`^${name}(/|$)`))],
      treeshake: { moduleSideEffects: false },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js', manualChunks: fileOf },
    },
  },
});
