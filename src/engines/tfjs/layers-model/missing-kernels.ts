// Kernels that the gradients of TensorFlow.js's own layers need, made of others, for backends that have none of their own (`wasm`).
import {
  type KernelConfig,
  type Tensor,
  type Tensor4D,
  backend_util,
  cast,
  conv2d,
  conv2dTranspose,
  eye,
  getKernel,
  matMul,
  mul,
  oneHot,
  registerKernel,
  reshape,
  slice,
  sum,
  tidy,
  transpose,
  util,
} from '@tensorflow/tfjs-core';

type Shape4D = [number, number, number, number];

/** What is asked of a convolution. */
interface Convolution {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** ∂L/∂W `[kh, kw, C, F]`: a convolution of the images, with batch and channels changing places, by ∂L/∂y, whose numbers lie as far apart as the filters step. */
function filterGradient(x: Tensor, dy: Tensor, filterShape: Shape4D, { strides, pad, dimRoundingMode }: Convolution): Tensor {
  const info = backend_util.computeConv2DInfo(x.shape as Shape4D, filterShape, strides, 1, pad, dimRoundingMode);
  const { top, bottom, left, right } = info.padInfo;
  const padding: backend_util.ExplicitPadding = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  const apart: [number, number] = [info.strideHeight, info.strideWidth];
  const [images, taps] = [transpose(x, [3, 1, 2, 0]), transpose(dy, [1, 2, 0, 3])] as [Tensor4D, Tensor4D];
  const product = conv2d(images, taps, 1, padding, 'NHWC', apart);
  // Rows and columns that no filter reaches give more than its taps.
  const [height, width, channels, filters] = filterShape;
  return transpose(slice(product, [0, 0, 0, 0], [channels, height, width, filters]), [1, 2, 0, 3]);
}

/** 1 where a channel of the input is the output's own: `[1, 1, C, C, 1]`. */
function ownChannel(channels: number): Tensor {
  return reshape(eye(channels), [1, 1, channels, channels, 1]);
}

/** A filter of every channel by itself `[kh, kw, C, M]` as one of all channels `[kh, kw, C, C · M]`. */
function joined(filter: Tensor): Tensor4D {
  const [height, width, channels, times] = filter.shape as Shape4D;
  const spread = mul(reshape(filter, [height, width, channels, 1, times]), ownChannel(channels));
  return reshape(spread, [height, width, channels, channels * times]);
}

/** The kernels by name: what each computes from its inputs and attributes. */
const KERNELS: Readonly<Record<string, (inputs: Readonly<Record<string, Tensor>>, attributes: never) => Tensor>> = {
  Conv2DBackpropFilter: ({ x, dy }, options: Convolution & { readonly filterShape: Shape4D }) =>
    filterGradient(x, dy, options.filterShape, options),

  DepthwiseConv2dNativeBackpropFilter({ x, dy }, options: Convolution & { readonly filterShape: Shape4D }) {
    const [height, width, channels, times] = options.filterShape;
    const all = filterGradient(x, dy, [height, width, channels, channels * times], options);
    return sum(mul(reshape(all, [height, width, channels, channels, times]), ownChannel(channels)), 3);
  },

  DepthwiseConv2dNativeBackpropInput(
    { dy, filter },
    { strides, pad, dimRoundingMode, inputShape }: Convolution & { readonly inputShape: Shape4D },
  ) {
    return conv2dTranspose(dy as Tensor4D, joined(filter), inputShape, strides, pad, dimRoundingMode);
  },

  /** `y[s] = Σ x[i]` over all i of segment s. */
  UnsortedSegmentSum({ x, segmentIds }, { numSegments }: { readonly numSegments: number }) {
    const rest = x.shape.slice(segmentIds.shape.length);
    const ids = reshape(cast(segmentIds, 'int32'), [segmentIds.size]);
    const rows = reshape(x, [segmentIds.size, util.sizeFromShape(rest)]);
    const sums = matMul(cast(oneHot(ids, numSegments), 'float32'), rows, true);
    return reshape(sums, [numSegments, ...rest]);
  },
};

/** Gives a backend the kernels that it lacks, for whoever uses it. */
export function bringMissingKernels(backend: string): void {
  for (const [kernelName, compute] of Object.entries(KERNELS)) {
    if (getKernel(kernelName, backend)) continue;
    const kernelFunc = (({ inputs, attrs }) =>
      tidy(() => compute(inputs as Record<string, Tensor>, attrs as never))) as KernelConfig['kernelFunc'];
    registerKernel({ kernelName, backendName: backend, kernelFunc });
  }
}
