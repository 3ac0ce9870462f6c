import { chain, type MaybePromise } from '../common/maybe-promise.ts';
import type { LossInput, LossOutput } from '../heads/value-head.ts';
import type { QNetwork, UpdateOptions } from '../networks/q-network.ts';
import type { Batch } from '../replay/replay-buffer.ts';
import type { UpdateReport } from './agent.ts';
import type { ResolvedAgentOptions } from './options.ts';

const empty = new Float32Array(0);

/**
 * One gradient update towards the Bellman target: values the next observations with the target network, lets the bootstrap
 * rule weigh the next actions, and moves the online network by the head's gradient. Its arrays are reused.
 */
export class BellmanUpdate {
  /** `[B]`: target − estimate of each row of the last batch. */
  readonly tdErrors: Float32Array;
  readonly #losses: Float32Array;
  readonly #options: ResolvedAgentOptions;
  readonly #actions: number;
  readonly #online: QNetwork;
  readonly #target: QNetwork;
  readonly #targetQ: Float32Array;
  readonly #onlineQ: Float32Array;
  readonly #policy: Float32Array;
  readonly #targets: Float32Array;
  #taken: Int32Array = new Int32Array(0);
  #weights: Float32Array = new Float32Array(0);
  #lossSum = 0;
  #qSum = 0;

  constructor(options: ResolvedAgentOptions, actions: number, online: QNetwork, target: QNetwork) {
    const { batchSize, head, bootstrap } = options;
    this.#options = options;
    this.#actions = actions;
    this.#online = online;
    this.#target = target;
    this.tdErrors = new Float32Array(batchSize);
    this.#losses = new Float32Array(batchSize);
    this.#targetQ = new Float32Array(batchSize * actions);
    this.#onlineQ = new Float32Array(bootstrap.usesOnline ? batchSize * actions : 0);
    this.#policy = new Float32Array(batchSize * actions);
    this.#targets = new Float32Array(batchSize * head.targetWidth);
  }

  /** Does the update and gives the gradient norm before clipping. */
  run(batch: Batch, learningRate: number): MaybePromise<number> {
    const { maxGradientNorm, bootstrap } = this.#options;
    const update: UpdateOptions = maxGradientNorm === Infinity ? { learningRate } : { learningRate, maxGradientNorm };
    const step = () => this.#online.update(batch.observations, batch.size, this.#gradient, update);
    const fromTarget = () =>
      chain(this.#target.forward(batch.nextObservations, batch.size), (outputs) => {
        this.#aim(batch, outputs);
        return step();
      });
    if (!bootstrap.usesOnline) return fromTarget();
    return chain(this.#online.forward(batch.nextObservations, batch.size), (outputs) => {
      this.#options.head.qValues(outputs, batch.size, this.#actions, this.#onlineQ);
      return fromTarget();
    });
  }

  /** Writes the Bellman targets of the batch. */
  #aim({ size, rewards, discounts, actions, weights, nextActionMasks }: Batch, nextOutputs: Float32Array): void {
    const { head, bootstrap } = this.#options;
    head.qValues(nextOutputs, size, this.#actions, this.#targetQ);
    bootstrap.apply(
      {
        batch: size,
        actions: this.#actions,
        heads: 1,
        targetQ: this.#targetQ,
        onlineQ: this.#onlineQ,
        currentQ: empty,
        taken: actions,
        masks: nextActionMasks,
        step: 0,
      },
      { policy: this.#policy, bonus: new Float32Array(size), rewardBonus: new Float32Array(size), sources: new Int32Array(size) },
    );
    head.targets(
      {
        batch: size,
        actions: this.#actions,
        rewards,
        discounts,
        nextOutputs,
        nextPolicy: this.#policy,
        nextFractions: empty,
      },
      this.#targets,
    );
    this.#taken = actions;
    this.#weights = weights;
  }

  readonly #gradient = (outputs: Float32Array, gradient: Float32Array, batch: number): void => {
    const { head } = this.#options;
    const input: LossInput = {
      batch,
      actions: this.#actions,
      outputs,
      taken: this.#taken,
      targets: this.#targets,
      weights: this.#weights,
      fractions: empty,
    };
    const output: LossOutput = { gradient, losses: this.#losses, tdErrors: this.tdErrors };
    head.loss(input, output);
    this.#lossSum = 0;
    for (let i = 0; i < batch; i++) this.#lossSum += this.#weights[i] * this.#losses[i];
    // The outputs may be gone after this call, so their mean is taken here, into an array that is free again.
    head.qValues(outputs, batch, this.#actions, this.#targetQ);
    this.#qSum = 0;
    for (let i = 0; i < batch; i++) this.#qSum += this.#targetQ[i * this.#actions + this.#taken[i]];
  };

  /** What the last update did. */
  report({ size }: Batch, update: number, gradientNorm: number, learningRate: number): UpdateReport {
    let tdSum = 0;
    for (let i = 0; i < size; i++) tdSum += Math.abs(this.tdErrors[i]);
    return { update, loss: this.#lossSum / size, meanQ: this.#qSum / size, meanTdError: tdSum / size, gradientNorm, learningRate };
  }
}
