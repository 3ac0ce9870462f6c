// The kernels of TensorFlow.js that the engine is made of, called without what its public operations do beside (conversions, gradient tapes). All of them
// exist on every backend: see KERNELS.
import { engine, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';

/** Every kernel that the engine calls. */
export const KERNELS = [
  'Abs',
  'Add',
  'ArgMax',
  'BatchMatMul',
  'Cast',
  'Concat',
  'Conv2D',
  'Conv2DBackpropInput',
  'Cos',
  'Elu',
  'Equal',
  'Exp',
  'Fill',
  'FusedConv2D',
  'Identity',
  'LeakyRelu',
  'LessEqual',
  'Log',
  'Max',
  'Maximum',
  'Minimum',
  'Multiply',
  'OneHot',
  'RealDiv',
  'Relu',
  'Reshape',
  'Round',
  'Rsqrt',
  'Select',
  'Sigmoid',
  'Slice',
  'Softmax',
  'Sqrt',
  'Square',
  'Step',
  'Sub',
  'Sum',
  'Tanh',
  'Transpose',
  '_FusedMatMul',
] as const;

function run(kernel: (typeof KERNELS)[number], inputs: Readonly<Record<string, Tensor>> | readonly Tensor[], attrs?: NamedAttrMap) {
  return engine().runKernel(kernel, inputs as NamedTensorMap, attrs) as unknown as Tensor;
}

/** The length of a tensor along an axis. */
export function lengthOf(x: Tensor, axis: number): number {
  return x.shape[axis] as number;
}

/** A tensor of one number, without axes. */
export function scalar(value: number): Tensor {
  return engine().makeTensor(Float32Array.of(value), [], 'float32');
}

/** A tensor of one number everywhere. */
export function fill(shape: readonly number[], value: number): Tensor {
  return run('Fill', {}, { shape: [...shape], value, dtype: 'float32' });
}

// Elementwise; one of two may be repeated along axes of length 1 or that it lacks.
export const add = (a: Tensor, b: Tensor): Tensor => run('Add', { a, b });
export const subtract = (a: Tensor, b: Tensor): Tensor => run('Sub', { a, b });
export const multiply = (a: Tensor, b: Tensor): Tensor => run('Multiply', { a, b });
export const divide = (a: Tensor, b: Tensor): Tensor => run('RealDiv', { a, b });
export const maximum = (a: Tensor, b: Tensor): Tensor => run('Maximum', { a, b });
export const minimum = (a: Tensor, b: Tensor): Tensor => run('Minimum', { a, b });
/** Whether a = b, for {@link select}. */
export const equal = (a: Tensor, b: Tensor): Tensor => run('Equal', { a, b });
/** Whether a ≤ b, for {@link select}; a NaN is not. */
export const lessEqual = (a: Tensor, b: Tensor): Tensor => run('LessEqual', { a, b });

export const abs = (x: Tensor): Tensor => run('Abs', { x });
export const cos = (x: Tensor): Tensor => run('Cos', { x });
export const exp = (x: Tensor): Tensor => run('Exp', { x });
export const log = (x: Tensor): Tensor => run('Log', { x });
export const elu = (x: Tensor): Tensor => run('Elu', { x });
export const leakyRelu = (x: Tensor, alpha: number): Tensor => run('LeakyRelu', { x }, { alpha });
export const relu = (x: Tensor): Tensor => run('Relu', { x });
export const round = (x: Tensor): Tensor => run('Round', { x });
export const rsqrt = (x: Tensor): Tensor => run('Rsqrt', { x });
export const sigmoid = (x: Tensor): Tensor => run('Sigmoid', { x });
export const sqrt = (x: Tensor): Tensor => run('Sqrt', { x });
export const square = (x: Tensor): Tensor => run('Square', { x });
/** 1 above zero, `alpha` elsewhere. */
export const step = (x: Tensor, alpha = 0): Tensor => run('Step', { x }, { alpha });
export const tanh = (x: Tensor): Tensor => run('Tanh', { x });

/** `t` where the condition holds, `e` elsewhere, whatever the other one is there; all of one shape. */
export const select = (condition: Tensor, t: Tensor, e: Tensor): Tensor => run('Select', { condition, t, e });
/** A condition as numbers: 1 where it holds, 0 elsewhere. */
export const toNumbers = (condition: Tensor): Tensor => run('Cast', { x: condition }, { dtype: 'float32' });

/** Another tensor of the same numbers, which it shares. */
export const share = (x: Tensor): Tensor => run('Identity', { x });
/** Another tensor of the same numbers in another shape; they are shared. */
export const reshape = (x: Tensor, shape: readonly number[]): Tensor => run('Reshape', { x }, { shape: [...shape] });
export const slice = (x: Tensor, begin: readonly number[], size: readonly number[]): Tensor =>
  run('Slice', { x }, { begin: [...begin], size: [...size] });
export const transpose = (x: Tensor, perm: readonly number[]): Tensor => run('Transpose', { x }, { perm: [...perm] });

/** Tensors one behind the other along an axis. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  return tensors.length === 1 ? tensors[0] : run('Concat', tensors, { axis });
}

/** The sum along an axis, which stays with length 1. */
export const sum = (x: Tensor, axis: number): Tensor => run('Sum', { x }, { axis: [axis], keepDims: true });
/** The sum of everything. */
export const total = (x: Tensor): Tensor => run('Sum', { x }, { axis: x.shape.map((_, i) => i), keepDims: false });
/** The largest along an axis, which stays with length 1. */
export const max = (x: Tensor, axis: number): Tensor => run('Max', { x }, { reductionIndices: [axis], keepDims: true });
export const softmax = (logits: Tensor): Tensor => run('Softmax', { logits }, { dim: logits.shape.length - 1 });

/** 1 where `x` is the largest along its last axis, 0 elsewhere. */
export function oneHotOfLargest(x: Tensor): Tensor {
  const axis = x.shape.length - 1;
  const indices = run('ArgMax', { x }, { axis });
  // As whole numbers: on the `wasm` backend this kernel writes their bits whatever was asked for.
  const chosen = run('OneHot', { indices }, { depth: lengthOf(x, axis), onValue: 1, offValue: 0, dtype: 'int32' });
  return run('Cast', { x: chosen }, { dtype: 'float32' });
}

/** `a · b` of matrices. */
export function matMul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return run('BatchMatMul', { a, b }, { transposeA, transposeB });
}

