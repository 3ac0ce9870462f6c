import { UserMistake } from '../user-mistake.ts';
import { animatedSvg, type SvgFrame } from './animated-svg.ts';
import type { Picture } from './play.ts';

/** A film in the making. */
export interface Film {
  /** Adds a picture with a line of text below it. */
  add(picture: Picture, caption: string): void;
  /** The whole file, in parts. */
  finish(): readonly Uint8Array[];
}

/** What films are of. */
export interface FilmOptions {
  /** The environment, for errors. */
  readonly name: string;
  /** For readers of the file. */
  readonly title: string;
  /** Pictures in a second. */
  readonly fps: number;
}

/** Makes an animated SVG, of pictures in SVG alone. */
export function svgFilm({ name, title, fps }: FilmOptions): Film {
  const frames: SvgFrame[] = [];
  return {
    add(picture, caption) {
      if (picture.kind === 'pixels') {
        throw new UserMistake(`${name} has no render('svg') but a frame() of pixels, which an .svg cannot hold: write a .gif.`);
      }
      frames.push({ picture: picture.svg, caption });
    },
    finish: () => [new TextEncoder().encode(animatedSvg(title, frames, fps))],
  };
}
