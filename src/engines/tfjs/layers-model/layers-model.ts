import { Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkNames } from '../../../common/check.ts';
import { DqnError, describe } from '../../../common/errors.ts';
import { checkNetworkSpec } from '../../../networks/check-spec.ts';
import { checkDenseEnd, denseEnd, endNames, type DenseEndOptions } from '../../../networks/dense-end.ts';
import type { NetworkFactory, NetworkIo } from '../../../networks/network-factory.ts';
import { sizeOf } from '../../../networks/plan.ts';
import type { LayersModelSpec } from '../../../networks/spec.ts';
import { checkNormalisation, checkTopology } from './check-model.ts';
import type { LayersModelLike } from './layers-model-like.ts';
import { describeWeights, weightsOfModel } from './model-weights.ts';
import { firstLine } from './rebuild.ts';
import { type Json, topologyOf } from './topology.ts';

/** What every network of a model is told. */
interface StartOptions {
  /**
   * Whether agents start with the weights that are `given` in the model, or with weights `drawn` by its initialisers, whose seed is then the agent's where they have none of their
   * own. Default `given`.
   */
  readonly weights?: 'given' | 'drawn';
}

/** Options of {@link layersModel} for a model that gives features: how the network goes on from them, as in `mlp`. */
export interface ModelFeaturesOptions extends StartOptions, Omit<DenseEndOptions, 'hidden'> {
  readonly outputs?: 'added';
  /** Widths of the hidden layers behind the model. Default none. */
  readonly hidden?: readonly number[];
}

/** Options of {@link layersModel} for a model that ends in what the head asks for. */
export interface ModelOutputsOptions extends StartOptions {
  /** The outputs are the model's own: `[A · W]`, or `[A, W]` for a head of W numbers an action. */
  readonly outputs: 'own';
}

/** Options of {@link layersModel}. */
export type LayersModelOptions = ModelFeaturesOptions | ModelOutputsOptions;

function refuse(where: string, expected: string, received: string, remedy: string, cause?: unknown): never {
  throw new DqnError({ code: 'invalid-option', where: `layersModel(${where})`, expected, received, remedy, cause });
}

/**
 * A network of any model of TensorFlow.js's layers, layers of your own included, with one input of the observations' shape. Its outputs are features, behind which come hidden layers
 * and the outputs that the head asks for, dueling and noisy ones too, as in `mlp`; or with `outputs: 'own'` the outputs themselves. Needs the engine `tfjs()` and the peer
 * `@tensorflow/tfjs-layers`. Checkpoints and policies hold the model; to load one, register every class of your own by `tf.serialization.registerClass` first.
 *
 * The model itself is only read: each network builds one like it. Its layers run as they do when the model is used, not trained.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core';
 * import * as layers from '@tensorflow/tfjs-layers';
 * import { createAgent } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 * import { layersModel, tfjs } from '@scope/dqn/tfjs';
 *
 * const engine = await tfjs({ backend: 'wasm' });
 * await tf.setBackend('wasm');
 * const model = layers.sequential({ layers: [layers.layers.dense({ units: 64, activation: 'swish', inputShape: [4] })] });
 * const agent = await createAgent(new CartPole(), { engine, network: layersModel(model, { hidden: [64], dueling: true }) });
 * ```
 * @throws DqnError `invalid-option` naming the option, or what the model has that no network can have: several inputs or outputs, state, random draws, regularisers, constraints, batch
 * normalisation that is not frozen. When the agent is created: on observations or outputs of another shape.
 */
export function layersModel(model: LayersModelLike, options: LayersModelOptions = {}): NetworkFactory<false> {
  checkOptions(options);
  const checked = checkModel(model);
  const topology = topologyOf(checked);
  checkTopology('layersModel(model)', JSON.parse(topology) as Json);
  const weights = describeWeights('layersModel(model)', checked);
  checkNormalisation('layersModel(model)', checked, weights);
  return {
    kind: 'layersModel',
    build(io) {
      const inputShape = fit(checked, io.inputShape);
      const outputShape = outputShapeOf(checked, inputShape);
      const layer: LayersModelSpec = { kind: 'layersModel', topology, inputShape, outputShape, weights };
      if (options.outputs === 'own') checkOutputs(outputShape, io);
      return checkNetworkSpec({
        inputShape: [...io.inputShape],
        ...(io.inputScale === undefined ? {} : { inputScale: io.inputScale }),
        layers: [layer, ...(options.outputs === 'own' ? [] : denseEnd(io, endOf(options), 'layersModel', true))],
      });
    },
    initialWeights:
      options.weights === 'drawn'
        ? undefined
        : () =>
            Promise.all(
              weightsOfModel(checked).map(async (weight, i) => {
                const { name, shape } = weights[i];
                return { name: `layers.0.${name}`, shape, values: (await weight.read().data<'float32'>()).slice() };
              }),
            ),
  };
}

