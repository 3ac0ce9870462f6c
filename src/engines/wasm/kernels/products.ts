// Matrix products. The right operand and weight matrices come in panels of 32 columns, `[N / 32][K][32]`, so that one
// row of a panel is two cache lines; a last panel of at most 16 columns is as narrow as a multiple of 4 allows.
// Every product adds the terms of one output in the order of k, one after the other, whatever kernel computes it: a row's
// result depends neither on the size of the batch nor on how many zeros were skipped.
import { BLOCK, ENDS, FRONT, LIST_ROWS, LIST_STRIDE, LISTS, ZEROS } from './memory';
import { fma } from './simd';

for (let lanes = 0; lanes < 16; lanes++) {
  let to = FRONT + (<usize>lanes << 4);
  for (let lane = 0; lane < 4; lane++) {
    if (lanes & (1 << lane)) {
      store<u32>(to, 0x03020100 + lane * 0x04040404);
      to += 4;
    }
  }
}

/**
 * C = max(floor, init + A · B), `A [M, K]`, `B [K, N]`, `C [M, N]`, with N = 32 · full + tail.
 *
 * @param sparse - 1 where many elements of A may be zero, as after a relu: those are skipped.
 * @param A - element (i, k) is at `A + i · aRow + k · aStep`.
 * @param B - panel p, row k is at `B + p · bPanel + k · bRow`; the tail's row k at `bTail + k · bTailRow`.
 * @param C - panel p, row i is at `C + p · cPanel + i · cRow`; the tail's row i at `cTail + i · cTailRow`.
 * @param init - the row that sums start from (a bias), or 0 to start from zero.
 * @param floor - 0 for a relu, −∞ for none.
 */
export function multiply(sparse: i32, M: i32, K: i32, full: i32, tail: i32, A: usize, aRow: usize, aStep: usize,
  B: usize, bPanel: usize, bRow: usize, bTail: usize, bTailRow: usize,
  C: usize, cPanel: usize, cRow: usize, cTail: usize, cTailRow: usize, init: usize, floor: f32): void {
  product(false, sparse, M, K, full, tail, A, aRow, aStep, B, bPanel, bRow, bTail, bTailRow, C, cPanel, cRow, cTail, cTailRow, init, floor);
}

/** C = C + A · B, as {@link multiply}. */
export function multiplyAdd(sparse: i32, M: i32, K: i32, full: i32, tail: i32, A: usize, aRow: usize, aStep: usize,
  B: usize, bPanel: usize, bRow: usize, bTail: usize, bTailRow: usize,
  C: usize, cPanel: usize, cRow: usize, cTail: usize, cTailRow: usize): void {
  product(true, sparse, M, K, full, tail, A, aRow, aStep, B, bPanel, bRow, bTail, bTailRow, C, cPanel, cRow, cTail, cTailRow, 0, -Infinity);
}

function product(add: bool, sparse: i32, M: i32, K: i32, full: i32, tail: i32, A: usize, aRow: usize, aStep: usize,
  B: usize, bPanel: usize, bRow: usize, bTail: usize, bTailRow: usize,
  C: usize, cPanel: usize, cRow: usize, cTail: usize, cTailRow: usize, init: usize, floor: f32): void {
  const initPanel: usize = init ? 128 : 0;
  const start: usize = init ? init : ZEROS;
  for (let i = 0; i < M; i += LIST_ROWS) {
    const rows = min(M - i, LIST_ROWS);
    for (let k = 0; k < K; k += BLOCK) {
      const size = min(K - k, BLOCK);
      const a = A + <usize>i * aRow + <usize>k * aStep;
      const b = B + <usize>k * bRow;
      const c = C + <usize>i * cRow;
      // Later blocks go on from what the earlier ones have written.
      const on = add || k > 0;
      const from = on ? c : start, fromPanel = on ? cPanel : initPanel, fromRow: usize = on ? cRow : 0;
      const low = k + size == K ? floor : -Infinity;
      if (full) {
        if (sparse && listNonZeros(rows, size, a, aRow, aStep, bRow) * 4 <= rows * size * 3) {
          multiplyLists(rows, full, b, bPanel, c, cPanel, cRow, from, fromPanel, fromRow, low);
        } else {
          for (let p: usize = 0; p < <usize>full; p++) {
            multiplyPanel(32, rows, size, a, aRow, aStep, b + p * bPanel, bRow, c + p * cPanel, cRow,
              from + p * fromPanel, fromRow, low);
          }
        }
      }
      if (tail) {
        const t = cTail + <usize>i * cTailRow;
        multiplyPanel(tail, rows, size, a, aRow, aStep, bTail + <usize>k * bTailRow, bTailRow, t, cTailRow,
          on ? t : start + <usize>full * initPanel, on ? cTailRow : 0, low);
      }
    }
  }
}

