/** The part of the package gifenc that is used; it comes without types. */
declare module 'gifenc' {
  /** Red, green and blue. */
  type Color = readonly number[];

  interface GifStream {
    writeFrame(
      index: Uint8Array,
      width: number,
      height: number,
      options: {
        /** At most 256 colours. */
        readonly palette: readonly Color[];
        /** In milliseconds; a multiple of 10 is kept exactly. */
        readonly delay: number;
        /** Whether `transparentIndex`, by default 0, shows what lies below. */
        readonly transparent: boolean;
        /** 1: the picture stays, and the next one is laid upon it. */
        readonly dispose: number;
      },
    ): void;
    finish(): void;
    /** A copy of what was written. */
    bytes(): Uint8Array;
    readonly stream: { reset(): void };
  }

  export function GIFEncoder(): GifStream;
  /** Both look at the whole buffer that the bytes lie in. */
  export function quantize(rgba: Uint8Array, maxColors: number): Color[];
  export function applyPalette(rgba: Uint8Array, palette: readonly Color[]): Uint8Array;
}
