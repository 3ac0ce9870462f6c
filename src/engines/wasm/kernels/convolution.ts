// Convolutions as products: the patches of an image, one a row, times the filters. Images are [H, W, C], channels last, so that a row of a
// patch is contiguous numbers.
import { fma } from './simd';

/**
 * The patches of an image, row by row: patch (y, x) is `span` numbers from each of `kernelRows` image rows, one after the other.
 * May write 12 bytes behind the last patch.
 *
 * @param image - patch (y, x) begins at `image + y · yStep + x · xStep`.
 * @param imageRow - from one row of the image to the next.
 * @param patchRow - from one patch to the next.
 */
export function gatherPatches(height: i32, width: i32, kernelRows: i32, span: i32, image: usize, imageRow: usize, yStep: usize, xStep: usize,
  patches: usize, patchRow: usize): void {
  const bytes = <usize>span << 2;
  for (let y = 0; y < height; y++) {
    let corner = image;
    for (let x = 0; x < width; x++) {
      let from = corner, to = patches;
      for (let u = 0; u < kernelRows; u++) {
        // What is copied beyond the span is overwritten by what follows.
        for (let j: usize = 0; j < bytes; j += 16) v128.store(to + j, v128.load(from + j));
        from += imageRow;
        to += bytes;
      }
      corner += xStep;
      patches += patchRow;
    }
    image += yStep;
  }
}

/** Adds patches to an image: the adjoint of {@link gatherPatches}. */
export function scatterPatches(height: i32, width: i32, kernelRows: i32, span: i32, image: usize, imageRow: usize, yStep: usize, xStep: usize,
  patches: usize, patchRow: usize): void {
  const bytes = <usize>span << 2, whole = bytes & ~15;
  for (let y = 0; y < height; y++) {
    let corner = image;
    for (let x = 0; x < width; x++) {
      let to = corner, from = patches;
      for (let u = 0; u < kernelRows; u++) {
        let j: usize = 0;
        for (; j < whole; j += 16) v128.store(to + j, f32x4.add(v128.load(to + j), v128.load(from + j)));
        for (; j < bytes; j += 4) store<f32>(to + j, load<f32>(to + j) + load<f32>(from + j));
        to += imageRow;
        from += bytes;
      }
      corner += xStep;
      patches += patchRow;
    }
    image += yStep;
  }
}

/**
 * The terms of a convolution that an image's non-zero numbers x take part in, added up: for each pixel number (y, x, c) and each tap k = (u, v, c)
 * that falls on it at position p, `out[p] += x · W[k]`, or with `adjoint` `W[k] += x · out[p]`. Adds the terms of one output in the order of k, and
 * those of one weight in the order of p, as the products of patches do.
 *
 * @param height - of the positions, as `width`.
 * @param columns - of W and out, a multiple of 4.
 * @param outRow - from one position to the next.
 * @param wRow - from one tap to the next.
 */
export function convolveNonZeros(adjoint: i32, height: i32, width: i32, kernelRows: i32, kernelColumns: i32, channels: i32, yStride: i32, xStride: i32,
  image: usize, imageRow: usize, columns: i32, out: usize, outRow: usize, W: usize, wRow: usize): void {
  const imageHeight = (height - 1) * yStride + kernelRows, imageWidth = (width - 1) * xStride + kernelColumns;
  const bytes = <usize>columns << 2, pixels = imageWidth * channels;
  for (let y = 0; y < imageHeight; y++) {
    const firstRow = max(0, (y - kernelRows + yStride) / yStride), lastRow = min(height - 1, y / yStride);
    for (let j = 0; j < pixels; j++) {
      const value = load<f32>(image + (<usize>j << 2));
      if (value == 0) continue;
      const x = j / channels, c = j - x * channels;
      const first = max(0, (x - kernelColumns + xStride) / xStride), last = min(width - 1, x / xStride);
      const factor = f32x4.splat(value);
      for (let p = firstRow; p <= lastRow; p++) {
        const u = y - p * yStride;
        for (let q = first; q <= last; q++) {
          const tap = (u * kernelColumns + x - q * xStride) * channels + c;
          let position = out + <usize>(p * width + q) * outRow, weight = W + <usize>tap * wRow;
          if (adjoint) {
            const swap = position;
            position = weight;
            weight = swap;
          }
          const end = position + bytes;
          // Loaded a turn ahead, the sum stays a local variable: see fma.
          let sum = v128.load(position);
          do {
            const next = v128.load(position, 16);
            v128.store(position, fma(factor, v128.load(weight), sum));
            sum = next;
            position += 16;
            weight += 16;
          } while (position != end);
        }
      }
    }
    image += imageRow;
  }
}

/** How many of n numbers are not zero. */
export function countNonZeros(n: i32, p: usize): i32 {
  const end = p + (<usize>n << 2), last = end - (<usize>(n & 3) << 2), zero = f32x4.splat(0);
  let counts = i32x4.splat(0), total = 0;
  for (; p != last; p += 16) counts = i32x4.sub(counts, f32x4.ne(v128.load(p), zero));
  for (; p != end; p += 4) total += i32(load<f32>(p) != 0);
  return total + i32x4.extract_lane(counts, 0) + i32x4.extract_lane(counts, 1) + i32x4.extract_lane(counts, 2) + i32x4.extract_lane(counts, 3);
}