/** Writes for each row the pairs (value, k · scale) of its elements that are not zero. Gives how many there are in all. */
function listNonZeros(M: i32, K: i32, A: usize, aRow: usize, aStep: usize, scale: usize): i32 {
  const whole = K & ~3, offsets = i32x4.mul(i32x4.splat(<i32>scale), i32x4(0, 1, 2, 3)), step = i32x4.splat(<i32>scale << 2);
  const rest = (1 << (K & 3)) - 1;
  let list = LISTS, total: usize = 0;
  if (aStep == 4) {
    for (let i = 0; i < M; i++) {
      let cursor = list, offset = offsets, a = A;
      for (let k = 0; k < whole; k += 4) {
        cursor = append(cursor, v128.load(a), offset, 15);
        offset = i32x4.add(offset, step);
        a += 16;
      }
      if (rest) cursor = append(cursor, v128.load(a), offset, rest);
      store<usize>(ENDS + (<usize>i << 2), cursor);
      total += cursor - list;
      list += LIST_STRIDE;
      A += aRow;
    }
  } else {
    // Rows of the operand are columns in memory: four by four.
    for (let i = 0; i < M; i += 4) {
      let c0 = list, c1 = c0 + LIST_STRIDE, c2 = c1 + LIST_STRIDE, c3 = c2 + LIST_STRIDE, offset = offsets, a0 = A;
      for (let k = 0; k < K; k += 4) {
        const left = K - k, lanes = left < 4 ? rest : 15;
        const a1 = left > 1 ? a0 + aStep : a0, a2 = left > 2 ? a1 + aStep : a1, a3 = left > 3 ? a2 + aStep : a2;
        const a = v128.load(a0), b = v128.load(a1), c = v128.load(a2), d = v128.load(a3);
        const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
        const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
        c0 = append(c0, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5), offset, lanes);
        c1 = append(c1, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), offset, lanes);
        c2 = append(c2, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5), offset, lanes);
        c3 = append(c3, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7), offset, lanes);
        offset = i32x4.add(offset, step);
        a0 = a3 + aStep;
      }
      const end = ENDS + (<usize>i << 2);
      v128.store(end, i32x4(<i32>c0, <i32>c1, <i32>c2, <i32>c3));
      total += c0 - list;
      if (i + 1 < M) total += c1 - list - LIST_STRIDE;
      if (i + 2 < M) total += c2 - list - LIST_STRIDE * 2;
      if (i + 3 < M) total += c3 - list - LIST_STRIDE * 3;
      list += LIST_STRIDE * 4;
      A += 16;
    }
  }
  return <i32>(total >>> 3);
}

/** Appends the pairs of those of the given lanes whose value is not zero. Gives the list's new end; may write 32 bytes behind it. */
// @ts-ignore: decorator
@inline
function append(cursor: usize, values: v128, offsets: v128, lanes: i32): usize {
  const set = i32x4.bitmask(i32x4.ne(values, i32x4.splat(0))) & lanes;
  const front = v128.load(FRONT + (<usize>set << 4));
  const x = i8x16.swizzle(values, front), o = i8x16.swizzle(offsets, front);
  v128.store(cursor, v128.shuffle<f32>(x, o, 0, 4, 1, 5));
  v128.store(cursor, v128.shuffle<f32>(x, o, 2, 6, 3, 7), 16);
  return cursor + (<usize>popcnt(set) << 3);
}

// The condition in the middle of the next two loops never holds (addresses are multiples of 4). It keeps the compiler of V8 11 (Node 20)
// from loading all eight vectors before using the first, which takes more registers than there are: 1.6 times as fast there.
// The relaxed kernels, which that compiler never runs, go without: see ../load-kernels.ts.

