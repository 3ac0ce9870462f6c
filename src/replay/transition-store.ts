import { DqnError } from '../common/errors.ts';
import { checkSame, damagedState, readArray, readFields, readInteger, readList, type StateFields } from '../common/read-state.ts';
import type { State } from '../common/state.ts';
import { checkReward } from '../environment/check-step.ts';
import {
  checkAction,
  checkDiscount,
  checkLayout,
  checkMask,
  checkObservation,
  checkSameLayout,
  checkStream,
  layoutState,
} from './check-transition.ts';
import { FrameStore, type Frames } from './frame-store.ts';
import type { Batch, ReplayLayout, Transition } from './replay-buffer.ts';
import { StackStore } from './stack-store.ts';

// One transition is five words: the two frames, the action, and as float32 the reward and the discount. They lie side by side, so
// that drawing one at random touches one cache line and not five.
const WORDS = 5;
const FRAME = 0;
const NEXT_FRAME = 1;
const ACTION = 2;
const REWARD = 3;
const DISCOUNT = 4;

/** How many next observations a stream remembers for sharing: n-step windows up to this n share all their frames. */
const RECENT = 16;

/** The frames last stored as next observations of one stream. They may have been freed since. */
class RecentFrames {
  /** A ring; −1 where there is none yet. */
  readonly frames = new Int32Array(RECENT).fill(-1);
  /** Where the newest one is. */
  newest = 0;
  /** How far behind the newest one the last observation was found: n − 1 as a rule. */
  lag = 0;

  /** The i-th newest. */
  at(i: number): number {
    return this.frames[(this.newest + RECENT - i) % RECENT];
  }

  push(frame: number): void {
    this.newest = (this.newest + 1) % RECENT;
    this.frames[this.newest] = frame;
  }

  /** A frame that holds these numbers, or −1. */
  find(store: FrameStore | StackStore, values: Frames): number {
    const likely = this.at(this.lag);
    if (store.holds(likely, values)) return likely;
    for (let i = 0; i < RECENT; i++) {
      const frame = this.at(i);
      if (store.holds(frame, values)) {
        this.lag = i;
        return frame;
      }
    }
    return -1;
  }
}

/**
 * The last `capacity` transitions in typed arrays, every observation kept once. An observation that equals, bit for bit, one of the last
 * next observations of its stream shares that one's frame, so an episode of T steps takes T + 1 frames. Sharing is found by content: what
 * comes back out never depends on it. Of stacked observations every frame of the environment is kept once; see {@link StackStore}.
 */
export class TransitionStore {
  /** The most transitions it holds. */
  readonly capacity: number;
  /** What they consist of. */
  readonly layout: ReplayLayout;
  readonly #words: Int32Array;
  readonly #floats: Float32Array;
  /** `[capacity, A]`: possible next actions; made when the first mask comes. */
  #masks: Uint8Array | undefined;
  #frames: FrameStore | StackStore;
  #recent = new Map<number, RecentFrames>();
  /** Scratch of {@link TransitionStore.gather}: slots, frames and next frames of a batch. */
  #scratch = new Int32Array();
  #added = 0;

  /**
   * @param capacity - in [1, 2³⁰].
   * @throws DqnError `invalid-option` on a malformed layout, `out-of-memory`.
   */
  constructor(capacity: number, layout: ReplayLayout) {
    checkLayout(layout);
    this.capacity = capacity;
    this.layout = layout;
    try {
      this.#words = new Int32Array(capacity * WORDS);
      this.#floats = new Float32Array(this.#words.buffer);
    } catch (cause) {
      throw noMemory(`${capacity} transitions of ${WORDS * 4} bytes each`, cause);
    }
    this.#frames = this.#emptyFrames();
  }

