import { discreteActions } from '../agent/discrete-actions.ts';
import { ObservationCodec } from '../agent/observation-codec.ts';
import { encodePolicy } from '../agent/policy-contents.ts';
import type { ActOptions, Policy } from '../agent/policy.ts';
import { maskedArgmax } from '../bellman/greedy.ts';
import { scaledLogSoftmax, softmaxPolicy } from '../bellman/softmax.ts';
import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { chain, type Answer, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import { Random } from '../common/random.ts';
import { checkSame, readCount, readFields } from '../common/read-state.ts';
import { toSchedule, type Schedule } from '../common/schedules.ts';
import type { State } from '../common/state.ts';
import { wasm } from '../engines/wasm/wasm-engine.ts';
import type { Environment } from '../environment/environment.ts';
import type { DiscreteSpace, Space } from '../environment/spaces.ts';
import { noPossibleAction } from '../exploration/greedy.ts';
import { expected } from '../heads/expected.ts';
import { mlp } from '../networks/mlp.ts';
import type { NetworkFactory } from '../networks/network-factory.ts';
import { adam, type Optimizer } from '../networks/optimizers.ts';
import type { Engine, QNetwork } from '../networks/q-network.ts';
import { readTensors, tensorsToState } from '../networks/tensor-state.ts';
import type { ActionModel } from './action-model.ts';
import type { Dataset } from './dataset.ts';
import { checkFit, type OfflineLearner, type OfflineReport } from './offline-learner.ts';
import { StepSampler } from './step-sampler.ts';

/** Options of {@link behaviorCloning}. */
export interface BehaviorCloningOptions<M extends Timing = Timing> {
  /** What runs the network. Default `wasm()`. */
  readonly engine?: Engine<M>;
  /** The network's shape. Default `mlp({ hidden: [128, 128] })`. */
  readonly network?: NetworkFactory<false>;
  /** The gradient-descent rule and its learning rate, whose schedule counts updates. Default `adam({ learningRate: 1e-3 })`. */
  readonly optimizer?: Optimizer;
  /** Clip the gradient of all parameters together to this norm. Default 10. */
  readonly maxGradientNorm?: number;
  /** B: steps in an update. Default 64. */
  readonly batchSize?: number;
  /** Seeds everything that is drawn. Default 0. */
  readonly seed?: number;
}

const known: Readonly<Record<keyof BehaviorCloningOptions, true>> = {
  engine: true,
  network: true,
  optimizer: true,
  maxGradientNorm: true,
  batchSize: true,
  seed: true,
};

interface Parts<Observation, M extends Timing> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  readonly network: QNetwork<M>;
  readonly optimizer: Optimizer;
  readonly maxGradientNorm: number;
  readonly batchSize: number;
  readonly random: Random;
}

