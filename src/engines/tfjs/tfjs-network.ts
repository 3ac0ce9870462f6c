import { keep, tensor, type Tensor } from '@tensorflow/tfjs-core';
import { type Answer, chain, finishing, isPromise, type MaybePromise, type Timing } from '../../common/maybe-promise.ts';
import type { Random } from '../../common/random.ts';
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
import type { Recovery, Survivor } from './recovery.ts';
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

/** Everything in a network that learning changes, on the host. */
interface Numbers {
  readonly parameters: Float32Array;
  readonly slots: readonly Float32Array[];
  /** Updates so far. */
  readonly step: number;
}

/** Numbers as they were once. */
interface Copy extends Numbers {
  /** Updates that they come from, of those that can be lost. */
  readonly updates: number;
  /** Changes that they come from. */
  readonly version: number;
}

/** Stands at the end of every copy: numbers that come from nowhere are zeros. */
const MARK = 1;

/** What a network is built of, whatever its numbers. */
interface Plan {
  readonly layout: FlatLayout;
  readonly plans: readonly LayerPlan[];
  readonly rule: OptimizerRule | undefined;
  readonly random: Random;
  /** The numbers that it starts with, but for what layers draw themselves. */
  readonly first: Numbers;
}

function build(device: Device, { layout, plans, rule, random, first }: Plan, numbers: Numbers): Parts {
  const foundation = new Foundation(device, random, rule !== undefined);
  let layers: TfjsLayer;
  try {
    layers = buildStack(foundation, plans);
  } catch (error) {
    foundation.dispose();
    throw error;
  }
  const upload = (values: Float32Array): Tensor => device.upload(values, [layout.size]);
  const given = upload(numbers.parameters);
  const fresh = numbers.parameters === first.parameters;
  const parameters = new FlatParameters(device, layout, fresh ? startWith(device, layout, given, foundation.starts) : given);
  const factors = rule && learningRateFactors(plans);
  const learner = rule && {
    rule,
    slots: numbers.slots.map(upload),
    factors: factors && foundation.constant(factors, [layout.size]),
    step: numbers.step,
  };
  return { foundation, layers, layout, parameters, learner };
}

/** All parameters as they are drawn, but for those that start as a tensor says. Takes the drawn ones. */
function startWith(device: Device, layout: FlatLayout, drawn: Tensor, starts: ReadonlyMap<string, Tensor>): Tensor {
  if (starts.size === 0) return drawn;
  const parts = (): Tensor[] =>
    layout.places.map(({ name, start, size }) => reshape(starts.get(name) ?? slice(drawn, [start], [size]), [size]));
  const joined = device.run(() => keep(concat(parts(), 0)));
  drawn.dispose();
  return joined;
}

function release({ foundation, parameters, learner }: Parts): void {
  parameters.dispose();
  for (const slot of learner?.slots ?? []) slot.dispose();
  foundation.dispose();
}

/** The copies of an optimiser's averages, by name. */
function nameSlots(layout: FlatLayout, rule: OptimizerRule, step: number, slots: readonly Float32Array[]): NamedTensor[] {
  const named = slots.map((all, i) => layout.split(all).map((each) => ({ ...each, name: `${each.name}.${rule.slots[i]}` })));
  return [
    { name: 'step', shape: [1], values: Float32Array.of(step) },
    ...layout.places.flatMap((_, p) => named.map((each) => each[p])),
  ];
}

/** What an engine gives all of its networks. */
export interface Surroundings<M extends Timing> {
  readonly device: Device;
  readonly recovery: Recovery;
  readonly onDispose: (network: TfjsNetwork<M>) => void;
}

