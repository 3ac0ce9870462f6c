import { checkInteger, checkNumber } from '../../common/check.ts';
import { DqnError, describe } from '../../common/errors.ts';
import { isPromise } from '../../common/maybe-promise.ts';
import { initialParameters } from '../../networks/initialize.ts';
import { checkOptimizerSpec } from '../../networks/optimizers.ts';
import type {
  ForwardOptions,
  NamedTensor,
  NetworkOptions,
  OutputFocus,
  OutputGradient,
  QNetwork,
  UpdateOptions,
} from '../../networks/q-network.ts';
import type { LayerSpec, NetworkSpec } from '../../networks/spec.ts';
import { stacksOf, traitsOf, type NetworkTraits } from '../../networks/traits.ts';
import type { RateRange } from './layer.ts';
import { LayerStack, type PassInputs } from './layer-stack.ts';
import { type OptimizerStep, optimizerStep } from './optimizer-step.ts';
import type { Matrix } from './panels.ts';
import { RowViews } from './row-views.ts';
import type { Runtime } from './runtime.ts';
import { matchTensors } from './tensors.ts';

/** A gradient whose norm is beyond this has squares that single precision cannot hold. */
const MAX_NORM = 1e18;

const MAX_BATCH = 2 ** 24;
const BATCH_RANGE = { min: 1, max: MAX_BATCH };
const RATE_RANGE = { min: 0 };
const NORM_RANGE = { min: 0, exclusiveMin: true };
const TAU_RANGE = { min: 0, max: 1 };

const NO_INPUTS: PassInputs = {
  noise: undefined,
  fractions: new Float32Array(0),
  samples: 1,
  steps: 1,
  state: undefined,
  focus: undefined,
};

/** A parameter's name and shape, and where it is among all. */
interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  readonly panels: Matrix;
  /** In numbers from the first parameter. */
  readonly start: number;
}

/** Parameters in a row that learn at one rate, a share of the whole network's, and where what belongs to them begins. */
interface Stretch {
  readonly size: number;
  readonly factor: number;
  readonly parameters: number;
  readonly gradient: number;
  readonly slots: readonly number[];
}

/** What a network needs in order to learn. */
interface Learner {
  readonly rule: OptimizerStep;
  readonly gradient: number;
  /** Addresses of the rule's averages, each as long as the parameters. */
  readonly slots: readonly number[];
  /** All parameters, in stretches that learn at one rate each. */
  readonly stretches: readonly Stretch[];
  /** Updates so far. */
  step: number;
}

/** Everything that `dispose()` drops. */
interface Parts {
  readonly runtime: Runtime;
  readonly stack: LayerStack;
  readonly places: readonly Place[];
  /** One block: the parameters, their gradient, the slots. */
  readonly parameters: number;
  readonly learner: Learner | undefined;
}

/** A layer without what only matters when its parameters are first drawn, and with its defaults filled in. */
function functionOf(layer: LayerSpec): unknown {
  const stacks = stacksOf(layer).map((stack) => stack.map(functionOf));
  switch (layer.kind) {
    case 'dense':
      return [layer.kind, layer.units, layer.activation ?? 'linear'];
    case 'noisyDense':
      return [layer.kind, layer.units, layer.activation ?? 'linear', layer.noise ?? 'factorised'];
    case 'layerNorm':
      return [layer.kind, layer.epsilon ?? 1e-5, layer.activation ?? 'linear'];
    case 'conv2d': {
      const { filters, kernelSize, strides = 1, padding = 'valid', activation = 'linear' } = layer;
      return [layer.kind, filters, [kernelSize].flat(), [strides].flat(), padding, activation];
    }
    case 'flatten':
    case 'parallel':
      return [layer.kind, stacks];
    case 'residual':
      return [layer.kind, stacks, layer.activation ?? 'linear'];
    case 'dueling':
      return [layer.kind, stacks, layer.actions, layer.width ?? 1, layer.aggregation ?? 'mean'];
    case 'gru':
      return [layer.kind, layer.units];
    case 'implicitQuantiles':
      return [layer.kind, stacks, layer.cosines ?? 64, layer.activation ?? 'relu'];
    case 'proposedQuantiles':
      return [layer.kind, stacks, layer.fractions, layer.cosines ?? 64, layer.activation ?? 'relu'];
  }
}

