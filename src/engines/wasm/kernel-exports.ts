/**
 * What the compiled kernels export that every network needs; see `kernels/` for what each does. Pointers and strides are in bytes, counts in numbers.
 */
export interface Kernels {
  readonly memory: WebAssembly.Memory;
  heapBase(): number;
  multiply(
    sparse: number,
    rows: number,
    inner: number,
    full: number,
    tail: number,
    a: number,
    aRow: number,
    aStep: number,
    b: number,
    bPanel: number,
    bRow: number,
    bTail: number,
    bTailRow: number,
    c: number,
    cPanel: number,
    cRow: number,
    cTail: number,
    cTailRow: number,
    init: number,
    floor: number,
  ): void;
  multiplyAdd(
    sparse: number,
    rows: number,
    inner: number,
    full: number,
    tail: number,
    a: number,
    aRow: number,
    aStep: number,
    b: number,
    bPanel: number,
    bRow: number,
    bTail: number,
    bTailRow: number,
    c: number,
    cPanel: number,
    cRow: number,
    cTail: number,
    cTailRow: number,
  ): void;
  transpose(rows: number, columns: number, w: number, wTail: number, t: number, tTail: number): void;
  activate(kind: number, n: number, x: number, y: number): void;
  derive(kind: number, n: number, s: number, d: number): void;
  prepare(n: number, p: number, g: number, scale: number, decay: number, shrink: number): void;
  sgd(n: number, p: number, g: number, v: number, rate: number, momentum: number): void;
  rmsprop(n: number, p: number, g: number, s: number, m: number, rate: number, keep: number, rest: number, epsilon: number): void;
  adam(
    n: number,
    p: number,
    g: number,
    m: number,
    v: number,
    rate: number,
    beta1: number,
    rest1: number,
    beta2: number,
    rest2: number,
    vScale: number,
    epsilon: number,
  ): void;
  scale(n: number, p: number, factor: number): void;
  blend(n: number, p: number, q: number, keep: number, tau: number): void;
  sumOfSquares(n: number, p: number): number;
  columnSums(rows: number, width: number, d: number, dRow: number, sums: number): void;
  addColumnSums(rows: number, width: number, d: number, dRow: number, sums: number): void;
  clear(n: number, p: number): void;
  addRows(rows: number, n: number, a: number, aRow: number, b: number, bRow: number, y: number, yRow: number): void;
  copyRows(rows: number, n: number, from: number, fromRow: number, to: number, toRow: number): void;
}

/** What convolutions need beside {@link Kernels}. */
export interface ConvolutionKernels {
  countNonZeros(n: number, p: number): number;
  gatherPatches(
    height: number,
    width: number,
    kernelRows: number,
    span: number,
    image: number,
    imageRow: number,
    yStep: number,
    xStep: number,
    patches: number,
    patchRow: number,
  ): void;
  scatterPatches(
    height: number,
    width: number,
    kernelRows: number,
    span: number,
    image: number,
    imageRow: number,
    yStep: number,
    xStep: number,
    patches: number,
    patchRow: number,
  ): void;
  convolveNonZeros(
    adjoint: number,
    height: number,
    width: number,
    kernelRows: number,
    kernelColumns: number,
    channels: number,
    yStride: number,
    xStride: number,
    image: number,
    imageRow: number,
    columns: number,
    out: number,
    outRow: number,
    w: number,
    wRow: number,
  ): void;
}

/** What dueling layers need beside {@link Kernels}. */
export interface DuelingKernels {
  dueling(
    rows: number,
    actions: number,
    width: number,
    max: number,
    v: number,
    vRow: number,
    x: number,
    xRow: number,
    y: number,
    yRow: number,
  ): void;
  duelingBackward(
    rows: number,
    actions: number,
    width: number,
    max: number,
    x: number,
    xRow: number,
    d: number,
    dRow: number,
    dv: number,
    dvRow: number,
    dx: number,
    dxRow: number,
  ): void;
}

/** What gated recurrent units need beside {@link Kernels}. */
export interface GruKernels {
  gru(
    rows: number,
    width: number,
    gates: number,
    gatesRow: number,
    recurrent: number,
    recurrentRow: number,
    h: number,
    hRow: number,
    next: number,
    nextRow: number,
  ): void;
  gruBackward(
    rows: number,
    n: number,
    width: number,
    gates: number,
    gatesRow: number,
    h: number,
    hRow: number,
    d: number,
    dRow: number,
    carry: number,
    carryRow: number,
  ): void;
}

/** What layer normalisations need beside {@link Kernels}. */
export interface LayerNormKernels {
  layerNorm(
    rows: number,
    n: number,
    x: number,
    xRow: number,
    gain: number,
    offset: number,
    epsilon: number,
    y: number,
    yRow: number,
    stats: number,
  ): void;
  layerNormBackward(
    rows: number,
    n: number,
    width: number,
    x: number,
    xRow: number,
    stats: number,
    gain: number,
    d: number,
    dRow: number,
    dx: number,
    dxRow: number,
    gainGradient: number,
    offsetGradient: number,
  ): void;
}

/** What noisy layers need beside {@link Kernels}. */
export interface NoiseKernels {
  perturb(n: number, a: number, b: number, c: number, y: number): void;
  normals(n: number, key0: number, key1: number, roots: number, y: number): void;
  perturbOuter(rows: number, width: number, a: number, b: number, u: number, v: number, y: number, row: number): void;
}

/** What layers that embed quantile fractions need beside {@link Kernels}. */
export interface QuantileKernels {
  cosines(rows: number, n: number, fractions: number, y: number, yRow: number): void;
  modulate(rows: number, times: number, width: number, x: number, xRow: number, e: number, y: number, eRow: number): void;
  modulateBackward(
    rows: number,
    times: number,
    width: number,
    x: number,
    xRow: number,
    e: number,
    eRow: number,
    d: number,
    dRow: number,
    dx: number,
    dxRow: number,
  ): void;
}