  /** Transitions held now. */
  get size(): number {
    return Math.min(this.#added, this.capacity);
  }

  /** Transitions ever added: the next one's id. */
  get added(): number {
    return this.#added;
  }

  /** Whether any transition ever came with a mask. */
  get masked(): boolean {
    return this.#masks !== undefined;
  }

  /** Bytes of all its arrays. */
  get byteLength(): number {
    return (
      this.#words.byteLength +
      (this.#masks?.byteLength ?? 0) +
      this.#frames.byteLength +
      this.#recent.size * RECENT * 4 +
      this.#scratch.byteLength
    );
  }

  /**
   * Copies a transition in; the oldest goes where the store is full.
   * @throws DqnError `invalid-observation`, `invalid-action`, `invalid-reward`, `invalid-option` (discount, stream) or `out-of-memory`; then
   * nothing has changed.
   */
  add(transition: Transition): void {
    const { stream, observation, action, reward, discount, nextObservation, nextActionMask } = transition;
    const { layout } = this;
    checkStream('Transition.stream', stream);
    checkObservation('Transition.observation', layout, observation);
    checkAction('Transition.action', layout, action);
    checkReward('Transition.reward', reward);
    checkDiscount('Transition.discount', discount);
    checkObservation('Transition.nextObservation', layout, nextObservation);
    checkMask('Transition.nextActionMask', layout, nextActionMask);
    const frames = this.#frames;
    frames.reserve(2);
    if (nextActionMask !== undefined) this.#masks ??= this.#emptyMasks();

    const slot = this.#added % this.capacity;
    const word = slot * WORDS;
    if (this.#added >= this.capacity) {
      frames.release(this.#words[word + FRAME]);
      frames.release(this.#words[word + NEXT_FRAME]);
    }
    let recent = this.#recent.get(stream);
    if (recent === undefined) this.#recent.set(stream, (recent = new RecentFrames()));
    let frame = recent.find(frames, observation);
    if (frame < 0) frame = frames.put(observation);
    else frames.retain(frame);
    // The tail of an n-step window ends in one and the same observation, the newest one.
    let nextFrame = recent.at(0);
    if (frames.holds(nextFrame, nextObservation)) frames.retain(nextFrame);
    else recent.push((nextFrame = frames.put(nextObservation)));

    this.#words[word + FRAME] = frame;
    this.#words[word + NEXT_FRAME] = nextFrame;
    this.#words[word + ACTION] = action;
    this.#floats[word + REWARD] = reward;
    this.#floats[word + DISCOUNT] = discount;
    const masks = this.#masks;
    if (masks !== undefined) {
      const base = slot * layout.actions;
      for (let a = 0; a < layout.actions; a++) masks[base + a] = nextActionMask === undefined || nextActionMask[a] !== 0 ? 1 : 0;
    }
    this.#added++;
  }

  /** Writes the transitions `batch.ids`, all of which must still be held, into the batch. */
  gather(batch: Batch): void {
    const { size, ids, observations, actions, rewards, discounts, nextObservations, nextActionMasks } = batch;
    const { capacity, layout } = this;
    const words = this.#words;
    const floats = this.#floats;
    const oldest = this.#added - this.size;
    const oldestSlot = oldest % capacity;
    if (this.#scratch.length < 3 * size) this.#scratch = new Int32Array(3 * size);
    const scratch = this.#scratch;
    // Short loops over the whole batch: the processor then waits for many cache lines at a time.
    for (let b = 0; b < size; b++) {
      const slot = oldestSlot + (ids[b] - oldest);
      scratch[b] = slot < capacity ? slot : slot - capacity;
    }
    for (let b = 0; b < size; b++) {
      const word = scratch[b] * WORDS;
      scratch[size + b] = words[word + FRAME];
      scratch[2 * size + b] = words[word + NEXT_FRAME];
    }
    this.#frames.gather(scratch, size, size, observations);
    this.#frames.gather(scratch, 2 * size, size, nextObservations);
    for (let b = 0; b < size; b++) {
      const word = scratch[b] * WORDS;
      actions[b] = words[word + ACTION];
      rewards[b] = floats[word + REWARD];
      discounts[b] = floats[word + DISCOUNT];
    }
    const masks = this.#masks;
    if (nextActionMasks === undefined || masks === undefined) return;
    for (let b = 0, to = 0; b < size; b++) {
      const from = scratch[b] * layout.actions;
      for (let a = 0; a < layout.actions; a++) nextActionMasks[to++] = masks[from + a];
    }
  }

  /** The action of the transition in a slot: transition `id` lies in slot `id mod capacity`. */
  action(slot: number): number {
    return this.#words[slot * WORDS + ACTION];
  }

  /** The reward of the transition in a slot. */
  reward(slot: number): number {
    return this.#floats[slot * WORDS + REWARD];
  }

  /** The discount of the transition in a slot. */
  discount(slot: number): number {
    return this.#floats[slot * WORDS + DISCOUNT];
  }

  /** Copies the observation of the transition in a slot out. */
  readObservation(slot: number, out: Float32Array, offset: number): void {
    this.#frames.read(this.#words[slot * WORDS + FRAME], out, offset);
  }

  /** Copies the next observation of the transition in a slot out. */
  readNextObservation(slot: number, out: Float32Array, offset: number): void {
    this.#frames.read(this.#words[slot * WORDS + NEXT_FRAME], out, offset);
  }

  /** Copies the mask of the transition in a slot out; ones where it came without. */
  readMask(slot: number, out: Uint8Array, offset: number): void {
    const { actions } = this.layout;
    const masks = this.#masks;
    for (let a = 0; a < actions; a++) out[offset + a] = masks === undefined ? 1 : masks[slot * actions + a];
  }

  /** Everything, oldest transition first; frames as live views. */
  getState(): { readonly [key: string]: State } {
    const { size, capacity, layout } = this;
    const oldest = this.#added - size;
    const frames = new Int32Array(size);
    const nextFrames = new Int32Array(size);
    const actions = new Int32Array(size);
    const rewards = new Float32Array(size);
    const discounts = new Float32Array(size);
    const masks = this.#masks && new Uint8Array(size * layout.actions);
    for (let i = 0; i < size; i++) {
      const slot = (oldest + i) % capacity;
      const word = slot * WORDS;
      frames[i] = this.#words[word + FRAME];
      nextFrames[i] = this.#words[word + NEXT_FRAME];
      actions[i] = this.#words[word + ACTION];
      rewards[i] = this.#floats[word + REWARD];
      discounts[i] = this.#floats[word + DISCOUNT];
      if (this.#masks) masks?.set(this.#masks.subarray(slot * layout.actions, (slot + 1) * layout.actions), i * layout.actions);
    }
    return {
      capacity,
      layout: layoutState(layout),
      added: this.#added,
      frames,
      nextFrames,
      actions,
      rewards,
      discounts,
      masks: masks ?? null,
      observations: this.#frames.views(),
      freeFrames: this.#frames.freeFrames(),
      ...(this.#frames instanceof StackStore ? { stacks: this.#frames.tables(), freePlanes: this.#frames.freePlanes() } : {}),
      recent: [...this.#recent].map(([stream, recent]) => ({
        stream,
        lag: recent.lag,
        frames: Int32Array.from({ length: RECENT }, (_, i) => recent.at(i)),
      })),
    };
  }

  /**
   * Goes on from a saved state, or throws and changes nothing.
   * @param where - whose state it is, for error messages.
   * @throws DqnError `incompatible-checkpoint` if capacity or layout differ, `invalid-checkpoint` if the state is not sound, `out-of-memory`.
   */
  setState(where: string, state: State): void {
    const { capacity, layout } = this;
    const fields = readFields(where, state);
    checkSame(where, fields, { capacity });
    checkSameLayout(where, fields, layout);
    const added = readInteger(where, fields, 'added', 0, Number.MAX_SAFE_INTEGER);
    const size = Math.min(added, capacity);
    const observations = this.#readObservations(where, fields);
    const { stacking } = layout;
    const tables = stacking && readTables(where, fields, stacking.frames);
    const planes = countFrames(observations, layout.observationSize / (stacking?.frames ?? 1));
    const used = tables ? countFrames(tables, stacking.frames) : planes;
    if (used > 2 * capacity) throw damagedState(`${where}.observations`, `at most ${2 * capacity} observations`, used);

    const frames = readArray(where, fields, 'frames', Int32Array, size);
    const nextFrames = readArray(where, fields, 'nextFrames', Int32Array, size);
    const actions = readArray(where, fields, 'actions', Int32Array, size);
    const rewards = readArray(where, fields, 'rewards', Float32Array, size);
    const discounts = readArray(where, fields, 'discounts', Float32Array, size);
    const masks = fields.masks === null ? undefined : readArray(where, fields, 'masks', Uint8Array, size * layout.actions);
    checkEvery(`${where}.frames`, frames, 'numbers of saved observations', (frame) => frame >= 0 && frame < used);
    checkEvery(`${where}.nextFrames`, nextFrames, 'numbers of saved observations', (frame) => frame >= 0 && frame < used);
    checkEvery(`${where}.actions`, actions, `actions in [0, ${layout.actions - 1}]`, (a) => a >= 0 && a < layout.actions);
    checkEvery(`${where}.rewards`, rewards, 'finite numbers', Number.isFinite);
    checkEvery(`${where}.discounts`, discounts, 'numbers in [0, 1]', (discount) => discount >= 0 && discount <= 1);
    if (masks) checkEvery(`${where}.masks`, masks, 'ones and zeros', (possible) => possible <= 1);

    const references = new Int32Array(used);
    for (const frame of frames) references[frame]++;
    for (const frame of nextFrames) references[frame]++;
    const freeFrames = readFree(where, fields, 'freeFrames', references, 'every observation without a transition, once');
    const recent = readRecent(where, fields, used);

    const store = this.#emptyFrames();
    if (store instanceof StackStore) {
      const stacks = tables ?? [];
      const planeReferences = countPlanes(where, stacks, stacking?.frames ?? 1, references, planes);
      const freePlanes = readFree(where, fields, 'freePlanes', planeReferences, 'every frame without an observation, once');
      store.restore({ planes: observations, tables: stacks }, [references, planeReferences], [freeFrames, freePlanes]);
    } else store.fill(observations, references, freeFrames);
    this.#masks = masks && this.#emptyMasks();
    this.#frames = store;
    this.#recent = recent;
    this.#added = added;
    for (let i = 0; i < size; i++) {
      const slot = (added - size + i) % capacity;
      const word = slot * WORDS;
      this.#words[word + FRAME] = frames[i];
      this.#words[word + NEXT_FRAME] = nextFrames[i];
      this.#words[word + ACTION] = actions[i];
      this.#floats[word + REWARD] = rewards[i];
      this.#floats[word + DISCOUNT] = discounts[i];
      if (masks) this.#masks?.set(masks.subarray(i * layout.actions, (i + 1) * layout.actions), slot * layout.actions);
    }
  }

  /**
   * Throws if the parts contradict each other: for tests.
   * @internal
   */
  checkInvariants(): void {
    const { size, capacity } = this;
    const frames = this.#frames;
    const references = new Int32Array(frames.used);
    for (let i = 0; i < size; i++) {
      const word = ((this.#added - size + i) % capacity) * WORDS;
      references[this.#words[word + FRAME]]++;
      references[this.#words[word + NEXT_FRAME]]++;
    }
    const free = new Set(frames.freeFrames());
    references.forEach((count, frame) => {
      if (frames.references(frame) !== count)
        throw new Error(`frame ${frame}: ${frames.references(frame)} references, not ${count}`);
      if (free.has(frame) !== (count === 0)) throw new Error(`frame ${frame}: ${count} references, free: ${free.has(frame)}`);
    });
    if (frames.used > 2 * capacity) throw new Error(`${frames.used} frames for a capacity of ${capacity}`);
  }

  /** Masks of ones for all transitions. @throws DqnError `out-of-memory`. */
  #emptyMasks(): Uint8Array {
    try {
      return new Uint8Array(this.capacity * this.layout.actions).fill(1);
    } catch (cause) {
      throw noMemory(`masks of ${this.layout.actions} actions for ${this.capacity} transitions`, cause);
    }
  }

  #emptyFrames(): FrameStore | StackStore {
    const { observationSize, observationType, stacking } = this.layout;
    return stacking
      ? new StackStore(observationSize, observationType, 2 * this.capacity, stacking)
      : new FrameStore(observationSize, observationType, 2 * this.capacity);
  }

  #readObservations(where: string, fields: StateFields): Frames[] {
    const { observationSize, observationType, stacking } = this.layout;
    const type = observationType === 'float32' ? Float32Array : Uint8Array;
    const size = observationSize / (stacking?.frames ?? 1);
    return readList(where, fields, 'observations').map((chunk, i) => {
      const path = `${where}.observations[${i}]`;
      if (!(chunk instanceof type) || chunk.length % size !== 0) {
        throw damagedState(path, `a ${type.name} of observations of ${size} numbers`, chunk);
      }
      // Bytes always are, and there may be billions.
      if (type === Float32Array) checkEvery(path, chunk, 'finite numbers', Number.isFinite);
      return chunk;
    });
  }
}

function noMemory(expected: string, cause: unknown): DqnError {
  return new DqnError({
    code: 'out-of-memory',
    where: 'replay capacity',
    expected,
    received: 'no memory',
    remedy: 'Lower the capacity.',
    cause,
  });
}

/** How many frames of a size there are in all chunks. */
function countFrames(chunks: readonly (Frames | Int32Array)[], size: number): number {
  return chunks.reduce((count, chunk) => count + chunk.length / size, 0);
}

/** The planes of every stack, chunk by chunk. */
function readTables(where: string, fields: StateFields, frames: number): Int32Array[] {
  return readList(where, fields, 'stacks').map((chunk, i) => {
    if (chunk instanceof Int32Array && chunk.length % frames === 0) return chunk;
    throw damagedState(`${where}.stacks[${i}]`, `an Int32Array of ${frames} numbers a stack`, chunk);
  });
}

/** How many stacks in use have each plane. */
function countPlanes(
  where: string,
  tables: readonly Int32Array[],
  frames: number,
  references: Int32Array,
  planes: number,
): Int32Array {
  const counts = new Int32Array(planes);
  let place = 0;
  for (const table of tables) {
    for (const plane of table) {
      if (references[Math.floor(place++ / frames)] === 0) continue;
      if (!(plane >= 0 && plane < planes)) throw damagedState(`${where}.stacks`, 'numbers of saved frames', plane);
      counts[plane]++;
    }
  }
  return counts;
}

/** The frames that nothing refers to: each once, or the state is damaged. */
function readFree(where: string, fields: StateFields, key: string, references: Int32Array, expected: string): Int32Array {
  const unused = references.reduce((count, r) => count + (r === 0 ? 1 : 0), 0);
  const free = readArray(where, fields, key, Int32Array, unused);
  const seen = new Set<number>(free);
  checkEvery(`${where}.${key}`, free, expected, (f) => references[f] === 0 && seen.size === unused);
  return free;
}

function readRecent(where: string, fields: StateFields, used: number): Map<number, RecentFrames> {
  const streams = new Map<number, RecentFrames>();
  readList(where, fields, 'recent').forEach((item, i) => {
    const path = `${where}.recent[${i}]`;
    const entry = readFields(path, item);
    const stream = readInteger(path, entry, 'stream', 0, Number.MAX_SAFE_INTEGER);
    if (streams.has(stream)) throw damagedState(`${path}.stream`, 'every stream once', stream);
    const recent = new RecentFrames();
    recent.lag = readInteger(path, entry, 'lag', 0, RECENT - 1);
    const frames = readArray(path, entry, 'frames', Int32Array, RECENT);
    checkEvery(`${path}.frames`, frames, 'numbers of saved observations, or -1', (frame) => frame >= -1 && frame < used);
    for (let k = RECENT - 1; k >= 0; k--) recent.push(frames[k]);
    streams.set(stream, recent);
  });
  return streams;
}

function checkEvery(where: string, values: Frames | Int32Array, expected: string, sound: (value: number) => boolean): void {
  for (let i = 0; i < values.length; i++) if (!sound(values[i])) throw damagedState(`${where}[${i}]`, expected, values[i]);
}
