import { DqnError, describe } from '../common/errors.ts';
import { chain, type Answer, type MaybePromise, type Timing } from '../common/maybe-promise.ts';
import type { Random } from '../common/random.ts';
import type { DiscreteSpace, Space } from '../environment/spaces.ts';
import type { Explorer } from '../exploration/explorer.ts';
import type { ValueHead } from '../heads/value-head.ts';
import type { QNetwork } from '../networks/q-network.ts';
import { traitsOf } from '../networks/traits.ts';
import type { ActingMemory } from './acting-memory.ts';
import { none } from './arrays.ts';
import { Draws } from './draws.ts';
import { ObservationCodec } from './observation-codec.ts';

/** The parts of an {@link Actor}. */
export interface ActorParts<Observation, M extends Timing> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: DiscreteSpace;
  readonly network: QNetwork<M>;
  readonly head: ValueHead;
  /** K: estimates of all action values side by side. */
  readonly heads: number;
  /** Draws explorers' choices. */
  readonly random: Random;
  /** Draws noise and fractions. */
  readonly noise: Random;
}

/** In which spirit to act. */
export interface Acting {
  readonly explorer: Explorer;
  /** Whether noisy layers are noisy and fractions drawn; otherwise the same observation always has the same values. */
  readonly noisy: boolean;
  /** What is carried from step to step. */
  readonly memory: ActingMemory;
  /** Environment steps so far. */
  readonly step: number;
}

/** From observations to actions: encode, run the network, read Q-values, let an explorer choose. Its arrays are reused. */
export class Actor<Observation, M extends Timing> {
  readonly codec: ObservationCodec<Observation>;
  readonly network: QNetwork<M>;
  readonly #start: number;
  readonly #actions: number;
  readonly #head: ValueHead;
  /** K: estimates of all action values side by side. */
  readonly heads: number;
  readonly #random: Random;
  readonly #draws: Draws;
  readonly #plain: boolean;
  #capacity = 0;
  #inputs = none;
  #estimates = none;
  #qValues = none;
  #streams = new Int32Array(0);
  #chosen = new Int32Array(0);
  /** By number: each environment by itself. */
  readonly #single: Int32Array[] = [];

  constructor({ observationSpace, actionSpace, network, head, heads, random, noise }: ActorParts<Observation, M>) {
    const { noisy } = traitsOf(network.spec);
    this.codec = new ObservationCodec(observationSpace);
    this.network = network;
    this.#start = actionSpace.start;
    this.#actions = actionSpace.n;
    this.#head = head;
    this.heads = heads;
    this.#random = random;
    this.#draws = new Draws(noise, noisy, head.fractions);
    this.#plain = !noisy && network.stateSize === 0 && head.fractions === undefined;
    this.#reserve(1);
  }

