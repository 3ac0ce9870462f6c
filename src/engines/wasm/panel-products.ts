import type { Kernels } from './kernel-exports.ts';
import type { Panels } from './panels.ts';

/** `C = bias + A · W`: rows A times the matrix at address `w`; `bias` is an address, or 0 for none. `sparse` is 1 where many of A may be zero. */
export function multiplyByPanels(
  kernels: Kernels,
  sparse: number,
  rows: number,
  a: number,
  aRow: number,
  { rows: inner, full, tail, panelBytes, tailStart }: Panels,
  w: number,
  c: number,
  cRow: number,
  bias: number,
): void {
  const cTail = c + full * 128;
  const wTail = w + tailStart;
  // prettier-ignore
  kernels.multiply(sparse, rows, inner, full, tail, a, aRow, 4, w, panelBytes, 128, wTail, tail * 4, c, 128, cRow, cTail, cRow, bias, -Infinity);
}

/** `C ← C + A · W`, as {@link multiplyByPanels}. */
export function addProductByPanels(
  kernels: Kernels,
  rows: number,
  a: number,
  aRow: number,
  { rows: inner, full, tail, panelBytes, tailStart }: Panels,
  w: number,
  c: number,
  cRow: number,
): void {
  const cTail = c + full * 128;
  const wTail = w + tailStart;
  kernels.multiplyAdd(0, rows, inner, full, tail, a, aRow, 4, w, panelBytes, 128, wTail, tail * 4, c, 128, cRow, cTail, cRow);
}

/** `W = Aᵀ · D`: the gradient of a matrix that rows A were multiplied by, from D, that of the products. */
export function productIntoPanels(
  kernels: Kernels,
  sparse: number,
  rows: number,
  a: number,
  aRow: number,
  d: number,
  dRow: number,
  { rows: outer, full, tail, panelBytes, tailStart }: Panels,
  w: number,
): void {
  const dTail = d + full * 128;
  const wTail = w + tailStart;
  // prettier-ignore
  kernels.multiply(sparse, outer, rows, full, tail, a, 4, aRow, d, 128, dRow, dTail, dRow, w, panelBytes, 128, wTail, tail * 4, 0, -Infinity);
}

/** `W ← W + Aᵀ · D`, as {@link productIntoPanels}. */
export function addProductIntoPanels(
  kernels: Kernels,
  rows: number,
  a: number,
  aRow: number,
  d: number,
  dRow: number,
  { rows: outer, full, tail, panelBytes, tailStart }: Panels,
  w: number,
): void {
  const dTail = d + full * 128;
  const wTail = w + tailStart;
  kernels.multiplyAdd(0, outer, rows, full, tail, a, 4, aRow, d, 128, dRow, dTail, dRow, w, panelBytes, 128, wTail, tail * 4);
}
