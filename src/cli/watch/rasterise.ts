import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { DqnError } from '../../index.ts';
import { unpackWoff } from './woff.ts';

const PACKAGES = '@resvg/resvg-wasm @fontsource/dejavu-sans';

/** Draws an SVG document in its own size, and gives its pixels `[height, width, 4]`: red, green, blue and opacity. Throws what resvg says where it is none. */
export type Rasterise = (svg: string) => Uint8Array;

let loaded: Promise<Rasterise> | undefined;

/**
 * Loads the packages that draw SVG documents: resvg, compiled to WebAssembly, and a font, since it has none. All text is drawn in that one.
 *
 * @throws DqnError `missing-package` saying what to install.
 */
export function loadRasterise(): Promise<Rasterise> {
  return (loaded ??= load());
}

async function load(): Promise<Rasterise> {
  try {
    const { initWasm, Resvg } = await import('@resvg/resvg-wasm');
    const { resolve } = createRequire(import.meta.url);
    const woff = await readFile(resolve('@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff'));
    await initWasm(await readFile(resolve('@resvg/resvg-wasm/index_bg.wasm')));
    // Of WOFF it takes the second version alone, which it would unpack anew for every picture.
    const font = { fontBuffers: [unpackWoff(woff)] };
    return (svg) => {
      const drawing = new Resvg(svg, { font });
      try {
        const image = drawing.render();
        const { pixels } = image;
        image.free();
        return pixels;
      } finally {
        drawing.free();
      }
    };
  } catch (cause) {
    throw new DqnError({
      code: 'missing-package',
      where: 'dqn watch --out film.gif',
      expected: 'the packages @resvg/resvg-wasm, which draws the pictures, and @fontsource/dejavu-sans, a font for their words',
      received: `some that cannot be loaded: ${cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)}`,
      remedy: `Install them: npm install ${PACKAGES}, or npx -p @scope/dqn ${PACKAGES.replaceAll(/^| /g, ' -p ').trim()} dqn watch …. An animated .svg needs neither.`,
      cause,
    });
  }
}
