import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { LAYERS, impurities, layerViolations, reachable } from './layers.ts';

const root = join(import.meta.dirname, '../..');

// The kernels are in another language; what is compiled from them is data.
const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => `src/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.ts') && path !== 'src/platform.d.ts' && !/^src\/(engines\/wasm|bellman)\/kernels\//.test(path));
const sources = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
const core = [...sources].filter(([path]) => !/^src\/(browser|node|cli)\//.test(path));

describe('the sources', () => {
  it('import only downwards', () => {
    expect(sources.size).toBeGreaterThan(20);
    expect(layerViolations(sources)).toEqual([]);
  });

  it.each(['src/index.ts', 'src/environments/index.ts', 'src/export/index.ts', 'src/workbench/index.ts'])(
    'need nothing but each other from %s on',
    (entry) => {
      const all = reachable(sources, entry);
      expect(all.size).toBeGreaterThan(10);
      const others = /^src\/(remote|browser|node|cli|testing|tfjs|engines\/tfjs)\//;
      // What draws reports becomes part of the package.
      const bundled = entry === 'src/workbench/index.ts' ? ['d3-scale', 'd3-shape'] : [];
      const needed = [...all].filter((path) => !sources.has(path) || others.test(path));
      expect(needed.toSorted()).toEqual(bundled);
    },
  );

  it('draw from Random and tell no time', () => {
    expect(core.flatMap(([path, text]) => impurities(path, text))).toEqual([]);
  });

  it('are compiled without the types of browsers and Node, except where these are needed', () => {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.core.json'), (path) => readFileSync(path, 'utf8'));
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    expect(options.lib).toEqual(['lib.es2023.d.ts']);
    expect(options.types).toEqual([]);
    const compiled = fileNames.map((path) => path.slice(root.length + 1).replaceAll('\\', '/'));
    expect(compiled.toSorted()).toEqual([...core.map(([path]) => path), 'src/platform.d.ts'].toSorted());
  });
});

describe('the rules', () => {
  const findings = (files: Record<string, string>) => layerViolations(new Map(Object.entries(files)));

  it('have no circle', () => {
    for (const layer of Object.keys(LAYERS)) {
      const below = new Set(LAYERS[layer]);
      for (const lower of below) for (const next of LAYERS[lower]) below.add(next);
      expect([...below], layer).not.toContain(layer);
    }
  });

  it('let imports go down and stay', () => {
    const down = `import { b } from './b.ts'; import type { C } from '../common/c.ts';`;
    expect(findings({ 'src/agent/a.ts': down, 'src/agent/b.ts': '', 'src/common/c.ts': '' })).toEqual([]);
    expect(findings({ 'src/engines/tfjs/a.ts': `import '@tensorflow/tfjs-core';` })).toEqual([]);
    const device = { 'src/engines/tfjs/learning/a.ts': `import '../../../heads/b.ts';`, 'src/heads/b.ts': '' };
    expect(findings(device)).toEqual([]);
    expect(findings({ 'src/node/a.ts': `import 'node:fs';`, 'src/testing/a.ts': `import fc from 'fast-check';` })).toEqual([]);
  });

  it.each([
    ['up', `import { x } from '../agent/x.ts';`],
    ['up for a type', `import type { X } from '../agent/x.ts';`],
    ['up in an export', `export * from '../agent/x.ts';`],
    ['up at run time', `const x = await import('../agent/x.ts');`],
    ['up inside a type', `type X = import('../agent/x.ts').X;`],
    ['to a package', `import * as tf from '@tensorflow/tfjs-core';`],
    ['to Node', `import { readFileSync } from 'node:fs';`],
    ['to Node by an old name', `import fs from 'fs';`],
    ['to nowhere', `import '../common/none.ts';`],
  ])('find an import that goes %s', (_, text) => {
    expect(findings({ 'src/agent/x.ts': '', 'src/networks/a.ts': text })).toHaveLength(1);
  });

  it('find a side step, an engine that knows too much and an unknown folder', () => {
    expect(findings({ 'src/replay/a.ts': `import '../heads/b.ts';`, 'src/heads/b.ts': '' })).toHaveLength(1);
    expect(findings({ 'src/engines/wasm/a.ts': `import '../../bellman/b.ts';`, 'src/bellman/b.ts': '' })).toHaveLength(1);
    expect(findings({ 'src/engines/wasm/a.ts': `import '@tensorflow/tfjs-core';` })).toHaveLength(1);
    expect(findings({ 'src/utils/a.ts': '' })).toEqual(['src/utils/a.ts is in no known layer']);
  });

  it('follow imports to their end', () => {
    const files = new Map([
      ['src/index.ts', `export { a } from './agent/a.ts';`],
      ['src/agent/a.ts', `import './b.ts';`],
      ['src/agent/b.ts', `import './a.ts'; import 'tfjs';`],
      ['src/agent/c.ts', ''],
    ]);
    expect([...reachable(files, 'src/index.ts')]).toEqual(['src/index.ts', 'src/agent/a.ts', 'src/agent/b.ts', 'tfjs']);
  });

  it('tell code from comments', () => {
    expect(impurities('a.ts', `// Math.random()\nconst text = 'Date';\nconst x = Math.random() + Date.now();`)).toEqual([
      'a.ts:3 uses Math.random',
      'a.ts:3 uses Date',
    ]);
  });
});
