import { posix } from 'node:path';
import ts from 'typescript';

const rules = ['heads', 'bootstrap', 'replay', 'exploration', 'targets'];
const port = ['networks', 'common'];
const parts = ['engines', ...rules, 'bellman', 'environment', ...port];

/** What each folder of `src` may import from the others, besides from itself. A file right in `src` is a layer of its own. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  common: [],
  environment: ['common'],
  environments: ['environment', 'common'],
  box2d: ['environments', 'environment', 'common'],
  networks: ['common'],
  engines: port,
  bellman: port,
  ...Object.fromEntries(rules.map((rule) => [rule, ['bellman', 'environment', ...port]])),
  bootstrap: ['heads', 'bellman', 'environment', ...port],
  agent: parts,
  presets: ['agent', ...parts],
  statistics: ['common'],
  training: ['agent', ...parts],
  remote: ['training', 'agent', ...parts],
  browser: ['remote', 'training', 'agent', ...parts],
  tfjs: ['engines', ...port],
  workbench: ['statistics', 'training', 'agent', ...parts],
  export: ['training', 'agent', ...parts],
  offline: ['training', 'agent', ...parts],
  node: ['workbench', 'statistics', 'remote', 'training', 'agent', ...parts],
  testing: ['training', 'agent', 'environments', ...parts],
  'index.ts': ['presets', 'training', 'agent', ...parts],
  cli: [
    'index.ts',
    'node',
    'workbench',
    'export',
    'offline',
    'statistics',
    'tfjs',
    'box2d',
    'environments',
    'training',
    'agent',
    ...parts,
  ],
};

/** What files in a folder may import beyond their layer: who runs the built-in heads and rules on a device must know them. */
const BEYOND: Readonly<Record<string, readonly string[]>> = {
  'engines/tfjs/learning': ['heads', 'bootstrap'],
};

/** The packages that files in a folder may import; no others import any. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  'engines/tfjs': /^@tensorflow\/tfjs-(core|layers|backend-(cpu|wasm|webgl|webgpu))$/,
  box2d: /^planck$/,
  node: /^node:/,
  cli: /^(node:|(@bomb\.sh\/tab\/commander|@resvg\/resvg-wasm|commander|cli-progress|d3-scale|d3-shape|gifenc|zod)$)/,
  testing: /^fast-check$/,
  'offline/hdf5': /^h5wasm$/,
  // Bundled: the entry imports nothing.
  'workbench/report': /^d3-(scale|shape)$/,
};

/** Paths from the root of the project, and contents. */
export type Sources = ReadonlyMap<string, string>;

/** The folder below `src`, or the name of a file right in it. */
function layerOf(path: string): string {
  return path.split('/')[1];
}

function importsOf(path: string, text: string): { readonly from: string; readonly target?: string }[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => {
    const target = fileName.startsWith('.') ? posix.join(posix.dirname(path), fileName) : undefined;
    return { from: fileName, target };
  });
}

function mayImport(path: string, name: string): boolean {
  return Object.entries(PACKAGES).some(([folder, names]) => path.startsWith(`src/${folder}/`) && names.test(name));
}

function mayReach(path: string, target: string): boolean {
  const [own, other] = [layerOf(path), layerOf(target)];
  if (own === other || LAYERS[own]?.includes(other)) return true;
  return Object.entries(BEYOND).some(([folder, layers]) => path.startsWith(`src/${folder}/`) && layers.includes(other));
}

/** Every import that goes against the layers, and every layer that the table does not know. */
export function layerViolations(sources: Sources): string[] {
  const found: string[] = [];
  for (const [path, text] of sources) {
    const layer = layerOf(path);
    if (LAYERS[layer] === undefined) found.push(`${path} is in no known layer`);
    for (const { from, target } of importsOf(path, text)) {
      if (target === undefined) {
        if (!mayImport(path, from)) found.push(`${path} imports ${from}`);
      } else if (!sources.has(target)) {
        found.push(`${path} imports ${target}, which does not exist`);
      } else if (!mayReach(path, target)) {
        found.push(`${path} imports ${target}`);
      }
    }
  }
  return found;
}

/** All that a file imports, directly or not: the paths of files and the names of packages. */
export function reachable(sources: Sources, start: string): Set<string> {
  const seen = new Set([start]);
  for (const path of seen) {
    for (const { from, target } of importsOf(path, sources.get(path) ?? '')) seen.add(target ?? from);
  }
  return seen;
}

/** Where a file uses `Math.random` or `Date`: the lines, in code, not in comments or texts. */
export function impurities(path: string, text: string): string[] {
  const found: string[] = [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const visit = (node: ts.Node): void => {
    const random = ts.isPropertyAccessExpression(node) && node.getText(file) === 'Math.random';
    const clock = ts.isIdentifier(node) && node.text === 'Date';
    if (random || clock) {
      found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1} uses ${node.getText(file)}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
