import { checkInteger, checkNames, checkNumber } from '../common/check.ts';
import { DqnError, describe } from '../common/errors.ts';
import type { Random } from '../common/random.ts';
import { checkSame, damagedState, readArray, readCount, readFields, readInteger, readList } from '../common/read-state.ts';
import { constant } from '../common/schedules.ts';
import type { State } from '../common/state.ts';
import { layoutState } from './check-transition.ts';
import { FrameStore } from './frame-store.ts';
import { type CheckedPriorities, checkPriorities, type PriorityOptions, Proportional } from './proportional.ts';
import type { Transition } from './replay-buffer.ts';
import type { ReplayPriorities } from './replay-priorities.ts';
import type { SequenceBatch, SequenceLayout, SequenceReplay, SequenceReplaySpec, SequenceStep } from './sequence-replay.ts';
import { slotOf } from './slot.ts';
import { checkTdErrors, emptyReplay } from './stored-replay.ts';
import { TransitionStore } from './transition-store.ts';

/** How {@link sequences} cuts and draws. */
export interface SequencesOptions {
  /** The most steps it holds, in [1, 2³⁰]; at least burnIn + length + n − 1, and several times that for every environment of a vector. */
  readonly capacity: number;
  /** T: steps of a sequence that are learned from, at least 1. Default 80. */
  readonly length?: number;
  /** Steps before them that only warm the recurrent state up, at least 0. Default 40. */
  readonly burnIn?: number;
  /** How many learned steps two neighbouring sequences share, in [0, length). Default half the length, rounded down. */
  readonly overlap?: number;
  /** Draw by priority, with these options; uniformly where left out. Defaults as R2D2: α = 0.9, β = 0.6, ε = 10⁻⁶, stratified. ε must be above 0. */
  readonly prioritized?: PriorityOptions;
  /** η in [0, 1]: the priority of a sequence is `η max|δ| + (1 − η) mean|δ|` over its steps. Default 0.9. */
  readonly priorityMix?: number;
  /** Whether sequences start from the state that the network had when it acted (default) or from zeros, as DRQN does. */
  readonly storedState?: boolean;
}

interface Checked {
  readonly capacity: number;
  readonly length: number;
  readonly burnIn: number;
  readonly overlap: number;
  /** Left out: uniform. */
  readonly prioritized: CheckedPriorities | undefined;
  readonly priorityMix: number;
  readonly storedState: boolean;
}

const known = {
  capacity: true,
  length: true,
  burnIn: true,
  overlap: true,
  prioritized: true,
  priorityMix: true,
  storedState: true,
} as const;

const knownPriorities = { priorityExponent: true, importanceExponent: true, priorityEpsilon: true, sampling: true } as const;

const defaultPriorities: CheckedPriorities = {
  priorityExponent: 0.9,
  importanceExponent: /* @__PURE__ */ constant(0.6),
  priorityEpsilon: 1e-6,
  sampling: 'stratified',
};

/** Every sequence has the priority 1 and the weight 1. */
const equalPriorities: CheckedPriorities = {
  priorityExponent: 0,
  importanceExponent: /* @__PURE__ */ constant(0),
  priorityEpsilon: 0,
  sampling: 'independent',
};

/** The running episode of one environment. */
interface Running {
  /** Steps of it so far. */
  length: number;
  /** The ids of its last steps: step t at t mod its length. */
  readonly ids: Float64Array;
}

/** A buffer of the last steps that gives overlapping sequences of them; see {@link sequences}. */
export class StoredSequences implements SequenceReplay {
  readonly kind = 'sequences';
  readonly #options: Checked;
  readonly #layout: SequenceLayout;
  /** The steps, with the discount 1, or 0 where the episode terminated. */
  readonly #steps: TransitionStore;
  /** Of the sequences, each at the slot of the first step that is learned from; 0 where none begins. */
  #priorities: Proportional;
  /** By slot: the slot of the next step of the episode; −1 where there is none (yet). */
  readonly #next: Int32Array;
  /** By slot: where a sequence is learned from here on, the slot of its first observation, that of its burn-in; otherwise −1. */
  readonly #first: Int32Array;
  /** By slot: the slot from which the sequence is learned that is burned in from here on; −1 where there is none. */
  readonly #learned: Int32Array;
  /** By slot: the number of the recurrent state kept; −1 where none is. */
  readonly #stateOf: Int32Array;
  #states: FrameStore | undefined;
  #running = new Map<number, Running>();
  #sequences = 0;
  readonly #stride: number;
  /** The longest way through a sequence: burnIn + T + n − 1 steps. */
  readonly #span: number;
  readonly #path: Int32Array;
  readonly #powers: Float64Array;
  readonly #batches = new Map<number, { readonly batch: SequenceBatch; readonly weights: Float32Array }>();
  /** What goes into `#steps`, filled anew for each step. */
  readonly #transition = {} as { -readonly [K in keyof Transition]: Transition[K] };