/** Whether two specs describe the same function of the same parameters, as text: equal or not. */
function signature(spec: NetworkSpec, inputSize: number): string {
  return JSON.stringify([inputSize, spec.inputScale ?? 1, spec.layers.map(functionOf)]);
}

/** The whole of the parameters cut where learning rates change; one range as a rule. */
function rangesOf({ size, rates }: LayerStack): RateRange[] {
  const ranges: RateRange[] = [];
  let end = 0;
  for (const range of rates) {
    if (range.offset > end) ranges.push({ offset: end, size: (range.offset - end) / 4, factor: 1 });
    ranges.push(range);
    end = range.offset + range.size * 4;
  }
  if (end < size * 4) ranges.push({ offset: end, size: size - end / 4, factor: 1 });
  return ranges;
}

function build(runtime: Runtime, spec: NetworkSpec, { random, optimizer }: NetworkOptions): Parts {
  const { heap, kernels } = runtime;
  const rule = optimizer && optimizerStep(kernels, checkOptimizerSpec(optimizer));
  const vectors = rule ? 2 + rule.slots.length : 1;
  const stack = new LayerStack(runtime, spec);
  const places = stack.parameters.map(({ name, shape, panels, offset }) => ({ name, shape, panels, start: offset / 4 }));
  const bytes = stack.size * 4;
  let parameters: number | undefined;
  try {
    parameters = heap.allocate(bytes * vectors);
    heap.f32.fill(0, parameters / 4, parameters / 4 + stack.size * vectors);
    const initial = new Map(initialParameters(spec, random).map(({ name, values }) => [name, values]));
    for (const { name, panels, start } of places) {
      panels.write(heap.f32, parameters / 4 + start, initial.get(name) as Float32Array);
    }
  } catch (error) {
    if (parameters !== undefined) heap.free(parameters);
    stack.dispose();
    throw error;
  }
  const start = parameters;
  const gradient = start + bytes;
  const slots = rule?.slots.map((_, i) => gradient + bytes * (1 + i)) ?? [];
  const stretches = rangesOf(stack).map(({ offset, size, factor }) => ({
    size,
    factor,
    parameters: start + offset,
    gradient: gradient + offset,
    slots: slots.map((slot) => slot + offset),
  }));
  return { runtime, stack, places, parameters, learner: rule && { rule, gradient, slots, stretches, step: 0 } };
}

/** A network on the embedded engine. */
export class WasmNetwork implements QNetwork<'sync'> {
  readonly spec: NetworkSpec;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly stateSize: number;
  readonly #signature: string;
  readonly #traits: NetworkTraits;
  /** Whether passes must be told more than the observations. */
  readonly #asks: boolean;
  readonly #outputs: RowViews;
  readonly #trainingOutputs: RowViews;
  readonly #outputGradient: RowViews;
  readonly #onDispose: (network: WasmNetwork) => void;
  #parts: Parts | undefined;
  #updating = false;

  /** @param spec - has been checked. */
  constructor(runtime: Runtime, spec: NetworkSpec, options: NetworkOptions, onDispose: (network: WasmNetwork) => void) {
    const parts = build(runtime, spec, options);
    this.spec = spec;
    this.inputSize = parts.stack.inputSize;
    this.outputSize = parts.stack.outputSize;
    this.#traits = traitsOf(spec);
    this.stateSize = this.#traits.stateSize;
    this.#asks = this.stateSize > 0 || this.#traits.fractions === 'given';
    this.#parts = parts;
    this.#signature = signature(spec, this.inputSize);
    this.#outputs = new RowViews(this.outputSize);
    this.#trainingOutputs = new RowViews(this.outputSize);
    this.#outputGradient = new RowViews(this.outputSize);
    this.#onDispose = onDispose;
  }

