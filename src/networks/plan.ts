import { DqnError } from '../common/errors.ts';
import type { Conv2dSpec, LayerSpec, NetworkSpec } from './spec.ts';

/** A parameter of a network: its name and shape. */
export interface ParameterInfo {
  /** For example `layers.0.weight`. */
  readonly name: string;
  /** For example `[K, N]`. */
  readonly shape: readonly number[];
}

/** A layer in its place: what goes in, what comes out, and the parameters between. */
export interface LayerPlan<Spec extends LayerSpec = LayerSpec> {
  readonly spec: Spec;
  /** The shape of one row of inputs. */
  readonly inputShape: readonly number[];
  /** The shape of one row of outputs (one row a fraction where quantiles are implicit). */
  readonly outputShape: readonly number[];
  /** The layer's own parameters, without those of the layers within. */
  readonly parameters: readonly ParameterInfo[];
  /** The stacks of layers within: a residual's one, a dueling's value and advantage, and so on. Empty for simple layers. */
  readonly stacks: readonly (readonly LayerPlan[])[];
}

/** The product of a shape: numbers in one row. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Numbers in one observation. */
export function inputSizeOf(spec: NetworkSpec): number {
  return sizeOf(spec.inputShape);
}

/**
 * Follows the shapes through a network.
 * @throws DqnError `invalid-option` naming the first layer that does not fit what comes before or within it.
 */
export function planNetwork(spec: NetworkSpec): LayerPlan[] {
  return planStack(spec.layers, spec.inputShape, 'layers');
}

/** All parameters of a plan: for each layer its own, then those of the layers within. This is the order of weights everywhere. */
export function parametersOf(plans: readonly LayerPlan[]): ParameterInfo[] {
  return plans.flatMap(({ parameters, stacks }) => [...parameters, ...stacks.flatMap(parametersOf)]);
}

/** Height and width, strides and padding of a convolution, from its spec and the shape of its inputs. */
export function convolutionGeometry(spec: Conv2dSpec, [height, width]: readonly number[]) {
  const [kernelHeight, kernelWidth] = pair(spec.kernelSize);
  const [strideY, strideX] = pair(spec.strides ?? 1);
  const same = spec.padding === 'same';
  const outputHeight = same ? Math.ceil(height / strideY) : Math.floor((height - kernelHeight) / strideY) + 1;
  const outputWidth = same ? Math.ceil(width / strideX) : Math.floor((width - kernelWidth) / strideX) + 1;
  const padding = (outputs: number, stride: number, kernel: number, inputs: number): number =>
    same ? Math.floor(Math.max(0, (outputs - 1) * stride + kernel - inputs) / 2) : 0;
  return {
    kernelHeight,
    kernelWidth,
    strideY,
    strideX,
    outputHeight,
    outputWidth,
    /** Rows of zeros above the image. */
    paddingTop: padding(outputHeight, strideY, kernelHeight, height),
    /** Columns of zeros left of the image. */
    paddingLeft: padding(outputWidth, strideX, kernelWidth, width),
  };
}