/** A policy that imitates the one that recorded a dataset; see {@link behaviorCloning}. */
export class BehaviorCloning<Observation, M extends Timing = 'sync'>
  implements Policy<Observation, M>, OfflineLearner, ActionModel
{
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  /** Its outputs are the logits of the actions. */
  readonly network: QNetwork<M>;
  readonly #codec: ObservationCodec<Observation>;
  readonly #learningRate: Schedule;
  readonly #maxGradientNorm: number;
  readonly #optimizer: string;
  readonly #batches: Random;
  readonly #acting: Random;
  readonly #batchSize: number;
  readonly #encoded: Float32Array | Uint8Array;
  readonly #input: Float32Array;
  readonly #row: Float32Array;
  readonly #entropies: Float32Array;
  #sampler: StepSampler | undefined;
  #updates = 0;
  #loss = 0;

  constructor({ observationSpace, actionSpace, network, optimizer, maxGradientNorm, batchSize, random }: Parts<Observation, M>) {
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.network = network;
    this.#codec = new ObservationCodec(observationSpace);
    this.#learningRate = toSchedule(optimizer.learningRate);
    this.#optimizer = optimizer.spec.kind;
    this.#maxGradientNorm = maxGradientNorm;
    this.#batches = random.split('batches');
    this.#acting = random.split('acting');
    this.#batchSize = batchSize;
    this.#encoded = this.#codec.allocate(1);
    this.#input = new Float32Array(this.#codec.size);
    this.#row = new Float32Array(actionSpace.n);
    this.#entropies = new Float32Array(1);
  }

  get updates(): number {
    return this.#updates;
  }

  /** The likeliest possible action; with `explore: true` one drawn as likely as it is. */
  act(observation: Observation, { explore = false, actionMask }: ActOptions = {}): Answer<number, M> {
    this.#codec.encode(observation, this.#encoded, 0, 'act(observation)');
    this.#input.set(this.#encoded);
    const { n, start } = this.actionSpace;
    const answer = chain(this.network.forward(this.#input, 1) as MaybePromise<Float32Array>, (logits) => {
      const best = maskedArgmax(logits, 0, n, actionMask);
      if (best < 0) throw noPossibleAction(0);
      if (!explore) return best + start;
      softmaxPolicy(logits, 1, n, actionMask, 1, this.#row, this.#entropies);
      let left = this.#acting.float();
      const drawn = this.#row.findIndex((p) => p > 0 && (left -= p) < 0);
      // Rounding may leave a little.
      return (drawn < 0 ? best : drawn) + start;
    });
    return answer as Answer<number, M>;
  }

  probabilities(observations: Float32Array, batch: number, out: Float32Array): MaybePromise<void> {
    const { n } = this.actionSpace;
    return chain(this.network.forward(observations, batch) as MaybePromise<Float32Array>, (logits) => {
      softmaxPolicy(logits, batch, n, undefined, 1, out, new Float32Array(batch));
    });
  }

  async start(dataset: Dataset, state?: State): Promise<void> {
    checkFit(this, dataset);
    const sampler = new StepSampler(dataset, this.#batchSize);
    if (state !== undefined) await this.#restore(state);
    this.#sampler = sampler;
  }

  learn(): MaybePromise<OfflineReport> {
    const sampler = this.#sampler;
    if (!sampler) throw notStarted('BehaviorCloning.learn()');
    const { observations, actions } = sampler.draw(this.#batches);
    const batch = actions.length;
    const { n } = this.actionSpace;
    const learningRate = this.#learningRate.at(this.#updates);
    const gradientOf = (logits: Float32Array, gradient: Float32Array): void => {
      this.#loss = crossEntropy(logits, actions, n, gradient);
    };
    const options = { learningRate, maxGradientNorm: this.#maxGradientNorm };
    return chain(this.network.update(observations, batch, gradientOf, options) as MaybePromise<number>, (gradientNorm) => {
      this.#updates++;
      return { update: this.#updates, loss: this.#loss, gradientNorm, learningRate };
    });
  }

  async getState(): Promise<State> {
    return {
      composition: this.#composition(),
      updates: this.#updates,
      batches: [...this.#batches.state()],
      acting: [...this.#acting.state()],
      weights: tensorsToState(await this.network.weights()),
      optimizer: tensorsToState(await this.network.optimizerState()),
    };
  }

  #composition() {
    return { network: JSON.stringify(this.network.spec), optimizer: this.#optimizer };
  }

  async #restore(state: State): Promise<void> {
    const where = 'BehaviorCloning.start(dataset, state)';
    const fields = readFields(where, state);
    checkSame(`${where}.composition`, readFields(`${where}.composition`, fields.composition), this.#composition());
    const updates = readCount(where, fields, 'updates');
    const [weights, optimizer] = [readTensors(where, fields, 'weights'), readTensors(where, fields, 'optimizer')];
    const random = new Random(0);
    for (const key of ['batches', 'acting'] as const) random.restore(fields[key]);
    const before = await this.network.weights();
    try {
      await this.network.setWeights(weights);
      await this.network.setOptimizerState(optimizer);
    } catch (error) {
      await this.network.setWeights(before);
      throw error;
    }
    this.#batches.restore(fields.batches);
    this.#acting.restore(fields.acting);
    this.#updates = updates;
  }

  /** The policy as the bytes of a file, for `loadPolicy` and, to export it, `readPolicy`, with the head `expected()`: its logits then stand for Q-values. */
  async savePolicy(): Promise<Uint8Array<ArrayBuffer>> {
    const { spec } = this.network;
    return encodePolicy({ spec, head: expected(), actions: this.actionSpace.n, heads: 1, weights: await this.network.weights() });
  }

  /** Frees the network. */
  dispose(): void {
    this.network.dispose();
  }
}

/**
 * Behaviour cloning: a network learns which action was taken in each recorded state, by the cross-entropy `−log π(a | s)`, `π = softmax(outputs)`, whose gradient is
 * `(π − 1{a taken}) / B` (Pomerleau 1991). Train it with {@link trainOffline}; it is a policy, and the {@link ActionModel} of who recorded.
 *
 * @param environment - where it shall act, or anything with its two spaces.
 * @example
 * ```ts no-run
 * import { evaluate } from '@scope/dqn';
 * import { CartPole } from '@scope/dqn/environments';
 * import { behaviorCloning, recordDataset, trainOffline } from '@scope/dqn/offline';
 *
 * const environment = new CartPole();
 * const dataset = await recordDataset('random', environment, { steps: 5_000 });
 * const cloning = await behaviorCloning(environment);
 * for await (const event of trainOffline(cloning, dataset, { updates: 1_000 })) console.log(event.kind);
 * console.log((await evaluate(cloning, environment)).mean);
 * ```
 * @throws DqnError `invalid-option`, `invalid-space`.
 */
export async function behaviorCloning<Observation, M extends Timing = 'sync'>(
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  options: BehaviorCloningOptions<M> = {},
): Promise<BehaviorCloning<Observation, M>> {
  checkNames('behaviorCloning(options)', options, known);
  const { network: factory = mlp({ hidden: [128, 128] }), optimizer = adam({ learningRate: 1e-3 }) } = options;
  const batchSize = checkInteger('behaviorCloning({ batchSize })', options.batchSize ?? 64, { min: 1 });
  const clip = { min: 0, exclusiveMin: true };
  const maxGradientNorm = checkNumber('behaviorCloning({ maxGradientNorm })', options.maxGradientNorm ?? 10, clip);
  const random = new Random(checkNumber('behaviorCloning({ seed })', options.seed ?? 0));
  const { observationSpace } = environment;
  const actionSpace = discreteActions(environment.actionSpace, 'behaviorCloning(environment)');
  const { n } = actionSpace;
  const { shape, scale } = new ObservationCodec(observationSpace);
  const spec = factory.build({ inputShape: shape, inputScale: scale, actions: n, width: 1, heads: 1, outputSize: n });
  const engine = (options.engine ?? wasm()) as Engine<M>;
  await engine.prepare?.(spec);
  const network = await engine.createNetwork(spec, { random: random.split('weights'), optimizer: optimizer.spec });
  if (network.stateSize > 0 || network.outputSize !== n) {
    const received = network.stateSize > 0 ? 'one with memory' : `${network.outputSize} outputs`;
    network.dispose();
    throw new DqnError({
      code: 'invalid-option',
      where: 'behaviorCloning({ network })',
      expected: `a network without memory and with ${n} outputs`,
      received,
      remedy: 'Use mlp(), cnn() or sequential(); let the last layer have outputSize units.',
    });
  }
  return new BehaviorCloning({ observationSpace, actionSpace, network, optimizer, maxGradientNorm, batchSize, random });
}

/** Writes the gradient of `mean_b −log softmax(logits)[b, taken[b]]` and gives its value. */
export function crossEntropy(logits: Float32Array, taken: Int32Array, actions: number, gradient: Float32Array): number {
  const batch = taken.length;
  softmaxPolicy(logits, batch, actions, undefined, 1, gradient, new Float32Array(batch));
  let loss = 0;
  for (let b = 0; b < batch; b++) {
    loss -= scaledLogSoftmax(logits, b * actions, actions, taken[b], 1);
    gradient[b * actions + taken[b]] -= 1;
  }
  for (let i = 0; i < batch * actions; i++) gradient[i] /= batch;
  return loss / batch;
}

/** The error of a learner that has no dataset yet. */
export function notStarted(where: string): DqnError {
  return new DqnError({
    code: 'invalid-option',
    where,
    expected: 'start(dataset) before it',
    received: 'no dataset',
    remedy: 'Use trainOffline().',
  });
}
