import { chain, type MaybePromise } from '../common/maybe-promise.ts';
import type { QNetwork } from '../networks/q-network.ts';
import type { SequenceBatch } from '../replay/sequence-replay.ts';
import { gatherRows, none, sized } from './arrays.ts';
import type { UpdateParts } from './transition-update.ts';

/**
 * One gradient update on sequences, for networks with memory (Kapturowski et al. 2019): both networks warm their states up on the first steps from
 * the stored ones, the target network is unrolled over the rest, and the online network learns from the steps between by backpropagation through
 * all of them.
 */
export class SequenceUpdate {
  readonly #parts: UpdateParts;
  #onlineState = none;
  #targetState = none;
  #nextOutputs = none;
  #index = new Int32Array(0);
  #actionOutputs = none;
  #fractionArray = none;
  #ids = new Float64Array(0);

  constructor(parts: UpdateParts) {
    this.#parts = parts;
  }

  /** Does the update and gives the gradient norm before clipping. */
  run(batch: SequenceBatch, learningRate: number, step: number): MaybePromise<number> {
    const { options, online, target, rows, draws, actions } = this.#parts;
    const { bootstrap, maxGradientNorm } = options;
    const { size, burnIn, steps, unroll } = batch;
    const learned = steps * size;
    const warm = burnIn * size;
    const width = batch.observations.length / (unroll * size);
    const rest = batch.observations.subarray(warm * width);
    const restSteps = unroll - burnIn;
    const restRows = restSteps * size;
    this.#reserve(batch);
    rows.reserve(learned);
    const noise = draws.noise();
    const targetNoise = draws.noise();
    const index = this.#index;
    // Padding bootstraps from nothing, and is pointed at what is there.
    for (let r = 0; r < learned; r++) index[r] = Math.max(0, batch.next[r] - burnIn) * size + (r % size);

    const warmUp = (network: QNetwork, state: Float32Array, seed: number | undefined): MaybePromise<unknown> => {
      state.set(batch.states);
      if (burnIn === 0) return undefined;
      const fractions = draws.fractions('act', warm);
      const warming = network.forward(batch.observations, warm, { steps: burnIn, state, noise: seed, fractions });
      return chain(warming, () => restoreStates(batch, state));
    };
    const learn = (): MaybePromise<number> => {
      const fractions = draws.fractions('online', learned);
      if (fractions) rows.fractions = fractions;
      const clip = maxGradientNorm === Infinity ? undefined : maxGradientNorm;
      const state = this.#onlineState;
      return online.update(rest, learned, rows.gradient, { learningRate, maxGradientNorm: clip, noise, fractions, steps, state });
    };
    const unrollTarget = (): MaybePromise<number> => {
      const joint = draws.joint(restRows);
      const state = this.#targetState;
      const passing = target.forward(rest, restRows, { steps: restSteps, state, noise: targetNoise, fractions: joint?.both });
      return chain(passing, (outputs) => {
        const stride = outputs.length / restRows;
        const split = joint ? joint.target * actions : stride;
        const nextOutputs = (this.#nextOutputs = sized(this.#nextOutputs, learned * split));
        gatherRows(outputs, stride, 0, split, learned, index, nextOutputs);
        const from = joint ? split : 0;
        if (bootstrap.usesCurrent) rows.readCurrent(this.#take(outputs, stride, from, learned, undefined));
        rows.readTarget(joint ? this.#take(outputs, stride, from, learned, index) : nextOutputs);
        const nextFractions = joint
          ? gatherRows(joint.targets, joint.target, 0, joint.target, learned, index, this.#fractions(learned, joint.target))
          : none;
        rows.aim(
          {
            size: learned,
            actions: batch.actions,
            rewards: batch.rewards,
            discounts: batch.discounts,
            weights: batch.weights,
            nextActionMasks: batch.nextActionMasks,
            ids: this.#ids,
            padded: true,
          },
          nextOutputs,
          nextFractions,
          step,
        );
        return learn();
      });
    };
    const selectOnline = (): MaybePromise<number> => {
      if (!bootstrap.usesOnline) return unrollTarget();
      // The state before the learned steps is needed again by the update: it is carried on in a copy.
      const state = this.#onlineState.slice();
      const fractions = draws.fractions('act', restRows);
      return chain(online.forward(rest, restRows, { steps: restSteps, state, noise, fractions }), (outputs) => {
        rows.readOnline(this.#take(outputs, outputs.length / restRows, 0, learned, index));
        return unrollTarget();
      });
    };
    return chain(warmUp(online, this.#onlineState, noise), () =>
      chain(warmUp(target, this.#targetState, targetNoise), () => selectOnline()),
    );
  }

  #fractions(rows: number, count: number): Float32Array {
    return (this.#fractionArray = sized(this.#fractionArray, rows * count));
  }

  #take(outputs: Float32Array, stride: number, from: number, rows: number, index: Int32Array | undefined): Float32Array {
    const width = stride - from;
    const out = (this.#actionOutputs = sized(this.#actionOutputs, rows * width));
    return gatherRows(outputs, stride, from, width, rows, index, out);
  }

  #reserve({ size, steps, states, ids }: SequenceBatch): void {
    if (this.#onlineState.length !== states.length) {
      this.#onlineState = new Float32Array(states.length);
      this.#targetState = new Float32Array(states.length);
    }
    if (this.#index.length !== steps * size) {
      this.#index = new Int32Array(steps * size);
      this.#ids = new Float64Array(steps * size);
    }
    for (let t = 0, r = 0; t < steps; t++) for (let b = 0; b < size; b++, r++) this.#ids[r] = ids[b];
  }
}

/** Puts the stored states back in place of what padding led to. */
function restoreStates({ size, states, burnedIn }: SequenceBatch, state: Float32Array): void {
  const width = states.length / size;
  for (let b = 0; b < size; b++) {
    if (burnedIn[b] === 0) state.set(states.subarray(b * width, (b + 1) * width), b * width);
  }
}
