// Fixed places below the heap. scripts/build-kernels.mjs passes their end as --memoryBase.

/** Rows whose lists of non-zeros are held at once. */
export const LIST_ROWS: i32 = 64;
/** Length of the part of the inner dimension that is worked on at once, so that it stays in the first-level cache. */
export const BLOCK: i32 = 128;
/** Bytes from one list to the next: 8 for each entry, and a cache line so that lists do not share cache sets and may be overrun. */
export const LIST_STRIDE: usize = 1088;

/** 128 bytes that stay zero. */
export const ZEROS: usize = 64;
/** Sixteen numbers: see activations.ts. */
export const CONSTANTS: usize = 192;
/** Where the list of each row ends. */
export const ENDS: usize = 256;
/** For each set of lanes, 16 bytes that bring those lanes to the front: control for `i8x16.swizzle`. */
export const FRONT: usize = 512;
/** The lists. */
export const LISTS: usize = 768;

/** The first byte that the host may use. */
export function heapBase(): usize {
  return (__heap_base + 63) & ~63;
}