function pair(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

function planStack(layers: readonly LayerSpec[], inputShape: readonly number[], name: string): LayerPlan[] {
  let shape = inputShape;
  return layers.map((layer, i) => {
    const where = `${name}.${i}`;
    const plan = planLayer(layer, shape, where);
    const last = name === 'layers' && i === layers.length - 1;
    if ((layer.kind === 'implicitQuantiles' || layer.kind === 'proposedQuantiles') && !last) {
      refuse(
        where,
        `${layer.kind} as the last layer of the network`,
        'one within it',
        'Put the layers that follow it into its own layers.',
      );
    }
    shape = plan.outputShape;
    return plan;
  });
}

function planLayer(spec: LayerSpec, inputShape: readonly number[], where: string): LayerPlan {
  const inputs = sizeOf(inputShape);
  const parameter = (name: string, ...shape: number[]): ParameterInfo => ({ name: `${where}.${name}`, shape });
  const plan = (
    outputShape: readonly number[],
    parameters: readonly ParameterInfo[] = [],
    stacks: readonly (readonly LayerPlan[])[] = [],
  ): LayerPlan => ({ spec, inputShape, outputShape, parameters, stacks });
  switch (spec.kind) {
    case 'dense':
      return plan([spec.units], [parameter('weight', inputs, spec.units), parameter('bias', spec.units)]);
    case 'noisyDense':
      return plan(
        [spec.units],
        [
          parameter('weight', inputs, spec.units),
          parameter('bias', spec.units),
          parameter('weightSigma', inputs, spec.units),
          parameter('biasSigma', spec.units),
        ],
      );
    case 'layerNorm':
      return plan(inputShape, [parameter('gain', inputs), parameter('offset', inputs)]);
    case 'conv2d': {
      if (inputShape.length !== 3) {
        refuse(
          where,
          'images [H, W, C]',
          `inputs of shape [${inputShape.join(', ')}]`,
          'Put convolutions first, on observations of rank 3.',
        );
      }
      const { kernelHeight, kernelWidth, outputHeight, outputWidth } = convolutionGeometry(spec, inputShape);
      if (outputHeight < 1 || outputWidth < 1) {
        refuse(
          where,
          `images of at least ${kernelHeight} × ${kernelWidth}`,
          `${inputShape[0]} × ${inputShape[1]}`,
          "Use smaller filters, or padding: 'same'.",
        );
      }
      const weight = parameter('weight', kernelHeight, kernelWidth, inputShape[2], spec.filters);
      return plan([outputHeight, outputWidth, spec.filters], [weight, parameter('bias', spec.filters)]);
    }
    case 'flatten':
      return plan([inputs]);
    case 'residual': {
      const stack = planStack(spec.layers, inputShape, `${where}.layers`);
      const outputShape = outputOf(stack, inputShape);
      if (sizeOf(outputShape) !== inputs) {
        refuse(
          where,
          `layers that give ${inputs} numbers, as many as they take`,
          `${sizeOf(outputShape)}`,
          'Let the last layer within restore the width.',
        );
      }
      return plan(inputShape, [], [stack]);
    }
    case 'randomPrior': {
      const stack = planStack(spec.layers, inputShape, `${where}.layers`);
      const prior = planStack(spec.prior, inputShape, `${where}.prior`);
      const outputShape = outputOf(stack, inputShape);
      const [found, wanted] = [prior, stack].map((each) => sizeOf(outputOf(each, inputShape)));
      if (found !== wanted) refuse(`${where}.prior`, `${wanted} outputs, as of its layers`, `${found}`, 'Let both end alike.');
      return plan(outputShape, [], [stack, prior]);
    }
    case 'parallel': {
      const stacks = spec.branches.map((branch, i) => planStack(branch, inputShape, `${where}.branches.${i}`));
      return plan([stacks.reduce((sum, stack) => sum + sizeOf(outputOf(stack, inputShape)), 0)], [], stacks);
    }
    case 'dueling': {
      const width = spec.width ?? 1;
      const value = planStack(spec.value, inputShape, `${where}.value`);
      const advantage = planStack(spec.advantage, inputShape, `${where}.advantage`);
      const check = (name: string, stack: readonly LayerPlan[], size: number): void => {
        const found = sizeOf(outputOf(stack, inputShape));
        if (found !== size) refuse(`${where}.${name}`, `${size} outputs`, `${found}`, 'Let its last layer have that many units.');
      };
      check('value', value, width);
      check('advantage', advantage, spec.actions * width);
      return plan([spec.actions * width], [], [value, advantage]);
    }
    case 'gru':
      return plan(
        [spec.units],
        [
          parameter('weight', inputs, 3 * spec.units),
          parameter('bias', 3 * spec.units),
          parameter('recurrentWeight', spec.units, 3 * spec.units),
          parameter('recurrentBias', 3 * spec.units),
        ],
      );
    case 'implicitQuantiles':
    case 'proposedQuantiles': {
      const cosines = spec.cosines ?? 64;
      const stack = planStack(spec.layers, [inputs], `${where}.layers`);
      const outputs = sizeOf(outputOf(stack, [inputs]));
      const own = [parameter('embeddingWeight', cosines, inputs), parameter('embeddingBias', inputs)];
      if (spec.kind === 'implicitQuantiles') return plan([outputs], own, [stack]);
      const { fractions } = spec;
      own.push(parameter('proposalWeight', inputs, fractions), parameter('proposalBias', fractions));
      return plan([(2 * fractions - 1) * outputs + fractions], own, [stack]);
    }
    case 'layersModel': {
      const { outputShape, weights } = spec;
      if (sizeOf(spec.inputShape) !== inputs) {
        refuse(
          where,
          `inputs of shape [${spec.inputShape.join(', ')}]`,
          `inputs of shape [${inputShape.join(', ')}]`,
          'Build the model for the observations of this environment.',
        );
      }
      return plan(
        outputShape,
        weights.map(({ name, shape }) => parameter(name, ...shape)),
      );
    }
  }
}

/** The shape that a stack gives: its input's where it has no layers. */
function outputOf(stack: readonly LayerPlan[], inputShape: readonly number[]): readonly number[] {
  return stack.at(-1)?.outputShape ?? inputShape;
}

function refuse(where: string, expected: string, received: string, remedy: string): never {
  throw new DqnError({ code: 'invalid-option', where: `network.${where}`, expected, received, remedy });
}
