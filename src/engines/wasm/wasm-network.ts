import { isPromise } from '../../common/maybe-promise.ts';
import { initialParameters } from '../../networks/initialize.ts';
import { matchTensors } from '../../networks/match-tensors.ts';
import {
  PassChecks,
  checkSameFunction,
  checkTau,
  checkUpdateOptions,
  clippingScale,
  disposedNetwork,
  readStepCount,
  refuseNestedUpdate,
  refusePromisedWeights,
  refuseWithoutOptimizer,
} from '../../networks/network-checks.ts';
import { networkFunction } from '../../networks/network-function.ts';
import { checkOptimizerSpec } from '../../networks/optimizers.ts';
import type {
  ForwardOptions,
  NamedTensor,
  NetworkOptions,
  OutputGradient,
  QNetwork,
  UpdateOptions,
} from '../../networks/q-network.ts';
import type { NetworkSpec } from '../../networks/spec.ts';
import { traitsOf } from '../../networks/traits.ts';
import type { RateRange } from './layer.ts';
import { LayerStack } from './layer-stack.ts';
import { type OptimizerStep, optimizerStep } from './optimizer-step.ts';
import type { Matrix } from './panels.ts';
import { RowViews } from './row-views.ts';
import type { Runtime } from './runtime.ts';

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
  readonly #checks: PassChecks;
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
    const traits = traitsOf(spec);
    this.stateSize = traits.stateSize;
    this.#checks = new PassChecks(this, traits);
    this.#parts = parts;
    this.#signature = networkFunction(spec, this.inputSize);
    this.#outputs = new RowViews(this.outputSize);
    this.#trainingOutputs = new RowViews(this.outputSize);
    this.#outputGradient = new RowViews(this.outputSize);
    this.#onDispose = onDispose;
  }

  forward(observations: Float32Array, batch: number, options?: ForwardOptions): Float32Array {
    const where = 'QNetwork.forward';
    const { stack, parameters } = this.#use(where);
    this.#checks.rows(where, observations, batch);
    const inputs = this.#checks.inputs(where, batch, options);
    const out = this.#outputs.get(batch * inputs.samples);
    stack.forward(parameters, observations, batch, inputs, out);
    return out;
  }

  update(observations: Float32Array, batch: number, gradient: OutputGradient, options: UpdateOptions): number {
    const where = 'QNetwork.update';
    const { runtime, stack, parameters, learner } = this.#use(where);
    this.#checks.rows(where, observations, batch);
    const { learningRate, maxGradientNorm } = options;
    checkUpdateOptions(where, options);
    if (!learner) refuseWithoutOptimizer(where);
    if (this.#updating) refuseNestedUpdate(where);
    const inputs = this.#checks.inputs(where, batch, options);
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
    let scale: number;
    try {
      scale = clippingScale(where, norm, maxGradientNorm);
    } catch (error) {
      stack.forgetGradients();
      throw error;
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
    checkTau('QNetwork.blendFrom', tau);
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
    learner.step = readStepCount(where, step);
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
    throw disposedNetwork(where);
  }

  /** The address of a twin's parameters in the same memory; undefined if it lives elsewhere. */
  #twin(where: string, source: QNetwork): number | undefined {
    if (!(source instanceof WasmNetwork)) {
      checkSameFunction(where, this.#signature, networkFunction(source.spec, source.inputSize));
      return undefined;
    }
    const { runtime, parameters } = source.#use(`${where}(source)`);
    checkSameFunction(where, this.#signature, source.#signature);
    return runtime === this.#parts?.runtime ? parameters : undefined;
  }

  #foreignWeights(where: string, source: QNetwork): NamedTensor[] {
    const weights = source.weights();
    return isPromise(weights) ? refusePromisedWeights(where) : weights;
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
