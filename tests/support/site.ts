import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { build } from 'esbuild';

/** A site with a page for each script. */
export interface Site {
  /** The page that runs a script, named without its ending. */
  page(name: string): string;
  close(): void;
}

/** Bundles scripts and serves them, each also as a page of its own, by http on this machine: a secure context. */
export async function serveSite(scripts: readonly string[]): Promise<Site> {
  const { outputFiles } = await build({
    entryPoints: [...scripts],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    outdir: '/',
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [`/${basename(path)}`, contents]));
  const server = createServer((request, response) => {
    const script = files.get(request.url ?? '');
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
    response.end(script ?? `<!doctype html><title>test</title><script type="module" src="${request.url}.js"></script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return { page: (name) => `http://localhost:${port}/${name}`, close: () => void server.close() };
}
