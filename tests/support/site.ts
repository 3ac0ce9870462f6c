import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname } from 'node:path';
import { build } from 'esbuild';

/** A site with a page for each script. */
export interface Site {
  /** The page that runs a script, named without its ending. */
  page(name: string): string;
  close(): void;
}

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

/**
 * Bundles scripts and serves them, each also as a page of its own, by http on this machine: a secure context.
 * @param further - paths of files to be served as they are, by their names.
 */
export async function serveSite(scripts: readonly string[], further: readonly string[] = []): Promise<Site> {
  const { outputFiles } = await build({
    entryPoints: [...scripts],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    outdir: '/',
  });
  const files = new Map<string, Uint8Array>(outputFiles.map(({ path, contents }) => [`/${basename(path)}`, contents]));
  for (const path of further) files.set(`/${basename(path)}`, await readFile(path));
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.setHeader('Content-Type', TYPES[extname(request.url ?? '')] ?? 'text/html');
    response.end(file ?? `<!doctype html><title>test</title><script type="module" src="${request.url}.js"></script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return { page: (name) => `http://localhost:${port}/${name}`, close: () => void server.close() };
}