function endOf(options: ModelFeaturesOptions): DenseEndOptions {
  return { ...options, hidden: options.hidden ?? [] };
}

function checkOptions(options: LayersModelOptions): void {
  const { outputs = 'added', weights = 'given' } = options;
  if (weights !== 'given' && weights !== 'drawn') refuse('weights', "'given' or 'drawn'", describe(weights), 'Pass one of them.');
  if (outputs === 'own') {
    checkNames("layersModel({ outputs: 'own' })", options, { outputs: true, weights: true });
    return;
  }
  if (outputs !== 'added') refuse('outputs', "'added' or 'own'", describe(outputs), 'Pass one of them.');
  checkNames('layersModel(options)', options, { ...endNames, outputs: true, weights: true });
  checkDenseEnd('layersModel', endOf(options as ModelFeaturesOptions));
}

/** The model, if it is one that has been built, with one input and one output. */
function checkModel(model: LayersModelLike): LayersModel {
  const { inputs, outputs, layers, getConfig } = (model ?? {}) as Partial<LayersModelLike>;
  if (!Array.isArray(layers) || typeof getConfig !== 'function') {
    refuse(
      'model',
      "a model of TensorFlow.js's layers",
      describe(model),
      'Make one by tf.sequential or tf.model; models of loadGraphModel have no layers.',
    );
  }
  if (!Array.isArray(inputs) || !Array.isArray(outputs) || inputs.length === 0) {
    refuse('model', 'a model that has been built', 'one without inputs', 'Give its first layer an inputShape.');
  }
  if (inputs.length !== 1 || outputs.length !== 1) {
    const received = `${inputs.length} inputs and ${outputs.length} outputs`;
    refuse(
      'model',
      'a model with one input and one output',
      received,
      'Take parts out of one input by layers, and concatenate outputs.',
    );
  }
  return model as unknown as LayersModel;
}

/** The shape of the model's inputs, its open axes as long as the observations'. */
function fit(model: LayersModel, observation: readonly number[]): readonly number[] {
  const wanted = model.inputs[0].shape.slice(1);
  if (wanted.length === observation.length && wanted.every((size, i) => size === null || size === observation[i]))
    return observation;
  const size = sizeOf(observation);
  if (wanted.length === 1 && (wanted[0] === null || wanted[0] === size)) return [size];
  return refuse(
    'model',
    `a model for observations of shape [${observation.join(', ')}]`,
    `one for [${wanted.map((each) => each ?? 'any').join(', ')}]`,
    'Let the inputShape of its first layer be that of the observations.',
  );
}

/** The shape of one row of what the model gives: it is asked, since layers of a user's own need not tell. */
function outputShapeOf(model: LayersModel, inputShape: readonly number[]): readonly number[] {
  let shape: readonly number[] | undefined;
  try {
    shape = tidy(() => {
      const outputs = model.apply(zeros([1, ...inputShape]), { training: false });
      return outputs instanceof Tensor ? [...outputs.shape] : undefined;
    });
  } catch (cause) {
    refuse('model', 'a model that runs', `one that fails: ${firstLine(cause)}`, 'See the cause.', cause);
  }
  if (shape?.[0] === 1) return shape.slice(1);
  return refuse(
    'model',
    'outputs of one row for inputs of one row',
    shape ? `outputs of shape [${shape.join(', ')}]` : 'no tensor',
    'Let its layers treat every row alike.',
  );
}

/** @throws DqnError `invalid-option` if these are not the outputs that the head asks for. */
function checkOutputs(shape: readonly number[], { outputSize, width, quantiles }: NetworkIo): void {
  if (quantiles) {
    const remedy = "Leave outputs: 'own' out: the layers that take fractions are put behind the model.";
    refuse('outputs', 'outputs added to the model, for a head with quantile fractions', "'own'", remedy);
  }
  if (sizeOf(shape) === outputSize && (shape.length < 2 || shape[shape.length - 1] === width)) return;
  const wanted = width === 1 ? `[${outputSize}]` : `[${outputSize}] or [${outputSize / width}, ${width}]`;
  refuse(
    'model',
    `a model whose outputs have the shape ${wanted}, for the actions and the head`,
    `[${shape.join(', ')}]`,
    "Give its last layer that shape, or leave outputs: 'own' out.",
  );
}