/** A network on TensorFlow.js. Its parameters are tensors that are replaced, never written into: while a pass waits for its numbers, nothing changes under it. */
export class TfjsNetwork<M extends Timing> implements QNetwork<M>, Survivor {
  readonly spec: NetworkSpec;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly stateSize: number;
  readonly #device: Device;
  readonly #recovery: Recovery;
  readonly #function: string;
  readonly #checks: PassChecks;
  readonly #build: (numbers: Numbers) => Parts;
  readonly #onDispose: (network: TfjsNetwork<M>) => void;
  #parts: Parts | undefined;
  #updating = false;
  /** Changes of the parameters or averages so far. */
  #version = 0;
  /** Updates that have taken effect. */
  #updates = 0;
  /** The last copy on the host, where the device can be lost. Its arrays may be shared, and are never written into. */
  #copy: Copy | undefined;

  /** @param spec - has been checked. */
  constructor({ device, recovery, onDispose }: Surroundings<M>, spec: NetworkSpec, { random, optimizer }: NetworkOptions) {
    const traits = traitsOf(spec);
    const plans = planNetwork(spec);
    const rule = optimizer && optimizerRule(checkOptimizerSpec(optimizer));
    const layout = new FlatLayout(parametersOf(plans));
    const parameters = layout.join(initialParameters(spec, random));
    const first: Numbers = { parameters, slots: (rule?.slots ?? []).map(() => new Float32Array(layout.size)), step: 0 };
    this.#build = (numbers) => build(device, { layout, plans, rule, random, first }, numbers);
    this.#parts = this.#build(first);
    if (device.watch) this.#copy = { ...first, updates: 0, version: 0 };
    this.spec = spec;
    this.inputSize = inputSizeOf(spec);
    this.outputSize = sizeOf((plans.at(-1) as LayerPlan).outputShape);
    this.stateSize = traits.stateSize;
    this.#device = device;
    this.#recovery = recovery;
    this.#function = networkFunction(spec, this.inputSize);
    this.#checks = new PassChecks(this, traits);
    this.#onDispose = onDispose;
  }

