import { keep, tensor, type Tensor } from '@tensorflow/tfjs-core';
import { type Answer, chain, finishing, isPromise, type MaybePromise, type Timing } from '../../common/maybe-promise.ts';
import { initialParameters } from '../../networks/initialize.ts';
import { matchTensors } from '../../networks/match-tensors.ts';
import {
  MAX_NORM,
  PassChecks,
  type PassInputs,
  checkSameFunction,
  checkTau,
  checkUpdateOptions,
  clippingScale,
  disposedNetwork,
  readStepCount,
  refuseDuringUpdate,
  refuseNestedUpdate,
  refusePromisedWeights,
  refuseWithoutOptimizer,
} from '../../networks/network-checks.ts';
import { networkFunction } from '../../networks/network-function.ts';
import { checkOptimizerSpec } from '../../networks/optimizers.ts';
import { inputSizeOf, type LayerPlan, parametersOf, planNetwork, sizeOf } from '../../networks/plan.ts';
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
import { buildStack, learningRateFactors } from './build-layers.ts';
import type { Device } from './device.ts';
import { FlatLayout, FlatParameters } from './flat-parameters.ts';
import { Foundation } from './foundation.ts';
import type { Pass, TfjsLayer } from './layer.ts';
import { clippingFactor, euclideanNorm } from './gradient-norm.ts';
import { add, concat, fill, lessEqual, multiply, reshape, scalar, select, share, slice, square, total } from './ops.ts';
import { type OptimizerRule, optimizerRule } from './optimizer-step.ts';
import { Tape } from './tape.ts';

/** What a network needs in order to learn. */
interface Learner {
  readonly rule: OptimizerRule;
  /** The rule's averages, each a flat vector. */
  slots: readonly Tensor[];
  readonly factors: Tensor | undefined;
  /** Updates so far. */
  step: number;
}

/** Everything that `dispose()` drops. */
interface Parts {
  readonly foundation: Foundation;
  readonly layers: TfjsLayer;
  readonly layout: FlatLayout;
  readonly parameters: FlatParameters;
  readonly learner: Learner | undefined;
}

/** Lengths of a gradient, each a single number. */
export interface GradientNorms {
  readonly norm: Tensor;
  /** After clipping: what is too large, or NaN, was not applied. */
  readonly clippedNorm: Tensor;
}

/** How an update is applied. */
interface ApplyOptions {
  readonly rate: number;
  readonly scale: Tensor | undefined;
  readonly norm?: Tensor;
}

function build(device: Device, spec: NetworkSpec, { random, optimizer }: NetworkOptions): Parts {
  const plans = planNetwork(spec);
  const rule = optimizer && optimizerRule(checkOptimizerSpec(optimizer));
  const layout = new FlatLayout(parametersOf(plans));
  const foundation = new Foundation(device, random, rule !== undefined);
  let layers: TfjsLayer;
  try {
    layers = buildStack(foundation, plans);
  } catch (error) {
    foundation.dispose();
    throw error;
  }
  const all = startWith(device, layout, layout.join(initialParameters(spec, random)), foundation.starts);
  const parameters = new FlatParameters(device, layout, all);
  const factors = rule && learningRateFactors(plans);
  const learner = rule && {
    rule,
    slots: rule.slots.map(() => device.upload(new Float32Array(layout.size), [layout.size])),
    factors: factors && foundation.constant(factors, [layout.size]),
    step: 0,
  };
  return { foundation, layers, layout, parameters, learner };
}

/** All parameters as they are drawn, but for those that start as a tensor says. */
function startWith(device: Device, layout: FlatLayout, drawn: Float32Array, starts: ReadonlyMap<string, Tensor>): Tensor {
  const all = device.upload(drawn, [layout.size]);
  if (starts.size === 0) return all;
  const parts = (): Tensor[] =>
    layout.places.map(({ name, start, size }) => reshape(starts.get(name) ?? slice(all, [start], [size]), [size]));
  const joined = device.run(() => keep(concat(parts(), 0)));
  all.dispose();
  return joined;
}

/** A network on TensorFlow.js. Its parameters are tensors that are replaced, never written into: while a pass waits for its numbers, nothing changes under it. */
export class TfjsNetwork<M extends Timing> implements QNetwork<M> {
  readonly spec: NetworkSpec;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly stateSize: number;
  readonly #device: Device;
  readonly #function: string;
  readonly #checks: PassChecks;
  readonly #onDispose: (network: TfjsNetwork<M>) => void;
  #parts: Parts | undefined;
  #updating = false;

