import type { BootstrapRule } from '../bootstrap/bootstrap-rule.ts';
import type { ValueHead } from '../heads/value-head.ts';
import { none, sized } from './arrays.ts';

/** What rows are made of. */
export interface BellmanParts {
  readonly head: ValueHead;
  readonly bootstrap: BootstrapRule;
  /** A. */
  readonly actions: number;
  /** K: estimates of each transition, side by side in the outputs. */
  readonly heads: number;
  /** The probability that an estimate learns from a transition. */
  readonly headProbability: number;
  /** Whose learning each transition is for depends on it. */
  readonly seed: number;
}

/** The transitions of an update, row by row. */
export interface TransitionRows {
  /** R. */
  readonly size: number;
  /** `[R]`. */
  readonly actions: Int32Array;
  /** `[R]`. */
  readonly rewards: Float32Array;
  /** `[R]`. */
  readonly discounts: Float32Array;
  /** `[R]`. */
  readonly weights: Float32Array;
  /** `[R, A]`. */
  readonly nextActionMasks?: Uint8Array;
  /** `[R]`: what tells transitions apart, for the choice of the estimates that learn from them. */
  readonly ids: Float64Array;
  /** Whether rows of weight 0 are padding, which is no part of what an update reports. */
  readonly padded?: boolean;
}

/** Transitions once for each of their K estimates, those of one transition together. */
export interface EstimateRows {
  /** `[R · K]`. */
  readonly taken: Int32Array;
  /** `[R · K]`. */
  readonly rewards: Float32Array;
  /** `[R · K]`. */
  readonly discounts: Float32Array;
  /** `[R · K]`: 0 for an estimate that does not learn from the transition. */
  readonly weights: Float32Array;
  /** `[R · K, A]`. */
  readonly masks?: Uint8Array;
}

function repeatedRows(rows: number, actions: number): Required<EstimateRows> {
  return {
    taken: new Int32Array(rows),
    rewards: new Float32Array(rows),
    discounts: new Float32Array(rows),
    weights: new Float32Array(rows),
    masks: new Uint8Array(rows * actions),
  };
}

/** Over the rows of the last update. */
interface Sums {
  loss: number;
  q: number;
  maxQ: number;
  tdError: number;
  /** Transitions, without padding. */
  transitions: number;
}

/**
 * The part of an update that needs no engine: from the outputs of both networks to Bellman targets, and from targets to the gradient. With K
 * estimates of each transition every array has R · K rows, those of one transition together. Its arrays are reused.
 */
export class BellmanRows {
  /** `[R]`: of each transition the TD error, over K estimates the mean size of theirs. */
  tdErrors = none;
  /** `[R, N]`: the fractions that the estimates are asked for; empty unless the head draws them. */
  fractions = none;
  readonly #parts: BellmanParts;
  readonly #sums: Sums = { loss: 0, q: 0, maxQ: 0, tdError: 0, transitions: 0 };
  #size = 0;
  #targetQ = none;
  #onlineQ = none;
  #currentQ = none;
  #policy = none;
  #bonus = none;
  #rewardBonus = none;
  #sources = new Int32Array(0);
  #rewards = none;
  #targets = none;
  #losses = none;
  #errors = none;
  #estimates = none;
  #chosen = none;
  #taken: Int32Array = new Int32Array(0);
  #weights = none;
  /** Of padded rows: the transitions' weights, and where the TD errors go of those that are no padding. */
  #padded: Float32Array | undefined;
  #unpadded = none;
  /** Of K > 1 estimates: the transitions' numbers once for each. */
  #repeated: Required<EstimateRows> = repeatedRows(0, 0);

  constructor(parts: BellmanParts) {
    this.#parts = parts;
  }

  /** K. */
  get heads(): number {
    return this.#parts.heads;
  }