/** Products of listed rows with whole panels. */
function multiplyLists(M: i32, panels: i32, B: usize, bPanel: usize, C: usize, cPanel: usize, cRow: usize,
  init: usize, initPanel: usize, initRow: usize, floor: f32): void {
  const low = f32x4.splat(floor);
  for (let p = 0; p < panels; p++) {
    let list = LISTS, c = C, s = init;
    for (let i = 0; i < M; i++) {
      let s0 = v128.load(s), s1 = v128.load(s, 16), s2 = v128.load(s, 32), s3 = v128.load(s, 48);
      let s4 = v128.load(s, 64), s5 = v128.load(s, 80), s6 = v128.load(s, 96), s7 = v128.load(s, 112);
      const end = load<usize>(ENDS + (<usize>i << 2));
      for (let cursor = list; cursor != end; cursor += 8) {
        const x = v128.load32_splat(cursor), offset = load<usize>(cursor, 4), b = B + offset;
        s0 = fma(x, v128.load(b), s0);
        s1 = fma(x, v128.load(b, 16), s1);
        s2 = fma(x, v128.load(b, 32), s2);
        s3 = fma(x, v128.load(b, 48), s3);
        if (offset & 1) s0 = s1 = s2 = s3 = x;
        s4 = fma(x, v128.load(b, 64), s4);
        s5 = fma(x, v128.load(b, 80), s5);
        s6 = fma(x, v128.load(b, 96), s6);
        s7 = fma(x, v128.load(b, 112), s7);
      }
      v128.store(c, f32x4.pmax(s0, low));
      v128.store(c, f32x4.pmax(s1, low), 16);
      v128.store(c, f32x4.pmax(s2, low), 32);
      v128.store(c, f32x4.pmax(s3, low), 48);
      v128.store(c, f32x4.pmax(s4, low), 64);
      v128.store(c, f32x4.pmax(s5, low), 80);
      v128.store(c, f32x4.pmax(s6, low), 96);
      v128.store(c, f32x4.pmax(s7, low), 112);
      list += LIST_STRIDE;
      c += cRow;
      s += initRow;
    }
    B += bPanel;
    C += cPanel;
    init += initPanel;
  }
}

/** Products of rows with one panel of `width` columns, a multiple of 4 up to 32. */
function multiplyPanel(width: i32, M: i32, K: i32, A: usize, aRow: usize, aStep: usize, B: usize, bRow: usize,
  C: usize, cRow: usize, init: usize, initRow: usize, floor: f32): void {
  const low = f32x4.splat(floor), span = <usize>K * aStep, M4 = M & ~3, rest = <usize>M4;
  if (M4) {
    let column = 0;
    for (; column + 16 <= width; column += 16) {
      const at = <usize>column << 2;
      tiles2x16(M4, span, A, aRow, aStep, B + at, bRow, C + at, cRow, init + at, initRow, low);
    }
    for (; column < width; column += 4) {
      const at = <usize>column << 2;
      tiles4x4(M4, span, A, aRow, aStep, B + at, bRow, C + at, cRow, init + at, initRow, low);
    }
  }
  for (let i = rest; i < <usize>M; i++) {
    multiplyRow(width, span, A + i * aRow, aStep, B, bRow, C + i * cRow, init + i * initRow, low);
  }
}

/** 16 columns of an even number of rows, two by two. */
function tiles2x16(M: i32, span: usize, A: usize, aRow: usize, aStep: usize, B: usize, bRow: usize,
  C: usize, cRow: usize, init: usize, initRow: usize, low: v128): void {
  for (let i = 0; i < M; i += 2) {
    let a0 = A, a1 = A + aRow, b = B;
    const end = a0 + span;
    let s0 = v128.load(init), s1 = v128.load(init, 16), s2 = v128.load(init, 32), s3 = v128.load(init, 48);
    init += initRow;
    let t0 = v128.load(init), t1 = v128.load(init, 16), t2 = v128.load(init, 32), t3 = v128.load(init, 48);
    init += initRow;
    while (a0 != end) {
      const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
      const x = v128.load32_splat(a0);
      s0 = fma(x, b0, s0);
      s1 = fma(x, b1, s1);
      s2 = fma(x, b2, s2);
      s3 = fma(x, b3, s3);
      const y = v128.load32_splat(a1);
      t0 = fma(y, b0, t0);
      t1 = fma(y, b1, t1);
      t2 = fma(y, b2, t2);
      t3 = fma(y, b3, t3);
      a0 += aStep;
      a1 += aStep;
      b += bRow;
    }
    v128.store(C, f32x4.pmax(s0, low));
    v128.store(C, f32x4.pmax(s1, low), 16);
    v128.store(C, f32x4.pmax(s2, low), 32);
    v128.store(C, f32x4.pmax(s3, low), 48);
    C += cRow;
    v128.store(C, f32x4.pmax(t0, low));
    v128.store(C, f32x4.pmax(t1, low), 16);
    v128.store(C, f32x4.pmax(t2, low), 32);
    v128.store(C, f32x4.pmax(t3, low), 48);
    C += cRow;
    A += aRow << 1;
  }
}

