// Bundles the built entries as an application would, checks that the main one is small and needs nothing else, and prints the sizes: of what
// loads with the entry, and of all with what only files need (checkpoints, policies), which loads when the first one is read or written.
// Then bundles what three applications import, and checks that each pays for its own parts alone.
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const LIMIT = 45_000; // bytes of the main entry with everything, engine and what loads on demand included, minified and gzipped
const dist = (name) => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));

/** Leaves dynamic imports of our own chunks out of a bundle. */
const onDemand = {
  name: 'on-demand',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
  },
};

async function bundle(input, plugins, external = []) {
  const { outputFiles, metafile } = await build({
    ...input,
    bundle: true,
    minify: true,
    write: false,
    logLevel: 'error',
    metafile: true,
    format: 'esm',
    target: 'es2022',
    plugins,
    external,
  });
  const left = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path),
  );
  return { size: gzipSync(outputFiles[0].contents, { level: 9 }).length, left, text: outputFiles[0].text };
}

const problems = [];
console.log('bytes, minified and gzipped     with the entry     on demand too');
for (const name of ['index', 'browser', 'environments', 'node', 'testing', 'tfjs']) {
  const input = { entryPoints: [dist(name)] };
  // Only what these names stand for may be left to import; a browser has none of them.
  const bare = ['index', 'browser', 'environments'].includes(name);
  const external = bare ? [] : ['node:*', 'fast-check', '@tensorflow/*'];
  const { size } = await bundle(input, [onDemand], external);
  const all = await bundle(input, [], external);
  console.log(`${name.padEnd(28)}${String(size).padStart(18)}${String(all.size).padStart(18)}  ${all.left.join(' ')}`);
  if (name === 'index' && all.size > LIMIT)
    problems.push(`The main entry is ${all.size - LIMIT} bytes over its limit of ${LIMIT}.`);
  if (bare && all.left.length > 0) {
    problems.push(`The entry ${name} imports ${all.left.join(', ')}; it must need nothing.`);
  }
}

const common = ['createAgent', 'train', 'evaluate', 'mlp', 'adam', 'hard', 'linear'];
const applications = {
  dqn: ['uniform', 'expected', 'doubleQ', 'epsilonGreedy'],
  rainbow: ['prioritized', 'categorical', 'doubleQ', 'noisyGreedy'],
  recurrent: ['recurrent', 'sequences', 'expected', 'doubleQ', 'epsilonGreedy'],
};
/** Text that only the code of a part holds, and the applications that may hold it. */
const marks = {
  priorityEpsilon: ['rainbow'],
  'categorical(atoms': ['rainbow'],
  'sequences(length': ['recurrent'],
  'recurrent(units': ['recurrent'],
  'quantile(quantiles': [],
  'munchausen(alpha': [],
  'minimaxQ(actions': [],
  'hindsight(goals': [],
  'epsilonZGreedy(exponent': [],
  'ucb(coefficient': [],
};
console.log('\nbytes of an application that imports');
for (const [name, parts] of Object.entries(applications)) {
  const contents = `export { ${[...common, ...parts].join(', ')} } from ${JSON.stringify(dist('index'))};`;
  const { size, text } = await bundle({ stdin: { contents, resolveDir: '.' } }, [onDemand]);
  console.log(`${name.padEnd(28)}${String(size).padStart(18)}`);
  for (const [mark, allowed] of Object.entries(marks)) {
    const found = text.includes(mark);
    if (found && !allowed.includes(name)) problems.push(`The parts of ${name} bring ${mark}…) with them.`);
    if (!found && allowed.includes(name)) problems.push(`The mark ${mark} is not in ${name}: mend this check.`);
  }
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