  forward(observations: Float32Array, batch: number, options?: ForwardOptions): Answer<Float32Array, M> {
    const where = 'QNetwork.forward';
    this.#use(where);
    this.#checks.rows(where, observations, batch);
    const inputs = this.#checks.inputs(where, batch, options);
    const { state } = inputs;
    const rows = this.#rows(observations, batch);
    const reading = this.#recovery.attempt(() => {
      const { layers, parameters } = this.#use(where);
      const { weights } = parameters;
      const result = this.#device.run(() => {
        const pass = this.#pass(inputs, batch);
        const { outputs } = layers.forward(weights, this.#input(rows, batch), pass);
        if (!state || pass.finalStates.length === 0) return keep(outputs);
        // The states come behind the outputs: one reading for both.
        const flat = [outputs, concat(pass.finalStates, 1)].map((each) => reshape(each, [each.size]));
        return keep(concat(flat, 0));
      });
      return finishing(
        () => this.#device.read(result),
        () => result.dispose(),
      );
    });
    return chain(reading, (numbers) => {
      if (!state || this.stateSize === 0) return numbers;
      const outputs = numbers.length - state.length;
      state.set(numbers.subarray(outputs));
      return numbers.subarray(0, outputs);
    }) as Answer<Float32Array, M>;
  }

  update(observations: Float32Array, batch: number, gradient: OutputGradient, options: UpdateOptions): Answer<number, M> {
    const where = 'QNetwork.update';
    const { learner: learns } = this.#use(where);
    this.#checks.rows(where, observations, batch);
    checkUpdateOptions(where, options);
    if (!learns) refuseWithoutOptimizer(where);
    if (this.#updating) refuseNestedUpdate(where);
    const inputs = this.#checks.inputs(where, batch, options);
    const rows = this.#rows(observations, batch);
    this.#updating = true;
    const train = (tape: Tape): MaybePromise<number> => {
      const { layers, parameters, learner } = this.#use(where) as Parts & { learner: Learner };
      const { weights } = parameters;
      const passed = this.#device.run(() => {
        const pass = this.#pass(inputs, batch, tape);
        const result = layers.forward(weights, this.#input(rows, batch), pass);
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
          this.#count();
          return norm;
        });
      });
    };
    const attempt = (): MaybePromise<number> => {
      const tape = new Tape();
      return finishing(
        () => train(tape),
        () => tape.release(),
      );
    };
    return finishing(
      () => this.#recovery.attempt(attempt),
      () => {
        this.#updating = false;
      },
    ) as Answer<number, M>;
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
   * averages stay. {@link TfjsNetwork.settleUpdate} is due when that is known. To be called while the device runs.
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

  /** Counts the last update on the device, or takes it back where it was not applied. */
  settleUpdate(applied: boolean): void {
    const learner = this.#parts?.learner;
    if (applied) this.#count();
    else if (learner) learner.step--;
  }

  #count(): void {
    this.#updates++;
    this.#recovery.count();
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
    this.#version++;
  }

  /** An update without parameters. */
  #applyNothing(learner: Learner): number {
    learner.step++;
    return 0;
  }

  copyFrom(source: QNetwork): Answer<void, M> {
    const where = 'QNetwork.copyFrom';
    this.#write(where);
    return this.#recovery.attempt(() => {
      const { parameters } = this.#write(where);
      const twin = this.#twin(where, source);
      if (!twin) return chain(this.#foreignWeights(where, source), (weights) => this.setWeights(weights));
      parameters.replace(this.#device.run(() => keep(share(twin.parameters.all))));
      this.#version++;
      // What the source has on the host need not be copied there again.
      const { copy } = twin;
      if (copy) this.#keep({ parameters: copy.parameters });
      return undefined;
    }) as Answer<void, M>;
  }

  blendFrom(source: QNetwork, tau: number): Answer<void, M> {
    const where = 'QNetwork.blendFrom';
    const { layout } = this.#write(where);
    checkTau(where, tau);
    const blend = (theirs: Tensor): void => {
      const { parameters } = this.#write(where);
      const all = this.#device.run(() => keep(add(multiply(parameters.all, scalar(1 - tau)), multiply(theirs, scalar(tau)))));
      parameters.replace(all);
      this.#version++;
    };
    return this.#recovery.attempt(() => {
      const twin = this.#twin(where, source);
      if (twin) return blend(twin.parameters.all);
      return chain(this.#foreignWeights(where, source), (weights) => {
        const theirs = this.#device.upload(layout.join(matchTensors(where, layout.places, weights)), [layout.size]);
        blend(theirs);
        theirs.dispose();
      });
    }) as Answer<void, M>;
  }

  weights(): Answer<NamedTensor[], M> {
    const where = 'QNetwork.weights';
    const { layout } = this.#use(where);
    const all = this.#recovery.attempt(
      () => this.#device.read(this.#use(where).parameters.all),
      () => (this.#copy as Copy).parameters,
    );
    return chain(all, (numbers) => layout.split(numbers)) as Answer<NamedTensor[], M>;
  }

  setWeights(weights: readonly NamedTensor[]): Answer<void, M> {
    const where = 'QNetwork.setWeights';
    const { layout, parameters } = this.#write(where);
    const all = layout.join(matchTensors(where, layout.places, weights));
    parameters.replace(this.#device.upload(all, [layout.size]));
    this.#version++;
    this.#keep({ parameters: all });
    return undefined as Answer<void, M>;
  }

  optimizerState(): Answer<NamedTensor[], M> {
    const where = 'QNetwork.optimizerState';
    const { layout, learner: learns } = this.#use(where);
    if (!learns) return [] as unknown as Answer<NamedTensor[], M>;
    const { rule } = learns;
    const state = this.#recovery.attempt(
      () => {
        const { slots, step } = (this.#use(where) as Parts & { learner: Learner }).learner;
        const read = (i: number, before: readonly Float32Array[]): MaybePromise<NamedTensor[]> => {
          if (i === slots.length) return nameSlots(layout, rule, step, before);
          return chain(this.#device.read(slots[i]), (all) => read(i + 1, [...before, all.slice()]));
        };
        return read(0, []);
      },
      () => nameSlots(layout, rule, (this.#copy as Copy).step, (this.#copy as Copy).slots),
    );
    return state as Answer<NamedTensor[], M>;
  }

  setOptimizerState(state: readonly NamedTensor[]): Answer<void, M> {
    const where = 'QNetwork.setOptimizerState';
    const { layout, learner } = this.#write(where);
    const names = learner?.rule.slots ?? [];
    const averages = layout.places.flatMap(({ name, shape }) => names.map((slot) => ({ name: `${name}.${slot}`, shape })));
    const wanted = learner ? [{ name: 'step', shape: [1] }, ...averages] : [];
    const [first, ...tensors] = matchTensors(where, wanted, state);
    if (!learner) return undefined as Answer<void, M>;
    const step = readStepCount(where, first);
    const slots = names.map((_, i) => layout.join(layout.places.map((_place, p) => tensors[p * names.length + i])));
    const before = learner.slots;
    learner.step = step;
    learner.slots = slots.map((all) => this.#device.upload(all, [layout.size]));
    for (const slot of before) slot.dispose();
    this.#version++;
    this.#keep({ slots, step });
    return undefined as Answer<void, M>;
  }

  /** Takes numbers into the copy that are on the host as they now are in the network. */
  #keep(numbers: Partial<Numbers>): void {
    if (this.#copy) this.#copy = { ...this.#copy, ...numbers, updates: this.#updates, version: this.#version };
  }

  copyNumbers(): Promise<() => void> | undefined {
    const version = this.#version;
    if (!this.#parts || !this.#copy || this.#copy.version === version) return undefined;
    const { layout, parameters, learner } = this.#parts;
    const { size } = layout;
    const step = learner?.step ?? 0;
    const updates = this.#updates;
    const tensors = [parameters.all, ...(learner?.slots ?? [])];
    const all = this.#device.run(() => keep(concat([...tensors, fill([1], MARK)], 0)));
    const reading = finishing(
      () => this.#device.read(all),
      () => all.dispose(),
    );
    return Promise.resolve(reading).then((numbers) => () => {
      // What has been given meanwhile is newer.
      if (!this.#copy || this.#copy.version > version || numbers[tensors.length * size] !== MARK) return;
      const [own, ...slots] = tensors.map((_, i) => numbers.subarray(i * size, (i + 1) * size));
      this.#copy = { parameters: own, slots, step, updates, version };
    });
  }

  restore(): number {
    const copy = this.#copy;
    const before = this.#parts;
    if (!copy || !before) return 0;
    this.#parts = this.#build(copy);
    release(before);
    const lost = this.#updates - copy.updates;
    this.#updates = copy.updates;
    this.#version++;
    this.#keep({});
    return lost;
  }

  dispose(): void {
    if (!this.#parts) return;
    release(this.#parts);
    this.#parts = undefined;
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

  /** A copy of observations: some backends read the numbers only when they are first needed, or twice. */
  #rows(observations: Float32Array, batch: number): Float32Array {
    return observations.slice(0, batch * this.inputSize);
  }

  #input(rows: Float32Array, batch: number): Tensor {
    return this.#scaled(tensor(rows, [batch, this.inputSize]));
  }

  #scaled(observations: Tensor): Tensor {
    const { inputScale = 1 } = this.spec;
    return inputScale === 1 ? observations : multiply(observations, scalar(inputScale));
  }

  /** A twin's parameters on the same backend, and its copy where that is of them; undefined if it lives elsewhere. */
  #twin(where: string, source: QNetwork): { readonly parameters: FlatParameters; readonly copy: Copy | undefined } | undefined {
    if (!(source instanceof TfjsNetwork)) {
      checkSameFunction(where, this.#function, networkFunction(source.spec, source.inputSize));
      return undefined;
    }
    const { parameters } = source.#use(`${where}(source)`);
    checkSameFunction(where, this.#function, source.#function);
    const { traits, watch } = source.#device;
    if (traits.backend !== this.#device.traits.backend || watch !== this.#device.watch) return undefined;
    return { parameters, copy: source.#copy?.version === source.#version ? source.#copy : undefined };
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
