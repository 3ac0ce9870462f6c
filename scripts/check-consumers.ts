// Installs the packed package in copies of examples/node-app and examples/vite-app, as a user would; type-checks them under both ways to resolve modules,
// builds and runs them. TypeScript, Vite and type packages are this repository's own, so that nothing is fetched. `--node 24` runs node-app on that Node too.
// What the tutorial says is done word for word. The bridge to Python is tried both ways, for which a Python with numpy must be there.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { preview } from 'vite';
import { checkTutorial } from './check-tutorial.ts';
import { pythons } from '../tests/gymnasium/pythons.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const readManifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Runs a command and gives what it printed; throws with that if it fails. */
function run(folder: string, command: string, ...args: string[]): string {
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  try {
    return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe', env: { ...process.env, PATH: path } });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${[command, ...args].join(' ')} failed in ${folder}\n${stdout}${stderr}`, { cause: error });
  }
}

/** Links packages of the repository into a copy. */
function link(copy: string, names: readonly string[]): void {
  for (const name of names) {
    const place = join(copy, 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), place);
  }
}

/** A copy of an example in which the packed package is installed, and nothing else but its tools. */
function installCopy(name: string, tarball: string, scratch: string): string {
  const example = join(root, 'examples', name);
  const copy = join(scratch, name);
  // Not what was installed or built in it by hand.
  for (const file of ['src', 'package.json', 'tsconfig.json', 'index.html']) {
    if (existsSync(join(example, file))) cpSync(join(example, file), join(copy, file), { recursive: true });
  }
  run(copy, 'npm', 'pkg', 'delete', 'devDependencies');
  run(copy, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball);
  link(copy, Object.keys(readManifest(example).devDependencies));
  return copy;
}

/** Throws unless the text tells of a return that an agent which has learned nothing does not reach: about 22. */
function checkReturn(what: string, text: string): void {
  const match = /greedy return (?<mean>[\d.]+) over 10 episodes/.exec(text);
  if (!(Number(match?.groups?.mean) > 60)) throw new Error(`Expected a greedy return over 60 from ${what} but received:\n${text}`);
  console.log(`${what}: ${match?.[0]}`);
}

function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** What the built page shows in the end; throws if it reports an error. */
async function openPage(copy: string): Promise<string> {
  const server = await preview({ root: copy, configFile: false, logLevel: 'error', preview: { port: 0 } });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    const failed = new Promise<never>((_, reject) => page.on('pageerror', reject));
    const shown = async () => {
      await page.goto(server.resolvedUrls?.local[0] ?? '');
      await page.getByText('greedy return').waitFor({ timeout: 120_000 });
      return page.locator('output').innerText();
    };
    return await Promise.race([shown(), failed]);
  } finally {
    await browser.close();
    await server.close();
  }
}

const { values: options } = parseArgs({ options: { node: { type: 'string' } } });
const scratch = mkdtempSync(join(tmpdir(), 'consumers-'));
try {
  const { exports, peerDependencies } = readManifest(root);
  const [{ filename }] = JSON.parse(run(root, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', scratch)) as [
    { filename: string },
  ];
  const tarball = join(scratch, filename);
  const bundler = ['--noEmit', '--module', 'esnext', '--moduleResolution', 'bundler'];
  const node16 = ['--noEmit', '--module', 'node16', '--moduleResolution', 'node16'];

  const node = installCopy('node-app', tarball, scratch);
  run(node, 'tsc', ...bundler);
  run(node, 'npm', 'run', 'build');
  checkReturn(`node-app on Node ${process.version}`, run(node, 'npm', 'start'));
  if (options.node) {
    const other = ['-y', '-p', `node@${options.node}`, 'node'];
    checkReturn(`node-app on Node ${run(node, 'npx', ...other, '--version').trim()}`, run(node, 'npx', ...other, 'dist/main.js'));
  }

  // The command, as installed: it has its packages in it.
  const train = ['dqn', 'train', 'CartPole-v1', '--steps', '600', '--final-episodes', '2', '--out', 'run', '--json'];
  const trained = JSON.parse(run(node, 'npx', '--no-install', ...train)) as { status: string; evaluation: { returns: number[] } };
  if (trained.status !== 'finished' || trained.evaluation.returns.length !== 2) {
    throw new Error(`Expected a finished run of dqn but received ${JSON.stringify(trained)}`);
  }
  console.log('dqn train: finished');
  // It lists every environment, also one whose package is not there.
  const listed = run(node, 'npx', '--no-install', 'dqn', 'environments');
  if (!/^LunarLander-v3 .*npm install planck/m.test(listed))
    throw new Error(`Expected LunarLander-v3 in the list but received\n${listed}`);

  const vite = installCopy('vite-app', tarball, scratch);
  run(vite, 'tsc', ...node16);
  run(vite, 'npm', 'run', 'types');
  run(vite, 'npm', 'run', 'build');
  checkReturn('vite-app in Chromium', await openPage(vite));

  const tutorial = join(scratch, 'tutorial');
  mkdirSync(tutorial);
  writeFileSync(join(tutorial, 'package.json'), JSON.stringify({ name: 'heating', type: 'module', private: true }));
  run(tutorial, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball);
  link(tutorial, ['vite', 'onnxruntime-web']);
  const browser = await launchChromium();
  try {
    const document = join(root, 'docs/tutorial.md');
    await checkTutorial(document, { folder: tutorial, run: (...command) => run(tutorial, ...command), browser });
  } finally {
    await browser.close();
  }

  // All entries can be imported where the optional peers are installed, and the command finds those that it asks for.
  link(node, Object.keys(peerDependencies));
  run(node, 'npx', '--no-install', 'dqn', 'watch', 'run', '--max-steps', '3', '--out', 'film.gif');
  console.log(`dqn watch: ${readFileSync(join(node, 'film.gif')).subarray(0, 6).toString()}`);
  const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));
  for (const entry of entries) {
    const script = `const names = Object.keys(await import('@scope/dqn${entry.slice(1)}')); if (names.length === 0) throw new Error('empty');`;
    run(node, 'node', '--input-type=module', '--eval', script);
  }
  console.log(`entries: ${entries.join(' ')}`);

  // Both sides of the bridge to Python find each other in the package.
  const [{ program, path }] = pythons;
  process.env.PYTHONPATH = [path, join(node, 'node_modules/@scope/dqn/dist/python')].join(delimiter);
  const there = `import { gymnasium } from '@scope/dqn/node';
    const environment = await gymnasium('CartPole-v1', { python: ${JSON.stringify(program)} });
    console.log((await environment.reset({ seed: 1 })).observation.length);`;
  const back = `from dqn_environments import DqnEnvironment
environment = DqnEnvironment("@scope/dqn/environments#CartPole")
print(len(environment.reset(seed=1)[0]))
environment.close()`;
  const sizes = [run(node, 'node', '--input-type=module', '--eval', there), run(node, program, '-c', back)];
  if (sizes.some((size) => size.trim() !== '4')) throw new Error(`Expected 4 numbers of CartPole but received ${sizes.join(', ')}`);
  console.log(`bridge: with ${pythons[0].name} of Gymnasium, both ways`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
