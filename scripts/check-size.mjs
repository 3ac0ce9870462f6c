// Bundles the built entries as an application would, checks that the main one is small and needs nothing else, and prints the sizes: of what
// loads with the entry, and of all with what loads when it is first needed (agents, the engine, the layers of a network, files).
// Then bundles three applications, each of which trains an agent, runs them, and counts what each has loaded by its end: it must be its own parts alone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const LIMIT = 45_000; // bytes of what loads with the main entry, minified and gzipped
const dist = (name) => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
const compressed = (contents) => gzipSync(contents, { level: 9 }).length;

/** Leaves dynamic imports of our own chunks out of a bundle. */
const onDemand = {
  name: 'on-demand',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
  },
};

const bundling = { bundle: true, minify: true, write: false, logLevel: 'error', metafile: true, format: 'esm', target: 'es2022' };

async function bundle(input, plugins, external = []) {
  const { outputFiles, metafile } = await build({ ...bundling, ...input, plugins, external });
  const left = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path),
  );
  return { size: compressed(outputFiles[0].contents), left: [...new Set(left)] };
}

const problems = [];
const row = (name, ...sizes) => console.log(name.padEnd(28) + sizes.map((size) => String(size).padStart(18)).join(''));
console.log('bytes, minified and gzipped     with the entry     on demand too');
for (const name of ['index', 'box2d', 'browser', 'environments', 'export', 'node', 'offline', 'testing', 'tfjs', 'workbench']) {
  const input = { entryPoints: [dist(name)] };
  // Only what these names stand for may be left to import; a browser has none of them.
  const bare = ['index', 'browser', 'environments', 'export', 'offline', 'workbench'].includes(name);
  // HDF5 is read by a package that its users install.
  const external = name === 'offline' ? ['h5wasm'] : bare ? [] : ['node:*', 'fast-check', 'planck', '@tensorflow/*'];
  const { size } = await bundle(input, [onDemand], external);
  const all = await bundle(input, [], external);
  row(name, size, all.size, ` ${all.left.join(' ')}`);
  if (name === 'index' && size > LIMIT) problems.push(`The main entry is ${size - LIMIT} bytes over its limit of ${LIMIT}.`);
  if (bare && all.left.length > 0) {
    problems.push(`The entry ${name} imports ${all.left.join(', ')}; it must need nothing.`);
  }
}

/** What each application passes to createAgent. */
const applications = {
  dqn: `network: mlp({ hidden: [8] }), replay: uniform({ capacity: 100 }), head: expected(), bootstrap: doubleQ(),
    explorer: epsilonGreedy(linear(1, 0.1, 100))`,
  rainbow: `network: mlp({ hidden: [8], dueling: true, noisy: true }), replay: prioritized({ capacity: 100 }), nStep: 3,
    head: categorical({ atoms: 5, vMin: 0, vMax: 100 }), bootstrap: doubleQ(), explorer: noisyGreedy()`,
  recurrent: `network: recurrent({ units: 8 }), replay: sequences({ capacity: 100, length: 4, burnIn: 2 }), head: expected(),
    bootstrap: doubleQ(), explorer: epsilonGreedy(linear(1, 0.1, 100))`,
};
/** Text that only the code of a part holds, and the applications that may hold it. */
const marks = {
  // Sequences may be prioritized too.
  priorityEpsilon: ['rainbow', 'recurrent'],
  'categorical(atoms': ['rainbow'],
  'sequences(length': ['recurrent'],
  'recurrent(units': ['recurrent'],
  'quantile(quantiles': [],
  'munchausen(alpha': [],
  'minimaxQ(actions': [],
  'hindsight(goals': [],
  'epsilonZGreedy(exponent': [],
  'ucb(coefficient': [],
  // Calls of the kernels of single layers.
  '.duelingBackward(': ['rainbow'],
  '.perturb(': ['rainbow'],
  '.gruBackward(': ['recurrent'],
  '.convolveNonZeros(': [],
  '.layerNormBackward(': [],
  '.modulateBackward(': [],
  // The workbench.
  'bootstrap(samples': [],
  // What writes and reads files.
  __metadata__: [],
};

/** An application: learns for some steps and is evaluated. Gives the number of updates. */
const source = (
  parts,
) => `import { createAgent, evaluate, train, adam, hard, ${[...parts.matchAll(/(\w+)\(/g)].map(([, name]) => name)} } from ${JSON.stringify(dist('index'))};
export async function run(environment) {
  const agent = await createAgent(environment, { ${parts},
    optimizer: adam({ learningRate: 1e-3 }), targetUpdater: hard({ period: 50 }), learningStarts: 20, batchSize: 4 });
  const run = train(agent, environment, { steps: 100 });
  while (!(await run.next()).done);
  await evaluate(agent, environment, { episodes: 1, seed: 1 });
  return agent.updates;
}`;

/** Begins every file of a bundle: keeps account of those that are loaded. */
const BANNER = '(globalThis.loadedFiles??=[]).push(import.meta.url);\n';

/** The texts of the files that an application has loaded: with its entry, and in all after a run. */
async function load(name, parts, folder) {
  const { outputFiles } = await build({
    ...bundling,
    stdin: { contents: source(parts), resolveDir: '.' },
    splitting: true,
    outdir: folder,
    entryNames: name,
    chunkNames: `${name}-[hash]`,
    banner: { js: BANNER.trim() },
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [pathToFileURL(path).href, text.replace(BANNER, '')]));
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
  globalThis.loadedFiles = [];
  const { run } = await import(pathToFileURL(join(folder, `${name}.js`)).href);
  const first = [...globalThis.loadedFiles];
  const { CartPole } = await import(pathToFileURL(dist('environments')).href);
  const updates = await run(new CartPole());
  if (!(updates > 0)) problems.push(`The application ${name} has not learned.`);
  const read = (urls) => urls.map((url) => texts.get(url));
  return { first: read(first), all: read(globalThis.loadedFiles) };
}

const sum = (texts) => texts.reduce((total, text) => total + compressed(text), 0);
const folder = mkdtempSync(join(tmpdir(), 'size-'));
console.log('\nbytes of an application         with the entry     after a run');
try {
  for (const [name, parts] of Object.entries(applications)) {
    const { first, all } = await load(name, parts, folder);
    row(name, sum(first), sum(all), ` in ${all.length} files`);
    for (const [mark, allowed] of Object.entries(marks)) {
      const found = all.some((text) => text.includes(mark));
      if (found && !allowed.includes(name)) problems.push(`The application ${name} loads ${mark}… beside its parts.`);
      if (!found && allowed.includes(name)) problems.push(`The mark ${mark} is not in ${name}: mend this check.`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