  /** @param spec - has been checked. */
  constructor(device: Device, spec: NetworkSpec, options: NetworkOptions, onDispose: (network: TfjsNetwork<M>) => void) {
    const traits = traitsOf(spec);
    this.#parts = build(device, spec, options);
    this.spec = spec;
    this.inputSize = inputSizeOf(spec);
    this.outputSize = sizeOf((planNetwork(spec).at(-1) as LayerPlan).outputShape);
    this.stateSize = traits.stateSize;
    this.#device = device;
    this.#function = networkFunction(spec, this.inputSize);
    this.#checks = new PassChecks(this, traits);
    this.#onDispose = onDispose;
  }

  forward(observations: Float32Array, batch: number, options?: ForwardOptions): Answer<Float32Array, M> {
    const where = 'QNetwork.forward';
    const { layers, parameters } = this.#use(where);
    this.#checks.rows(where, observations, batch);
    const inputs = this.#checks.inputs(where, batch, options);
    const { state } = inputs;
    const { weights } = parameters;
    const result = this.#device.run(() => {
      const pass = this.#pass(inputs, batch);
      const { outputs } = layers.forward(weights, this.#input(observations, batch), pass);
      if (!state || pass.finalStates.length === 0) return keep(outputs);
      // The states come behind the outputs: one reading for both.
      const flat = [outputs, concat(pass.finalStates, 1)].map((each) => reshape(each, [each.size]));
      return keep(concat(flat, 0));
    });
    const reading = finishing(
      () => this.#device.read(result),
      () => result.dispose(),
    );
    return chain(reading, (numbers) => {
      if (!state || this.stateSize === 0) return numbers;
      const outputs = numbers.length - state.length;
      state.set(numbers.subarray(outputs));
      return numbers.subarray(0, outputs);
    }) as Answer<Float32Array, M>;
  }

  update(observations: Float32Array, batch: number, gradient: OutputGradient, options: UpdateOptions): Answer<number, M> {
    const where = 'QNetwork.update';
    const { layers, parameters, learner } = this.#use(where);
    this.#checks.rows(where, observations, batch);
    checkUpdateOptions(where, options);
    if (!learner) refuseWithoutOptimizer(where);
    if (this.#updating) refuseNestedUpdate(where);
    const inputs = this.#checks.inputs(where, batch, options);
    const tape = new Tape();
    this.#updating = true;
    const train = (): MaybePromise<number> => {
      const { weights } = parameters;
      const passed = this.#device.run(() => {
        const pass = this.#pass(inputs, batch, tape);
        const result = layers.forward(weights, this.#input(observations, batch), pass);
        tape.keep(result.outputs);
        return result;
      });
      return chain(this.#device.read(passed.outputs), (numbers) => {
        const dOutputs = new Float32Array(numbers.length);
        gradient(numbers, dOutputs, batch);
        this.#use(where);
        const given = tape.keep(this.#device.upload(dOutputs, passed.outputs.shape));
        if (parameters.all.size === 0) return this.#applyNothing(learner);
        const { g, squares } = this.#device.run(() => {
          const flat = concat(passed.backward(given, false).parameters, 0);
          return { g: tape.keep(flat), squares: tape.keep(total(square(flat))) };
        });
        return chain(this.#gradientNorm(g, squares), (norm) => {
          const scale = clippingScale(where, norm, options.maxGradientNorm);
          this.#use(where);
          const clipped = scale === 1 ? undefined : this.#device.run(() => tape.keep(scalar(scale)));
          this.#apply(parameters, learner, g, { rate: options.learningRate, scale: clipped });
          return norm;
        });
      });
    };
    return finishing(train, () => {
      tape.release();
      this.#updating = false;
    }) as Answer<number, M>;
  }

  /** Outputs `[rows, outputSize]` that stay where they are; to be called while the device runs. */
  outputsOnDevice(observations: Tensor, batch: number, options?: ForwardOptions): Tensor {
    const where = 'QNetwork.forward';
    const { layers, parameters } = this.#use(where);
    const pass = this.#pass(this.#checks.inputs(where, batch, options), batch);
    return layers.forward(parameters.weights, this.#scaled(observations), pass).outputs;
  }

  /**
   * {@link QNetwork.update} by a gradient that is computed where the outputs are, without a number read: where the gradient cannot be clipped to a finite one parameters and
   * averages stay, and {@link TfjsNetwork.takeBackUpdate} is due when that is known. To be called while the device runs.
   * @param gradient - from outputs `[rows, outputSize]` to the gradient of the loss with respect to them.
   */
  updateOnDevice(
    observations: Tensor,
    batch: number,
    gradient: (outputs: Tensor) => Tensor,
    options: UpdateOptions,
  ): GradientNorms {
    const where = 'QNetwork.update';
    const { layers, parameters, learner } = this.#use(where);
    checkUpdateOptions(where, options);
    if (!learner) refuseWithoutOptimizer(where);
    if (this.#updating) refuseNestedUpdate(where);
    const { learningRate, maxGradientNorm } = options;
    const pass = this.#pass(this.#checks.inputs(where, batch, options), batch);
    const { outputs, backward } = layers.forward(parameters.weights, this.#scaled(observations), pass);
    const given = gradient(outputs);
    if (parameters.all.size === 0) {
      const norm = scalar(this.#applyNothing(learner));
      return { norm, clippedNorm: norm };
    }
    const g = concat(backward(given, false).parameters, 0);
    const norm = euclideanNorm(g);
    const scale = maxGradientNorm === undefined ? undefined : clippingFactor(norm, maxGradientNorm);
    const clippedNorm = scale ? multiply(norm, scale) : norm;
    this.#apply(parameters, learner, g, { rate: learningRate, scale, norm: clippedNorm });
    return { norm, clippedNorm };
  }

  /** Counts the last update on the device for none. */
  takeBackUpdate(): void {
    const learner = this.#parts?.learner;
    if (learner) learner.step--;
  }

  /**
   * Replaces the parameters and averages by those after an update.
   * @param norm - that of the gradient as it is applied: where it is too large nothing changes. Left out where that is known.
   */
  #apply(parameters: FlatParameters, learner: Learner, g: Tensor, { rate, scale, norm }: ApplyOptions): void {
    const { rule, slots, factors } = learner;
    const number = learner.step + 1;
    const after = this.#device.run(() => {
      const state = rule.apply({ parameters: parameters.all, slots }, g, { number, rate, factors, scale });
      const sound = norm && lessEqual(norm, fill(parameters.all.shape, MAX_NORM));
      const settle = (next: Tensor, before: Tensor): Tensor => (sound ? select(sound, next, before) : next);
      // What did not change may be the same tensor, which is about to be freed.
      return {
        parameters: keep(share(settle(state.parameters, parameters.all))),
        slots: state.slots.map((slot, i) => keep(share(settle(slot, slots[i])))),
      };
    });
    parameters.replace(after.parameters);
    for (const slot of slots) slot.dispose();
    learner.slots = after.slots;
    learner.step = number;
  }

  /** An update without parameters. */
  #applyNothing(learner: Learner): number {
    learner.step++;
    return 0;
  }

  copyFrom(source: QNetwork): Answer<void, M> {
    const where = 'QNetwork.copyFrom';
    const { parameters } = this.#write(where);
    const twin = this.#twin(where, source);
    if (twin) parameters.replace(this.#device.run(() => keep(share(twin))));
    else return chain(this.#foreignWeights(where, source), (weights) => this.setWeights(weights)) as Answer<void, M>;
    return undefined as Answer<void, M>;
  }

  blendFrom(source: QNetwork, tau: number): Answer<void, M> {
    const where = 'QNetwork.blendFrom';
    const { layout } = this.#write(where);
    checkTau(where, tau);
    const blend = (theirs: Tensor): void => {
      const { parameters } = this.#write(where);
      const all = this.#device.run(() => keep(add(multiply(parameters.all, scalar(1 - tau)), multiply(theirs, scalar(tau)))));
      parameters.replace(all);
    };
    const twin = this.#twin(where, source);
    if (twin) {
      blend(twin);
      return undefined as Answer<void, M>;
    }
    return chain(this.#foreignWeights(where, source), (weights) => {
      const theirs = this.#device.upload(layout.join(matchTensors(where, layout.places, weights)), [layout.size]);
      blend(theirs);
      theirs.dispose();
    }) as Answer<void, M>;
  }

  weights(): Answer<NamedTensor[], M> {
    const { layout, parameters } = this.#use('QNetwork.weights');
    return chain(this.#device.read(parameters.all), (all) => layout.split(all)) as Answer<NamedTensor[], M>;
  }

  setWeights(weights: readonly NamedTensor[]): Answer<void, M> {
    const where = 'QNetwork.setWeights';
    const { layout, parameters } = this.#write(where);
    const all = layout.join(matchTensors(where, layout.places, weights));
    parameters.replace(this.#device.upload(all, [layout.size]));
    return undefined as Answer<void, M>;
  }

  optimizerState(): Answer<NamedTensor[], M> {
    const { layout, learner } = this.#use('QNetwork.optimizerState');
    if (!learner) return [] as unknown as Answer<NamedTensor[], M>;
    const { rule, slots } = learner;
    const step = { name: 'step', shape: [1], values: Float32Array.of(learner.step) };
    const read = (i: number, before: readonly NamedTensor[][]): MaybePromise<NamedTensor[]> => {
      if (i === slots.length) return [step, ...layout.places.flatMap((_, p) => before.map((tensors) => tensors[p]))];
      return chain(this.#device.read(slots[i]), (all) => {
        const named = layout.split(all).map((each) => ({ ...each, name: `${each.name}.${rule.slots[i]}` }));
        return read(i + 1, [...before, named]);
      });
    };
    return read(0, []) as Answer<NamedTensor[], M>;
  }

  setOptimizerState(state: readonly NamedTensor[]): Answer<void, M> {
    const where = 'QNetwork.setOptimizerState';
    const { layout, learner } = this.#write(where);
    const slots = learner?.rule.slots ?? [];
    const averages = layout.places.flatMap(({ name, shape }) => slots.map((slot) => ({ name: `${name}.${slot}`, shape })));
    const wanted = learner ? [{ name: 'step', shape: [1] }, ...averages] : [];
    const [step, ...tensors] = matchTensors(where, wanted, state);
    if (!learner) return undefined as Answer<void, M>;
    learner.step = readStepCount(where, step);
    const before = learner.slots;
    learner.slots = slots.map((_, i) => {
      const own = layout.places.map((_place, p) => tensors[p * slots.length + i]);
      return this.#device.upload(layout.join(own), [layout.size]);
    });
    for (const slot of before) slot.dispose();
    return undefined as Answer<void, M>;
  }

  dispose(): void {
    if (!this.#parts) return;
    const { foundation, parameters, learner } = this.#parts;
    this.#parts = undefined;
    parameters.dispose();
    for (const slot of learner?.slots ?? []) slot.dispose();
    foundation.dispose();
    this.#onDispose(this);
  }

  #use(where: string): Parts {
    if (this.#parts) return this.#parts;
    throw disposedNetwork(where);
  }

  /** The parts of a network that may be written into now. */
  #write(where: string): Parts {
    const parts = this.#use(where);
    if (this.#updating) refuseDuringUpdate(where);
    return parts;
  }

  #pass({ noise, fractions, samples, steps, state }: PassInputs, batch: number, tape?: Tape): Pass {
    const { stateSize } = this;
    return {
      noise,
      samples,
      steps,
      fractions: fractions.length > 0 ? tensor(fractions.slice(), [fractions.length, 1]) : undefined,
      states: state && stateSize > 0 ? tensor(state.slice(), [batch / steps, stateSize]) : undefined,
      finalStates: [],
      keep: (each) => (tape ? tape.keep(each) : each),
    };
  }

  #input(observations: Float32Array, batch: number): Tensor {
    const { inputSize } = this;
    // Copied: some backends read the numbers only when they are first needed.
    return this.#scaled(tensor(observations.slice(0, batch * inputSize), [batch, inputSize]));
  }

  #scaled(observations: Tensor): Tensor {
    const { inputScale = 1 } = this.spec;
    return inputScale === 1 ? observations : multiply(observations, scalar(inputScale));
  }

  /** The parameters of a twin on the same backend; undefined if it lives elsewhere. */
  #twin(where: string, source: QNetwork): Tensor | undefined {
    if (!(source instanceof TfjsNetwork)) {
      checkSameFunction(where, this.#function, networkFunction(source.spec, source.inputSize));
      return undefined;
    }
    const { parameters } = source.#use(`${where}(source)`);
    checkSameFunction(where, this.#function, source.#function);
    return source.#device.traits.backend === this.#device.traits.backend ? parameters.all : undefined;
  }

  #foreignWeights(where: string, source: QNetwork): MaybePromise<NamedTensor[]> {
    const weights = source.weights();
    return isPromise(weights) && this.#device.traits.sync ? refusePromisedWeights(where) : weights;
  }

  /** The Euclidean norm of a gradient, given the sum of its squares. */
  #gradientNorm(g: Tensor, squares: Tensor): MaybePromise<number> {
    return chain(this.#device.read(squares), ([sum]) => {
      if (sum > 1e-24 && sum < 1e36) return Math.sqrt(sum);
      // Single precision may have overflowed or lost what is small.
      return chain(this.#device.read(g), (numbers) => Math.sqrt(numbers.reduce((all, x) => all + x * x, 0)));
    });
  }
}