  /** The action for one observation of an environment, as an element of the action space. */
  act(observation: Observation, acting: Acting, stream: number, mask: Uint8Array | undefined): Answer<number, M> {
    this.codec.encode(observation, this.#inputs, 0, 'act(observation)');
    if (mask) checkMask(mask, this.#actions, 'act(observation, { actionMask })');
    const streams = this.#alone(stream);
    const answer = chain(this.#forward(this.#inputs, 1, acting, streams), (outputs) => {
      this.#select(outputs, 1, acting, streams, mask);
      return this.#chosen[0] + this.#start;
    });
    return answer as Answer<number, M>;
  }

  /** The actions for observations of the environments 0, 1, … with one pass of the network; each is explored by itself. */
  actBatch(
    observations: readonly Observation[],
    acting: Acting,
    masks: readonly (Uint8Array | undefined)[] | undefined,
  ): Answer<Int32Array, M> {
    const count = observations.length;
    this.#reserve(count);
    for (let i = 0; i < count; i++)
      this.codec.encode(observations[i], this.#inputs, i * this.codec.size, `actBatch(observations[${i}])`);
    if (masks && masks.length !== count) {
      throw new DqnError({
        code: 'invalid-action',
        where: 'actBatch(observations, { actionMasks })',
        expected: `${count} masks, one an observation`,
        received: `${masks.length}`,
        remedy: 'Pass undefined for an observation where every action is possible.',
      });
    }
    const packed = masks?.some((mask) => mask !== undefined) ? this.#pack(masks) : undefined;
    const answer = chain(this.#forward(this.#inputs, count, acting, this.#streams), (outputs) => {
      this.#select(outputs, count, acting, this.#streams, packed);
      const actions = new Int32Array(count);
      for (let i = 0; i < count; i++) actions[i] = this.#chosen[i] + this.#start;
      return actions;
    });
    return answer as Answer<Int32Array, M>;
  }

  /** Takes an observation in without acting: only a network with memory changes by it. */
  see(observation: Observation, acting: Acting, stream: number): MaybePromise<void> {
    this.codec.encode(observation, this.#inputs, 0, 'observe({ observation })');
    return chain(this.#forward(this.#inputs, 1, acting, this.#alone(stream)), () => undefined);
  }

  /** Q(s, ·) `[A]`, over several estimates their mean; for a network with memory as at the beginning of an episode. */
  qValues(observation: Observation): Answer<Float32Array, M> {
    this.codec.encode(observation, this.#inputs, 0, 'qValues(observation)');
    const fractions = this.#draws.fractions('act', 1, true);
    const answer = chain(
      this.network.forward(this.#inputs, 1, fractions && { fractions }) as MaybePromise<Float32Array>,
      (outputs) => {
        this.#read(outputs, 1);
        return this.#mean(1).slice(0, this.#actions);
      },
    );
    return answer as Answer<Float32Array, M>;
  }

  #forward(inputs: Float32Array, count: number, acting: Acting, streams: Int32Array): MaybePromise<Float32Array> {
    const { network } = this;
    if (this.#plain) return network.forward(inputs, count);
    const { memory, noisy, explorer } = acting;
    if (noisy && explorer.noise === 'episode' && count > 1) return this.#forwardRows(inputs, count, acting, streams);
    let noise: number | undefined;
    if (noisy)
      noise = explorer.noise === 'episode' ? memory.noise(streams[0], () => this.#draws.noise() ?? 0) : this.#draws.noise();
    const fractions = this.#draws.fractions('act', count, !noisy);
    if (network.stateSize === 0) return network.forward(inputs, count, { noise, fractions });
    const state = memory.states(streams, count);
    return chain(network.forward(inputs, count, { noise, fractions, state }), (outputs) => {
      memory.carry(streams, count, state);
      return outputs;
    });
  }

  /** One pass for each environment, since each holds noise of its own. */
  #forwardRows(inputs: Float32Array, count: number, acting: Acting, streams: Int32Array): MaybePromise<Float32Array> {
    const { size } = this.codec;
    const rows: Float32Array[] = [];
    const from = (i: number): MaybePromise<Float32Array> => {
      if (i === count) {
        const outputs = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
        rows.forEach((row, j) => outputs.set(row, j * row.length));
        return outputs;
      }
      return chain(this.#forward(inputs.subarray(i * size, (i + 1) * size), 1, acting, streams.subarray(i, i + 1)), (row) => {
        rows.push(row.slice());
        return from(i + 1);
      });
    };
    return from(0);
  }

  #select(outputs: Float32Array, batch: number, acting: Acting, streams: Int32Array, masks: Uint8Array | undefined): void {
    this.#read(outputs, batch);
    const { explorer, step } = acting;
    explorer.select(
      {
        batch,
        actions: this.#actions,
        qValues: (explorer.heads ?? 1) === this.heads ? this.#estimates : this.#mean(batch),
        masks,
        streams,
        observations: this.#inputs,
        observationSize: this.codec.size,
        step,
        random: this.#random,
      },
      this.#chosen,
    );
    for (let i = 0; i < batch; i++) this.#checkChoice(explorer, i, masks);
  }

  /** Refuses what an explorer of one's own may choose: an environment would be blamed for it. @throws DqnError `invalid-part`. */
  #checkChoice({ kind }: Explorer, i: number, masks: Uint8Array | undefined): void {
    const actions = this.#actions;
    const choice = this.#chosen[i];
    if (choice >= 0 && choice < actions && masks?.[i * actions + choice] !== 0) return;
    throw new DqnError({
      code: 'invalid-part',
      where: `Explorer.select() of ${describe(kind)}`,
      expected: `an index of an action that is possible, below ${actions}, at ${i}`,
      received: String(choice),
      remedy: 'Write 0 … A − 1, and not an element of a space that starts elsewhere, to where the mask is 1.',
    });
  }

  #read(outputs: Float32Array, batch: number): void {
    this.#head.qValues(outputs, batch * this.heads, this.#actions, this.#estimates);
  }

  /** The mean over the estimates of each state. */
  #mean(batch: number): Float32Array {
    const actions = this.#actions;
    const heads = this.heads;
    if (heads === 1) return this.#estimates;
    for (let i = 0; i < batch; i++) {
      for (let a = 0; a < actions; a++) {
        let sum = 0;
        for (let k = 0; k < heads; k++) sum += this.#estimates[(i * heads + k) * actions + a];
        this.#qValues[i * actions + a] = sum / heads;
      }
    }
    return this.#qValues;
  }

  /** `[N, A]`: an array of its own, for others may act before an engine that takes its time has answered. */
  #pack(masks: readonly (Uint8Array | undefined)[]): Uint8Array {
    const actions = this.#actions;
    const packed = new Uint8Array(masks.length * actions).fill(1);
    masks.forEach((mask, i) => {
      if (!mask) return;
      checkMask(mask, actions, `actBatch(observations, { actionMasks[${i}] })`);
      packed.set(mask, i * actions);
    });
    return packed;
  }

  /** `[1]`: the number of an environment; never written to again. */
  #alone(stream: number): Int32Array {
    return (this.#single[stream] ??= Int32Array.of(stream));
  }

  #reserve(count: number): void {
    if (count <= this.#capacity) return;
    this.#capacity = count;
    this.#inputs = new Float32Array(count * this.codec.size);
    this.#estimates = new Float32Array(count * this.heads * this.#actions);
    this.#qValues = new Float32Array(count * this.#actions);
    this.#chosen = new Int32Array(count);
    this.#streams = Int32Array.from({ length: count }, (_, i) => i);
  }
}

/**
 * Checks a mask to act by.
 * @throws DqnError `invalid-action` if it has another length or allows no action.
 */
function checkMask(mask: Uint8Array, actions: number, where: string): void {
  const sound = mask instanceof Uint8Array && mask.length === actions && mask.includes(1);
  if (sound) return;
  throw new DqnError({
    code: 'invalid-action',
    where,
    expected: `a Uint8Array(${actions}) with a 1 for each possible action, at least one`,
    received: mask instanceof Uint8Array && mask.length === actions ? 'a mask that allows none' : describe(mask),
    remedy: 'A state without a possible action ends the episode: give it as terminated.',
  });
}
