import { type LayerPlan, sizeOf } from '../../networks/plan.ts';
import type { LayerSpec } from '../../networks/spec.ts';
import type { Arena } from './arena.ts';
import { Conv2dLayer } from './conv2d-layer.ts';
import { DenseLayer } from './dense-layer.ts';
import { DuelingLayer } from './dueling-layer.ts';
import { GruLayer } from './gru-layer.ts';
import { ImplicitQuantilesLayer } from './implicit-quantiles-layer.ts';
import { LayerNormLayer } from './layer-norm-layer.ts';
import type { WasmLayer } from './layer.ts';
import { NoisyDenseLayer } from './noisy-dense-layer.ts';
import { ParallelLayer } from './parallel-layer.ts';
import { PlainNode } from './plain-run.ts';
import { ProposedQuantilesLayer } from './proposed-quantiles-layer.ts';
import { QuantileEmbedding } from './quantile-embedding.ts';
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
  /** Whether they are all of them. */
  readonly whole: boolean;
}

/** What the layers of a network share while they are built. */
export interface Foundation {
  /** Memory for as long as the network lives. */
  readonly own: Arena;
  /** Numbers in the recurrent state of one sequence. */
  readonly stateSize: number;
  /** How many of them the layers built so far have taken. */
  stateTaken: number;
}

/** The layers of a plan, in memory order. */
export function buildStack(
  runtime: Runtime,
  plans: readonly LayerPlan[],
  inputSize: number,
  surroundings: Surroundings,
  foundation: Foundation,
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
        whole: i === real.length - 1 && surroundings.whole,
      },
      foundation,
    ),
  );
  return new Stack(runtime.kernels, layers, inputSize);
}

function endsInRelu(spec: LayerSpec): boolean {
  return 'activation' in spec && spec.activation === 'relu';
}

function buildLayer(
  runtime: Runtime,
  plan: LayerPlan,
  { first, sparseInput, last, whole }: Surroundings,
  foundation: Foundation,
): WasmLayer {
  const { kernels } = runtime;
  const { spec, parameters, inputShape, stacks } = plan;
  const inputSize = sizeOf(inputShape);
  const neighbours = { sparseInput, sparseGradient: last };
  const within = (stack: readonly LayerPlan[], isLast: boolean): Stack =>
    buildStack(runtime, stack, inputSize, { first, sparseInput, last: isLast, whole: false }, foundation);
  switch (spec.kind) {
    case 'dense':
      return new PlainNode(new DenseLayer(kernels, spec, parameters, neighbours), whole);
    case 'noisyDense':
      return new NoisyDenseLayer(runtime, spec, parameters, neighbours, foundation.own, whole);
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
    case 'gru': {
      const { stateTaken: start, stateSize } = foundation;
      foundation.stateTaken += spec.units;
      return new GruLayer(kernels, parameters, sparseInput, { start, stateSize });
    }
    case 'implicitQuantiles':
    case 'proposedQuantiles': {
      const embedding = new QuantileEmbedding(kernels, spec, parameters);
      const around = { first: false, sparseInput: sparseInput || (spec.activation ?? 'relu') === 'relu', last, whole: false };
      const layers = buildStack(runtime, stacks[0], inputSize, around, foundation);
      if (spec.kind === 'implicitQuantiles') return new ImplicitQuantilesLayer(embedding, layers);
      return new ProposedQuantilesLayer(runtime, spec, parameters.slice(2), sparseInput, embedding, layers);
    }
    case 'flatten':
      throw new Error('A flatten layer has nothing to build.');
  }
}
