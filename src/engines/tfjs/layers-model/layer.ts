import { Tensor, engine } from '@tensorflow/tfjs-core';
import { DqnError } from '../../../common/errors.ts';
import { type LayerPlan, sizeOf } from '../../../networks/plan.ts';
import type { LayersModelSpec } from '../../../networks/spec.ts';
import type { Foundation } from '../foundation.ts';
import { type TfjsLayer, type Weights, weightsOf } from '../layer.ts';
import { fill, lengthOf, reshape } from '../ops.ts';
import { bringMissingKernels } from './missing-kernels.ts';
import { weightsOfModel } from './model-weights.ts';
import { firstLine, rebuildModel } from './rebuild.ts';

const WHERE = 'network, layersModel';

/**
 * `y = model(x)`. The gradient comes from TensorFlow.js's own tape, which has to see the pass forward: it is run once more in the pass backward, for between the two the outputs
 * may have to be read.
 * @throws DqnError `invalid-option` on a model that does not do what its spec says, or cannot be differentiated; `unsupported-platform` where the backend lacks a
 * kernel that it needs; and as `rebuildModel`.
 */
export function layersModelLayer(foundation: Foundation, { spec, inputShape, parameters }: LayerPlan<LayersModelSpec>): TfjsLayer {
  const { device, learns } = foundation;
  const { backend } = device.traits;
  bringMissingKernels(backend);
  const model = device.run(() => rebuildModel(WHERE, spec, foundation.random.split(parameters[0]?.name ?? WHERE)));
  foundation.own(model);
  const variables = weightsOfModel(model);
  const learning = variables.filter((_, i) => spec.weights[i].trainable !== false);
  const outputs = sizeOf(spec.outputShape);
  let held: Weights | undefined;

  const apply = (x: Tensor): Tensor => {
    const images = reshape(x, [lengthOf(x, 0), ...spec.inputShape]);
    const y = model.apply(images, { training: false });
    if (y instanceof Tensor && y.dtype === 'float32' && y.size === lengthOf(x, 0) * outputs)
      return reshape(y, [lengthOf(x, 0), outputs]);
    const received = y instanceof Tensor ? `${y.dtype} of shape [${y.shape.join(', ')}]` : 'something else';
    throw new DqnError({
      code: 'invalid-option',
      where: WHERE,
      expected: `outputs of shape [${[lengthOf(x, 0), ...spec.outputShape].join(', ')}] for ${lengthOf(x, 0)} rows`,
      received,
      remedy: 'Let the layers of the model treat every row alike, and give numbers.',
    });
  };

  /** The gradients of the weights that learn, and of the inputs where they are wanted. */
  const differentiate = (x: Tensor, d: Tensor, wantsInput: boolean): (Tensor | undefined)[] => {
    const by = [...learning.map((each) => each.read()), ...(wantsInput ? [x] : [])];
    // What the outputs do not depend on has no gradient.
    return by.length === 0 ? [] : engine().gradients(() => apply(x), by, d, true).grads;
  };

  const tryOut = (): void => {
    const x = fill([2, sizeOf(inputShape)], 0);
    const y = apply(x);
    if (learns) differentiate(x, y, false);
  };
  device.run(() => explaining(backend, tryOut));
  parameters.forEach(({ name }, i) => foundation.start(name, variables[i].read()));

  return {
    parameters,
    forward(weights, x, pass) {
      if (held !== weights) {
        const tensors = weightsOf(weights, parameters);
        variables.forEach((variable, i) => variable.write(tensors[i]));
        held = weights;
      }
      pass.keep(x);
      return {
        outputs: apply(x),
        backward(d, wantsInput) {
          const gradients = explaining(backend, () => differentiate(x, d, wantsInput));
          const ofInput = gradients[learning.length];
          return {
            parameters: variables.map((variable, i) => {
              const gradient = gradients[learning.indexOf(variable)];
              const size = [sizeOf(parameters[i].shape)];
              return gradient ? reshape(gradient, size) : fill(size, 0);
            }),
            input: wantsInput ? (ofInput ?? fill(x.shape, 0)) : undefined,
          };
        },
      };
    },
  };
}

/** Runs a model. @throws DqnError instead of what TensorFlow.js says. */
function explaining<T>(backend: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof DqnError) throw cause;
    const [, kernel] = /[Kk]ernel '(\w+)' not registered/.exec(firstLine(cause)) ?? [];
    throw new DqnError({
      code: kernel ? 'unsupported-platform' : 'invalid-option',
      where: WHERE,
      expected: kernel ? `a backend with the kernel ${kernel}` : 'a model that can be run forward, and backward to learn',
      received: kernel ? backend : `one that fails: ${firstLine(cause)}`,
      remedy: kernel
        ? 'Use another backend, or a layer made of other operations.'
        : 'See the cause; operations without a gradient cannot stand in a network that learns.',
      cause,
    });
  }
}