  /** @throws DqnError `invalid-option` on a malformed layout or a capacity below burnIn + T + n − 1, `out-of-memory`. */
  constructor(options: Checked, layout: SequenceLayout) {
    const { capacity, length, burnIn, overlap, storedState } = options;
    checkInteger('SequenceLayout.stateSize', layout.stateSize, { min: 0 });
    checkInteger('SequenceLayout.nStep', layout.nStep, { min: 1 });
    checkNumber('SequenceLayout.discount', layout.discount, { min: 0, max: 1 });
    this.#options = options;
    this.#layout = layout;
    this.#stride = length - overlap;
    this.#span = burnIn + length + layout.nStep - 1;
    checkInteger('sequences(capacity)', capacity, { min: this.#span });
    this.#steps = new TransitionStore(capacity, layout);
    this.#priorities = this.#emptyPriorities();
    try {
      this.#next = new Int32Array(capacity).fill(-1);
      this.#first = new Int32Array(capacity).fill(-1);
      this.#learned = new Int32Array(capacity).fill(-1);
      this.#stateOf = new Int32Array(capacity).fill(-1);
    } catch (cause) {
      throw new DqnError({
        code: 'out-of-memory',
        where: 'replay capacity',
        expected: `links of ${capacity} steps`,
        received: 'no memory',
        remedy: 'Lower the capacity.',
        cause,
      });
    }
    this.#states = storedState && layout.stateSize > 0 ? this.#emptyStates() : undefined;
    this.#path = new Int32Array(this.#span);
    this.#powers = Float64Array.from({ length: layout.nStep + 1 }, (_, k) => layout.discount ** k);
  }

  get capacity(): number {
    return this.#options.capacity;
  }

  get size(): number {
    return this.#steps.size;
  }

  get sequences(): number {
    return this.#sequences;
  }

  /** `p^α` of the sequences that can be drawn; nothing where drawing is uniform. */
  get priorities(): ReplayPriorities | undefined {
    return this.#options.prioritized && this.#priorities.prioritiesOf(this.#sequences);
  }

  /** Bytes of all typed arrays it holds now, the batches it has given out included. */
  get byteLength(): number {
    let bytes = this.#steps.byteLength + this.#priorities.byteLength + (this.#states?.byteLength ?? 0) + 16 * this.capacity;
    for (const { ids } of this.#running.values()) bytes += ids.byteLength;
    for (const { batch, weights } of this.#batches.values()) {
      bytes += weights.byteLength;
      for (const value of Object.values(batch)) if (ArrayBuffer.isView(value)) bytes += value.byteLength;
    }
    return bytes;
  }

  /**
   * Copies a step in; the oldest goes where the buffer is full, and the sequences with it that need it. A step that terminated or was truncated
   * ends its episode.
   * @throws DqnError `invalid-observation`, `invalid-action`, `invalid-reward`, `invalid-option` (stream, state) or `out-of-memory`; then nothing has changed.
   */
  add(step: SequenceStep): void {
    const { stream, terminated, truncated, state } = step;
    this.#checkState(state);
    this.#states?.reserve(1);
    const { capacity } = this;
    const id = this.#steps.added;
    const transition = this.#transition;
    transition.stream = stream;
    transition.observation = step.observation;
    transition.action = step.action;
    transition.reward = step.reward;
    transition.discount = terminated ? 0 : 1;
    transition.nextObservation = step.nextObservation;
    transition.nextActionMask = step.nextActionMask;
    this.#steps.add(transition);
    const slot = slotOf(id, capacity);
    if (id >= capacity) this.#forget(slot);

    let running = this.#running.get(stream);
    if (running === undefined) this.#running.set(stream, (running = { length: 0, ids: new Float64Array(this.#span) }));
    const { length, ids } = running;
    if (length > 0) {
      const previous = ids[(length - 1) % this.#span];
      if (previous > id - capacity) this.#next[slotOf(previous, capacity)] = slot;
    }
    ids[length % this.#span] = id;
    running.length++;
    const states = this.#states;
    if (states !== undefined && this.#startsHere(length)) this.#stateOf[slot] = states.put(state);

    // The sequence learned from step s on is whole with step s + T + n − 2.
    const start = length - (this.#options.length + this.#layout.nStep - 2);
    if (start >= 0 && start % this.#stride === 0) this.#cut(running, start);
    if (terminated || truncated) this.endEpisode(stream);
  }

  /** Ends the running episode of an environment, as if truncated where its last step did not terminate: its last sequences can be drawn. */
  endEpisode(stream: number): void {
    const running = this.#running.get(stream);
    if (running === undefined || running.length === 0) return;
    const { length, overlap } = this.#options;
    const whole = running.length - (length + this.#layout.nStep - 1);
    // The first start that was not cut yet. Another sequence follows as long as the one before did not reach the end.
    let start = whole < 0 ? 0 : (Math.floor(whole / this.#stride) + 1) * this.#stride;
    for (; start === 0 || start + overlap < running.length; start += this.#stride) this.#cut(running, start);
    running.length = 0;
  }

  /**
   * Draws sequences with replacement. One array set a batch size is used again and again.
   * @throws DqnError `empty-replay` if there is no sequence yet, `invalid-option` if the batch size is not a whole number of at least 1.
   */
  sample(batchSize: number, random: Random, step = 0): SequenceBatch {
    let entry = this.#batches.get(batchSize);
    if (entry === undefined || this.#steps.masked !== (entry.batch.nextActionMasks !== undefined))
      entry = this.#newBatch(batchSize);
    if (this.#sequences === 0) throw emptyReplay('SequenceReplay.sample(batchSize)', 'at least one whole sequence');
    const { batch, weights } = entry;
    const { ids } = batch;
    const { capacity } = this;
    this.#priorities.draw(random, step, ids, weights);
    const { added } = this.#steps;
    const oldest = added - this.size;
    const oldestSlot = slotOf(oldest, capacity);
    batch.observations.fill(0);
    batch.rewards.fill(0);
    batch.discounts.fill(0);
    batch.weights.fill(0);
    batch.actions.fill(0);
    batch.next.fill(0);
    batch.nextActionMasks?.fill(1);
    for (let b = 0; b < batchSize; b++) {
      const slot = ids[b];
      this.#gather(slot, b, weights[b], batch);
      ids[b] = oldest + slot - oldestSlot + (slot < oldestSlot ? capacity : 0);
    }
    return batch;
  }

  /**
   * Sets the priorities of sequences that are still held to `η max|δ| + (1 − η) mean|δ|` over their real steps. Does nothing where drawing is uniform.
   * @param ids - `[B]`.
   * @param tdErrors - `[T, B]`.
   * @param weights - `[T, B]`: those of the batch; 0 marks padding.
   * @throws DqnError `invalid-option` if the lengths do not fit, an id was never given out, or a TD error is NaN or infinite; nothing has changed then.
   */
  updatePriorities(ids: Float64Array, tdErrors: Float32Array, weights: Float32Array): void {
    const { prioritized, length, priorityMix } = this.#options;
    if (prioritized === undefined) return;
    const batch = ids.length;
    const { added } = this.#steps;
    checkTdErrors(ids, tdErrors, length * batch, added);
    if (weights.length !== length * batch) {
      throw invalid('SequenceReplay.updatePriorities(weights)', `${length * batch} weights`, weights, 'Pass those of the batch.');
    }
    const oldest = added - this.size;
    for (let b = 0; b < batch; b++) {
      const slot = slotOf(ids[b], this.capacity);
      if (ids[b] < oldest || this.#first[slot] < 0) continue;
      let largest = 0;
      let sum = 0;
      let count = 0;
      for (let i = b; i < length * batch; i += batch) {
        if (weights[i] === 0) continue;
        const magnitude = Math.abs(tdErrors[i]);
        if (magnitude > largest) largest = magnitude;
        sum += magnitude;
        count++;
      }
      if (count > 0) this.#priorities.update(slot, priorityMix * largest + ((1 - priorityMix) * sum) / count);
    }
  }

  getState(): State {
    const { size, capacity } = this;
    const { stateSize } = this.#layout;
    const oldest = this.#steps.added - size;
    const first = slotOf(oldest, capacity);
    const age = (slot: number) => (slot < 0 ? -1 : slot - first + (slot < first ? capacity : 0));
    const next = new Int32Array(size);
    const starts = new Int32Array(size);
    const stated = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      const slot = (first + i) % capacity;
      next[i] = age(this.#next[slot]);
      starts[i] = age(this.#first[slot]);
      stated[i] = this.#stateOf[slot] < 0 ? 0 : 1;
    }
    const states = new Float32Array(stated.reduce((sum, has) => sum + has, 0) * stateSize);
    let offset = 0;
    for (let i = 0; i < size; i++) {
      if (stated[i] === 0) continue;
      this.#states?.read(this.#stateOf[(first + i) % capacity], states, offset);
      offset += stateSize;
    }
    return {
      kind: this.kind,
      ...this.#compared(),
      steps: this.#steps.getState(),
      priorities: this.#priorities.getState(first, size),
      next,
      starts,
      stated,
      states,
      running: [...this.#running]
        .filter(([, { length }]) => length > 0)
        .map(([stream, { length, ids }]) => ({
          stream,
          length,
          ids: Float64Array.from({ length: Math.min(length, this.#span) }, (_, i, t = length - 1 - i) => ids[t % this.#span]),
        })),
    };
  }

  /** @throws DqnError `incompatible-checkpoint` if options or layout differ, `invalid-checkpoint` if the state is not sound. */
  setState(state: State): void {
    const where = 'StoredSequences.setState(state)';
    const { capacity } = this;
    const { stateSize } = this.#layout;
    const fields = readFields(where, state);
    checkSame(where, fields, { kind: this.kind, ...this.#compared() });
    const added = readCount(`${where}.steps`, readFields(`${where}.steps`, fields.steps), 'added');
    const size = Math.min(added, capacity);
    const oldest = added - size;
    const first = slotOf(oldest, capacity);
    const next = readArray(where, fields, 'next', Int32Array, size);
    const starts = readArray(where, fields, 'starts', Int32Array, size);
    const stated = readArray(where, fields, 'stated', Uint8Array, size);
    const priorities = this.#emptyPriorities();
    priorities.readState(`${where}.priorities`, fields.priorities, first, size)();
    let kept = 0;
    for (let i = 0; i < size; i++) {
      if (next[i] !== -1 && !(next[i] > i && next[i] < size)) {
        throw damagedState(`${where}.next[${i}]`, `-1 or a step in [${i + 1}, ${size - 1}]`, next[i]);
      }
      if (stated[i] > 1) throw damagedState(`${where}.stated[${i}]`, '0 or 1', stated[i]);
      if (stated[i] === 1 && this.#states === undefined) throw damagedState(`${where}.stated[${i}]`, '0', 1);
      kept += stated[i];
    }
    const states = readArray(where, fields, 'states', Float32Array, kept * stateSize);
    if (!states.every(Number.isFinite)) throw damagedState(`${where}.states`, 'finite numbers', states);
    let whole = 0;
    for (let i = 0; i < size; i++) {
      if (priorities.get((first + i) % capacity) > 0 !== starts[i] >= 0) {
        throw damagedState(
          `${where}.priorities.values[${i}]`,
          'a number above 0 for sequences alone',
          priorities.get((first + i) % capacity),
        );
      }
      if (starts[i] === -1) continue;
      this.#checkStart(`${where}.starts[${i}]`, starts[i], i, next, stated);
      whole++;
    }
    const running = this.#readRunning(where, readList(where, fields, 'running'), added, oldest, next, stated);

    const frames = this.#states && this.#emptyStates();
    frames?.reserve(kept);
    this.#steps.setState(`${where}.steps`, fields.steps as State); // last of what can throw
    this.#priorities = priorities;
    this.#states = frames;
    this.#running = running;
    this.#sequences = whole;
    for (const links of [this.#next, this.#first, this.#learned, this.#stateOf]) links.fill(-1);
    const slot = (i: number) => (i < 0 ? -1 : (first + i) % capacity);
    let offset = 0;
    for (let i = 0; i < size; i++) {
      this.#next[slot(i)] = slot(next[i]);
      this.#first[slot(i)] = slot(starts[i]);
      if (starts[i] >= 0 && starts[i] !== i) this.#learned[slot(starts[i])] = slot(i);
      if (stated[i] === 0 || frames === undefined) continue;
      this.#stateOf[slot(i)] = frames.put(states.subarray(offset, offset + stateSize));
      offset += stateSize;
    }
  }

  /** What must agree between a saved state and this. */
  #compared(): { readonly [key: string]: State } {
    const { capacity, length, burnIn, overlap, prioritized, priorityMix, storedState } = this.#options;
    const { stateSize, nStep, discount } = this.#layout;
    const options = { capacity, length, burnIn, overlap, prioritized: prioritized !== undefined, priorityMix, storedState };
    return { ...options, ...layoutState(this.#layout), stateSize, nStep, discount };
  }

  /** Refuses a sequence whose burn-in does not lead to where it is learned from, or whose state is missing. */
  #checkStart(where: string, start: number, learned: number, next: Int32Array, stated: Uint8Array): void {
    if (!(start >= 0 && start <= learned)) throw damagedState(where, `-1 or a step in [0, ${learned}]`, start);
    if (start !== learned) {
      let at = start;
      for (let i = 0; i < this.#options.burnIn && at >= 0; i++) at = next[at];
      if (at !== learned) throw damagedState(where, `a step ${this.#options.burnIn} before`, start);
    }
    if (this.#states !== undefined && stated[start] === 0) throw damagedState(where, 'a step with a state', start);
  }

  #readRunning(
    where: string,
    list: readonly unknown[],
    added: number,
    oldest: number,
    next: Int32Array,
    stated: Uint8Array,
  ): Map<number, Running> {
    const running = new Map<number, Running>();
    const last = new Set<number>();
    list.forEach((item, i) => {
      const path = `${where}.running[${i}]`;
      const fields = readFields(path, item);
      const stream = readInteger(path, fields, 'stream', 0, 2 ** 16 - 1);
      const length = readInteger(path, fields, 'length', 1, Number.MAX_SAFE_INTEGER);
      const newest = readArray(path, fields, 'ids', Float64Array, Math.min(length, this.#span));
      const ids = new Float64Array(this.#span);
      for (let k = 0; k < newest.length; k++) {
        const bound = k === 0 ? added : newest[k - 1];
        const follows = newest[k] < oldest || (k === 0 ? -1 : newest[k - 1] - oldest) === next[newest[k] - oldest];
        if (!(newest[k] >= 0 && newest[k] < bound && Number.isInteger(newest[k]) && follows)) {
          throw damagedState(`${path}.ids[${k}]`, `the step before, below ${bound}`, newest[k]);
        }
        if (
          this.#states !== undefined &&
          newest[k] >= oldest &&
          this.#startsHere(length - 1 - k) &&
          stated[newest[k] - oldest] === 0
        ) {
          throw damagedState(`${where}.stated[${newest[k] - oldest}]`, '1, for a sequence to come', 0);
        }
        ids[(length - 1 - k) % this.#span] = newest[k];
      }
      if (running.has(stream) || last.has(newest[0])) throw damagedState(`${path}.stream`, 'every stream and step once', stream);
      last.add(newest[0]);
      running.set(stream, { length, ids });
    });
    return running;
  }

  /** Whether the observation of step t of an episode may be the first of a sequence, so that the state before it is needed. */
  #startsHere(t: number): boolean {
    const { burnIn } = this.#options;
    return (t + burnIn) % this.#stride === 0 || (t < burnIn && t % this.#stride === 0);
  }

  /** Lets the sequence be drawn that is learned from step `start` of the running episode on, if all its steps are held. */
  #cut({ ids }: Running, start: number): void {
    const { burnIn } = this.#options;
    const { capacity } = this;
    const from = start >= burnIn ? start - burnIn : start;
    const first = ids[from % this.#span];
    if (first < this.#steps.added - capacity) return;
    const slot = slotOf(ids[start % this.#span], capacity);
    const firstSlot = slotOf(first, capacity);
    this.#first[slot] = firstSlot;
    if (firstSlot !== slot) this.#learned[firstSlot] = slot;
    this.#priorities.add(slot);
    this.#sequences++;
  }

  /** The step in this slot is gone: so are the sequences that begin with it. */
  #forget(slot: number): void {
    if (this.#first[slot] === slot) this.#drop(slot);
    if (this.#learned[slot] >= 0) this.#drop(this.#learned[slot]);
    this.#learned[slot] = -1;
    this.#next[slot] = -1;
    if (this.#stateOf[slot] >= 0) this.#states?.release(this.#stateOf[slot]);
    this.#stateOf[slot] = -1;
  }

  #drop(slot: number): void {
    this.#first[slot] = -1;
    this.#priorities.remove(slot);
    this.#sequences--;
  }

  /** Writes the sequence learned from `slot` on into row b of a batch of zeros. */
  #gather(slot: number, b: number, weight: number, batch: SequenceBatch): void {
    const {
      size,
      burnIn,
      steps: learned,
      observations,
      states,
      actions,
      rewards,
      discounts,
      next,
      nextActionMasks,
      weights,
    } = batch;
    const { observationSize, stateSize, nStep, actions: numActions } = this.#layout;
    const store = this.#steps;
    const path = this.#path;
    const first = this.#first[slot];
    const lead = first === slot ? 0 : burnIn;
    const row = burnIn - lead;
    let count = 0;
    for (let at = first; at >= 0 && count < lead + learned + nStep - 1; at = this.#next[at]) path[count++] = at;

    for (let i = 0; i < count; i++) store.readObservation(path[i], observations, ((row + i) * size + b) * observationSize);
    store.readNextObservation(path[count - 1], observations, ((row + count) * size + b) * observationSize);
    batch.burnedIn[b] = lead === 0 ? 0 : 1;
    this.#states?.read(this.#stateOf[first], states, b * stateSize);

    const steps = Math.min(learned, count - lead);
    for (let t = 0; t < steps; t++) {
      const from = lead + t;
      const k = Math.min(nStep, count - from);
      let reward = 0;
      for (let i = k - 1; i >= 0; i--) reward = store.reward(path[from + i]) + this.#layout.discount * reward;
      const out = t * size + b;
      const last = path[from + k - 1];
      actions[out] = store.action(path[from]);
      rewards[out] = reward;
      discounts[out] = this.#powers[k] * store.discount(last);
      next[out] = row + from + k;
      weights[out] = weight;
      if (nextActionMasks !== undefined) store.readMask(last, nextActionMasks, out * numActions);
    }
  }

  #checkState(state: Float32Array): void {
    const { stateSize } = this.#layout;
    const expected = `a Float32Array of ${stateSize} finite numbers`;
    const remedy = 'Pass the state that the network had before this observation.';
    if (!(state instanceof Float32Array) || state.length !== stateSize)
      throw invalid('SequenceStep.state', expected, state, remedy);
    for (let i = 0; i < stateSize; i++) {
      if (state[i] - state[i] !== 0) throw invalid(`SequenceStep.state[${i}]`, 'a finite number', state[i], remedy);
    }
  }

  #emptyPriorities(): Proportional {
    return new Proportional(this.#options.capacity, this.#options.prioritized ?? equalPriorities);
  }

  #emptyStates(): FrameStore {
    return new FrameStore(this.#layout.stateSize, 'float32', Math.ceil((2 * this.#options.capacity) / this.#stride));
  }

  #newBatch(size: number) {
    checkInteger('SequenceReplay.sample(batchSize)', size, { min: 1 });
    const { length: steps, burnIn } = this.#options;
    const { observationSize, stateSize, nStep, actions } = this.#layout;
    const unroll = burnIn + steps + nStep;
    const batch: SequenceBatch = {
      size,
      burnIn,
      steps,
      unroll,
      observations: new Float32Array(unroll * size * observationSize),
      states: new Float32Array(size * stateSize),
      burnedIn: new Uint8Array(size),
      actions: new Int32Array(steps * size),
      rewards: new Float32Array(steps * size),
      discounts: new Float32Array(steps * size),
      next: new Int32Array(steps * size),
      ...(this.#steps.masked ? { nextActionMasks: new Uint8Array(steps * size * actions) } : {}),
      weights: new Float32Array(steps * size),
      ids: new Float64Array(size),
    };
    const entry = { batch, weights: new Float32Array(size) };
    this.#batches.set(size, entry);
    return entry;
  }
}

/** What {@link sequences} gives. */
export interface SequencesSpec extends SequenceReplaySpec {
  readonly kind: 'sequences';
  /** Builds the buffer, once the problem is known. */
  create(layout: SequenceLayout): StoredSequences;
}

/**
 * Sequences of steps for networks with memory, with stored states, burn-in and priorities (R2D2; Kapturowski et al. 2019), over the last `capacity` steps, each
 * observation stored once.
 *
 * How they are cut. Let an episode have the steps 0 … L − 1, and let n be the steps of a return. Sequence k = 0, 1, … is learned from the steps `s_k` …
 * `min(s_k + T, L) − 1`, `s_k = k · (T − overlap)`. The last one is the first that reaches the end, `s_k + T ≥ L`; what it lacks is padding of weight 0. Where
 * `s_k ≥ burnIn` the `burnIn` steps before `s_k` go before, to warm the state up; an earlier sequence has no burn-in (`burnedIn` 0). After it come up to n more
 * observations of the episode, to bootstrap from. So no sequence crosses the end of an episode, and every step is learned from in at least one sequence.
 * A sequence can be drawn as soon as step `s_k + T + n − 2` is there, or its episode has ended, and until its first step (of the burn-in, if any) is
 * overwritten.
 *
 * Step t is learned from with the reward `Σ_{i<k} γⁱ r_{t+i}`, k = min(n, L − t), and the discount γᵏ, or 0 where the episode terminated within these steps; a
 * truncated one bootstraps from its true last observation.
 *
 * Each sequence starts from the state the network had before its first observation ("stored state"); `storedState: false` gives zeros instead, as DRQN
 * (Hausknecht and Stone 2015). New sequences come in at the largest priority seen so far, which is 1 at first; the importance weights are those of
 * {@link prioritized}, N being the number of sequences. The id of a sequence is that of the step `s_k`.
 * @throws DqnError `invalid-option` if an option is outside its range or unknown.
 */
export function sequences(options: SequencesOptions): SequencesSpec {
  checkNames('sequences(options)', options, known);
  const { capacity, length = 80, burnIn = 40, prioritized, priorityMix = 0.9, storedState = true } = options;
  checkInteger('sequences(length)', length, { min: 1, max: 2 ** 20 });
  checkInteger('sequences(burnIn)', burnIn, { min: 0, max: 2 ** 20 });
  checkInteger('sequences(capacity)', capacity, { min: burnIn + length, max: 2 ** 30 });
  const { overlap = Math.floor(length / 2) } = options;
  checkInteger('sequences(overlap)', overlap, { min: 0, max: length - 1 });
  checkNumber('sequences(priorityMix)', priorityMix, { min: 0, max: 1 });
  if (typeof storedState !== 'boolean')
    throw invalid('sequences(storedState)', 'true or false', storedState, 'Leave it out for true.');
  if (prioritized !== undefined) {
    if (typeof prioritized !== 'object' || prioritized === null) {
      throw invalid('sequences(prioritized)', 'an object of options', prioritized, 'Pass {} for the defaults.');
    }
    checkNames('sequences(prioritized)', prioritized, knownPriorities);
  }
  const priorities = prioritized && checkPriorities('sequences(prioritized)', prioritized, defaultPriorities);
  if (priorities)
    checkNumber('sequences(prioritized)(priorityEpsilon)', priorities.priorityEpsilon, { min: 0, exclusiveMin: true });
  const checked: Checked = { capacity, length, burnIn, overlap, prioritized: priorities, priorityMix, storedState };
  return Object.freeze({
    kind: 'sequences',
    capacity,
    sequences: true,
    create: (layout: SequenceLayout) => new StoredSequences(checked, layout),
  });
}

function invalid(where: string, expected: string, received: unknown, remedy: string): DqnError {
  return new DqnError({ code: 'invalid-option', where, expected, received: describe(received), remedy });
}