  forward(observations: Float32Array, batch: number, options?: ForwardOptions): Float32Array {
    const where = 'QNetwork.forward';
    const { stack, parameters } = this.#use(where);
    this.#checkRows(where, observations, batch);
    const inputs = options || this.#asks ? this.#inputs(where, batch, options) : NO_INPUTS;
    const out = this.#outputs.get(batch * inputs.samples);
    stack.forward(parameters, observations, batch, inputs, out);
    return out;
  }

  /** Checks what comes beside the observations. */
  #inputs(where: string, batch: number, options: ForwardOptions & { readonly focus?: OutputFocus } = {}): PassInputs {
    const { noise, fractions, steps = 1, state, focus } = options;
    const { stateSize } = this;
    const traits = this.#traits;
    if (noise !== undefined) checkNumber(`${where}(noise)`, noise);
    checkInteger(`${where}(steps)`, steps, { min: 1, max: batch });
    if (batch % steps !== 0)
      refuse(
        `${where}(steps)`,
        `a number of steps that divides the batch of ${batch}`,
        describe(steps),
        'Pass steps · sequences rows.',
      );
    let samples = 1;
    if (traits.fractions === 'given') {
      if (!(fractions instanceof Float32Array) || fractions.length === 0 || fractions.length % batch !== 0) {
        const received = fractions instanceof Float32Array ? `${fractions.length} of them` : describe(fractions);
        refuse(
          `${where}(fractions)`,
          `a Float32Array [${batch}, N] of quantile fractions`,
          received,
          'Pass as many fractions for every row.',
        );
      }
      samples = fractions.length / batch;
      for (let i = 0; i < fractions.length; i++) {
        if (fractions[i] >= 0 && fractions[i] <= 1) continue;
        refuse(`${where}(fractions[${i}])`, 'a number in [0, 1]', describe(fractions[i]), 'Draw fractions from the unit interval.');
      }
    } else if (fractions !== undefined) {
      refuse(`${where}(fractions)`, 'none: the network has no implicitQuantiles layer', describe(fractions), 'Leave them out.');
    }
    const size = (batch / steps) * stateSize;
    if (state !== undefined && !(state instanceof Float32Array && state.length === size)) {
      const received = state instanceof Float32Array ? `${state.length} numbers` : describe(state);
      refuse(
        `${where}(state)`,
        `a Float32Array of ${batch / steps} · ${stateSize} = ${size} numbers`,
        received,
        'Pass the state of every sequence.',
      );
    }
    if (focus !== undefined) checkFocus(`${where}(focus)`, focus, batch, this.outputSize);
    return {
      noise: traits.noisy ? noise : undefined,
      fractions: traits.fractions === 'given' ? (fractions as Float32Array) : NO_INPUTS.fractions,
      samples,
      steps,
      state,
      focus,
    };
  }

  update(observations: Float32Array, batch: number, gradient: OutputGradient, options: UpdateOptions): number {
    const where = 'QNetwork.update';
    const { runtime, stack, parameters, learner } = this.#use(where);
    this.#checkRows(where, observations, batch);
    const { learningRate, maxGradientNorm } = options;
    checkNumber('QNetwork.update(learningRate)', learningRate, RATE_RANGE);
    if (maxGradientNorm !== undefined) checkNumber('QNetwork.update(maxGradientNorm)', maxGradientNorm, NORM_RANGE);
    if (!learner) {
      throw new DqnError({
        code: 'invalid-option',
        where,
        expected: 'a network with an optimizer',
        received: 'one that was created without',
        remedy: 'Pass an optimizer to createNetwork.',
      });
    }
    if (this.#updating) {
      throw new DqnError({
        code: 'invalid-option',
        where,
        expected: 'one update at a time',
        received: 'an update inside the gradient function of another',
        remedy: 'Call update on the same network only after the last one has returned.',
      });
    }
    const inputs = this.#inputs(where, batch, options);
    const rows = batch * inputs.samples;
    const outputs = this.#trainingOutputs.get(rows);
    const dOutputs = this.#outputGradient.get(rows);
    this.#updating = true;
    try {
      stack.forwardForGradient(parameters, observations, batch, inputs, outputs);
      dOutputs.fill(0);
      gradient(outputs, dOutputs, batch);
      this.#use(where);
      stack.backward(parameters, learner.gradient, dOutputs, batch, inputs);
    } catch (error) {
      stack.forgetGradients();
      throw error;
    } finally {
      this.#updating = false;
    }
    const norm = this.#gradientNorm(runtime, stack.size, learner.gradient);
    const scale = maxGradientNorm !== undefined && norm > maxGradientNorm ? maxGradientNorm / norm : 1;
    if (!(norm * scale <= MAX_NORM)) {
      stack.forgetGradients();
      throw new DqnError({
        code: 'diverged',
        where,
        expected: `a finite gradient, of a norm of at most ${MAX_NORM}`,
        received: `one of norm ${norm}`,
        remedy: 'Lower the learning rate, clip gradients with maxGradientNorm, or look for NaN in observations and rewards.',
      });
    }
    learner.step++;
    for (const each of learner.stretches) {
      learner.rule.apply(each.size, each.parameters, each.gradient, each.slots, learner.step, each.factor * learningRate, scale);
    }
    return norm;
  }

  copyFrom(source: QNetwork): void {
    const { runtime, stack, parameters } = this.#use('QNetwork.copyFrom');
    const twin = this.#twin('QNetwork.copyFrom', source);
    if (twin === undefined) return this.setWeights(this.#foreignWeights('QNetwork.copyFrom', source));
    runtime.heap.f32.copyWithin(parameters / 4, twin / 4, twin / 4 + stack.size);
  }

  blendFrom(source: QNetwork, tau: number): void {
    const { runtime, stack, places, parameters } = this.#use('QNetwork.blendFrom');
    checkNumber('QNetwork.blendFrom(tau)', tau, TAU_RANGE);
    const twin = this.#twin('QNetwork.blendFrom', source);
    if (twin !== undefined) {
      runtime.kernels.blend(stack.size, parameters, twin, 1 - tau, tau);
      return;
    }
    const theirs = matchTensors('QNetwork.blendFrom', places, this.#foreignWeights('QNetwork.blendFrom', source));
    const start = parameters / 4;
    places.forEach((place, i) => {
      const own = place.panels.read(runtime.heap.f32, start + place.start);
      for (let j = 0; j < own.length; j++) own[j] = (1 - tau) * own[j] + tau * theirs[i].values[j];
      place.panels.write(runtime.heap.f32, start + place.start, own);
    });
  }

  weights(): NamedTensor[] {
    const { runtime, places, parameters } = this.#use('QNetwork.weights');
    return places.map(({ name, shape, panels, start }) => ({
      name,
      shape,
      values: panels.read(runtime.heap.f32, parameters / 4 + start),
    }));
  }

  setWeights(weights: readonly NamedTensor[]): void {
    const { runtime, places, parameters } = this.#use('QNetwork.setWeights');
    const tensors = matchTensors('QNetwork.setWeights', places, weights);
    places.forEach(({ panels, start }, i) => panels.write(runtime.heap.f32, parameters / 4 + start, tensors[i].values));
  }

  optimizerState(): NamedTensor[] {
    const { runtime, places, learner } = this.#use('QNetwork.optimizerState');
    if (!learner) return [];
    const averages = places.flatMap(({ name, shape, panels, start }) =>
      learner.rule.slots.map((slot, i) => ({
        name: `${name}.${slot}`,
        shape,
        values: panels.read(runtime.heap.f32, learner.slots[i] / 4 + start),
      })),
    );
    return [{ name: 'step', shape: [1], values: Float32Array.of(learner.step) }, ...averages];
  }

  setOptimizerState(state: readonly NamedTensor[]): void {
    const where = 'QNetwork.setOptimizerState';
    const { runtime, places, learner } = this.#use(where);
    if (!learner) {
      matchTensors(where, [], state);
      return;
    }
    const averages = places.flatMap(({ name, shape, panels, start }) =>
      learner.rule.slots.map((slot, i) => ({ name: `${name}.${slot}`, shape, panels, start: learner.slots[i] / 4 + start })),
    );
    const [step, ...tensors] = matchTensors(where, [{ name: 'step', shape: [1] }, ...averages], state);
    const count = step.values[0];
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new DqnError({
        code: 'incompatible-checkpoint',
        where: `${where}(step)`,
        expected: 'a whole number of at least 0',
        received: describe(count),
        remedy: 'Pass what optimizerState() gave.',
      });
    }
    learner.step = count;
    averages.forEach(({ panels, start }, i) => panels.write(runtime.heap.f32, start, tensors[i].values));
  }

  dispose(): void {
    if (!this.#parts) return;
    const { runtime, stack, parameters } = this.#parts;
    this.#parts = undefined;
    stack.dispose();
    runtime.heap.free(parameters);
    this.#onDispose(this);
  }

  #use(where: string): Parts {
    if (this.#parts) return this.#parts;
    throw new DqnError({
      code: 'disposed',
      where,
      expected: 'a network in use',
      received: 'one that dispose() has freed',
      remedy: 'Create another network, or dispose of this one later.',
    });
  }

  #checkRows(where: string, observations: Float32Array, batch: number): void {
    checkInteger(`${where}(batch)`, batch, BATCH_RANGE);
    if (observations.length >= batch * this.inputSize) return;
    throw new DqnError({
      code: 'invalid-option',
      where: `${where}(observations)`,
      expected: `at least ${batch} · ${this.inputSize} = ${batch * this.inputSize} numbers`,
      received: describe(observations),
      remedy: 'Pass observations [batch, inputSize], row by row.',
    });
  }

  /** The address of a twin's parameters in the same memory; undefined if it lives elsewhere. */
  #twin(where: string, source: QNetwork): number | undefined {
    if (!(source instanceof WasmNetwork)) {
      this.#checkSignature(where, signature(source.spec, source.inputSize));
      return undefined;
    }
    const { runtime, parameters } = source.#use(`${where}(source)`);
    this.#checkSignature(where, source.#signature);
    return runtime === this.#parts?.runtime ? parameters : undefined;
  }

  #checkSignature(where: string, theirs: string): void {
    if (theirs === this.#signature) return;
    throw new DqnError({
      code: 'invalid-option',
      where: `${where}(source)`,
      expected: `a network like this one, ${this.#signature}`,
      received: theirs,
      remedy: 'Create both networks from the same spec.',
    });
  }

  #foreignWeights(where: string, source: QNetwork): NamedTensor[] {
    const weights = source.weights();
    if (!isPromise(weights)) return weights;
    throw new DqnError({
      code: 'invalid-option',
      where: `${where}(source)`,
      expected: 'a network that gives its weights at once',
      received: 'one that gives a promise',
      remedy: 'Await source.weights() and pass them to setWeights.',
    });
  }

  #gradientNorm({ heap, kernels }: Runtime, size: number, gradient: number): number {
    const square = kernels.sumOfSquares(size, gradient);
    if (square > 1e-24 && square < 1e36) return Math.sqrt(square);
    // Single precision may have overflowed or lost what is small.
    let sum = 0;
    for (let i = 0, at = gradient / 4; i < size; i++) sum += heap.f32[at + i] ** 2;
    return Math.sqrt(sum);
  }
}

/** @throws DqnError `invalid-option`. */
function checkFocus(where: string, { width, groups }: OutputFocus, batch: number, outputSize: number): void {
  checkInteger(`${where}.width`, width, { min: 1, max: outputSize });
  const count = outputSize / width;
  if (outputSize % width !== 0)
    refuse(`${where}.width`, `a divisor of ${outputSize}`, describe(width), 'Pass the number of outputs of an action.');
  if (!(groups instanceof Int32Array && groups.length >= batch)) {
    const received = groups instanceof Int32Array ? `${groups.length} numbers` : describe(groups);
    refuse(`${where}.groups`, `an Int32Array of ${batch} groups`, received, 'Pass the group of every row.');
  }
  for (let row = 0; row < batch; row++) {
    if (groups[row] >= 0 && groups[row] < count) continue;
    refuse(`${where}.groups[${row}]`, `a group in [0, ${count - 1}]`, describe(groups[row]), 'Pass the group of every row.');
  }
}

function refuse(where: string, expected: string, received: string, remedy: string): never {
  throw new DqnError({ code: 'invalid-option', where, expected, received, remedy });
}
