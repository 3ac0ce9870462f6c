// Bundles the built entries as an application would, checks that the main one is small and needs nothing else, and prints the sizes: of what
// loads with the entry, and of all with what only files need (checkpoints, policies), which loads when the first one is read or written.
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const LIMIT = 30_000; // bytes that load with the main entry, engine included, minified and gzipped
const dist = (name) => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));

/** Leaves dynamic imports of our own chunks out of a bundle. */
const onDemand = {
  name: 'on-demand',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
  },
};

async function bundle(name, plugins) {
  const { outputFiles, metafile } = await build({
    entryPoints: [dist(name)],
    bundle: true,
    minify: true,
    write: false,
    logLevel: 'error',
    metafile: true,
    format: 'esm',
    target: 'es2022',
    plugins,
    // Only what these names stand for may be left to import; a browser has none of them.
    external: name === 'index' || name === 'environments' ? [] : ['node:*', 'fast-check'],
  });
  const left = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path),
  );
  return { size: gzipSync(outputFiles[0].contents, { level: 9 }).length, left };
}

const problems = [];
console.log('bytes, minified and gzipped     with the entry     on demand too');
for (const name of ['index', 'environments', 'node', 'testing']) {
  const { size } = await bundle(name, [onDemand]);
  const all = await bundle(name, []);
  console.log(`${name.padEnd(28)}${String(size).padStart(18)}${String(all.size).padStart(18)}  ${all.left.join(' ')}`);
  if (name === 'index' && size > LIMIT) problems.push(`The main entry is ${size - LIMIT} bytes over its limit of ${LIMIT}.`);
  if ((name === 'index' || name === 'environments') && all.left.length > 0) {
    problems.push(`The entry ${name} imports ${all.left.join(', ')}; it must need nothing.`);
  }
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
