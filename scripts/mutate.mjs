// Tests the tests: plants small faults in the sources, one at a time, and counts how many the related tests find. Writes docs/mutation-testing.md.
//
//   node scripts/mutate.mjs                                     200 faults, drawn evenly over the folders
//   node scripts/mutate.mjs --count 40 --folders bellman,heads --seed 2 --output runs/mutation.md
//   node scripts/mutate.mjs --count 40 --folders workbench --tests workbench --output runs/mutation.md
//
// With `--minutes` it stops after so long, and counts what it has come to; faults come in random order. Works in copies of the repository, as many at a
// time as `--processes` says. A fault counts as found if a test fails, or the tests use more than twice the processor time that they need without it.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Heads the part of the report that is written by hand. */
const BY_HAND = '## Faults that are none';
/** What is tested, and by which tests: those that are fast enough to be run for every fault; learning runs are not. */
const USUAL = { folders: 'bellman,heads,bootstrap,replay', tests: 'bellman,heads,bootstrap,replay,exploration,targets' };

const { Plus, Minus } = { Plus: ts.SyntaxKind.PlusToken, Minus: ts.SyntaxKind.MinusToken };
/** What an operator is replaced by, and how the fault is called. */
const OPERATORS = new Map([
  [Plus, ['-', 'arithmetic']],
  [Minus, ['+', 'arithmetic']],
  [ts.SyntaxKind.AsteriskToken, ['/', 'arithmetic']],
  [ts.SyntaxKind.SlashToken, ['*', 'arithmetic']],
  [ts.SyntaxKind.PercentToken, ['*', 'arithmetic']],
  [ts.SyntaxKind.AsteriskAsteriskToken, ['*', 'arithmetic']],
  [ts.SyntaxKind.PlusEqualsToken, ['-=', 'arithmetic']],
  [ts.SyntaxKind.MinusEqualsToken, ['+=', 'arithmetic']],
  [ts.SyntaxKind.AsteriskEqualsToken, ['/=', 'arithmetic']],
  [ts.SyntaxKind.SlashEqualsToken, ['*=', 'arithmetic']],
  [ts.SyntaxKind.LessThanToken, ['<=', 'boundary']],
  [ts.SyntaxKind.LessThanEqualsToken, ['<', 'boundary']],
  [ts.SyntaxKind.GreaterThanToken, ['>=', 'boundary']],
  [ts.SyntaxKind.GreaterThanEqualsToken, ['>', 'boundary']],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, ['!==', 'equality']],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, ['===', 'equality']],
  [ts.SyntaxKind.AmpersandAmpersandToken, ['||', 'logic']],
  [ts.SyntaxKind.BarBarToken, ['&&', 'logic']],
]);
const SWAPS = { min: 'max', max: 'min', floor: 'ceil', ceil: 'floor' };

