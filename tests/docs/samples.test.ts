import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { compileSamples, docstringsOf, extractSamples, readSamples, writeSamples } from '../support/doc-samples.ts';

const root = join(import.meta.dirname, '../..');
// Inside the project, so that imports of the package lead to its sources.
const folder = join(root, '.temporary/samples');
const samples = readSamples(root);
const paths = writeSamples(samples, join(folder, 'documents'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the samples in documents and docstrings', () => {
  it('compile', () => {
    for (const folder of ['docs/', 'src/']) expect(samples.filter(({ place }) => place.startsWith(folder))).not.toEqual([]);
    expect(compileSamples(paths, root)).toEqual([]);
  });

  describe('run', () => {
    const home = process.cwd();
    let scratch = '';
    beforeEach(() => {
      // Files that a sample writes stay out of the project.
      scratch = mkdtempSync(join(tmpdir(), 'dqn-sample-'));
      process.chdir(scratch);
      for (const method of ['log', 'info', 'warn', 'error', 'table'] as const)
        vi.spyOn(console, method).mockImplementation(() => {});
    });
    afterEach(() => {
      vi.restoreAllMocks();
      process.chdir(home);
      rmSync(scratch, { recursive: true, force: true });
    });

    it.each(samples.filter(({ runs }) => runs))('$place', async (sample) => {
      await import(paths.get(sample) ?? '');
    });
  });
});

describe('the links in documents', () => {
  const documents = ['README.md', ...readdirSync(join(root, 'docs'), { encoding: 'utf8' }).map((name) => `docs/${name}`)];
  /** As GitHub names headings. */
  const headings = (text: string) =>
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    );

  it.each(documents.filter((name) => name.endsWith('.md')))('%s leads to files and headings that are there', (name) => {
    const text = readFileSync(join(root, name), 'utf8');
    // Not what only looks like a link in code.
    for (const [, path, heading] of text
      .replaceAll(/```[^]*?```|`[^`]*`/g, '')
      .matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)) {
      const target = path === '' ? join(root, name) : join(root, dirname(name), path);
      expect(existsSync(target), `${name}: ${path}`).toBe(true);
      if (heading !== undefined) expect(headings(readFileSync(target, 'utf8')), `${name}: ${path}`).toContain(heading);
    }
  });
});

describe('the harness', () => {
  const fence = '```';

  it('finds the blocks, their lines and what may run', () => {
    const text = [
      '# Title',
      `${fence}ts`,
      'one();',
      'two();',
      fence,
      `${fence}sh`,
      'npm test',
      fence,
      `${fence}ts no-run`,
      'three();',
      fence,
    ];
    expect(extractSamples('a.md', text.join('\n'))).toEqual([
      { place: 'a.md:3', code: 'one();\ntwo();', runs: true },
      { place: 'a.md:10', code: 'three();', runs: false },
    ]);
    const quoted = ['````md', `${fence}ts`, 'inner();', fence, '````', `${fence}ts`, `${fence}ts`, fence];
    expect(extractSamples('b.md', quoted.join('\n'))).toEqual([{ place: 'b.md:7', code: `${fence}ts`, runs: true }]);
  });

  it('finds what stands in docstrings', () => {
    const source = [
      '/** One line. */',
      '  /**',
      '   * Text.',
      `   * ${fence}ts`,
      '   * for (;;) {',
      '   *   one();',
      '   * }',
      `   * ${fence}`,
      '   */',
    ];
    const code = `const s = '${fence}';`;
    expect(extractSamples('a.ts', docstringsOf([...source, `// ${fence}js`, code].join('\n')))).toEqual([
      { place: 'a.ts:5', code: 'for (;;) {\n  one();\n}', runs: true },
    ]);
  });

  it.each([`${fence}ts\nnever ends`, `${fence}js\nx\n${fence}`, `${fence}ts norun\nx\n${fence}`])('refuses %j', (text) => {
    expect(() => extractSamples('a.md', text)).toThrow('a.md');
  });

  describe('tells', () => {
    const bad = extractSamples(
      'a.md',
      `${fence}ts\nconst n: number = 1;\nconst s: string = n;\n${fence}\n${fence}ts\nthrow new Error('at run time');\n${fence}`,
    );
    let written = new Map<(typeof bad)[number], string>();
    beforeAll(() => {
      written = writeSamples(bad, join(folder, 'bad'));
    });

    it('what does not compile, and where', () => {
      expect(compileSamples(written, root)).toEqual(["a.md:3: Type 'number' is not assignable to type 'string'."]);
    });

    it('what fails when it runs', async () => {
      await import(written.get(bad[0]) ?? '');
      await expect(import(written.get(bad[1]) ?? '')).rejects.toThrow('at run time');
    });
  });
});
