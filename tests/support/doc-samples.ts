import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import ts from 'typescript';

/** A block of TypeScript in a document or a docstring. */
export interface Sample {
  /** The file and the line where the code begins, as `docs/architecture.md:12`. */
  readonly place: string;
  readonly code: string;
  /** Whether it may be run; a block that begins with ```` ```ts no-run ```` is only compiled. */
  readonly runs: boolean;
}

/** The blocks of TypeScript in the text of a Markdown document. */
export function extractSamples(name: string, markdown: string): Sample[] {
  const samples: Sample[] = [];
  let fence: string | undefined;
  let language = '';
  let start = 0;
  const lines = markdown.split('\n');
  for (const [i, line] of lines.entries()) {
    const opened = /^ {0,3}(`{3,})(.*)$/.exec(line);
    if (opened === null) continue;
    if (fence === undefined) {
      fence = opened[1];
      language = opened[2].trim();
      start = i + 1;
    } else if (opened[1].length >= fence.length && opened[2].trim() === '') {
      fence = undefined;
      const place = `${name}:${start + 1}`;
      // What is a file of the tutorial is run by the check of consumers.
      if (/^(typescript|js|javascript|tsx|jsx)\b/.test(language) && !language.includes(' file='))
        throw new Error(`${place}: mark code as ts, so that it is checked`);
      const [kind, ...words] = language.split(/\s+/);
      if (kind !== 'ts') continue;
      if (words.some((word) => word !== 'no-run')) throw new Error(`${place}: "${language}" is not known; write ts or ts no-run`);
      samples.push({ place, code: lines.slice(start, i).join('\n'), runs: words.length === 0 });
    }
  }
  if (fence !== undefined) throw new Error(`${name}:${start}: this block never ends`);
  return samples;
}

/** What stands in the docstrings of a module, on the same lines; anything else is left out. */
export function docstringsOf(source: string): string {
  let within = false;
  const lines = source.split('\n').map((line) => {
    if (/^\s*\/\*\*(?!.*\*\/)/.test(line)) within = true;
    else if (line.includes('*/')) within = false;
    else if (within) return line.replace(/^\s*\* ?/, '');
    return '';
  });
  return lines.join('\n');
}

/** The samples of the README, of all documents in `docs`, and of the docstrings in `src`. */
export function readSamples(root: string): Sample[] {
  const read = (name: string) => readFileSync(join(root, name), 'utf8');
  const documents = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  const modules = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.generated.ts'))
    .map((name) => `src/${name.replaceAll(sep, '/')}`);
  return [
    ...['README.md', ...documents].flatMap((name) => extractSamples(name, read(name))),
    ...modules.sort().flatMap((name) => extractSamples(name, docstringsOf(read(name)))),
  ];
}

/** Writes each sample as a module of its own into the folder, which is emptied first, and gives their paths. */
export function writeSamples(samples: readonly Sample[], folder: string): Map<Sample, string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return new Map(
    samples.map((sample) => {
      const path = join(folder, `${sample.place.replace(/\W+/g, '-')}.ts`);
      // Without an import a file is no module, and may neither await nor be imported.
      writeFileSync(path, `${sample.code}\nexport {};\n`);
      return [sample, path];
    }),
  );
}

/** Compiles all files as one program with the project's own settings; gives the mistakes, each with its place in the document. */
export function compileSamples(paths: ReadonlyMap<Sample, string>, root: string): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const program = ts.createProgram([...paths.values()], {
    ...options,
    // A sample may show a value without using it.
    noUnusedLocals: false,
    noUnusedParameters: false,
    // Stricter than the project: a sample is pasted into projects that are.
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    noPropertyAccessFromIndexSignature: true,
  });
  return [...paths].flatMap(([sample, path]) => {
    const file = program.getSourceFile(path);
    return ts.getPreEmitDiagnostics(program, file).map(({ messageText, start = 0 }) => {
      const [name, line] = sample.place.split(':');
      const offset = file?.getLineAndCharacterOfPosition(start).line ?? 0;
      return `${name}:${Number(line) + offset}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}