/** All faults that can be planted in a file: `{ file, start, end, replacement, kind, line, was, became }`, the last two being its line without it and with it. */
function faultsOf(file) {
  const text = readFileSync(join(root, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const faults = [];
  const plant = (start, end, replacement, kind) => {
    const line = source.getLineAndCharacterOfPosition(start).line;
    const from = text.lastIndexOf('\n', start - 1) + 1;
    const to = text.indexOf('\n', end);
    const was = text.slice(from, to);
    const became = text.slice(from, start) + replacement + text.slice(end, to);
    faults.push({ file, start, end, replacement, kind, line: line + 1, was, became });
  };
  const replace = (node, replacement, kind) => plant(node.getStart(source), node.getEnd(), replacement, kind);
  const negate = (node) => replace(node, `!(${node.getText(source)})`, 'negated condition');
  const visit = (node) => {
    // Types compute nothing, and the wording of errors is not what is tested here.
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isInterfaceDeclaration(node))
      return;
    if (ts.isNewExpression(node) && node.expression.getText(source) === 'DqnError') return;
    if (ts.isBinaryExpression(node)) {
      const [replacement, kind] = OPERATORS.get(node.operatorToken.kind) ?? [];
      const joinsText = [node.left, node.right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
      if (replacement !== undefined && !joinsText) replace(node.operatorToken, replacement, kind);
    } else if (ts.isIfStatement(node)) negate(node.expression);
    else if (ts.isConditionalExpression(node)) negate(node.condition);
    else if (ts.isNumericLiteral(node) && !ts.isPropertyAssignment(node.parent.parent ?? node)) {
      // In brackets: the literal may stand behind a sign.
      replace(node, `(${node.text} + 1)`, 'constant');
      replace(node, `(${node.text} - 1)`, 'constant');
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) replace(node, 'false', 'constant');
    else if (node.kind === ts.SyntaxKind.FalseKeyword) replace(node, 'true', 'constant');
    else if (ts.isPrefixUnaryExpression(node) && [Minus, ts.SyntaxKind.ExclamationToken].includes(node.operator)) {
      replace(node, `(${node.operand.getText(source)})`, 'sign');
    } else if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) {
      if (node.expression.expression.kind !== ts.SyntaxKind.SuperKeyword) replace(node, ';', 'removed call');
    } else if (ts.isPropertyAccessExpression(node) && node.expression.getText(source) === 'Math' && SWAPS[node.name.text]) {
      replace(node.name, SWAPS[node.name.text], 'swapped function');
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return faults;
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` of the items, without replacement. */
function draw(items, count, random) {
  const rest = [...items];
  for (let i = 0; i < Math.min(count, rest.length); i++) {
    const j = i + Math.floor(random() * (rest.length - i));
    [rest[i], rest[j]] = [rest[j], rest[i]];
  }
  return rest.slice(0, count);
}

/** A copy of what the tests need. */
function copyRepository() {
  const copy = mkdtempSync(join(tmpdir(), 'mutation-'));
  for (const name of readdirSync(root)) {
    if (name === 'node_modules') symlinkSync(join(root, name), join(copy, name));
    else if (['src', 'tests', 'benchmarks', 'examples', 'scripts'].includes(name) || /\.(json|ts)$/.test(name))
      cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  const include = testFolders.map((folder) => `tests/${folder}/**/*.test.ts`);
  // One worker for all test files, a new one for each run.
  const settings = {
    include,
    setupFiles: ['tests/support/same-examples.ts'],
    testTimeout: 60_000,
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
  };
  const config = `import base from './vitest.config.ts';\nexport default { resolve: base.resolve, test: ${JSON.stringify(settings)} };\n`;
  writeFileSync(join(copy, 'vitest.mutation.config.ts'), config);
  return copy;
}

/** A process that runs the tests in a copy; see mutation-tests.mjs. */
class Tests {
  #copy;
  #child;
  #crashed;
  #changed = [];

  constructor(copy) {
    this.#copy = copy;
  }

  /** Runs the tests that reach these files of `src`: `{ outcome: 'passed' | 'failed' | 'timed out' | 'no tests', seconds, message }`. */
  async run(files, limitSeconds) {
    if (this.#child === undefined) {
      const script = join(root, 'scripts/mutation-tests.mjs');
      this.#child = fork(script, { cwd: this.#copy, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      // A fault that takes all memory ends the process: it is found.
      this.#crashed = once(this.#child, 'exit').then(() => [{ outcome: 'failed', seconds: 0 }]);
      await once(this.#child, 'message');
    }
    const paths = files.map((file) => join(this.#copy, file));
    this.#child.send({ files: paths, changed: [...this.#changed, ...paths], limitSeconds });
    this.#changed = paths;
    const [result] = await Promise.race([once(this.#child, 'message'), this.#crashed]);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) this.#child = undefined;
    if (result.outcome === 'timed out') this.end();
    return result;
  }

  /** Runs the tests on a fault, which passes where no test reaches it. Kernels are compiled with it first; a fault that does not compile is found. */
  async runOn({ file, start, end, replacement }, limitSeconds) {
    const [, folder] = /^(.*)\/kernels\//.exec(file) ?? [];
    const reached = folder === undefined ? file : `${folder}/kernels.generated.ts`;
    const paths = [file, reached].map((name) => join(this.#copy, name));
    const texts = paths.map((path) => readFileSync(path, 'utf8'));
    writeFileSync(paths[0], texts[0].slice(0, start) + replacement + texts[0].slice(end));
    try {
      if (folder !== undefined) execFileSync(process.execPath, ['scripts/build-kernels.mjs'], { cwd: this.#copy, stdio: 'ignore' });
      const result = await this.run([reached], limitSeconds);
      return result.outcome === 'no tests' ? { outcome: 'passed', seconds: 0 } : result;
    } catch (cause) {
      if (folder === undefined || cause.status === undefined) throw cause;
      return { outcome: 'failed', seconds: 0 };
    } finally {
      paths.forEach((path, i) => writeFileSync(path, texts[i]));
    }
  }

  end() {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

/** The files whose faults are planted, by folder. */
function filesOf(folders) {
  return new Map(
    folders.map((folder) => {
      const names = readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' });
      return [folder, names.filter((name) => name.endsWith('.ts')).map((name) => `src/${folder}/${name}`)];
    }),
  );
}

/** Plants faults and runs the tests on each; gives them with their outcome. */
async function test(faults, processes, limits, until) {
  const waiting = [...faults];
  const tested = [];
  await Promise.all(
    processes.map(async (tests) => {
      for (let fault = waiting.shift(); fault && performance.now() < until; fault = waiting.shift()) {
        const { outcome, seconds } = await tests.runOn(fault, limits.get(fault.folder));
        tested.push({ ...fault, outcome });
        const found = outcome === 'passed' ? 'SURVIVED' : outcome;
        const became = outcome === 'passed' ? `: ${fault.became.trim()}` : '';
        console.error(
          `${tested.length}/${faults.length} ${found} ${fault.file}:${fault.line} ${fault.kind} (${seconds.toFixed(1)} s)${became}`,
        );
      }
    }),
  );
  return tested;
}

function reportOn(tested, possible, command, minutes) {
  const folders = [...possible.keys()];
  const score = (faults) => {
    const found = faults.filter(({ outcome }) => outcome !== 'passed').length;
    return faults.length === 0 ? '–' : `${((100 * found) / faults.length).toFixed(0)} %`;
  };
  const row = (name, faults, all) => {
    const count = (outcome) => faults.filter((fault) => fault.outcome === outcome).length;
    const cells = [name, all, faults.length, count('failed'), count('timed out'), count('passed'), score(faults)];
    return `| ${cells.join(' | ')} |`;
  };
  const survivors = tested
    .filter(({ outcome }) => outcome === 'passed')
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
  return [
    '# Mutation testing',
    `How many small faults the tests find: operators swapped, boundaries moved, conditions negated, constants changed by one, calls removed, minimum and maximum exchanged; one fault at a time, and the tests in ${testFolders.map((name) => `\`tests/${name}\``).join(', ')} that reach the file. This file is written by`,
    '```sh\n' + command + '\n```',
    `in ${minutes.toFixed(0)} minutes. The faults are drawn at random from all possible ones, with a seed. The error messages' wording and types are left alone.`,
    [
      '| folder | possible | planted | found | by timeout | survived | score |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      ...folders.map((folder) =>
        row(
          `src/${folder}`,
          tested.filter((fault) => fault.folder === folder),
          possible.get(folder).length,
        ),
      ),
      row(
        'all',
        tested,
        folders.reduce((sum, folder) => sum + possible.get(folder).length, 0),
      ),
    ].join('\n'),
    '## Survivors',
    'Each is a gap in the tests or no fault at all: a change that makes no difference to what can be seen, such as one of speed, of rounding, or of a value that is overwritten.',
    survivors.length === 0
      ? 'None.'
      : [
          '| where | fault | was | became |',
          '| --- | --- | --- | --- |',
          ...survivors.map((fault) => {
            const [was, became] = [fault.was, fault.became].map((line) => line.trim().replaceAll('|', '\\|').replace(/\s+/g, ' '));
            return `| ${fault.file}:${fault.line} | ${fault.kind} | \`${was}\` | \`${became}\` |`;
          }),
        ].join('\n'),
  ].join('\n\n');
}

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    folders: { type: 'string', default: USUAL.folders },
    tests: { type: 'string', default: USUAL.tests },
    processes: { type: 'string', default: '2' },
    minutes: { type: 'string', default: '600' },
    output: { type: 'string', default: 'docs/mutation-testing.md' },
  },
});
const testFolders = options.tests.split(',');
const began = performance.now();
const files = filesOf(options.folders.split(','));
const random = generator(Number(options.seed));
const possible = new Map(
  [...files].map(([folder, names]) => [folder, names.flatMap((name) => faultsOf(name).map((fault) => ({ ...fault, folder })))]),
);
const share = Math.ceil(Number(options.count) / possible.size);
const faults = [...possible.values()].flatMap((all) => draw(all, share, random));
const copies = Array.from({ length: Math.min(Number(options.processes), faults.length) }, copyRepository);
const processes = copies.map((copy) => new Tests(copy));
try {
  const limits = new Map();
  for (const [folder, names] of files) {
    const { outcome, seconds, message } = await processes[0].run(names, 600);
    if (outcome === 'no tests') throw new Error(`No test in ${options.tests} reaches src/${folder}.`);
    if (outcome !== 'passed') throw new Error(`The tests of src/${folder} fail without any fault: ${message}`);
    limits.set(folder, 5 + 2 * seconds);
    console.error(`src/${folder}: ${possible.get(folder).length} possible faults; its tests take ${seconds.toFixed(1)} s`);
  }
  const tested = await test(draw(faults, faults.length, random), processes, limits, began + 60_000 * Number(options.minutes));
  const given = Object.entries({ count: '200', seed: '1', ...USUAL, minutes: '600' })
    .filter(([name, usual]) => options[name] !== usual)
    .map(([name]) => ` --${name} ${options[name]}`);
  const text = reportOn(tested, possible, `node scripts/mutate.mjs${given.join('')}`, (performance.now() - began) / 60_000);
  const path = resolve(root, options.output);
  // What was found out by hand about survivors stays.
  const byHand = existsSync(path) ? readFileSync(path, 'utf8').split(BY_HAND)[1] : undefined;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    await format(byHand === undefined ? text : `${text}\n\n${BY_HAND}${byHand}`, {
      ...(await resolveConfig(path)),
      parser: 'markdown',
    }),
  );
  console.error(`Wrote ${relative(root, path)} in ${dirname(path)}.`);
} finally {
  for (const tests of processes) tests.end();
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
}
