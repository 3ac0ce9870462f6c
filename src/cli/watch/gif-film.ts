import { UserMistake } from '../user-mistake.ts';
import { AnimatedGif } from './animated-gif.ts';
import { sizeOf, stillSvg, STRIP } from './animated-svg.ts';
import type { Film, FilmOptions } from './film.ts';
import type { Picture } from './play.ts';
import { loadRasterise, type Rasterise } from './rasterise.ts';

/** Pictures in pixels are enlarged by whole factors while they are not wider than those of the package's own environments: a line of text has to fit below. */
const WIDTH = 600;
/** Pixels of a side at the most. */
const MAX_SIDE = 4096;

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Makes an animated GIF, as large as its first picture and the line below.
 *
 * @throws DqnError `missing-package`.
 */
export async function gifFilm({ name, fps }: Omit<FilmOptions, 'title'>): Promise<Film> {
  const rasterise = await loadRasterise();
  let begun: { readonly size: Size; readonly gif: AnimatedGif } | undefined;
  return {
    add(picture, caption) {
      begun ??= begin(name, picture, fps);
      begun.gif.add(draw(name, rasterise, picture, caption, begun.size));
    },
    finish: () => begun?.gif.finish() ?? [],
  };
}

function begin(name: string, picture: Picture, fps: number): { readonly size: Size; readonly gif: AnimatedGif } {
  const wanted = picture.kind === 'svg' ? sizeOf(picture.svg) : picture;
  const factor = picture.kind === 'svg' ? 1 : Math.max(1, Math.floor(WIDTH / wanted.width));
  const size = { width: Math.ceil(wanted.width) * factor, height: Math.ceil(wanted.height) * factor };
  if (size.width > MAX_SIDE || size.height > MAX_SIDE) {
    throw new UserMistake(
      `${name} draws pictures of ${size.width} × ${size.height}: those of a .gif have at most ${MAX_SIDE} a side.`,
    );
  }
  return { size, gif: new AnimatedGif(size.width, size.height + STRIP, fps) };
}

/** The picture and the line below it, `[height, width, 4]`. */
function draw(name: string, rasterise: Rasterise, picture: Picture, caption: string, { width, height }: Size): Uint8Array {
  const svg = picture.kind === 'svg' ? picture.svg : '';
  let rgba: Uint8Array;
  try {
    rgba = rasterise(stillSvg({ picture: svg, caption }, width, height));
  } catch (error) {
    throw new UserMistake(
      `${name} cannot be filmed: its SVG cannot be drawn: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  if (picture.kind === 'pixels') lay(name, picture, rgba, { width, height });
  return rgba;
}

/** Lays a picture in pixels on its place, enlarged to that size. */
function lay(name: string, { width, height, pixels }: Extract<Picture, { kind: 'pixels' }>, onto: Uint8Array, size: Size): void {
  const factor = size.width / width;
  if (height * factor !== size.height) {
    throw new UserMistake(`${name} cannot be filmed: its pictures are not all of one size, as those of a .gif are.`);
  }
  for (let y = 0, at = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, at += 4) {
      const from = 3 * (Math.floor(y / factor) * width + Math.floor(x / factor));
      for (let channel = 0; channel < 3; channel++) onto[at + channel] = pixels[from + channel];
    }
  }
}
