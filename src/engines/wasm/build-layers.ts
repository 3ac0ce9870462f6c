import { type LayerPlan, sizeOf } from '../../networks/plan.ts';
import type { LayerSpec } from '../../networks/spec.ts';
import type { Arena } from './arena.ts';
import { Conv2dLayer } from './conv2d-layer.ts';
import { DenseLayer } from './dense-layer.ts';
import { DuelingLayer } from './dueling-layer.ts';
import { LayerNormLayer } from './layer-norm-layer.ts';
import type { WasmLayer } from './layer.ts';
import { NoisyDenseLayer } from './noisy-dense-layer.ts';
import { ParallelLayer } from './parallel-layer.ts';
import { PlainNode } from './plain-run.ts';
import { ResidualLayer } from './residual-layer.ts';
import type { Runtime } from './runtime.ts';
import { Stack } from './stack.ts';

/** Where a stack stands in a network. */
export interface Surroundings {
  /** Whether its inputs are the observations. */
  readonly first: boolean;
  /** Whether many of its inputs may be zero. */
  readonly sparseInput: boolean;
  /** Whether its outputs are the network's, of whose gradient most may be zero. */
  readonly last: boolean;
}

/**
 * The layers of a plan, in memory order.
 * @param own - memory for as long as the network lives.
 */
export function buildStack(
  runtime: Runtime,
  plans: readonly LayerPlan[],
  inputSize: number,
  surroundings: Surroundings,
  own: Arena,
): Stack {
  // What only changes shapes needs no layer.
  const real = plans.filter(({ spec }) => spec.kind !== 'flatten');
  const layers = real.map((plan, i) =>
    buildLayer(
      runtime,
      plan,
      {
        first: i === 0 && surroundings.first,
        sparseInput: i === 0 ? surroundings.sparseInput : endsInRelu(real[i - 1].spec),
        last: i === real.length - 1 && surroundings.last,
      },
      own,
    ),
  );
  return new Stack(runtime.kernels, layers, inputSize);
}

function endsInRelu(spec: LayerSpec): boolean {
  return 'activation' in spec && spec.activation === 'relu';
}

function buildLayer(runtime: Runtime, plan: LayerPlan, { first, sparseInput, last }: Surroundings, own: Arena): WasmLayer {
  const { kernels } = runtime;
  const { spec, parameters, inputShape, stacks } = plan;
  const inputSize = sizeOf(inputShape);
  const neighbours = { sparseInput, sparseGradient: last };
  const within = (stack: readonly LayerPlan[], isLast: boolean): Stack =>
    buildStack(runtime, stack, inputSize, { first, sparseInput, last: isLast }, own);
  switch (spec.kind) {
    case 'dense':
      return new PlainNode(new DenseLayer(kernels, spec, parameters, neighbours));
    case 'noisyDense':
      return new NoisyDenseLayer(runtime, spec, parameters, neighbours, own);
    case 'layerNorm':
      return new PlainNode(new LayerNormLayer(kernels, spec, parameters));
    case 'conv2d':
      return new PlainNode(new Conv2dLayer(kernels, spec, plan, { first, sparseInput: sparseInput && !first }));
    case 'residual':
      return new ResidualLayer(kernels, spec, within(stacks[0], false));
    case 'parallel':
      return new ParallelLayer(
        kernels,
        stacks.map((stack) => within(stack, last)),
        inputSize,
      );
    case 'dueling':
      return new DuelingLayer(kernels, spec, [within(stacks[0], false), within(stacks[1], false)], inputSize);
    default:
      throw new Error(`${spec.kind} is not built yet`);
  }
}
