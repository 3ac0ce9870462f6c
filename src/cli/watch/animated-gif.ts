import * as imported from 'gifenc';
import { HOLD } from './animated-svg.ts';

// A module of ECMAScript in a bundle, one of CommonJS where Node itself loads it.
const { GIFEncoder, quantize, applyPalette } =
  'quantize' in imported ? imported : (imported as { default: typeof imported }).default;

/** Pictures in a second at the most: browsers take a time below two hundredths of a second for a tenth. */
export const MAX_GIF_FPS = 50;
/** Colours in a palette. */
const COLORS = 256;

/** A picture with a palette of its own. */
interface Indexed {
  readonly index: Uint8Array;
  readonly palette: readonly (readonly number[])[];
  /** Whether the first colour of the palette is none, but shows the picture before. */
  readonly transparent: boolean;
}

/**
 * A film as a GIF that begins anew for ever. Pictures are encoded as they come: held are two of them, and what the file will hold. Times are whole hundredths of a second there; that of a picture is
 * rounded so that the film as a whole keeps its rate.
 */
export class AnimatedGif {
  readonly #width: number;
  readonly #height: number;
  readonly #fps: number;
  readonly #encoder = GIFEncoder();
  readonly #parts: Uint8Array[] = [];
  #shown: Uint32Array | undefined;
  /** Waits for its time on the screen: the last picture has another. */
  #waiting: Indexed | undefined;
  #written = 0;

  /** @param fps - at most {@link MAX_GIF_FPS}. */
  constructor(width: number, height: number, fps: number) {
    this.#width = width;
    this.#height = height;
    this.#fps = fps;
  }

  /** Adds a picture. @param rgba - `[height, width, 4]`, opaque. */
  add(rgba: Uint8Array): void {
    this.#write(0);
    const picture = new Uint32Array(rgba.slice().buffer);
    this.#waiting = indexed(picture, this.#shown);
    this.#shown = picture;
  }

  /** The file, in parts. */
  finish(): readonly Uint8Array[] {
    this.#write(HOLD);
    this.#encoder.finish();
    this.#drain();
    return this.#parts;
  }

  #write(hold: number): void {
    if (!this.#waiting) return;
    const { index, palette, transparent } = this.#waiting;
    const begin = Math.round((100 * this.#written) / this.#fps);
    const end = Math.round((100 * ++this.#written) / this.#fps);
    this.#encoder.writeFrame(index, this.#width, this.#height, {
      palette,
      transparent,
      dispose: 1,
      delay: 10 * (end - begin) + 1000 * hold,
    });
    this.#drain();
  }

  #drain(): void {
    this.#parts.push(this.#encoder.bytes());
    this.#encoder.stream.reset();
  }
}

/** A picture by its own colours where there are few enough, otherwise by those nearest to them; pixels that are as they were before are left out. */
function indexed(picture: Uint32Array, before: Uint32Array | undefined): Indexed {
  const first = before ? 1 : 0;
  const places = new Map<number, number>();
  const index = new Uint8Array(picture.length);
  for (let i = 0; i < picture.length; i++) {
    const color = picture[i];
    if (color === before?.[i]) continue;
    let place = places.get(color);
    if (place === undefined) {
      place = first + places.size;
      if (place === COLORS) return approximated(picture, before);
      places.set(color, place);
    }
    index[i] = place;
  }
  const palette = Array.from(places.keys(), (color) => [color & 255, (color >>> 8) & 255, (color >>> 16) & 255]);
  return { index, palette: withNone(palette, first), transparent: first === 1 };
}

function approximated(picture: Uint32Array, before: Uint32Array | undefined): Indexed {
  const first = before ? 1 : 0;
  const changed = before ? picture.filter((color, i) => color !== before[i]) : picture;
  const rgba = new Uint8Array(changed.buffer);
  const palette = quantize(rgba, COLORS - first);
  const nearest = applyPalette(rgba, palette);
  const index = new Uint8Array(picture.length);
  for (let i = 0, j = 0; i < picture.length; i++) if (picture[i] !== before?.[i]) index[i] = first + nearest[j++];
  return { index, palette: withNone(palette, first), transparent: first === 1 };
}

function withNone(palette: readonly (readonly number[])[], first: number): readonly (readonly number[])[] {
  return first === 1 ? [[0, 0, 0], ...palette] : palette;
}