  /** Makes room for R transitions. */
  reserve(size: number): void {
    if (size === this.#size) return;
    const { actions, heads, head, bootstrap } = this.#parts;
    const rows = size * heads;
    this.#size = size;
    this.tdErrors = new Float32Array(size);
    this.#targetQ = new Float32Array(rows * actions);
    this.#onlineQ = bootstrap.usesOnline ? new Float32Array(rows * actions) : none;
    this.#currentQ = bootstrap.usesCurrent ? new Float32Array(rows * actions) : none;
    this.#policy = new Float32Array(rows * actions);
    this.#bonus = new Float32Array(rows);
    this.#rewardBonus = new Float32Array(rows);
    this.#sources = new Int32Array(rows);
    this.#rewards = new Float32Array(rows);
    this.#targets = new Float32Array(rows * head.targetWidth);
    this.#losses = new Float32Array(rows);
    this.#errors = heads === 1 ? this.tdErrors : new Float32Array(rows);
    this.#estimates = new Float32Array(rows);
    if (heads === 1) return;
    this.#repeated = repeatedRows(rows, actions);
  }

  /** Reads the target network's outputs at the next observations, `R` rows. */
  readTarget(outputs: Float32Array): void {
    this.#read(outputs, this.#targetQ);
  }

  /** Reads the online network's outputs at the next observations. */
  readOnline(outputs: Float32Array): void {
    this.#read(outputs, this.#onlineQ);
  }

  /** Reads the target network's outputs at the observations. */
  readCurrent(outputs: Float32Array): void {
    this.#read(outputs, this.#currentQ);
  }

  #read(outputs: Float32Array, out: Float32Array): void {
    const { head, heads, actions } = this.#parts;
    head.qValues(outputs, this.#size * heads, actions, out);
  }

  /**
   * Writes the Bellman targets, once the Q-values that the rule asks for have been read.
   * @param nextOutputs - of the target network at the next observations, R rows.
   * @param nextFractions - `[R, N']`: the fractions that they were asked for.
   */
  aim(transitions: TransitionRows, nextOutputs: Float32Array, nextFractions: Float32Array, step: number): void {
    const { head, bootstrap, actions, heads } = this.#parts;
    const rows = transitions.size * heads;
    const { taken, rewards, discounts, weights, masks } = this.spread(transitions);
    this.#taken = taken;
    this.#weights = weights;
    this.#padded = transitions.padded ? transitions.weights : undefined;
    const bonus = this.#bonus.fill(0);
    const rewardBonus = this.#rewardBonus.fill(0);
    const sources = this.#sources;
    for (let b = 0; b < rows; b++) sources[b] = b;
    bootstrap.apply(
      {
        batch: rows,
        actions,
        heads,
        targetQ: this.#targetQ,
        onlineQ: this.#onlineQ,
        currentQ: this.#currentQ,
        taken: this.#taken,
        masks,
        step,
      },
      { policy: this.#policy, bonus, rewardBonus, sources },
    );
    for (let b = 0; b < rows; b++) this.#rewards[b] = rewards[b] + rewardBonus[b] + discounts[b] * bonus[b];
    const outputs = (bootstrap.networks ?? 1) > 1 ? this.#choose(nextOutputs, rows) : nextOutputs;
    head.targets(
      { batch: rows, actions, rewards: this.#rewards, discounts, nextOutputs: outputs, nextPolicy: this.#policy, nextFractions },
      this.#targets,
    );
  }

  /** The transitions once for each estimate of theirs; valid until the next call. */
  spread({ size, actions: taken, rewards, discounts, weights, nextActionMasks, ids }: TransitionRows): EstimateRows {
    const { actions, heads, headProbability, bootstrap, seed } = this.#parts;
    if (heads === 1) return { taken, rewards, discounts, weights, masks: nextActionMasks };
    const rows = this.#repeated;
    // Networks of their own each get the gradient of their own mean; heads on shared layers share it (Osband et al. 2016, appendix D).
    const factor = (bootstrap.networks ?? 1) > 1 ? heads : 1;
    for (let r = 0, b = 0; r < size; r++) {
      for (let k = 0; k < heads; k++, b++) {
        rows.taken[b] = taken[r];
        rows.rewards[b] = rewards[r];
        rows.discounts[b] = discounts[r];
        rows.weights[b] = learns(seed, ids[r], k, headProbability) ? factor * weights[r] : 0;
        if (nextActionMasks === undefined) continue;
        for (let a = 0; a < actions; a++) rows.masks[b * actions + a] = nextActionMasks[r * actions + a];
      }
    }
    return nextActionMasks === undefined ? { ...rows, masks: undefined } : rows;
  }

  /** The rows of outputs that the rule has named as sources. */
  #choose(nextOutputs: Float32Array, rows: number): Float32Array {
    const width = nextOutputs.length / rows;
    if (this.#chosen.length !== nextOutputs.length) this.#chosen = new Float32Array(nextOutputs.length);
    const chosen = this.#chosen;
    for (let b = 0; b < rows; b++) {
      const from = this.#sources[b] * width;
      for (let i = 0; i < width; i++) chosen[b * width + i] = nextOutputs[from + i];
    }
    return chosen;
  }

  /** The gradient of the loss with respect to the online network's outputs at the observations; R rows. */
  readonly gradient = (outputs: Float32Array, gradient: Float32Array, size: number): void => {
    const { head, actions, heads } = this.#parts;
    const rows = size * heads;
    const weights = this.#weights;
    const losses = this.#losses;
    const tdErrors = this.#errors;
    const estimates = this.#estimates;
    head.loss(
      { batch: rows, actions, outputs, taken: this.#taken, targets: this.#targets, weights, fractions: this.fractions },
      { gradient, losses, tdErrors, estimates },
    );
    const padded = this.#padded;
    if (padded) this.#unpadded = sized(this.#unpadded, size);
    let loss = 0;
    let q = 0;
    let maxQ = -Infinity;
    let tdError = 0;
    let transitions = 0;
    for (let r = 0, b = 0; r < size; r++) {
      const counts = padded === undefined || padded[r] !== 0;
      let total = 0;
      for (let k = 0; k < heads; k++, b++) {
        loss += weights[b] * losses[b];
        const magnitude = Math.abs(tdErrors[b]);
        total += magnitude;
        if (!counts) continue;
        q += estimates[b];
        if (estimates[b] > maxQ) maxQ = estimates[b];
        tdError += magnitude;
      }
      if (heads > 1) this.tdErrors[r] = total / heads;
      if (!counts) continue;
      if (padded) this.#unpadded[transitions] = this.tdErrors[r];
      transitions++;
    }
    const sums = this.#sums;
    sums.loss = loss;
    sums.q = q;
    sums.maxQ = maxQ;
    sums.tdError = tdError;
    sums.transitions = transitions;
  };

  /** The numbers of the last update; its TD errors are valid until the next one. */
  summary() {
    const { loss, q, maxQ, tdError, transitions } = this.#sums;
    const { heads } = this.#parts;
    const rows = transitions * heads;
    const tdErrors = this.#padded ? this.#unpadded.subarray(0, transitions) : this.tdErrors;
    return { loss: loss / (this.#size * heads), meanQ: q / rows, maxQ, meanTdError: tdError / rows, tdErrors };
  }
}

/** Whether estimate k learns from a transition: a coin of probability p that falls the same way each time (Osband et al. 2016, algorithm 1). */
function learns(seed: number, id: number, k: number, p: number): boolean {
  if (p >= 1) return true;
  let x =
    Math.imul((id % 4294967296) ^ Math.imul(Math.floor(id / 4294967296) + 1, 0x9e3779b9), 0x85ebca6b) ^
    Math.imul(seed ^ (k + 1), 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) * 2 ** -32 < p;
}