/** `relu(a · b + bias)`, or without relu; `a [M, K]`, `b [K, N]`, `bias [N]`. */
export function affine(a: Tensor, b: Tensor, bias: Tensor, activation: 'linear' | 'relu'): Tensor {
  const [rows, inner, columns] = [lengthOf(a, 0), lengthOf(a, 1), lengthOf(b, 1)];
  // This kernel takes stacks of matrices alone.
  const stacked = { a: reshape(a, [1, rows, inner]), b: reshape(b, [1, inner, columns]), bias };
  const product = run('_FusedMatMul', stacked, { transposeA: false, transposeB: false, activation, leakyreluAlpha: 0 });
  return reshape(product, [rows, columns]);
}

/** Zeros before and behind each of the axes `[rows, H, W, C]`. */
export type Padding = readonly (readonly [number, number])[];

function convolution(strides: readonly [number, number], padding: Padding, dilations: readonly [number, number]) {
  const pad = padding.map((each) => [...each]);
  return { strides: [...strides], pad, dataFormat: 'NHWC', dilations: [...dilations], dimRoundingMode: 'floor' };
}

/** `x ∗ filter`, with `x [rows, H, W, C]` and `filter [kh, kw, C, F]`, whose taps lie as far apart as `dilations` say. */
export function convolve(
  x: Tensor,
  filter: Tensor,
  strides: readonly [number, number],
  padding: Padding,
  dilations: readonly [number, number],
): Tensor {
  return run('Conv2D', { x, filter }, convolution(strides, padding, dilations));
}

/** `relu(x ∗ filter + bias)`, or without relu. */
export function convolveFused(
  x: Tensor,
  filter: Tensor,
  bias: Tensor,
  strides: readonly [number, number],
  padding: Padding,
  activation: 'linear' | 'relu',
): Tensor {
  return run('FusedConv2D', { x, filter, bias }, { ...convolution(strides, padding, [1, 1]), activation, leakyreluAlpha: 0 });
}

/** The gradient of `x ∗ filter` with respect to x, from that with respect to the product. */
export function convolveBackward(
  dy: Tensor,
  filter: Tensor,
  inputShape: readonly number[],
  strides: readonly [number, number],
  padding: Padding,
): Tensor {
  return run('Conv2DBackpropInput', { dy, filter }, { ...convolution(strides, padding, [1, 1]), inputShape: [...inputShape] });
}
