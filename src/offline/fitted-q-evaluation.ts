import { discreteActions } from '../agent/discrete-actions.ts';
import { ObservationCodec } from '../agent/observation-codec.ts';
import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { DqnError } from '../common/errors.ts';
import { chain, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import { Random } from '../common/random.ts';
import { checkSame, readCount, readFields } from '../common/read-state.ts';
import { toSchedule, type Schedule } from '../common/schedules.ts';
import type { State } from '../common/state.ts';
import { wasm } from '../engines/wasm/wasm-engine.ts';
import type { Environment } from '../environment/environment.ts';
import { expected } from '../heads/expected.ts';
import type { ValueHead } from '../heads/value-head.ts';
import { mlp } from '../networks/mlp.ts';
import type { NetworkFactory } from '../networks/network-factory.ts';
import { adam, type Optimizer } from '../networks/optimizers.ts';
import type { Engine, QNetwork } from '../networks/q-network.ts';
import { readTensors, tensorsToState } from '../networks/tensor-state.ts';
import { hard } from '../targets/hard.ts';
import type { TargetUpdater } from '../targets/target-updater.ts';
import { actionProbabilities, type ActionModel } from './action-model.ts';
import { notStarted } from './behavior-cloning.ts';
import { refuseEmpty, type Dataset } from './dataset.ts';
import { checkFit, type OfflineLearner, type OfflineReport } from './offline-learner.ts';
import { gatherObservations, StepSampler } from './step-sampler.ts';

/** Options of {@link fittedQEvaluation}. */
export interface FittedQEvaluationOptions<M extends Timing = Timing> {
  /** What runs the networks. Default `wasm()`. */
  readonly engine?: Engine<M>;
  /** The network's shape. Default `mlp({ hidden: [128, 128] })`. */
  readonly network?: NetworkFactory<false>;
  /** What its outputs mean; none that draws fractions. Default `expected({ loss: 'squared' })`, whose estimates are means. */
  readonly head?: ValueHead;
  /** How the target network follows; its steps are updates. Default `hard({ period: 100 })`. */
  readonly targetUpdater?: TargetUpdater;
  /** The gradient-descent rule and its learning rate, whose schedule counts updates. Default `adam({ learningRate: 1e-3 })`. */
  readonly optimizer?: Optimizer;
  /** Clip the gradient of all parameters together to this norm. Default 10. */
  readonly maxGradientNorm?: number;
  /** B: steps in an update. Default 64. */
  readonly batchSize?: number;
  /** γ in [0, 1]. Default 0.99. */
  readonly discount?: number;
  /** Seeds everything that is drawn. Default 0. */
  readonly seed?: number;
}

const known: Readonly<Record<keyof FittedQEvaluationOptions, true>> = {
  engine: true,
  network: true,
  head: true,
  targetUpdater: true,
  optimizer: true,
  maxGradientNorm: true,
  batchSize: true,
  discount: true,
  seed: true,
};

interface Parts<M extends Timing> {
  readonly spaces: Parameters<typeof checkFit>[0];
  readonly model: ActionModel;
  readonly online: QNetwork<M>;
  readonly target: QNetwork<M>;
  readonly head: ValueHead;
  readonly targetUpdater: TargetUpdater;
  readonly optimizer: Optimizer;
  readonly maxGradientNorm: number;
  readonly batchSize: number;
  readonly discount: number;
  readonly random: Random;
}

const none = new Float32Array();

/** Learns what a policy is worth; see {@link fittedQEvaluation}. */
export class FittedQEvaluation<M extends Timing = 'sync'> implements OfflineLearner {
  readonly #parts: Parts<M>;
  readonly #actions: number;
  readonly #learningRate: Schedule;
  readonly #batches: Random;
  readonly #next: Float32Array;
  readonly #rewards: Float32Array;
  readonly #discounts: Float32Array;
  readonly #nextPolicy: Float32Array;
  readonly #targets: Float32Array;
  readonly #out: Record<'losses' | 'tdErrors' | 'estimates', Float32Array>;
  readonly #weights: Float32Array;
  #sampler: StepSampler | undefined;
  #policy: Float32Array = none;
  #updates = 0;

  constructor(parts: Parts<M>) {
    const { spaces, head, optimizer, batchSize: batch, random } = parts;
    this.#parts = parts;
    this.#actions = spaces.actionSpace.n;
    this.#learningRate = toSchedule(optimizer.learningRate);
    this.#batches = random.split('batches');
    this.#next = new Float32Array(batch * spaces.observationSpace.flatSize);
    this.#rewards = new Float32Array(batch);
    this.#discounts = new Float32Array(batch);
    this.#nextPolicy = new Float32Array(batch * this.#actions);
    this.#targets = new Float32Array(batch * head.targetWidth);
    this.#out = { losses: new Float32Array(batch), tdErrors: new Float32Array(batch), estimates: new Float32Array(batch) };
    this.#weights = new Float32Array(batch).fill(1);
  }

  get updates(): number {
    return this.#updates;
  }

  async start(dataset: Dataset, state?: State): Promise<void> {
    const { spaces, model, batchSize } = this.#parts;
    checkFit(spaces, dataset);
    const sampler = new StepSampler(dataset, batchSize);
    const policy = await actionProbabilities(model, dataset);
    if (state !== undefined) await this.#restore(state);
    this.#sampler = sampler;
    this.#policy = policy;
  }

  learn(): MaybePromise<OfflineReport> {
    const { online, target, head, maxGradientNorm, batchSize: batch } = this.#parts;
    const sampler = this.#sampler;
    if (!sampler) throw notStarted('FittedQEvaluation.learn()');
    const { observations, actions: taken, steps, rows } = sampler.draw(this.#batches);
    this.#prepare(sampler.dataset, steps, rows);
    const actions = this.#actions;
    const learningRate = this.#learningRate.at(this.#updates);
    const gradientOf = (outputs: Float32Array, gradient: Float32Array): void => {
      head.loss(
        { batch, actions, outputs, taken, targets: this.#targets, weights: this.#weights, fractions: none },
        { gradient, ...this.#out },
      );
    };
    const done = (gradientNorm: number): MaybePromise<OfflineReport> => {
      this.#updates++;
      const loss = this.#out.losses.reduce((sum, x) => sum + x, 0) / batch;
      const report = { update: this.#updates, loss, gradientNorm, learningRate };
      return chain(this.#follow(), () => report);
    };
    return chain(target.forward(this.#next, batch) as MaybePromise<Float32Array>, (nextOutputs) => {
      const [rewards, discounts, nextPolicy] = [this.#rewards, this.#discounts, this.#nextPolicy];
      head.targets({ batch, actions, rewards, discounts, nextOutputs, nextPolicy, nextFractions: none }, this.#targets);
      const update = online.update(observations, batch, gradientOf, { learningRate, maxGradientNorm });
      return chain(update as MaybePromise<number>, done);
    });
  }

  /** What the targets of drawn steps are made of, but for the network. */
  #prepare(dataset: Dataset, steps: Int32Array, rows: Int32Array): void {
    const actions = this.#actions;
    gatherObservations(dataset, rows, 1, this.#next);
    for (let b = 0; b < steps.length; b++) {
      this.#rewards[b] = dataset.rewards[steps[b]];
      this.#discounts[b] = dataset.terminations[steps[b]] === 1 ? 0 : this.#parts.discount;
      const from = (rows[b] + 1) * actions;
      for (let a = 0; a < actions; a++) this.#nextPolicy[b * actions + a] = this.#policy[from + a];
    }
  }

  #follow(): MaybePromise<void> {
    const { online, target, targetUpdater } = this.#parts;
    const clock = { online, target, step: this.#updates, updates: this.#updates };
    return chain(targetUpdater.afterStep?.(clock), () => targetUpdater.afterUpdate?.(clock));
  }

  /** Q(s, ·) of the policy `[N + E, A]` at every observation of a dataset. */
  async qValues(dataset: Dataset): Promise<Float32Array> {
    const { online, head, spaces } = this.#parts;
    checkFit(spaces, dataset);
    const rows = dataset.size + dataset.episodes;
    const { observationSize, observations } = dataset;
    const actions = this.#actions;
    const all = new Float32Array(rows * actions);
    for (let from = 0; from < rows; from += CHUNK) {
      const batch = Math.min(CHUNK, rows - from);
      const inputs = Float32Array.from(observations.subarray(from * observationSize, (from + batch) * observationSize));
      const outputs: Float32Array = await online.forward(inputs, batch);
      head.qValues(outputs, batch, actions, all.subarray(from * actions, (from + batch) * actions));
    }
    return all;
  }

  /**
   * What the policy is worth at the start of an episode: the mean over the episodes of `Σ_a π(a | s_0) Q(s_0, a)`.
   * @param dataset - whose first observations count.
   * @throws DqnError `invalid-dataset` without an episode, or where it is of other spaces.
   */
  async value(dataset: Dataset): Promise<number> {
    refuseEmpty('FittedQEvaluation.value(dataset)', dataset);
    const q = await this.qValues(dataset);
    const policy = await actionProbabilities(this.#parts.model, dataset);
    const actions = this.#actions;
    let sum = 0;
    for (let episode = 0; episode < dataset.episodes; episode++) {
      const row = dataset.start(episode) + episode;
      for (let i = row * actions; i < (row + 1) * actions; i++) sum += policy[i] * q[i];
    }
    return sum / dataset.episodes;
  }

  async getState(): Promise<State> {
    const { online, target } = this.#parts;
    return {
      composition: this.#composition(),
      updates: this.#updates,
      batches: [...this.#batches.state()],
      online: tensorsToState(await online.weights()),
      target: tensorsToState(await target.weights()),
      optimizer: tensorsToState(await online.optimizerState()),
    };
  }

  #composition() {
    const { online, head, optimizer, discount } = this.#parts;
    const settings = JSON.stringify(head.settings ?? {});
    return {
      network: JSON.stringify(online.spec),
      head: `${head.kind}, width ${head.width}, ${settings}`,
      optimizer: optimizer.spec.kind,
      discount,
    };
  }

  async #restore(state: State): Promise<void> {
    const { online, target } = this.#parts;
    const where = 'FittedQEvaluation.start(dataset, state)';
    const fields = readFields(where, state);
    checkSame(`${where}.composition`, readFields(`${where}.composition`, fields.composition), this.#composition());
    const updates = readCount(where, fields, 'updates');
    const [learned, followed, optimizer] = (['online', 'target', 'optimizer'] as const).map((key) =>
      readTensors(where, fields, key),
    );
    new Random(0).restore(fields.batches);
    const before = await online.weights();
    const beforeTarget = await target.weights();
    try {
      await online.setWeights(learned);
      await target.setWeights(followed);
      await online.setOptimizerState(optimizer);
    } catch (error) {
      await online.setWeights(before);
      await target.setWeights(beforeTarget);
      throw error;
    }
    this.#batches.restore(fields.batches);
    this.#updates = updates;
  }

  /** Frees the networks. */
  dispose(): void {
    this.#parts.online.dispose();
    this.#parts.target.dispose();
  }
}

/** Observations that the network is asked for at a time. */
const CHUNK = 512;

/**
 * Fitted Q evaluation: a network learns what a policy is worth from episodes that another one recorded, by the targets `y = r + γ Σ_a π(a | s') Q⁻(s', a)`, 0 in place of the sum where the episode terminated (Le, Voloshin and Yue
 * 2019, "Batch Policy Learning under Constraints", algorithm 3). Train it with {@link trainOffline}; then ask for `value(dataset)`, or for `qValues(dataset)`, the model of {@link doublyRobust}.
 *
 * @param environment - the one of the dataset, or anything with its two spaces.
 * @param model - the policy to be valued: a {@link BehaviorCloning}, what {@link actionModel} makes of an agent or a policy, or your own.
 * @throws DqnError `invalid-option`, `invalid-space`.
 */
export async function fittedQEvaluation<Observation, M extends Timing = 'sync'>(
  environment: Pick<Environment<Observation, number>, 'observationSpace' | 'actionSpace'>,
  model: ActionModel,
  options: FittedQEvaluationOptions<M> = {},
): Promise<FittedQEvaluation<M>> {
  checkNames('fittedQEvaluation(options)', options, known);
  const head: ValueHead = options.head ?? expected({ loss: 'squared' });
  const {
    network: factory = mlp({ hidden: [128, 128] }),
    targetUpdater = hard({ period: 100 }),
    optimizer = adam({ learningRate: 1e-3 }),
  } = options;
  const batchSize = checkInteger('fittedQEvaluation({ batchSize })', options.batchSize ?? 64, { min: 1 });
  const clip = { min: 0, exclusiveMin: true };
  const maxGradientNorm = checkNumber('fittedQEvaluation({ maxGradientNorm })', options.maxGradientNorm ?? 10, clip);
  const discount = checkNumber('fittedQEvaluation({ discount })', options.discount ?? 0.99, { min: 0, max: 1 });
  const random = new Random(checkNumber('fittedQEvaluation({ seed })', options.seed ?? 0));
  if (head.fractions || head.quantiles)
    refuse('head', 'a head that draws no fractions', head.kind, 'Use expected() or quantile().');
  const { observationSpace } = environment;
  const actionSpace = discreteActions(environment.actionSpace, 'fittedQEvaluation(environment)');
  const { n } = actionSpace;
  const { shape, scale } = new ObservationCodec(observationSpace);
  const outputSize = n * head.width;
  const spec = factory.build({ inputShape: shape, inputScale: scale, actions: n, width: head.width, heads: 1, outputSize });
  const engine = (options.engine ?? wasm()) as Engine<M>;
  await engine.prepare?.(spec);
  const online = await engine.createNetwork(spec, { random: random.split('weights'), optimizer: optimizer.spec });
  if (online.stateSize > 0 || online.outputSize !== outputSize) {
    const received = online.stateSize > 0 ? 'one with memory' : `${online.outputSize} outputs`;
    online.dispose();
    refuse('network', `a network without memory and with ${outputSize} outputs`, received, 'Use mlp(), cnn() or sequential().');
  }
  const target = await engine.createNetwork(spec, { random: random.split('target') });
  await target.copyFrom(online);
  const spaces = { observationSpace, actionSpace };
  const numbers = { maxGradientNorm, batchSize, discount };
  return new FittedQEvaluation({ spaces, model, online, target, head, targetUpdater, optimizer, ...numbers, random });
}

function refuse(name: string, wanted: string, received: string, remedy: string): never {
  throw new DqnError({ code: 'invalid-option', where: `fittedQEvaluation({ ${name} })`, expected: wanted, received, remedy });
}