/** 4 columns of a multiple of four rows, four by four. */
function tiles4x4(M: i32, span: usize, A: usize, aRow: usize, aStep: usize, B: usize, bRow: usize,
  C: usize, cRow: usize, init: usize, initRow: usize, low: v128): void {
  for (let i = 0; i < M; i += 4) {
    let a0 = A, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow, b = B;
    const end = a0 + span;
    let s0 = v128.load(init), s1 = v128.load(init + initRow);
    init += initRow << 1;
    let s2 = v128.load(init), s3 = v128.load(init + initRow);
    init += initRow << 1;
    A = a3 + aRow;
    while (a0 != end) {
      const b0 = v128.load(b);
      s0 = fma(v128.load32_splat(a0), b0, s0);
      s1 = fma(v128.load32_splat(a1), b0, s1);
      s2 = fma(v128.load32_splat(a2), b0, s2);
      s3 = fma(v128.load32_splat(a3), b0, s3);
      a0 += aStep;
      a1 += aStep;
      a2 += aStep;
      a3 += aStep;
      b += bRow;
    }
    v128.store(C, f32x4.pmax(s0, low));
    C += cRow;
    v128.store(C, f32x4.pmax(s1, low));
    C += cRow;
    v128.store(C, f32x4.pmax(s2, low));
    C += cRow;
    v128.store(C, f32x4.pmax(s3, low));
    C += cRow;
  }
}

/** One row. Always computes 32 columns, since one takes as long; what lies beyond `width` is read but not stored. */
function multiplyRow(width: i32, span: usize, a: usize, aStep: usize, b: usize, bRow: usize, c: usize, init: usize, low: v128): void {
  let s0 = v128.load(init), s1 = v128.load(init, 16), s2 = v128.load(init, 32), s3 = v128.load(init, 48);
  let s4 = v128.load(init, 64), s5 = v128.load(init, 80), s6 = v128.load(init, 96), s7 = v128.load(init, 112);
  const end = a + span;
  while (a != end) {
    const x = v128.load32_splat(a);
    s0 = fma(x, v128.load(b), s0);
    s1 = fma(x, v128.load(b, 16), s1);
    s2 = fma(x, v128.load(b, 32), s2);
    s3 = fma(x, v128.load(b, 48), s3);
    if (b & 1) s0 = s1 = s2 = s3 = x;
    s4 = fma(x, v128.load(b, 64), s4);
    s5 = fma(x, v128.load(b, 80), s5);
    s6 = fma(x, v128.load(b, 96), s6);
    s7 = fma(x, v128.load(b, 112), s7);
    a += aStep;
    b += bRow;
  }
  v128.store(c, f32x4.pmax(s0, low));
  if (width > 4) v128.store(c, f32x4.pmax(s1, low), 16);
  if (width > 8) v128.store(c, f32x4.pmax(s2, low), 32);
  if (width > 12) v128.store(c, f32x4.pmax(s3, low), 48);
  if (width > 16) {
    v128.store(c, f32x4.pmax(s4, low), 64);
    v128.store(c, f32x4.pmax(s5, low), 80);
    v128.store(c, f32x4.pmax(s6, low), 96);
    v128.store(c, f32x4.pmax(s7, low), 112);
  }
}

/**
 * Panels of Wᵀ `[N, K]` from panels of W `[K, N]`; `wTail` and `tTail` are the widths of their narrow last panels. What pads
 * a row of Wᵀ is left as it is.
 */
export function transpose(K: i32, N: i32, W: usize, wTail: i32, T: usize, tTail: i32): void {
  for (let n = 0; n < N; n += 4) {
    const wRow: usize = wTail && (n & 31) + N - n <= wTail ? <usize>wTail << 2 : 128;
    const w = W + ((<usize>(n & ~31) * <usize>K) << 2) + (<usize>(n & 31) << 2);
    for (let k = 0; k < K; k += 4) {
      const tRow: usize = tTail && (k & 31) + K - k <= tTail ? <usize>tTail << 2 : 128;
      const t = T + ((<usize>(k & ~31) * <usize>N) << 2) + (<usize>(k & 31) << 2) + <usize>n * tRow;
      const from = w + <usize>k * wRow;
      if (n + 4 <= N && k + 4 <= K) transpose4(from, wRow, t, tRow);
      else {
        for (let i = 0; i < min(4, N - n); i++) {
          for (let j = 0; j < min(4, K - k); j++) {
            store<f32>(t + <usize>i * tRow + (<usize>j << 2), load<f32>(from + <usize>j * wRow + (<usize>i << 2)));
          }
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function transpose4(s: usize, sRow: usize, t: usize, tRow: usize): void {
  const a = v128.load(s), b = v128.load(s + sRow), c = v128.load(s + 2 * sRow), d = v128.load(s + 3 * sRow);
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5), ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(t, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(t + tRow, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7));
  v128.store(t + 2 * tRow, v128.shuffle<f32>(ab1, cd1, 0, 1, 4, 5));
  v128.store(t + 3 * tRow, v128.shuffle<f32>(ab1, cd1, 2, 3, 6, 7));
}
